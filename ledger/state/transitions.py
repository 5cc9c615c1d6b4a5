"""What became otherwise between two readings of a slot: what an alert is about."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ledger.state.graph import CORRECTED, UNCITED, UNECHOED
from ledger.state.model import COUNTED_KINDS, FigureChange, Transition, Value
from ledger.state.reading import Reader, Reading
from ledger.state.values import Comparison

__all__ = ["Moment", "moment", "transitions"]

_TAKEN_BACK = ("retracted", "corrected", "revised")


class Moment(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What counts for alerts at one recorded time.

    `struck` maps a document and a value that it took back to how: `revised`, `corrected`, `retracted`. `carried` are values
    that active versions go on carrying although what they rest on is dead.
    """

    change: FigureChange
    denied_by: frozenset[str] = frozenset()
    struck: dict[tuple[str, Value], str] = {}
    carried: frozenset[tuple[str, Value]] = frozenset()


def moment(reader: Reader, at: datetime) -> Moment:
    """Read a slot at `at`."""
    reading = reader.read(at)
    standing = reading.standing
    return Moment(
        change=FigureChange(
            recorded_at=at,
            best=standing.best.value if standing.best is not None else None,
            low=standing.low,
            high=standing.high,
            modality=standing.modality,
            disputed=reading.disputed,
            best_independent_roots=len(standing.support),
        ),
        denied_by=frozenset(reading.denied_by),
        struck=_struck(reader, reading, at),
        carried=frozenset(
            (node.document.id, node.claim.value)
            for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
            if outcome.reason in (UNCITED, UNECHOED) and node.claim.value is not None
        ),
    )


def _struck(reader: Reader, reading: Reading, at: datetime) -> dict[tuple[str, Value], str]:
    found: dict[tuple[str, Value], str] = {}
    for node in reading.past:
        if node.claim.kind in COUNTED_KINDS and node.claim.value is not None:
            gone = reader.timeline.retracted(node.document.id, at)
            found[node.document.id, node.claim.value] = "retracted" if gone else "revised"
    for node, outcome in zip(reading.counted, reading.outcomes, strict=True):
        if (outcome.reason or "").startswith(CORRECTED) and node.claim.value is not None:
            found[node.document.id, node.claim.value] = "corrected"
    return found


def transitions(before: Moment | None, after: Moment, comparison: Comparison) -> list[Transition]:
    """What became otherwise, in a fixed order. Nothing was there before the first moment."""
    old, new = before.change if before is not None else None, after.change
    was, now = old.best if old is not None else None, new.best
    at = new.recorded_at
    found = []
    if was is None and now is not None:
        found.append(Transition(at=at, kind="first", before=was, after=now))
    elif was is not None and now is None:
        found.append(Transition(at=at, kind="gone", before=was, after=now))
    elif was is not None and now is not None and was.point != now.point:
        found.append(Transition(at=at, kind="moved", before=was, after=now, share=_share(was, now)))
    if new.best_independent_roots >= 2 > (old.best_independent_roots if old is not None else 0):
        found.append(Transition(at=at, kind="second-root", before=was, after=now))
    if new.disputed != (old.disputed if old is not None else False):
        kind = "dispute-opened" if new.disputed else "dispute-closed"
        found.append(Transition(at=at, kind=kind, before=was, after=now))
    denying = after.denied_by - (before.denied_by if before is not None else frozenset())
    if denying:
        found.append(Transition(at=at, kind="denied", before=was, after=now, roots=tuple(sorted(denying))))
    if before is not None and was is not None:
        found += _taken_back(before, after, was, comparison)
    return found


def _taken_back(before: Moment, after: Moment, was: Value, comparison: Comparison) -> list[Transition]:
    struck = {
        (document, how)
        for (document, value), how in after.struck.items()
        if before.struck.get((document, value)) != how and comparison.near(value, was)
    }
    still = tuple(
        sorted(
            {document for document, value in after.carried - before.carried if comparison.near(value, was)}
        )
    )
    return [
        Transition(
            at=after.change.recorded_at,
            kind=kind,
            before=was,
            after=after.change.best,
            documents=documents,
            still=still,
        )
        for kind in _TAKEN_BACK
        if (documents := tuple(sorted(document for document, how in struck if how == kind)))
    ]


def _share(was: Value, now: Value) -> float:
    """How far the figure moved, as a share of the figure before; 1 for a category and from nought."""
    if isinstance(was.point, int | float) and isinstance(now.point, int | float) and was.point:
        return abs(now.point - was.point) / abs(was.point)
    return 1.0
