"""HTTP: one exchange behind a seam, and on top of it everything that must hold for every request.

The fetcher follows redirects itself, checks every hop, reads under a deadline and a cap on decoded bytes, and never
trusts a header further than it must.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from itertools import chain
from typing import Protocol
from urllib.parse import urljoin

import msgspec

from ledger.clock import Clock
from ledger.config import Fetch
from ledger.errors import FetchError
from ledger.feeds.decoding import ACCEPT_ENCODING, decode_body
from ledger.feeds.guard import check_url
from ledger.feeds.hosts import HostGate, Robots, authority, origin

__all__ = [
    "VERSION",
    "Exchange",
    "Fetched",
    "Fetcher",
    "RobotsError",
    "Transport",
    "UnreachableError",
]

VERSION = version("newsledger")
AGENT = "newsledger"
CONNECT_SECONDS = 5.0
BETWEEN_BYTES_SECONDS = 10.0
HEADER_BYTES = 64 * 1024
MAX_RETRY_AFTER = timedelta(days=7)
READABLE = frozenset({200, 203})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
FEED_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5"


class UnreachableError(FetchError):
    """Nothing was heard from the host: no name, no connection, no answer in time. It may be our own network."""


class RobotsError(FetchError):
    """The site's robots.txt asks that this page be not fetched."""


class Exchange(Protocol):
    """The answer to one request. `headers` are in order, names in lower case; `chunks` gives the body as sent."""

    status: int
    headers: list[tuple[str, str]]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they arrive, not decoded. Raises FetchError when the connection breaks off."""
        ...


class Transport(Protocol):
    """One HTTP exchange at a time: no redirects, no decoding, no cookies, no retries.

    `paced` says whether requests reach real hosts, which must not be hurried. Used from one event loop; `close` is called
    once. Only FetchError escapes.
    """

    paced: bool

    def exchange(
        self, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AbstractAsyncContextManager[Exchange]:
        """GET `url`, or POST `body` to it.

        Raises UnreachableError without an answer, BlockedAddressError for an address that is not allowed.
        """
        ...

    async def close(self) -> None:
        """Release connections; idempotent."""
        ...


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What a URL answered. `status` may be an error; `body` is then empty.

    `charset` is the header's parameter. `complete` is False when the body broke off. `permanent_url` is where unbroken
    permanent redirects lead, else empty. `fresh_for` is what the server declares, in seconds; `retry_at` is when it wants
    to be asked again, and `held` says that for this reason it was not asked. Validators are verbatim.
    """

    url: str
    final_url: str
    status: int
    body: bytes = b""
    media_type: str = ""
    charset: str = ""
    etag: str = ""
    last_modified: str = ""
    complete: bool = True
    permanent_url: str = ""
    fresh_for: float = 0.0
    retry_at: datetime | None = None
    held: bool = False

    @property
    def unchanged(self) -> bool:
        """Whether the server says that nothing changed since the validators that were sent."""
        return self.status == 304

    @property
    def ok(self) -> bool:
        """Whether there is a body to read; what a proxy changed on the way (203) is one too."""
        return self.status in READABLE


class Fetcher:
    """Fetches documents. One per event loop; any number of fetches at a time; close it at the end."""

    def __init__(self, transport: Transport, settings: Fetch, clock: Clock) -> None:
        self._transport = transport
        self._settings = settings
        self._clock = clock
        self.robots = Robots()
        self.gate = HostGate(settings.host_interval, settings.per_host, paced=transport.paced)
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._agent = f"{AGENT}/{VERSION}{contact}"

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    async def feed(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Fetch a feed document, conditionally when validators are given.

        Raises FetchError (BlockedAddressError, UnreachableError) with the URL and the reason. An HTTP error is an
        answer, not an exception.
        """
        return await self._get(url, FEED_ACCEPT, self._settings.feed_bytes, etag, last_modified, robots=False)

    async def page(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Fetch an article's page, as `feed`. Raises RobotsError when the site asks not to."""
        return await self._get(
            url,
            PAGE_ACCEPT,
            self._settings.page_bytes,
            etag,
            last_modified,
            robots=self._settings.robots,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """POST `body` and return the status; the answer's body is not read and no redirect followed. Raises FetchError."""
        target = check_url(url, self._settings.allow_hosts)
        sent = {**headers, "User-Agent": self._agent}
        try:
            async with (
                asyncio.timeout(self._settings.deadline),
                self._transport.exchange(target, sent, body) as answer,
            ):
                return answer.status
        except TimeoutError:
            raise UnreachableError(
                f"No answer within {self._settings.deadline:g} seconds", which=target
            ) from None

    async def ask(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float
    ) -> tuple[int, bytes]:
        """POST `body` and read the answer, whatever its status, within `seconds`; no redirect is followed. Raises FetchError."""
        target = check_url(url, self._settings.allow_hosts)
        sent = {**headers, "User-Agent": self._agent, "Accept-Encoding": ACCEPT_ENCODING}
        limit = self._settings.page_bytes
        try:
            async with asyncio.timeout(seconds), self._transport.exchange(target, sent, body) as answer:
                data, whole = await _collect(answer, limit, target)
                encodings = [value for name, value in answer.headers if name == "content-encoding"]
                text, complete = decode_body(data, ",".join(encodings).split(","), limit=limit, url=target)
        except TimeoutError:
            raise UnreachableError(f"No answer within {seconds:g} seconds", which=target) from None
        if not (whole and complete):
            raise UnreachableError("The answer broke off", which=target)
        return answer.status, text

    async def _get(
        self, url: str, accept: str, limit: int, etag: str, last_modified: str, *, robots: bool
    ) -> Fetched:
        headers = {"User-Agent": self._agent, "Accept": accept, "Accept-Encoding": ACCEPT_ENCODING}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        target, permanent, unbroken = check_url(url, self._settings.allow_hosts), "", True
        seen = {target}
        budget = _Budget(self._settings.deadline)
        for _ in range(self._settings.redirects + 1):
            if robots:
                await self._ask_robots(target)
            fetched, location = await self._one(url, target, headers, limit, budget)
            if location is None:
                return msgspec.structs.replace(fetched, permanent_url=permanent) if permanent else fetched
            unbroken = unbroken and fetched.status in PERMANENT
            target = check_url(_joined(target, location), self._settings.allow_hosts, after=target)
            permanent = target if unbroken else permanent
            if target in seen:
                raise FetchError("The redirects go round in a circle", which=url)
            seen.add(target)
        raise FetchError("Too many redirects", which=url, fix=f"At most {self._settings.redirects}")

    async def _one(
        self, url: str, target: str, headers: dict[str, str], limit: int, budget: _Budget
    ) -> tuple[Fetched, str | None]:
        now = self._clock.now()
        if (until := self.gate.held_until(target, now)) is not None:
            return Fetched(url=url, final_url=target, status=429, retry_at=until, held=True), None
        time = asyncio.get_running_loop().time
        async with self.gate.enter(target):
            start = time()
            try:
                async with (
                    asyncio.timeout(max(0.0, budget.left)),
                    self._transport.exchange(target, headers) as answer,
                ):
                    return await self._read(url, target, answer, limit)
            except TimeoutError:
                raise UnreachableError(
                    f"No complete answer within {self._settings.deadline:g} seconds", which=target
                ) from None
            finally:
                budget.left -= time() - start

    async def _read(self, url: str, target: str, answer: Exchange, limit: int) -> tuple[Fetched, str | None]:
        if sum(map(len, chain.from_iterable(answer.headers))) > HEADER_BYTES:
            raise FetchError("The headers are too large", which=target, fix=f"At most {HEADER_BYTES:,} bytes")
        headers = dict(reversed(answer.headers))
        media_type, charset = _content_type(headers.get("content-type", ""))
        fetched = Fetched(
            url=url,
            final_url=target,
            status=answer.status,
            media_type=media_type,
            charset=charset,
            etag=_sendable(headers.get("etag", "")),
            last_modified=_sendable(headers.get("last-modified", "")),
            fresh_for=_fresh_for(headers),
            retry_at=self._retry_at(target, answer.status, headers.get("retry-after", "")),
        )
        if answer.status in REDIRECTS:
            location = headers.get("location", "").strip()
            if not location:
                raise FetchError("A redirect that leads nowhere", which=target)
            return fetched, location
        if answer.status not in READABLE:
            return fetched, None
        body, whole = await _collect(answer, limit, target)
        encodings = [v for name, v in answer.headers if name == "content-encoding"]
        decoded, complete = decode_body(body, ",".join(encodings).split(","), limit=limit, url=target)
        return msgspec.structs.replace(fetched, body=decoded, complete=whole and complete), None

    def _retry_at(self, target: str, status: int, value: str) -> datetime | None:
        if status not in (429, 503):
            return None
        now = self._clock.now()
        at: datetime | None = None
        if value.strip().isascii() and value.strip().isdecimal():
            at = now + min(timedelta(seconds=int(value.strip()[:9])), MAX_RETRY_AFTER)
        elif value.strip():
            try:
                parsed = parsedate_to_datetime(value.strip())
                at = min(parsed, now + MAX_RETRY_AFTER) if parsed.tzinfo is not None else None
            except (ValueError, OverflowError):
                at = None
        if at is None or at <= now:
            return None
        self.gate.hold_off(target, at)
        return at

    async def _ask_robots(self, target: str) -> None:
        async with self.robots.locks.setdefault(origin(target), asyncio.Lock()):
            if not self.robots.known(target, self._clock.now()):
                try:
                    self.robots.learn(target, self._clock.now(), await self._robots_text(origin(target)))
                except FetchError as error:
                    self.robots.failed(target, self._clock.now(), error)
        if (reason := self.robots.failure(target)) is not None:
            raise reason
        if delay := self.robots.delay(target, AGENT):
            self.gate.delays[authority(target)] = delay
        if not self.robots.allowed(target, AGENT):
            raise RobotsError("The site's robots.txt does not let this page be fetched", which=target)

    async def _robots_text(self, at: str) -> str:
        """The rules of an origin, empty when it has none. Raises FetchError when it may have some that cannot be read."""
        try:
            answer = await self._get(
                f"{at}/robots.txt", "text/plain, */*;q=0.5", 512 * 1024, "", "", robots=False
            )
        except UnreachableError:
            raise
        except FetchError:
            return ""
        if answer.status >= 500:
            raise RobotsError(
                f"The site's robots.txt answers with HTTP status {answer.status}, so no page may be fetched",
                which=f"{at}/robots.txt",
                fix="It is tried again in ten minutes",
            )
        return answer.body.decode("utf-8", "replace") if answer.ok else ""


class _Budget(msgspec.Struct):
    """The seconds that one fetch may take over all its hops; waiting for a turn at a host does not count."""

    left: float


async def _collect(answer: Exchange, limit: int, url: str) -> tuple[bytes, bool]:
    body = bytearray()
    try:
        async for chunk in answer.chunks():
            body += chunk
            if len(body) > limit:
                raise FetchError(
                    "The document is too large", which=url, fix=f"At most {limit:,} bytes are read"
                )
    except UnreachableError:
        if not body:
            raise
        return bytes(body), False
    return bytes(body), True


def _content_type(value: str) -> tuple[str, str]:
    media_type, _, parameters = value.partition(";")
    media_type = media_type.strip().lower()
    if not parameters.strip():
        return media_type, ""
    message = Message()
    message["content-type"] = value.replace("\n", " ").replace("\r", " ")
    charset = message.get_param("charset")
    return media_type, charset.strip().lower() if isinstance(charset, str) else ""


def _joined(target: str, location: str) -> str:
    try:
        return urljoin(target, location)
    except ValueError as error:
        raise FetchError(
            "A redirect to what is no URL", which=f"{target} to {location[:200]}", fix=str(error)
        ) from error


def _sendable(validator: str) -> str:
    """A validator as it was given; none where it holds what no request's header may."""
    return validator if validator.isprintable() else ""


def _fresh_for(headers: Mapping[str, str]) -> float:
    control = headers.get("cache-control", "").lower()
    if not control and "expires" not in headers:
        return 0.0
    if "no-cache" in control or "no-store" in control:
        return 0.0
    if match := re.search(r"max-age\s*=\s*\"?(\d{1,9})", control):
        return float(match[1])
    try:
        expires = parsedate_to_datetime(headers["expires"])
        date = parsedate_to_datetime(headers["date"])
        return max(0.0, (expires - date).total_seconds())
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0.0
