"""The rules of recurring work, shared by every backend: which tasks a claim gets, who may finish one. Pure functions.

Every lease takes a number, its fence, from one counter of the ledger, so a fence is never given twice, not even to a task
that was dropped and added again. A task that nobody holds and nobody held since it was put has fence 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from ledger.clock import parse_time
from ledger.errors import ConflictError, UsageError
from ledger.store.commit import check_key
from ledger.store.protocol import Task, TaskDone

__all__ = ["as_put", "check_done", "choose", "finished", "is_leased", "lease"]


def as_put(task: Task) -> Task:
    """`task` as it is kept: no owner, no lease, fence 0, its time in UTC. Raises UsageError for unusable texts."""
    for text in (task.kind, task.key, task.group):
        check_key(text)
    if not task.kind or not task.key:
        raise UsageError("A task needs a kind and a key", which=f"{task.kind!r}, {task.key!r}")
    return msgspec.structs.replace(
        task, next_at=parse_time(task.next_at), owner="", lease_until=None, fence=0
    )


def is_leased(task: Task, now: datetime) -> bool:
    """Whether somebody alive holds the task: its lease ends after `now`."""
    return task.lease_until is not None and task.lease_until > now


def choose(
    free: Iterable[Task], busy: Mapping[str, int], *, now: datetime, limit: int, per_group: int, force: bool
) -> list[Task]:
    """The tasks of one claim out of `free`: those that nobody holds, earliest first, ties by key.

    `busy` counts the tasks held in each group; held and chosen together stay within `per_group`. The empty group is no
    group and has no limit.
    """
    held = Counter(busy)
    chosen: list[Task] = []
    for task in free:
        if len(chosen) >= limit:
            break
        if task.next_at > now and not force:
            break
        if task.group:
            if held[task.group] >= per_group:
                continue
            held[task.group] += 1
        chosen.append(task)
    return chosen


def lease(task: Task, *, owner: str, now: datetime, seconds: float, fence: int) -> Task:
    """`task` held by `owner` under `fence` from `now` on."""
    return msgspec.structs.replace(
        task, owner=owner, lease_until=now + timedelta(seconds=seconds), fence=fence
    )


def check_done(done: TaskDone, task: Task | None) -> Task:
    """`task` if `done` carries the fence of its newest lease; raises ConflictError otherwise."""
    if task is not None and done.fence == task.fence and done.fence > 0:
        return task
    found = "the task is gone" if task is None else f"fence {task.fence}"
    raise ConflictError(
        "A task is not held under this fence any more",
        which=f"{done.kind} {done.key}: fence {done.fence}, found {found}",
        fix="Drop the work: the task was changed, removed or leased to somebody else",
    )


def finished(task: Task, done: TaskDone) -> Task:
    """`task` after `done`: free, due at its new time, remembering its new data."""
    return msgspec.structs.replace(
        task, next_at=parse_time(done.next_at), data=done.data, owner="", lease_until=None
    )
