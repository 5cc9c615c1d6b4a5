"""Sources of plugins on a schedule: claimed, read and finished like feeds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from ledger.clock import Clock
from ledger.config import Schedule
from ledger.errors import ConflictError, LedgerError, StoreError
from ledger.events import new_event
from ledger.events.types import Event, FeedFetched
from ledger.feeds.due import error_delay, jittered, next_interval
from ledger.feeds.files import IngestReport
from ledger.feeds.holders import free_left_behind, new_owner
from ledger.feeds.ingest import PRODUCER
from ledger.feeds.memory import FeedMemory, Poll, decode_memory, encode_memory
from ledger.feeds.record import FeedOutcome, taken
from ledger.feeds.subscriptions import SOURCE
from ledger.store.protocol import Store, Task, TaskDone

__all__ = ["ReadSource", "poll_sources"]

ReadSource = Callable[[str, str, str], IngestReport]
"""Records what a source gives that it did not give before: called with its kind, its location and the outlet."""

MAX_SKIPPED = 20


def poll_sources(
    store: Store,
    clock: Clock,
    schedule: Schedule,
    read: ReadSource,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> list[FeedOutcome]:
    """Read the sources that are due, or all when forced (or only those with the ids `only`). One that fails is an outcome."""
    claimed = _claims(store, clock, schedule, force=force, only=only)
    return sorted((_poll(store, clock, schedule, read, task) for task in claimed), key=lambda o: o.feed)


def _claims(
    store: Store, clock: Clock, schedule: Schedule, *, force: bool, only: Collection[str] | None
) -> Iterator[Task]:
    """Lease what is to be read, one source at a time: those that wait for a slow one are not held meanwhile."""
    claim = functools.partial(store.claim, SOURCE, owner=new_owner(), lease_seconds=schedule.lease, limit=1)
    if not force and only is None:
        while claimed := claim(now=clock.now()):
            yield from claimed
        return
    sources = store.tasks(SOURCE)
    free_left_behind(store, sources)
    for known in sources:
        if only is None or known.key in only:
            yield from claim(now=clock.now(), force=True, keys=[known.key])


def _poll(store: Store, clock: Clock, schedule: Schedule, read: ReadSource, task: Task) -> FeedOutcome:
    memory = decode_memory(task.data, task.key)
    at = clock.now()
    kind, _, location = memory.url.partition(":")
    report, error = IngestReport(), ""
    try:
        report = read(kind, location, memory.outlet)
        if report.failures and not report.articles:
            error = report.failures[0].error
    except StoreError:
        raise
    except LedgerError as failure:
        error = str(failure)
    before = (memory.outcome, memory.error)
    changed = report.new + report.revised > 0
    memory.outcome, memory.error = "error" if error else "changed" if changed else "unchanged", error
    memory.polls += 1
    memory.polled = at
    next_at = _next(task, memory, report, schedule, at)
    memory.remember(
        Poll(at, memory.outcome, 0, report.documents, report.new, report.revised, error=error[:200])
    )
    skipped = tuple(f"{failure.name}: {failure.error}" for failure in report.failures[:MAX_SKIPPED])
    events: list[Event] = []
    if changed or before != (memory.outcome, memory.error):
        fetched = FeedFetched(
            feed=task.key,
            url=memory.url,
            outcome=memory.outcome,
            items=report.documents,
            new=report.new,
            revised=report.revised,
            skipped=skipped,
            error=error,
        )
        events.append(fetched)
    outcome = FeedOutcome(
        feed=task.key,
        url=memory.url,
        outlet=memory.outlet,
        outcome=memory.outcome,
        items=report.documents,
        new=report.new,
        revised=report.revised,
        articles=report.articles,
        skipped=() if error else skipped,
        error=error,
        next_at=next_at,
    )
    try:
        store.append(
            [new_event(event, stream=f"feed:{task.key}", producer=PRODUCER) for event in events],
            tasks=[_done(task, next_at, encode_memory(memory))],
        )
    except ConflictError:
        return taken(outcome)
    return outcome


def _next(task: Task, memory: FeedMemory, report: IngestReport, schedule: Schedule, at: datetime) -> datetime:
    interval = memory.fixed or memory.interval or schedule.first_interval
    if memory.error:
        memory.good = 0
        memory.score += 1.0
        return jittered(task.key, at, error_delay(interval, memory.score, schedule))
    memory.success, memory.score = at, 0.0
    if report.new or report.revised:
        memory.hear(at)
    memory.interval = next_interval(
        interval,
        items=report.documents,
        known=report.documents - report.new,
        changed=report.documents > 0,
        steady=memory.good > 0,
        schedule=schedule,
    )
    memory.good += 1
    return jittered(task.key, at, memory.fixed or memory.interval)


def _done(task: Task, next_at: datetime, data: bytes) -> TaskDone:
    return TaskDone(kind=task.kind, key=task.key, fence=task.fence, next_at=next_at, data=data)
