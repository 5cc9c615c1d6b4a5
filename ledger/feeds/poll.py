"""Polling: what is due is claimed, fetched, read and appended, one transaction per feed.

Feeds of one outlet are recorded in the order of their ids, whatever order the answers come in, so that a poll gives the
same articles and revisions each time.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from ledger.clock import Clock, format_time
from ledger.config import Settings
from ledger.errors import ConflictError
from ledger.feeds.fetch import Fetcher
from ledger.feeds.identity import host_of
from ledger.feeds.memory import decode_memory
from ledger.feeds.readers import FindExtractor
from ledger.feeds.record import FeedOutcome, Recorder, unfinished
from ledger.feeds.turns import Turns
from ledger.feeds.visit import PageCache, Visit, visit
from ledger.store.protocol import Store, Task

__all__ = ["FeedOutcome", "PollReport", "Poller"]

Progress = Callable[[int, int, str], None]
HOSTS_FOR_OUTAGE = 3
LONGEST_WAIT = 1.0
"""Seconds that a visit may wait to be recorded together with others."""
HOLD = "host"
ROBOTS = "robots"
MAX_ROBOTS = 64 * 1024


class PollReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a poll: counts, and one outcome per feed by feed id. `offline`: our own network seems to be down."""

    at: datetime
    feeds: tuple[FeedOutcome, ...] = ()
    offline: bool = False

    @property
    def new(self) -> int:
        """Articles seen for the first time."""
        return sum(feed.new for feed in self.feeds)

    @property
    def revised(self) -> int:
        """Articles whose visible text changed."""
        return sum(feed.revised for feed in self.feeds)

    @property
    def errors(self) -> tuple[FeedOutcome, ...]:
        """The feeds that could not be read."""
        return tuple(feed for feed in self.feeds if feed.error)


class Poller:
    """Polls the feeds of a store. `on_progress(done, total, url)` is called after each feed.

    `extractor` finds the reader of a page's media type that newsledger does not read itself. Once `stopping` says so, what is
    in flight is finished and no other feed begun.
    """

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        clock: Clock,
        settings: Settings,
        *,
        on_progress: Progress | None = None,
        extractor: FindExtractor | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._settings = settings
        self._progress = on_progress
        self._extractor = extractor
        self._stopping = stopping
        self._recorder = Recorder(store, clock, settings)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"

    async def poll(
        self, *, force: bool = False, limit: int | None = None, only: Collection[str] | None = None
    ) -> PollReport:
        """Poll what is due, or every feed when forced (or only the feeds with the ids `only`), at most `limit` of them.

        A forced poll also looks at every page still in its feed's window. A feed that cannot be read is an outcome, not
        an exception; only errors of the store are raised.
        """
        at = self._clock.now()
        outcomes: dict[str, FeedOutcome] = {}
        self._recall_hosts()
        fetch = self._settings.fetch
        turns = Turns(
            self._store, self._clock, self._owner, per_host=fetch.per_host, longest=fetch.deadline + 5
        )
        self._fetcher.gate.turns = turns
        offline = False
        chosen = force or only is not None
        left = self._named(only) if chosen else None
        while (limit is None or len(outcomes) < limit) and not self._stopping():
            tasks = self._claim(None if limit is None else limit - len(outcomes), left)
            if not tasks and not left:
                break
            visits = await self._round(
                tasks, force=chosen, outcomes=outcomes, total=len(outcomes) + len(tasks) + len(left or ())
            )
            offline = self._finish_failed(visits, outcomes) or offline
        if chosen and limit is None:
            outcomes.update(self._held_by_others(only, outcomes))
        await turns.close()
        self._remember_hosts()
        return PollReport(at=at, feeds=tuple(outcomes[key] for key in sorted(outcomes)), offline=offline)

    def _named(self, only: Collection[str] | None) -> list[str]:
        """The feeds that were asked for, the most overdue last. What a process of this host held that is no more is free."""
        tasks = [task for task in self._store.tasks("feed") if only is None or task.key in only]
        if left_behind := [task for task in tasks if task.owner and _is_dead(task.owner)]:
            # Nobody can finish them: putting a task again takes its lease and its fence away.
            self._store.put_tasks(left_behind)
        return [task.key for task in sorted(tasks, key=lambda task: (task.next_at, task.key), reverse=True)]

    def _claim(self, limit: int | None, left: list[str] | None) -> list[Task]:
        """The next feeds, not more than can be visited within their lease: those that are due, or the next of `left`."""
        size = self._settings.fetch.concurrency * 2
        size = size if limit is None else min(size, limit)
        keys = None
        if left is not None:
            keys = left[-size:]
            del left[-size:]
        return self._store.claim(
            "feed",
            now=self._clock.now(),
            owner=self._owner,
            lease_seconds=self._settings.schedule.lease,
            limit=size,
            per_group=4 if keys is None else size,
            force=keys is not None,
            keys=keys,
        )

    def _held_by_others(self, only: Collection[str] | None, seen: Collection[str]) -> dict[str, FeedOutcome]:
        """The feeds that should have been polled, but that another process holds."""
        now = self._clock.now()
        held: dict[str, FeedOutcome] = {}
        for task in self._store.tasks("feed"):
            wanted = task.key not in seen and (only is None or task.key in only)
            if wanted and task.lease_until is not None and task.lease_until > now:
                memory = decode_memory(task.data, task.key)
                held[task.key] = FeedOutcome(
                    feed=task.key,
                    url=memory.url,
                    outlet=memory.outlet,
                    outcome="taken",
                    error=f"Not polled: another process ({task.owner.rpartition(':')[0]}) holds it until "
                    f"{format_time(task.lease_until.replace(microsecond=0))}; if that one was killed, poll again then",
                    next_at=task.next_at,
                )
        return held

    async def _round(
        self, tasks: Sequence[Task], *, force: bool, outcomes: dict[str, FeedOutcome], total: int
    ) -> list[Visit]:
        """Visit and record these feeds; gives back the visits that failed, which are not finished yet."""
        slots = asyncio.Semaphore(max(1, self._settings.fetch.concurrency))
        pages = PageCache(self._fetcher, self._extractor)
        failed: list[Visit] = []
        finished: list[str] = []
        before = len(outcomes)
        memories = {task.key: decode_memory(task.data, task.key) for task in tasks}
        ordered = sorted(tasks, key=lambda task: (memories[task.key].outlet, task.key))

        def keep(recorded: Sequence[FeedOutcome]) -> None:
            outcomes.update({outcome.feed: outcome for outcome in recorded})

        async def one(task: Task) -> Visit:
            async with slots:
                return await visit(
                    task,
                    memories[task.key],
                    fetcher=self._fetcher,
                    pages=pages,
                    clock=self._clock,
                    settings=self._settings,
                    force=force,
                )

        async def outlet(group: list[Task]) -> None:
            running = [asyncio.ensure_future(one(task)) for task in group]
            try:
                for future in running:
                    done = await future
                    if done.error is None:
                        keep(self._recorder.good(done))
                    else:
                        failed.append(done)
                    finished.append(done.task.key)
                    if self._progress is not None:
                        self._progress(before + len(finished), total, done.memory.url)
            finally:
                for future in running:
                    future.cancel()

        async def record_in_time() -> None:
            while True:
                await asyncio.sleep(LONGEST_WAIT)
                keep(self._recorder.flush())

        groups = [list(group) for _, group in groupby(ordered, key=lambda task: memories[task.key].outlet)]
        waiting = asyncio.ensure_future(record_in_time())
        try:
            await asyncio.gather(*(outlet(group) for group in groups))
        finally:
            broken = waiting.exception() if waiting.done() else None
            waiting.cancel()
            await pages.close()
        if broken is not None:
            raise broken
        keep(self._recorder.flush())
        return failed

    def _finish_failed(self, failed: Sequence[Visit], outcomes: dict[str, FeedOutcome]) -> bool:
        """Finish the feeds that failed. When most hosts fail, it is our network and counts against no feed."""
        if not failed:
            return False
        unreachable = {host_of(v.memory.url) for v in failed if v.unreachable}
        hosts = unreachable | {host_of(outcome.url) for outcome in outcomes.values()}
        hosts |= {host_of(v.memory.url) for v in failed}
        offline = len(hosts) >= HOSTS_FOR_OUTAGE and len(unreachable) * 2 > len(hosts)
        for done in sorted(failed, key=lambda v: v.task.key):
            try:
                outcomes[done.task.key] = self._recorder.bad(done, offline=offline and done.unreachable)
            except ConflictError:
                outcomes[done.task.key] = unfinished(done)
        return offline

    def _recall_hosts(self) -> None:
        """What earlier polls learned of hosts: until when one wants to be left alone, and its robots.txt."""
        for task in self._store.tasks(HOLD):
            self._fetcher.gate.hold_off(f"http://{task.key}", task.next_at)
        for task in self._store.tasks(ROBOTS):
            self._fetcher.robots.recall(task.key, task.next_at, task.data.decode("utf-8", "replace"))

    def _remember_hosts(self) -> None:
        self._replace(HOLD, {host: (until, b"") for host, until in self._fetcher.gate.held.items()})
        learned = self._fetcher.robots.learned().items()
        self._replace(ROBOTS, {at: (until, text.encode()[:MAX_ROBOTS]) for at, (until, text) in learned})

    def _replace(self, kind: str, facts: dict[str, tuple[datetime, bytes]]) -> None:
        """Keep the facts that are good beyond now as tasks of `kind`; forget those that are over."""
        now = self._clock.now()
        known = {task.key: task.next_at for task in self._store.tasks(kind)}
        changed = [
            Task(kind=kind, key=key, next_at=until, data=data)
            for key, (until, data) in sorted(facts.items())
            if until > now and known.get(key) != until
        ]
        if changed:
            self._store.put_tasks(changed)
        for key in sorted(known):
            if known[key] <= now and facts.get(key, (now, b""))[0] <= now:
                self._store.drop_task(kind, key)


def _is_dead(owner: str) -> bool:
    """Whether the owner of a lease was a process of this host that does not run any more."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
