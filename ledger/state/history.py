"""When the figure moved: read only at recorded times at which something was added that can move it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from ledger.state.model import FigureChange, Value

__all__ = ["changes"]


def changes(
    times: Iterable[datetime],
    polls: Sequence[datetime],
    recorded_as_of: datetime | None,
    read: Callable[[datetime], FigureChange],
) -> tuple[FigureChange, ...]:
    """The readings that differ from the one before, oldest first; `last_change` is the time of the last one.

    Where `polls` are known, each time is moved to the first poll that sees it, and what no poll has seen is left out.
    """
    known = sorted(set(polls))
    seen: set[datetime] = set()
    for at in times:
        place = bisect_left(known, at)
        if not known:
            seen.add(at)
        elif place < len(known):
            seen.add(known[place])
    moved: list[FigureChange] = []
    before = _key(None)
    for at in sorted(seen):
        if recorded_as_of is not None and at > recorded_as_of:
            break
        reading = read(at)
        if (now := _key(reading)) != before:
            moved.append(reading)
            before = now
    return tuple(moved)


def _key(reading: FigureChange | None) -> tuple[object, ...]:
    if reading is None:
        return None, None, None, None, False, 0
    best = reading.best
    return (
        _figure(best),
        reading.low,
        reading.high,
        reading.modality,
        reading.disputed,
        reading.best_independent_roots,
    )


def _figure(value: Value | None) -> tuple[object, ...] | None:
    return msgspec.structs.astuple(value)[:4] if value is not None else None
