"""How annotations read to a person: one line for each, its colour, and the order in which layers are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["COLOURS", "HIDDEN", "ORDER", "reads_as"]

ORDER = (
    "core.claim", "core.attribution", "core.notice", "core.quantity", "core.time", "core.entity", "core.sentiment",
)  # fmt: skip
"""Layers as a table shows them; those of plugins come after."""
HIDDEN = frozenset({"core.sentence"})
"""Layers that are no news to a reader."""
COLOURS = {
    "core.claim": "bold green",
    "core.attribution": "yellow",
    "core.notice": "red",
    "core.quantity": "bold magenta",
    "core.time": "bold blue",
    "core.entity": "bold cyan",
}

_BOUNDS = {"min": "at least ", "max": "at most ", "approx": "about "}
_LEFT_OUT = frozenset(
    {"type", "span", "quote", "processor", "confidence", "support", "block", "source", "cue"}
)

Fields = Mapping[str, Any]


def reads_as(one: Fields) -> str:
    """What an annotation says beside where it is, on one line; the plain fields of a layer that a plugin adds."""
    read = _READERS.get(one["type"])
    return read(one) if read is not None else _plain(one)


def _plain(one: Fields) -> str:
    kept = (
        (key, value) for key, value in one.items() if key not in _LEFT_OUT and value not in (None, "", [])
    )
    return " ".join(f"{key}={value}" for key, value in kept)


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _number(value: Any) -> str:
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.6g}"
        if isinstance(value, float)
        else str(value)
    )


def _bounded(op: str, value: Any, low: Any, high: Any) -> str:
    if op == "range" and low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    return "no figure" if value is None else _BOUNDS.get(op, "") + _number(value)


def _quantity(one: Fields) -> str:
    figure = _bounded(one.get("op", "exact"), one.get("value"), one.get("low"), one.get("high"))
    of = f"of {_number(one['whole'])}" if one.get("whole") is not None else ""
    return _join(
        one["kind"], " ".join(word for word in (figure, one.get("unit", ""), one.get("noun", ""), of) if word)
    )


def _time(one: Fields) -> str:
    ends = " to ".join(end for end in (one.get("start", ""), one.get("end", "")) if end)
    return _join(one["kind"], ends, one.get("duration", ""))


def _entity(one: Fields) -> str:
    name = one["name"] if one["name"] != one.get("quote") else ""
    return _join(one["label"], name, one.get("link", ""))


def _sentiment(one: Fields) -> str:
    towards = f"towards {one['target']}" if one.get("target") else f"of the {one['level']}"
    return f"{one['score']:+.2f} {towards}"


def _chain(one: Fields) -> str:
    return " < ".join(_link(link) for link in one.get("chain", ()))


def _link(link: Fields) -> str:
    sure = link.get("certainty", "certain")
    return str(link.get("actor", "")) + (f" ({sure})" if sure != "certain" else "")


def _attribution(one: Fields) -> str:
    return _join(_chain(one), one.get("mode", "indirect"))


def _claim(one: Fields) -> str:
    value = one.get("value") or {}
    said = value.get("text") or _bounded(
        value.get("op", "exact"), value.get("point"), value.get("lo"), value.get("hi")
    )
    negated = "not" if one.get("polarity") == "-" else ""
    what = " ".join(word for word in (negated, one["subject"], one["measure"]) if word)
    qualified = [one.get(key, usual) for key, usual in (("modality", "asserted"), ("kind", "primary"))]
    return _join(
        f"{what}: {said} {one.get('unit', '')}".strip() if value else what,
        one.get("scope", ""),
        one.get("period", "cumulative"),
        *(word for word in qualified if word not in {"asserted", "primary"}),
        _chain(one) and f"by {_chain(one)}",
    )


def _notice(one: Fields) -> str:
    figures = " to ".join(
        ", ".join(map(_number, one.get(key) or ())) for key in ("old", "new") if one.get(key)
    )
    return _join(one["kind"], one.get("subject", ""), figures)


_READERS: dict[str, Callable[[Fields], str]] = {
    "core.quantity": _quantity,
    "core.time": _time,
    "core.entity": _entity,
    "core.sentiment": _sentiment,
    "core.attribution": _attribution,
    "core.claim": _claim,
    "core.notice": _notice,
}
