"""The real network: connections to addresses that the guard lets through, kept for the next request to the same host.

No cookies, no proxies, no credentials. The address that is checked is the address that is connected to: the guard sits where
the socket is made, so no name, redirect or second look at the name gets around it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import re
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import aiohappyeyeballs

from ledger.config import Fetch
from ledger.errors import FetchError
from ledger.feeds.connection import Connection, StaleError
from ledger.feeds.fetch import BETWEEN_BYTES_SECONDS, CONNECT_SECONDS, Exchange, UnreachableError
from ledger.feeds.guard import Target, blocked, is_public, target_of

__all__ = ["HttpTransport"]

KEEP_SECONDS = 15.0
"""How long a connection that nobody uses is kept."""
MOST_KEPT = 64
SECOND_ADDRESS_AFTER = 0.25
"""Seconds after which a host's next address is tried beside the first (RFC 8305)."""
RESOLVERS = 16
WATCH_SECONDS = 1.0


_AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""An address as `socket.getaddrinfo` gives it."""


class HttpTransport:
    """HTTP/1.1 over TCP and TLS, inside one event loop. See `Transport`.

    `silence` is for how many seconds a host may send nothing.
    """

    paced = True

    def __init__(self, settings: Fetch, *, silence: float = BETWEEN_BYTES_SECONDS) -> None:
        self._allow = frozenset(settings.allow_hosts)
        self._silence = silence
        self._places = asyncio.Semaphore(max(64, settings.concurrency * 2))
        self._busy: set[Connection] = set()
        self._kept: dict[tuple[bool, str], list[Connection]] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._resolvers: ThreadPoolExecutor | None = None

    def exchange(self, url: str, headers: Mapping[str, str], body: bytes | None = None) -> _Call:
        """One GET or POST. See `Transport.exchange`."""
        target = target_of(url)
        return _Call(self, target, _request(target, headers, body), again=body is None)

    async def close(self) -> None:
        """Close all connections; idempotent."""
        for connection in [*self._busy, *itertools.chain.from_iterable(self._kept.values())]:
            connection.close()
        self._busy.clear()
        self._kept.clear()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._resolvers is not None:
            self._resolvers.shutdown(wait=False, cancel_futures=True)
            self._resolvers = None
        # A transport that was aborted closes its socket in the loop's next round.
        await asyncio.sleep(0)

    async def begin(self, target: Target, request: bytes, *, again: bool) -> Connection:
        """Send `request`; gives the connection that carries the answer. `again`: the request may be sent twice.

        Raises UnreachableError, BlockedAddressError, FetchError.
        """
        await self._places.acquire()
        connection: Connection | None = None
        try:
            # What must not be sent twice never goes out over a connection that may be dead by now.
            if again and (connection := self._take(target)) is not None:
                try:
                    await self._ask(connection, request, target)
                    return connection
                except StaleError:
                    self._busy.discard(connection)
                    connection.close()
            connection = await self._connect(target)
            await self._ask(connection, request, target)
            return connection
        except BaseException:
            if connection is not None:
                self._busy.discard(connection)
                connection.close()
            self._places.release()
            raise

    def end(self, target: Target, connection: Connection) -> None:
        """The exchange is over: keep the connection for the next, if it is fit for that."""
        self._busy.discard(connection)
        self._places.release()
        if not connection.reusable:
            connection.close()
            return
        if len(self._kept) >= MOST_KEPT:
            for oldest in self._kept.pop(next(iter(self._kept))):
                oldest.close()
        self._kept.setdefault((target.secure, target.authority), []).append(connection)

    async def _ask(self, connection: Connection, request: bytes, target: Target) -> None:
        self._busy.add(connection)
        if self._watch is None:
            self._watch_on()
        await connection.ask(request, target.url)

    def _take(self, target: Target) -> Connection | None:
        kept = self._kept.get((target.secure, target.authority))
        now = asyncio.get_running_loop().time()
        while kept:
            connection = kept.pop()
            if connection.reusable and now - connection.touched < KEEP_SECONDS:
                return connection
            connection.close()
        return None

    def _watch_on(self) -> None:
        """Look again in a while, as long as there are connections."""
        every = min(WATCH_SECONDS, self._silence / 4)
        self._watch = asyncio.get_running_loop().call_later(every, self._look) if self._any else None

    @property
    def _any(self) -> bool:
        return bool(self._busy or self._kept)

    def _look(self) -> None:
        """Give up what has been silent for too long; close what nobody has used for a while."""
        now = asyncio.get_running_loop().time()
        for connection in list(self._busy):
            if connection.waiting and now - connection.touched > self._silence:
                connection.silent(self._silence)
        for origin, kept in list(self._kept.items()):
            fresh = [c for c in kept if c.reusable and now - c.touched < KEEP_SECONDS]
            for connection in kept:
                if connection not in fresh:
                    connection.close()
            if fresh:
                self._kept[origin] = fresh
            else:
                del self._kept[origin]
        self._watch_on()

    # -- connecting --------------------------------------------------------------------------------------------

    async def _connect(self, target: Target) -> Connection:
        loop = asyncio.get_running_loop()
        guard = _Guard(allowed=f"{target.host}:{target.port}" in self._allow)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                made = await aiohappyeyeballs.start_connection(
                    await self._resolve(target),
                    happy_eyeballs_delay=SECOND_ADDRESS_AFTER,
                    socket_factory=guard.socket,
                )
            _, connection = await loop.create_connection(
                lambda: Connection(target.url),
                sock=made,
                ssl=_tls() if target.secure else None,
                server_hostname=target.host if target.secure else None,
            )
        except (OSError, UnicodeError) as error:
            if guard.refused:
                raise blocked(", ".join(guard.refused)) from None
            raise _unreachable(target.url, error) from None
        return connection

    async def _resolve(self, target: Target) -> list[Any]:
        """The addresses of the host. An address in any notation is taken as it is, without a look at the network."""
        numeric = socket.AI_NUMERICHOST
        with contextlib.suppress(socket.gaierror):
            return socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, flags=numeric)
        if self._resolvers is None:
            # One's own threads: names that take long to fail must not hold up other work.
            self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")
        ask = functools.partial(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
        return await asyncio.get_running_loop().run_in_executor(self._resolvers, ask)


class _Call:
    """One exchange, from the request to the end of what is wanted of the answer."""

    __slots__ = ("_again", "_connection", "_request", "_target", "_transport")

    def __init__(self, transport: HttpTransport, target: Target, request: bytes, *, again: bool) -> None:
        self._transport = transport
        self._target = target
        self._request = request
        self._again = again
        self._connection: Connection | None = None

    async def __aenter__(self) -> Exchange:
        self._connection = await self._transport.begin(self._target, self._request, again=self._again)
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._transport.end(self._target, self._connection)


class _Guard:
    """Makes the sockets of one connection, for addresses that may be asked; notes which it refused."""

    def __init__(self, *, allowed: bool) -> None:
        self._allowed = allowed
        self.refused: list[str] = []

    def socket(self, info: _AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self._allowed and not is_public(str(address[0])):
            self.refused.append(f"{address[0]}:{address[1]}")
            raise OSError(f"{address[0]} is not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)


def _request(target: Target, headers: Mapping[str, str], body: bytes | None) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
        raise FetchError("A request's header must be one line", which=target.url)
    return head.encode("utf-8", "replace") + b"\r\n\r\n" + (body or b"")


@functools.cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _unreachable(url: str, error: Exception) -> FetchError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchError("The host's certificate is not valid", which=url, fix=_reason(error))
    if isinstance(error, ssl.SSLError):
        return FetchError("No secure connection can be agreed on", which=url, fix=_reason(error))
    if isinstance(error, socket.gaierror | UnicodeError):
        return UnreachableError("The host name does not resolve", which=url)
    if isinstance(error, TimeoutError):
        return UnreachableError(f"No connection within {CONNECT_SECONDS:g} seconds", which=url)
    return UnreachableError("The host cannot be reached", which=url, fix=_reason(error))


def _reason(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()[:200] or type(error).__name__
