"""HTTP for plugins: the fetcher with all its rules, behind two plain calls that raise OSError."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from typing import TypeVar
from urllib.parse import urlsplit

from ledger.clock import Clock
from ledger.config import Fetch
from ledger.errors import LedgerError
from ledger.feeds.fetch import BETWEEN_BYTES_SECONDS, Fetched, Fetcher, Transport
from ledger.feeds.guard import host_and_port
from ledger.feeds.transport import HttpTransport
from ledger.host.calls import Asked
from ledger.plugin import Answer, SourceItem

__all__ = ["PluginWeb"]

T = TypeVar("T")


class PluginWeb:
    """One fetcher for the whole time that plugins use it, so that hosts are not hurried. For any number of threads; close it once.

    It works in a thread of its own, begun by the first call. `silence` is for how many seconds a host may send nothing.
    """

    def __init__(
        self,
        settings: Fetch,
        clock: Clock,
        transport: Transport | None,
        *,
        silence: float = BETWEEN_BYTES_SECONDS,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._fetcher: Fetcher | None = None
        self._silence = silence

    def get(self, url: str) -> SourceItem:
        """The document at `url`. Raises OSError when there is none."""
        fetched: Fetched = self._run(lambda fetcher: fetcher.page(url))
        if not fetched.ok:
            raise OSError(f"HTTP status {fetched.status} of {url}")
        if not fetched.complete:
            raise OSError(f"The document at {url} broke off")
        # What a server calls plain text is often something else; the reader looks at the bytes then.
        media_type = "" if fetched.media_type == "text/plain" else fetched.media_type
        return SourceItem(
            name=url,
            body=fetched.body,
            media_type=media_type,
            url=fetched.final_url,
            charset=fetched.charset,
        )

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of a POST. Raises OSError without an answer."""
        return self._run(lambda fetcher: fetcher.post(url, body, headers))

    def ask(self, asked: Asked) -> Answer:
        """Call an outside service. Raises OSError without an answer, and for a key that cannot or must not be sent."""
        headers = {"Content-Type": asked.media_type, "Accept": asked.media_type}
        key = self._key(asked) if asked.key else ""
        if key:
            headers["Authorization"] = f"Bearer {key}"
        body = asked.body.encode("utf-8", "replace")
        status, answer = self._run(
            lambda fetcher: fetcher.ask(asked.url, body, headers, seconds=asked.timeout)
        )
        text = answer.decode("utf-8", "replace")
        # A service that repeats what it was sent must not bring the key into the log.
        return Answer(status=status, text=text.replace(key, "[key]") if key else text)

    def _key(self, asked: Asked) -> str:
        secure = (
            urlsplit(asked.url).scheme == "https" or host_and_port(asked.url) in self._settings.allow_hosts
        )
        if not secure:
            raise OSError("a key is sent over https only, or to a host that `[fetch] allow_hosts` lists")
        value = os.environ.get(asked.key, "").strip()
        if not value:
            raise OSError(f"the environment variable {asked.key} is not set")
        if not value.isascii() or not value.isprintable():
            raise OSError(f"the environment variable {asked.key} holds no key")
        return value

    def close(self) -> None:
        """Give up calls that are under way, close connections and end the thread; idempotent."""
        with self._lock:
            loop, self._loop = self._loop, None
            thread, self._thread = self._thread, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        fetcher, self._fetcher = self._fetcher, None
        if fetcher is not None and self._transport is None:
            await fetcher.close()
        loop = asyncio.get_running_loop()
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="newsledger-web", daemon=True
                )
                self._thread.start()
            return self._loop

    def _run(self, ask: Callable[[Fetcher], Awaitable[T]]) -> T:
        async def run() -> T:
            if self._fetcher is None:
                transport = self._transport or HttpTransport(self._settings, silence=self._silence)
                self._fetcher = Fetcher(transport, self._settings, self._clock)
            return await ask(self._fetcher)

        asked = asyncio.run_coroutine_threadsafe(run(), self._running())
        try:
            return asked.result()
        except CancelledError:
            raise OSError("given up, since newsledger ends") from None
        except LedgerError as error:
            raise OSError(str(error)) from error
        except BaseException:
            asked.cancel()
            raise
