"""Manners towards hosts: spacing, few requests at a time, robots.txt, and Retry-After kept per host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import protego

__all__ = ["HostGate", "Robots", "origin"]

MAX_CRAWL_DELAY = 60.0
ROBOTS_LIFETIME = timedelta(days=1)
ROBOTS_RETRY = timedelta(minutes=10)


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class HostGate:
    """Lets at most `per_host` requests at a time through to one host, their starts `interval` seconds apart."""

    def __init__(self, interval: float, per_host: int, *, paced: bool) -> None:
        self._interval = interval if paced else 0.0
        self._per_host = max(1, per_host)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._next: dict[str, float] = {}
        self._until: dict[str, datetime] = {}
        self.delays: dict[str, float] = {}

    @asynccontextmanager
    async def enter(self, url: str) -> AsyncIterator[None]:
        """Wait for this URL's turn at its host."""
        host = urlsplit(url).netloc
        async with self._slots.setdefault(host, asyncio.Semaphore(self._per_host)):
            interval = max(self._interval, self.delays.get(host, 0.0)) if self._interval else 0.0
            if interval:
                now = asyncio.get_running_loop().time()
                start = max(now, self._next.get(host, now))
                self._next[host] = start + interval
                if start > now:
                    await asyncio.sleep(start - now)
            yield

    def hold_off(self, url: str, until: datetime) -> None:
        """Remember that the host asked to be left alone until then."""
        host = urlsplit(url).netloc
        self._until[host] = max(until, self._until.get(host, until))

    def held_until(self, url: str, now: datetime) -> datetime | None:
        """Until when the host wants to be left alone, None when it does not."""
        until = self._until.get(urlsplit(url).netloc)
        return until if until is not None and until > now else None

    @property
    def held(self) -> dict[str, datetime]:
        """All hosts that asked to be left alone, with the time until which."""
        return dict(self._until)


class Robots:
    """The robots.txt files seen so far, by origin."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[datetime, protego.Protego | None]] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    def known(self, url: str, now: datetime) -> bool:
        """Whether the rules of this URL's origin are known and fresh."""
        entry = self._files.get(origin(url))
        if entry is None:
            return False
        return now - entry[0] < (ROBOTS_RETRY if entry[1] is None else ROBOTS_LIFETIME)

    def learn(self, url: str, now: datetime, text: str | None) -> None:
        """Keep the rules of an origin; None forbids everything (RFC 9309: the file could not be had)."""
        self._files[origin(url)] = (now, None if text is None else protego.Protego.parse(text))

    def allowed(self, url: str, agent: str) -> bool:
        """Whether the rules let `agent` fetch this URL."""
        entry = self._files.get(origin(url))
        if entry is None:
            return True
        return entry[1] is not None and bool(entry[1].can_fetch(url, agent))

    def delay(self, url: str, agent: str) -> float:
        """The Crawl-delay in seconds, at most a minute, 0 when there is none."""
        entry = self._files.get(origin(url))
        wanted = entry[1].crawl_delay(agent) if entry is not None and entry[1] is not None else None
        return min(float(wanted or 0.0), MAX_CRAWL_DELAY)
