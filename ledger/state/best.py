"""From roots to the figure that is shown: current roots, support, best, low and high, dispute.

The policy that picks `best` is named and versioned; `most-support/1` is the default. `latest/1` shows what was said last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from ledger.errors import UsageError
from ledger.state.model import COUNTS, MODALITIES, Number, Slot, Value
from ledger.state.registry import Parameters
from ledger.state.roots import Root
from ledger.state.values import Comparison, is_vague, stated

__all__ = [
    "DEFAULT_POLICY",
    "POLICIES",
    "Standing",
    "chooser",
    "comparison_of",
    "incompatible",
    "stand",
    "supporters",
]

DEFAULT_POLICY = "most-support/1"
CLOSED = frozenset({"exact", "approx", "range", "category"})


class Standing(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How the roots of a slot stand to each other. `candidates` are those that `best` is chosen from, `support` the roots near it; `low` and `high` are over current ones."""

    anchor: datetime | None
    current: tuple[Root, ...]
    candidates: tuple[Root, ...]
    best: Root | None
    support: tuple[Root, ...]
    low: Number | None
    high: Number | None
    high_open: bool
    modality: str | None
    latest: Root | None
    vague: str | None


Policy = Callable[[Slot, Sequence[Root], Sequence[Root], Comparison], Root]


def comparison_of(slot: Slot, parameters: Parameters) -> Comparison:
    """How values of a slot are compared: a measurement with a tolerance of its own by that, all else by share."""
    if slot.kind == "measurement" and slot.tolerance is not None:
        return Comparison(tolerance=slot.tolerance, approx=parameters.approx, absolute=True)
    return Comparison(tolerance=parameters.tolerance, approx=parameters.approx)


def stand(
    slot: Slot, roots: Sequence[Root], parameters: Parameters, policy: str = DEFAULT_POLICY
) -> Standing:
    """Weigh the living roots of a slot. Raises UsageError for an unknown policy."""
    choose = chooser(policy)
    comparison = comparison_of(slot, parameters)
    anchor = _anchor(roots)
    current = _current(slot, roots, anchor, parameters, comparison)
    candidates = _candidates(current, comparison)
    best = choose(slot, candidates, roots, comparison) if candidates else None
    support = tuple(root for root in roots if best is not None and comparison.near(root.value, best.value))
    low, high, is_open = _bounds(slot, current)
    latest = min(roots, key=_recency, default=None)
    unclear = [root for root in current if is_vague(root.value)]
    return Standing(
        anchor=anchor,
        current=current,
        candidates=tuple(candidates),
        best=best,
        support=support,
        low=low,
        high=high,
        high_open=is_open,
        modality=min((root.modality for root in support), key=_strength, default=None),
        latest=latest,
        vague=min(unclear, key=_recency).value.text if best is None and unclear else None,
    )


def incompatible(roots: Sequence[Root], comparison: Comparison) -> Iterable[tuple[str, str]]:
    """Pairs of roots whose figures cannot both hold, as they are found; ids of a pair are sorted."""
    groups: dict[Value, list[str]] = {}
    for root in roots:
        groups.setdefault(root.value, []).append(root.id)
    values = list(groups)
    for place, one in enumerate(values):
        for other in values[place + 1 :]:
            if not comparison.compatible(one, other):
                for a in groups[one]:
                    for b in groups[other]:
                        yield (a, b) if a < b else (b, a)


def _anchor(roots: Sequence[Root]) -> datetime | None:
    reliable = [root.said_at for root in roots if root.reliable]
    return max(reliable or [root.said_at for root in roots], default=None)


def _current(
    slot: Slot, roots: Sequence[Root], anchor: datetime | None, parameters: Parameters, comparison: Comparison
) -> tuple[Root, ...]:
    if anchor is None or slot.kind == "measurement":
        return tuple(roots)
    since = anchor - parameters.fresh_for(slot.kind)
    fresh = [root for root in roots if root.said_at >= since]
    if slot.kind not in COUNTS:
        return tuple(fresh)
    limit = anchor - parameters.window
    bars = {root.value for root in fresh if root.reliable}
    return tuple(
        root
        for root in roots
        if root.said_at >= since
        or (root.reliable and root.said_at >= limit and _above(root.value, bars, comparison))
    )


def _above(value: Value, bars: Iterable[Value], comparison: Comparison) -> bool:
    point = value.point
    if is_vague(value) or isinstance(point, str) or point is None:
        return False
    return all(
        not is_vague(bar)
        and isinstance(bar.point, int | float)
        and point > bar.point
        and not comparison.compatible(value, bar)
        for bar in bars
    )


def _candidates(current: Sequence[Root], comparison: Comparison) -> list[Root]:
    stated_roots = [root for root in current if not is_vague(root.value)]
    closed: dict[Value, datetime] = {}
    for root in stated_roots:
        if root.reliable and root.value.op in CLOSED:
            closed[root.value] = max(root.said_at, closed.get(root.value, root.said_at))
    return [
        root
        for root in stated_roots
        if root.value.op != "min"
        or not any(
            said_at >= root.said_at and comparison.compatible(root.value, value)
            for value, said_at in closed.items()
        )
    ]


def supporters(roots: Sequence[Root], comparison: Comparison) -> Callable[[Value], int]:
    """A function that counts the roots whose value is near a given one; by distinct points, not root by root."""
    numbers: dict[float, int] = {}
    others: dict[Value, int] = {}
    for root in roots:
        point = root.value.point
        if isinstance(point, int | float) and not is_vague(root.value):
            numbers[float(point)] = numbers.get(float(point), 0) + 1
        else:
            others[root.value] = others.get(root.value, 0) + 1
    points = sorted(numbers)
    counted: dict[float, int] = {}

    def count(value: Value) -> int:
        point = value.point
        if not isinstance(point, int | float) or is_vague(value):
            return sum(many for other, many in others.items() if comparison.near(value, other))
        if point not in counted:
            low, high = comparison.span(float(point))
            around = points[bisect_left(points, low) : bisect_right(points, high)]
            counted[point] = sum(numbers[each] for each in around if comparison.near(value, Value(each)))
        return counted[point]

    return count


def _most_supported(
    slot: Slot, candidates: Sequence[Root], roots: Sequence[Root], comparison: Comparison
) -> Root:
    if slot.kind in ("status", "level"):
        return _latest_reliable(candidates)
    count = supporters(roots, comparison)
    return min(
        candidates,
        key=lambda root: (
            -count(root.value),
            root.rank,
            _strength(root.modality),
            -root.said_at.timestamp(),
            (isinstance(root.value.point, str), root.value.point),
            root.id,
        ),
    )


def _latest_reliable(candidates: Sequence[Root]) -> Root:
    return min([root for root in candidates if root.reliable] or candidates, key=_recency)


def _said_last(
    _slot: Slot, candidates: Sequence[Root], _roots: Sequence[Root], _comparison: Comparison
) -> Root:
    return min(candidates, key=_recency)


def chooser(policy: str) -> Policy:
    """How a policy picks `best`. Raises UsageError for an unknown one."""
    found = POLICIES.get(policy)
    if found is None:
        raise UsageError("Unknown policy", which=policy, fix=f"Use one of {', '.join(sorted(POLICIES))}")
    return found


POLICIES: dict[str, Policy] = {DEFAULT_POLICY: _most_supported, "latest/1": _said_last}


def _bounds(slot: Slot, current: Sequence[Root]) -> tuple[Number | None, Number | None, bool]:
    if slot.kind == "status":
        return None, None, False
    lows: list[Number] = []
    highs: list[Number] = []
    for root in current:
        low, high = stated(root.value)
        lows += low
        highs += high
    top = max(highs, default=None)
    is_open = any(root.value.op == "min" and root.value.point == top for root in current)
    return min(lows, default=None), top, is_open


def _recency(root: Root) -> tuple[float, int, int, str]:
    """Sorts what was said last first; then the better grade, the stronger modality, the lower id."""
    return -root.said_at.timestamp(), root.rank, _strength(root.modality), root.id


def _strength(modality: str) -> int:
    return MODALITIES.index(modality) if modality in MODALITIES else len(MODALITIES)
