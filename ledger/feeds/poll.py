"""Polling: what is due is claimed, fetched, read and appended, each feed wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from ledger.clock import Clock, format_time
from ledger.config import Settings
from ledger.feeds.fetch import Fetcher
from ledger.feeds.holders import free_left_behind, new_owner, shown
from ledger.feeds.memory import FeedMemory, decode_memory
from ledger.feeds.readers import FindExtractor
from ledger.feeds.record import FeedOutcome, Recorder
from ledger.feeds.shift import Shift
from ledger.feeds.subscriptions import FEED
from ledger.feeds.turns import Turns
from ledger.feeds.visit import PageCache, Visit, visit
from ledger.store.protocol import Store, Task

__all__ = ["FeedOutcome", "PollReport", "Poller"]

Progress = Callable[[int, int, str], None]
HOLD = "host"
ROBOTS = "robots"
MAX_ROBOTS = 64 * 1024
FEEDS_OF_A_HOST = 4
"""How many feeds of one host a process holds at a time, so that they do not fill all places."""
ALL = 2**31


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
        self._owner = new_owner()

    async def poll(
        self, *, force: bool = False, limit: int | None = None, only: Collection[str] | None = None
    ) -> PollReport:
        """Poll what is due, or every feed when forced (or only the feeds with the ids `only`), at most `limit` of them.

        A forced poll also looks at every page still in its feed's window. A feed that cannot be read is an outcome, not
        an exception; only errors of the store are raised.
        """
        at = self._clock.now()
        fetch = self._settings.fetch
        self._recall_hosts()
        turns = Turns(
            self._store, self._clock, self._owner, per_host=fetch.per_host, longest=fetch.deadline + 5
        )
        self._fetcher.gate.turns = turns
        chosen = force or only is not None
        named = self._named(only) if chosen else []
        left = [*named] if chosen else None
        pages = PageCache(self._fetcher, self._extractor)

        def claim(size: int) -> list[Task]:
            return self._claim(size if limit is None else min(size, limit - shift.claimed), left)

        async def look(task: Task, memory: FeedMemory) -> Visit:
            return await visit(
                task,
                memory,
                fetcher=self._fetcher,
                pages=pages,
                clock=self._clock,
                settings=self._settings,
                force=chosen,
            )

        def finished(url: str) -> None:
            if self._progress is not None:
                self._progress(shift.visited, shift.claimed + len(left or ()), url)

        shift = Shift(
            claim,
            look,
            Recorder(self._store, self._clock, self._settings),
            width=fetch.concurrency,
            finished=finished,
            stopping=self._stopping,
        )
        try:
            await shift.run()
        finally:
            await pages.close()
        outcomes = shift.outcomes
        if limit is None and (missing := set(named) - outcomes.keys()):
            outcomes.update(self._held_by_others(missing))
        await turns.close()
        self._remember_hosts()
        return PollReport(
            at=at, feeds=tuple(outcomes[key] for key in sorted(outcomes)), offline=shift.offline
        )

    def _named(self, only: Collection[str] | None) -> list[str]:
        """The feeds that were asked for, the most overdue last. What a process of this host held that is no more is free."""
        tasks = self._store.tasks(FEED)
        free_left_behind(self._store, tasks)
        tasks = [task for task in tasks if only is None or task.key in only]
        return [task.key for task in sorted(tasks, key=lambda task: (task.next_at, task.key), reverse=True)]

    def _claim(self, size: int, left: list[str] | None) -> list[Task]:
        """The next feeds: those that are due, or the next of `left`. Of these, what others hold is passed over."""
        while size > 0:
            keys = None
            if left is not None:
                keys = left[-size:]
                del left[-size:]
            tasks = self._store.claim(
                FEED,
                now=self._clock.now(),
                owner=self._owner,
                lease_seconds=self._settings.schedule.lease,
                limit=size,
                per_group=FEEDS_OF_A_HOST if keys is None else ALL,
                force=keys is not None,
                keys=keys,
            )
            if tasks or not left:
                return tasks
        return []

    def _held_by_others(self, feeds: Collection[str]) -> dict[str, FeedOutcome]:
        """The feeds that should have been polled, but that another process holds."""
        now = self._clock.now()
        held: dict[str, FeedOutcome] = {}
        for task in self._store.tasks(FEED):
            if task.key in feeds and task.lease_until is not None and task.lease_until > now:
                memory = decode_memory(task.data, task.key)
                held[task.key] = FeedOutcome(
                    feed=task.key,
                    url=memory.url,
                    outlet=memory.outlet,
                    outcome="taken",
                    error=f"Not polled: another process ({shown(task.owner)}) holds it until "
                    f"{format_time(task.lease_until.replace(microsecond=0))}; if that one was killed, poll again then",
                    next_at=task.next_at,
                )
        return held

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
