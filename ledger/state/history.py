"""When the figure moved: read only at recorded times at which something was added that can move it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from ledger.state.model import FigureChange, Transition, Value
from ledger.state.transitions import Moment, transitions
from ledger.state.values import Comparison

__all__ = ["Earlier", "History", "changes"]


class Earlier(Protocol):
    """An answer, or what is left of it, whose history is gone on from."""

    @property
    def figure_history(self) -> tuple[FigureChange, ...]:
        """The readings that differ from the one before."""
        ...

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """What became otherwise."""
        ...


class History(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The readings that differ from the one before, and what became otherwise, both oldest first."""

    changes: tuple[FigureChange, ...] = ()
    transitions: tuple[Transition, ...] = ()


def changes(
    times: Iterable[datetime],
    polls: Sequence[datetime],
    recorded_as_of: datetime | None,
    read: Callable[[datetime], Moment],
    comparison: Comparison,
    *,
    earlier: Earlier | None = None,
    since: datetime | None = None,
) -> History:
    """How a slot came to read as it does; `last_change` is the time of the last change.

    Where `polls` are known, each time is moved to the first poll that sees it, and what no poll has seen is left out.
    `earlier` is an answer whose history holds up to `since`: only what follows is read, and the reading before it.
    """
    seen = [at for at in _seen(times, polls) if recorded_as_of is None or at <= recorded_as_of]
    moved: list[FigureChange] = []
    became: list[Transition] = []
    before: Moment | None = None
    if earlier is not None and since is not None:
        first = bisect_left(seen, since)
        moved = [each for each in earlier.figure_history if each.recorded_at < since]
        became = [each for each in earlier.transitions if each.at < since]
        before = read(seen[first - 1]) if first else None
        seen = seen[first:]
    for at in seen:
        now = read(at)
        if _key(now.change) != _key(before.change if before is not None else None):
            moved.append(now.change)
        became += transitions(before, now, comparison)
        before = now
    return History(changes=tuple(moved), transitions=tuple(became))


def _seen(times: Iterable[datetime], polls: Sequence[datetime]) -> list[datetime]:
    known = sorted(set(polls))
    seen: set[datetime] = set()
    for at in times:
        place = bisect_left(known, at)
        if not known:
            seen.add(at)
        elif place < len(known):
            seen.add(known[place])
    return sorted(seen)


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
