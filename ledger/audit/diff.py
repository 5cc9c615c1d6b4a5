"""What differs, for people: between two sets of annotations of one text, and between two reported states.

Annotations of one type are matched by span first, then by overlap, then by quote; each difference has one class:

    value         same span, another value            split, merge  one became several, or several became one
    span          same content, another span          moved         the same words elsewhere in the text
    span+value    both                                added, removed
    attribute     same span, another secondary field  attribution   same span, another source or chain
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

__all__ = ["CLASSES", "Difference", "SlotDifference", "diff_annotations", "diff_states"]

CLASSES = (
    "value",
    "span",
    "span+value",
    "split",
    "merge",
    "attribute",
    "attribution",
    "moved",
    "added",
    "removed",
)

_ATTRIBUTION = frozenset({"chain", "source", "origin", "root", "attribution", "speaker"})
_VALUE = frozenset(
    {"value", "low", "high", "number", "amount", "point", "polarity", "measure", "subject", "start", "end"}
)

Plain = dict[str, Any]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One difference on one text. `before` and `after` are short texts; one of them is empty for what came or went."""

    kind: str
    type: str
    start: int
    quote: str
    before: str = ""
    after: str = ""


class SlotDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What changed on one figure: names of fields to (before, after), and a sentence for people."""

    slot: str
    changes: dict[str, tuple[Any, Any]]
    sentence: str


def diff_annotations(before: Sequence[bytes], after: Sequence[bytes]) -> list[Difference]:
    """The differences between two sets of encoded annotations of one text, by place; none when they are the same."""
    old = [msgspec.json.decode(raw) for raw in before]
    new = [msgspec.json.decode(raw) for raw in after]
    found: list[Difference] = []
    for kind in sorted({one["type"] for one in (*old, *new)}):
        found += _of_type(
            kind, [one for one in old if one["type"] == kind], [one for one in new if one["type"] == kind]
        )
    return sorted(found, key=lambda one: (one.start, one.type, one.kind, one.before, one.after))


def _span(one: Plain) -> tuple[int, int]:
    return one["span"]["start"], one["span"]["end"]


def _rest(one: Plain) -> Plain:
    return {name: value for name, value in one.items() if name not in {"span", "quote", "type"}}


def _of_type(kind: str, old: list[Plain], new: list[Plain]) -> Iterator[Difference]:
    for one in list(old):
        if one in new:
            old.remove(one)
            new.remove(one)
    for one in sorted(old, key=_span):
        if twin := next((other for other in new if _span(other) == _span(one)), None):
            old.remove(one)
            new.remove(twin)
            yield _difference(_changed(one, twin), kind, one, twin)
    yield from _overlaps(kind, old, new)
    for one in sorted(old, key=_span):
        twin = next((o for o in new if o["quote"] == one["quote"] and _rest(o) == _rest(one)), None)
        if twin is not None:
            old.remove(one)
            new.remove(twin)
            yield _difference("moved", kind, one, twin)
    for one in old:
        yield _difference("removed", kind, one, None)
    for one in new:
        yield _difference("added", kind, None, one)


def _overlaps(kind: str, old: list[Plain], new: list[Plain]) -> Iterator[Difference]:
    for one in sorted(old, key=_span):
        touching = [other for other in new if _touch(one, other)]
        if not touching:
            continue
        back = [other for other in old if _touch(other, touching[0])]
        if len(touching) > 1:
            name = "split"
        elif len(back) > 1:
            name = "merge"
        else:
            name = "span" if _rest(one) == _rest(touching[0]) else "span+value"
        for gone in back if name == "merge" else [one]:
            old.remove(gone)
        for other in touching:
            new.remove(other)
        yield _difference(name, kind, one, touching[0])


def _touch(one: Plain, other: Plain) -> bool:
    (start, end), (first, last) = _span(one), _span(other)
    return start < last and first < end


def _changed(one: Plain, other: Plain) -> str:
    before, after = _rest(one), _rest(other)
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if names & _VALUE:
        return "value"
    return "attribution" if names & _ATTRIBUTION else "attribute"


def _difference(name: str, kind: str, one: Plain | None, other: Plain | None) -> Difference:
    before, after = _rest(one or {}), _rest(other or {})
    differing = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    place = one or other or {}
    return Difference(
        kind=name,
        type=kind,
        start=place["span"]["start"],
        quote=place.get("quote", ""),
        before=_shown(one, before, differing),
        after=_shown(other, after, differing),
    )


def _shown(one: Plain | None, rest: Plain, names: Sequence[str]) -> str:
    if one is None:
        return ""
    told = ", ".join(f"{name} {_text(rest[name])}" for name in names if name in rest)
    start, end = _span(one)
    return f"{start}-{end} {told}".strip()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_FIELDS = (
    "best",
    "low",
    "high",
    "modality",
    "disputed",
    "independent_roots",
    "best_independent_roots",
    "reports",
)


def diff_states(before: Sequence[Plain], after: Sequence[Plain]) -> list[SlotDifference]:
    """What differs between the slots (`SlotState.to_dict`) of two states: those whose value moved first."""
    old, new = {one["id"]: one for one in before}, {one["id"]: one for one in after}
    found = []
    for name in sorted({*old, *new}):
        one, other = old.get(name, {}), new.get(name, {})
        changes = {key: (one.get(key), other.get(key)) for key in _FIELDS if one.get(key) != other.get(key)}
        if changes:
            found.append(
                SlotDifference(slot=name, changes=changes, sentence=_sentence(name, one, other, changes))
            )
    return sorted(found, key=lambda one: ("best" not in one.changes, one.slot))


def _sentence(name: str, one: Plain, other: Plain, changes: dict[str, tuple[Any, Any]]) -> str:
    title = ", ".join(part for part in ((other or one).get("subject"), (other or one).get("scope")) if part)
    head = f"{name} ({title})" if title else name
    if not one or not other:
        return f"{head}: {'new' if not one else 'gone'}, {_value((other or one).get('best'))}"
    shown = [f"{_value(one['best'])} -> {_value(other['best'])}"] if "best" in changes else []
    shown += [
        f"{key.replace('_', ' ')} {_text(was)} -> {_text(now)}"
        for key, (was, now) in changes.items()
        if key not in {"best", "reports"}
    ]
    reports = other.get("reports") or 0
    return f"{head}: {', '.join(shown) or 'other reports'}; {reports} report{'' if reports == 1 else 's'}"


def _value(best: Plain | None) -> str:
    if not best:
        return "nothing"
    if best.get("point") is None:
        return str(best.get("text") or best.get("op"))
    point = best["point"]
    if isinstance(point, float) and point.is_integer():
        point = int(point)
    return f"{point:,}" if isinstance(point, int) else str(point)
