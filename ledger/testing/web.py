"""A web without a network: URLs and what they answer, in place of the transport below the real fetcher."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from ledger.errors import LedgerError
from ledger.feeds.fetch import Exchange
from ledger.feeds.guard import check_url, host_and_port

__all__ = ["FakeWeb", "Request"]


class Request(msgspec.Struct, frozen=True):
    """A request that was made: its URL and headers, names in lower case, and what was posted; None for a GET."""

    url: str
    headers: dict[str, str]
    body: bytes | None = None


class _Page(msgspec.Struct, frozen=True):
    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    error: LedgerError | None = None


def _asked(url: str) -> str:
    """The URL as the fetcher will ask for it."""
    return check_url(url, (host_and_port(url),))


class _Answer:
    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65536):
            yield self._body[start : start + 65536]


class FakeWeb:
    """URLs with set answers; unknown ones give 404. Conditional requests work: an ETag is computed unless one is given.

    `requests` lists what was asked, in order. Nothing is paced, since no host has to be spared.
    """

    paced = False

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}
        self.requests: list[Request] = []

    def set(
        self,
        url: str,
        body: bytes | str = b"",
        *,
        content_type: str = "text/html; charset=utf-8",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer `url` with this from now on. Text is sent as UTF-8; `headers` add to or replace the usual ones."""
        content = body.encode("utf-8") if isinstance(body, str) else body
        given = {name.lower(): value for name, value in (headers or {}).items()}
        usual = {"content-type": content_type}
        if status == 200:
            usual["etag"] = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        self._pages[_asked(url)] = _Page(content, status, tuple({**usual, **given}.items()))

    def fail(self, url: str, error: LedgerError) -> None:
        """Raise `error` when `url` is asked for, such as an UnreachableError."""
        self._pages[_asked(url)] = _Page(b"", 0, (), error)

    def remove(self, url: str) -> None:
        """Answer 404 from now on; nothing happens for an unknown URL."""
        self._pages.pop(_asked(url), None)

    @asynccontextmanager
    async def exchange(
        self, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[Exchange]:
        """The set answer. See `ledger.feeds.fetch.Transport`."""
        sent = {name.lower(): value for name, value in headers.items()}
        self.requests.append(Request(url, sent, body))
        page = self._pages.get(url, _Page(b"not here", 404, (("content-type", "text/plain"),)))
        if page.error is not None:
            raise page.error
        listed = list(page.headers)
        named = dict(listed)
        same_tag = "etag" in named and sent.get("if-none-match") == named["etag"]
        same_date = (
            "if-none-match" not in sent
            and "last-modified" in named
            and sent.get("if-modified-since") == named["last-modified"]
        )
        if page.status == 200 and (same_tag or same_date):
            yield _Answer(304, [(k, v) for k, v in listed if k != "content-type"], b"")
        else:
            yield _Answer(page.status, listed, page.body)

    async def close(self) -> None:
        """Nothing to release."""
