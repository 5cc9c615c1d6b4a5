"""Manners towards hosts: spacing, few requests at a time, robots.txt, and Retry-After kept per host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta

import protego

from ledger.errors import FetchError
from ledger.feeds.turns import Turns

__all__ = ["HostGate", "Robots", "authority", "origin"]

MAX_CRAWL_DELAY = 60.0
ROBOTS_LIFETIME = timedelta(days=1)
ROBOTS_RETRY = timedelta(minutes=10)


def origin(url: str) -> str:
    """Scheme, host and port of a URL that `check_url` gave."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def authority(url: str) -> str:
    """Host and port of a URL that `check_url` gave, as it writes them."""
    return url.partition("://")[2].partition("/")[0]


class HostGate:
    """Lets at most `per_host` requests at a time through to one host, their starts `interval` seconds apart.

    With `turns` this holds for all processes that share a ledger, else for this gate alone.
    """

    def __init__(self, interval: float, per_host: int, *, paced: bool) -> None:
        self._interval = interval if paced else 0.0
        self._per_host = max(1, per_host)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._next: dict[str, float] = {}
        self._until: dict[str, datetime] = {}
        self.turns: Turns | None = None
        self.delays: dict[str, float] = {}

    def enter(self, url: str) -> AbstractAsyncContextManager[None]:
        """This URL's turn at its host: waited for on entering, given back on leaving."""
        host = authority(url)
        slots = self._slots.get(host)
        if slots is None:
            slots = self._slots[host] = asyncio.Semaphore(self._per_host)
        return self._paced(host, slots) if self._interval else slots

    @asynccontextmanager
    async def _paced(self, host: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        interval = max(self._interval, self.delays.get(host, 0.0))
        async with slots:
            if self.turns is not None:
                wait, name = await self.turns.take(host, interval)
                try:
                    if wait:
                        await asyncio.sleep(wait)
                    yield
                finally:
                    self.turns.give_back(host, name)
                return
            now = asyncio.get_running_loop().time()
            start = max(now, self._next.get(host, now))
            self._next[host] = start + interval
            if start > now:
                await asyncio.sleep(start - now)
            yield

    def hold_off(self, url: str, until: datetime) -> None:
        """Remember that the host asked to be left alone until then."""
        host = authority(url)
        self._until[host] = max(until, self._until.get(host, until))

    def held_until(self, url: str, now: datetime) -> datetime | None:
        """Until when the host wants to be left alone, None when it does not."""
        until = self._until.get(authority(url)) if self._until else None
        return until if until is not None and until > now else None

    @property
    def held(self) -> dict[str, datetime]:
        """All hosts that asked to be left alone, with the time until which."""
        return dict(self._until)


class Robots:
    """The robots.txt files seen so far, by origin. They are kept a day; that one could not be had, ten minutes."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[datetime, str | None]] = {}
        self._rules: dict[str, protego.Protego] = {}
        self._failures: dict[str, FetchError] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    def known(self, url: str, now: datetime) -> bool:
        """Whether the rules of this URL's origin are known and fresh."""
        entry = self._texts.get(origin(url))
        return entry is not None and entry[0] > now

    def learn(self, url: str, now: datetime, text: str | None) -> None:
        """Keep the rules of an origin; None forbids everything (RFC 9309: the file could not be had)."""
        self.recall(origin(url), now + (ROBOTS_RETRY if text is None else ROBOTS_LIFETIME), text)

    def failed(self, url: str, now: datetime, error: FetchError) -> None:
        """The rules of an origin could not be had, for this reason: nothing may be fetched from it for ten minutes."""
        self.learn(url, now, None)
        self._failures[origin(url)] = error

    def failure(self, url: str) -> FetchError | None:
        """Why the rules of this URL's origin could not be had, None when they are known."""
        return self._failures.get(origin(url))

    def recall(self, at: str, until: datetime, text: str | None) -> None:
        """Take over rules learned earlier for an origin, good until then."""
        self._texts[at] = (until, text)
        self._rules.pop(at, None)
        self._failures.pop(at, None)

    def learned(self) -> dict[str, tuple[datetime, str]]:
        """All rules that were had, by origin, with the time until which they are good."""
        return {at: (until, text) for at, (until, text) in self._texts.items() if text is not None}

    def allowed(self, url: str, agent: str) -> bool:
        """Whether the rules let `agent` fetch this URL."""
        rules = self._of(url)
        return rules is not None and bool(rules.can_fetch(url, agent))

    def delay(self, url: str, agent: str) -> float:
        """The Crawl-delay in seconds, at most a minute, 0 when there is none."""
        rules = self._of(url)
        wanted = rules.crawl_delay(agent) if rules is not None else None
        return min(float(wanted or 0.0), MAX_CRAWL_DELAY)

    def _of(self, url: str) -> protego.Protego | None:
        at = origin(url)
        text = self._texts[at][1] if at in self._texts else ""
        if text is not None and at not in self._rules:
            self._rules[at] = protego.Protego.parse(text)
        return None if text is None else self._rules[at]
