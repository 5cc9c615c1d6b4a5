"""One HTTP/1.1 connection: a request goes out, its answer is read as it comes in (RFC 9112), and then the next.

llhttp reads the framing, as leniently as browsers do where that harms nobody: bare line feeds, folded headers, a length
beside chunks. What it cannot read is not HTTP; a body shorter than was announced is said to have broken off.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import httptools

from ledger.errors import FetchError
from ledger.feeds.fetch import HEADER_BYTES, UnreachableError

__all__ = ["Connection", "StaleError"]

BUFFERED = 256 * 1024
"""Bytes of a body that wait to be taken before the host is made to wait."""
WITHOUT_PROGRESS = BUFFERED + HEADER_BYTES
"""Bytes that may come in, such as headers, without a header's end or a piece of the body among them."""


class StaleError(Exception):
    """The host closed a kept connection before it answered anything: the request may be sent again."""


class Connection(asyncio.Protocol):
    """A connection, and the answer that it carries: an Exchange once `ask` returned. One request at a time.

    `touched` is the loop's time when something last went out or came in, for whoever watches over silence.
    """

    def __init__(self, url: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_chunked_length=True,
            lenient_transfer_encoding=True,
            lenient_optional_lf_after_cr=True,
            lenient_optional_cr_before_lf=True,
            lenient_optional_crlf_after_chunk=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._url = url
        self._asked = 0
        self.touched = self._loop.time()
        self._begin()

    def _begin(self) -> None:
        """Forget the last answer."""
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._body: deque[bytes] = deque()
        self._buffered = self._unused = 0
        self._heard = self._head = self._over = self._keep = self._paused = False
        self._measured = self._coded = self._chunked = False

    # -- what the transport uses -------------------------------------------------------------------------------

    async def ask(self, request: bytes, url: str) -> None:
        """Send a request and wait for the answer's status and headers.

        Raises StaleError when a connection that served before turns out to be closed, else UnreachableError, and
        FetchError for what is not HTTP.
        """
        # A first answer may have come in already: there are hosts that do not wait for the question.
        if self._asked:
            self._begin()
        self._asked += 1
        self._url = url
        self.touched = self._loop.time()
        if self._transport is not None:
            self._transport.write(request)
        while not self._head and self._error is None:
            await self._wait()
        if not self._head and self._error is not None:
            raise self._error

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `Exchange.chunks`."""
        while True:
            while self._body:
                piece = self._body.popleft()
                self._buffered -= len(piece)
                if self._paused and self._buffered < BUFFERED and self._transport is not None:
                    self._paused = False
                    self._transport.resume_reading()
                yield piece
            if self._over:
                return
            if self._error is not None:
                raise self._error
            await self._wait()

    @property
    def reusable(self) -> bool:
        """Whether the answer is whole, the connection open, and another request welcome."""
        return self._over and self._keep and self._error is None

    @property
    def waiting(self) -> bool:
        """Whether it is the host's turn to send something."""
        return not self._over and not self._paused and self._error is None

    def silent(self, seconds: float) -> None:
        """End the exchange: the host sent nothing for so long."""
        self.fail(UnreachableError(f"The host sent nothing within {seconds:g} seconds", which=self._url))

    def fail(self, error: Exception) -> None:
        """End the exchange with `error` and the connection with it."""
        if self._error is None:
            self._error = error
        self._wake()
        self.close()

    def close(self) -> None:
        """Close without ado; idempotent."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- what the event loop calls -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes came in. Nobody asked for what comes after an answer: the connection is not used again."""
        if self._over:
            self.fail(StaleError())
            return
        self._heard = True
        self.touched = self._loop.time()
        self._unused += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._unreadable(error)
            return
        if self._unused > WITHOUT_PROGRESS and not self._over:
            limit = f"At most {HEADER_BYTES:,} bytes"
            self.fail(FetchError("The headers are too large", which=self._url, fix=limit))

    def eof_received(self) -> None:
        """The host sends no more."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        self._end(exc)

    def _end(self, reason: Exception | None = None) -> None:
        """No more bytes come. That is how a body without a length or chunks ends."""
        sized = self._chunked or (self._measured and not self._coded)
        if reason is None and self._head and not sized:
            self._over = True
        if not self._heard and self._asked > 1:
            self.fail(StaleError())
        else:
            what = (
                "The answer broke off" if self._heard else "The host closed the connection without an answer"
            )
            self.fail(UnreachableError(what, which=self._url, fix=str(reason or "")))

    def _unreadable(self, error: Exception) -> None:
        if self._over:
            self.fail(StaleError())
        elif self._head:
            self.fail(UnreachableError("The answer broke off", which=self._url, fix=str(error)))
        else:
            self.fail(FetchError("The answer is not HTTP", which=self._url, fix=str(error)))

    # -- what the parser calls ---------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins. Behind one that is whole nobody asked for it: it is not read, and the connection is not used again."""
        if self._over:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer, which nobody needs."""
        if self._head or self._over:
            return
        key, text = name.decode("latin-1").lower(), _text(value)
        self.headers.append((key, text))
        if key == "content-length":
            self._measured = True
        elif key == "transfer-encoding":
            self._coded = True
            self._chunked = self._chunked or "chunked" in text.lower()

    def on_headers_complete(self) -> None:
        """The head is whole; that of an interim answer (1xx) does not count."""
        if self._over:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.headers = []
            self._measured = self._coded = self._chunked = False
            return
        self.status = status
        self._head = True
        self._unused = 0
        self._wake()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._over:
            return
        self._unused = 0
        self._body.append(body)
        self._buffered += len(body)
        if self._buffered > BUFFERED and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """An answer is whole, or an interim one is over."""
        if not self._head or self._over:
            return
        self._over = True
        self._keep = self._parser.should_keep_alive()
        self._wake()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
