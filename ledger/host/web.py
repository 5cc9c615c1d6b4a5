"""HTTP for plugins: the fetcher with all its rules, behind two plain calls that raise OSError."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ledger.clock import Clock
from ledger.config import Fetch
from ledger.errors import LedgerError
from ledger.feeds.fetch import AioTransport, Fetched, Fetcher, Transport
from ledger.plugin import SourceItem

__all__ = ["PluginWeb"]

T = TypeVar("T")


class PluginWeb:
    """One fetcher for the whole time that plugins use it, so that hosts are not hurried. From one thread; close it once."""

    def __init__(self, settings: Fetch, clock: Clock, transport: Transport | None) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._runner: asyncio.Runner | None = None
        self._fetcher: Fetcher | None = None

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

    def close(self) -> None:
        """Close connections and the event loop; idempotent."""
        runner, self._runner = self._runner, None
        fetcher, self._fetcher = self._fetcher, None
        if runner is not None:
            with runner:
                if fetcher is not None and self._transport is None:
                    runner.run(fetcher.close())

    def _run(self, ask: Callable[[Fetcher], Awaitable[T]]) -> T:
        async def run() -> T:
            if self._fetcher is None:
                transport = self._transport or AioTransport(self._settings)
                self._fetcher = Fetcher(transport, self._settings, self._clock)
            return await ask(self._fetcher)

        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(run())
        except LedgerError as error:
            raise OSError(str(error)) from error
