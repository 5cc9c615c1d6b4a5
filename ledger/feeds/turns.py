"""Turns at hosts, shared by all processes of a ledger: who may ask a host when, and how many ask it at one time.

The turns lie in one task of the store, as data: per host the earliest next start, and until when each request that is under way may
last at most. Whoever wants turns leases the task, takes turns for all that wait, and gives it back; so turns are taken in
batches, and a process that is killed holds others up for seconds only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ledger.clock import Clock
from ledger.errors import ConflictError, LedgerError
from ledger.store.protocol import Store, Task, TaskDone

__all__ = ["Turns"]

KIND = "turns"
KEY = "hosts"
LEASE_SECONDS = 5.0
GATHER_SECONDS = 0.01
LINGER_SECONDS = 0.5
"""How long what is over waits to be given back together with other turns."""
BUSY_SECONDS = 0.02
FULL_SECONDS = 0.25
FARTHEST = 900.0
"""A start farther ahead than this comes from a clock that was wrong, and is not waited for."""


class _Host(msgspec.Struct, omit_defaults=True):
    """Seconds since 1970: when the next request may start, and when each one under way is over at the latest."""

    next: float = 0.0
    ends: dict[str, float] = {}


class _Wish(msgspec.Struct):
    host: str
    interval: float
    name: str
    granted: asyncio.Future[float]


_DECODER = msgspec.json.Decoder(dict[str, _Host])


class Turns:
    """Gives turns in one event loop. `longest` is how many seconds a request may take; at most `per_host` run at a time."""

    def __init__(self, store: Store, clock: Clock, owner: str, *, per_host: int, longest: float) -> None:
        self._store = store
        self._owner = owner
        self._per_host = per_host
        self._longest = longest
        self._wishes: list[_Wish] = []
        self._over: list[tuple[str, str]] = []
        self._count = 0
        self._wanted = asyncio.Event()
        self._closing = False
        self._worker: asyncio.Task[None] | None = None
        self._now = _running(clock)

    async def take(self, host: str, interval: float) -> tuple[float, str]:
        """Wait for a place at `host`; gives the seconds until its turn, and the name to give back with `give_back`."""
        self._count += 1
        name = f"{self._owner}:{self._count}"
        wish = _Wish(host, interval, name, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        self._wanted.set()
        self._work()
        try:
            start = await wish.granted
        except asyncio.CancelledError:
            if wish in self._wishes:
                self._wishes.remove(wish)
            elif wish.granted.done() and not wish.granted.cancelled():
                self.give_back(host, name)
            raise
        return max(0.0, start - self._stamp()), name

    def give_back(self, host: str, name: str) -> None:
        """The request of this name is over."""
        self._over.append((host, name))
        self._work()

    async def close(self) -> None:
        """Give back what is over; the turns of requests still under way end by themselves."""
        self._closing = True
        self._wanted.set()
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    def _stamp(self) -> float:
        return self._now().timestamp()

    def _work(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        try:
            while self._wishes or self._over:
                if not self._wishes and not self._closing:
                    await self._linger()
                await asyncio.sleep(GATHER_SECONDS)
                if wait := self._deal():
                    await asyncio.sleep(wait)
        except LedgerError as error:
            waiting, self._wishes, self._over = self._wishes, [], []
            for wish in waiting:
                if not wish.granted.done():
                    wish.granted.set_exception(error)

    async def _linger(self) -> None:
        """What is over can wait for the next wish: nobody is held up by a place that is given back a moment later."""
        self._wanted.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), LINGER_SECONDS)

    def _deal(self) -> float:
        """Take and give back turns in one lease; gives the seconds after which to try again, 0 when all are served."""
        now = self._now()
        tasks = self._claim(now)
        if not tasks:
            return BUSY_SECONDS
        (task,) = tasks
        hosts = _DECODER.decode(task.data) if task.data else {}
        over, self._over = self._over, []
        for host, name in over:
            if host in hosts:
                hosts[host].ends.pop(name, None)
        at = now.timestamp()
        for entry in hosts.values():
            entry.ends = {name: end for name, end in entry.ends.items() if at < end < at + FARTHEST}
            entry.next = entry.next if entry.next - at < FARTHEST else 0.0
        granted = self._grant(hosts, at)
        kept = {host: entry for host, entry in hosts.items() if entry.ends or entry.next > at}
        try:
            self._store.append([], tasks=[_done(task, now, msgspec.json.encode(kept))])
        except ConflictError:
            self._over += over
            return BUSY_SECONDS
        for wish, start in granted:
            self._wishes.remove(wish)
            if not wish.granted.done():
                wish.granted.set_result(start)
        return FULL_SECONDS if self._wishes else 0.0

    def _grant(self, hosts: dict[str, _Host], at: float) -> list[tuple[_Wish, float]]:
        granted: list[tuple[_Wish, float]] = []
        for wish in self._wishes:
            entry = hosts.setdefault(wish.host, _Host())
            if len(entry.ends) >= self._per_host:
                continue
            start = max(at, entry.next)
            entry.next = start + wish.interval
            entry.ends[wish.name] = start + self._longest
            granted.append((wish, start))
        return granted

    def _claim(self, now: datetime) -> list[Task]:
        def claim() -> list[Task]:
            return self._store.claim(
                KIND, now=now, owner=self._owner, lease_seconds=LEASE_SECONDS, limit=1, force=True
            )

        tasks = claim()
        if not tasks and not self._store.tasks(KIND):
            self._store.put_tasks([Task(kind=KIND, key=KEY, next_at=now)])
            tasks = claim()
        return tasks


def _done(task: Task, now: datetime, data: bytes) -> TaskDone:
    return TaskDone(kind=task.kind, key=task.key, fence=task.fence, next_at=now, data=data)


def _running(clock: Clock) -> Callable[[], datetime]:
    """The clock's time when this was called, going on with the event loop's own: it never jumps while turns are waited for."""
    loop = asyncio.get_running_loop()
    begun, at = clock.now(), loop.time()
    return lambda: begun + timedelta(seconds=loop.time() - at)
