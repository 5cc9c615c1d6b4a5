"""Drawings, as SVG made on the server. Every one of them has a table beside it that says the same.

Colours and strokes are classes of the style sheet, so that dark mode and print reach them; nothing is styled inline.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

import msgspec

from ledger.state.model import SlotState
from ledger.state.wording import number_text, time_text, value_text
from ledger.web.desk import Point
from ledger.web.scale import Axis, TimeAxis, number_axis, time_axis

__all__ = ["Legend", "Timeline", "sparkline", "timeline"]

WIDTH, HEIGHT = 960, 380
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 16, 34
MOST_POINTS = 1500
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "hexagon")


class Legend(msgspec.Struct, frozen=True):
    """A root with the number of the look that its points have, and its mark."""

    root: str
    look: int
    mark: str


class Timeline(msgspec.Struct, frozen=True):
    """A drawing, its legend, and how many points it leaves out because they lie too close to others."""

    svg: str
    legend: tuple[Legend, ...]
    points: int
    left_out: int


class _Dot(msgspec.Struct, frozen=True):
    at: datetime
    value: float | str
    low: float | None
    high: float | None
    root: str
    label: str
    href: str
    alive: bool


def timeline(
    slot: SlotState, hrefs: Sequence[str], clock: str = "published", named: Callable[[str], str] = str
) -> Timeline | None:
    """Every report of a figure as a point, and what the figure read as a dashed line; None when nothing can be drawn.

    `hrefs` are the links of the slot's claims, in their order. `clock` says when a point lies: when it was `published`, or
    when it was `recorded`, which is where the line always lies. `named` gives the name of a root or an outlet by its id. Words, as a status has them, get a lane each.
    """
    dots = _dots(slot, hrefs, clock, named)
    if not dots:
        return None
    numbers = [dot for dot in dots if not isinstance(dot.value, str)]
    lanes: list[str] = []
    if not numbers:
        lanes = list(dict.fromkeys(str(dot.value) for dot in dots))
    else:
        dots = numbers
    kept = _thinned(dots)
    steps = [change for change in slot.figure_history if change.best is not None]
    across = time_axis(
        [dot.at for dot in kept] + [change.recorded_at for change in steps], LEFT, WIDTH - RIGHT
    )
    up = _up(slot, kept, lanes)
    order = list(dict.fromkeys([*slot.best_roots, *slot.roots, *(dot.root for dot in kept)]))
    looks = {root: index for index, root in enumerate(order)}
    parts = [
        _frame(across, up, lanes),
        _band(slot, across, up) if not lanes else "",
        _line(slot, across, up, lanes),
        *(_dot(dot, looks[dot.root], across, up, lanes) for dot in kept),
    ]
    title = f"{len(kept)} reports over time; the table below says the same"
    svg = (
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label={quoteattr(title)}>'
        f"{''.join(parts)}</svg>"
    )
    shown = [root for root in order if any(dot.root == root for dot in kept)]
    legend = tuple(
        Legend(named(root) if root else "no named source", looks[root] % 8, _swatch(looks[root]))
        for root in shown
    )
    return Timeline(svg, legend, len(kept), len(dots) - len(kept))


def _dots(slot: SlotState, hrefs: Sequence[str], clock: str, named: Callable[[str], str]) -> list[_Dot]:
    dots = []
    for claim, href in zip(slot.claims, hrefs, strict=True):
        stated = claim.stated
        if stated is None or stated.point is None or claim.kind in ("denial", "unconfirmed"):
            continue
        point = stated.point
        if not isinstance(point, str) and not math.isfinite(point):
            continue
        at = claim.recorded_at if clock == "recorded" else claim.seen_at
        low, high = (stated.lo, stated.hi) if stated.op == "range" else (None, None)
        root = claim.root or claim.stated_root or ""
        said_by = named(root) if root else "no named source"
        gone = "" if claim.alive else f", no longer counted ({claim.reason or 'replaced'})"
        label = f"{value_text(stated)}: {named(claim.outlet)}, from {said_by}, {time_text(at)}{gone}"
        dots.append(
            _Dot(
                at,
                point if isinstance(point, str) else float(point),
                low,
                high,
                root,
                label,
                href,
                claim.alive,
            )
        )
    return sorted(dots, key=lambda dot: (dot.at, str(dot.value), dot.root, dot.href))


def _thinned(dots: list[_Dot]) -> list[_Dot]:
    """At most MOST_POINTS: of points in one cell of a grid the last one stands for all."""
    if len(dots) <= MOST_POINTS:
        return dots
    numbers = [dot.value for dot in dots if not isinstance(dot.value, str)]
    across = time_axis([dot.at for dot in dots], 0, 60)
    up = number_axis(numbers, 0, MOST_POINTS // 60 - 1) if numbers else None
    cells: dict[tuple[int, object], _Dot] = {}
    for dot in dots:
        row = round(up.place(dot.value)) if up is not None and not isinstance(dot.value, str) else dot.value
        cells[round(across.place(dot.at)), row] = dot
    return sorted(cells.values(), key=lambda dot: (dot.at, str(dot.value), dot.root, dot.href))


def _up(slot: SlotState, dots: list[_Dot], lanes: list[str]) -> Axis:
    if lanes:
        count = len(lanes)
        return Axis(low=-0.5, high=count - 0.5, start=HEIGHT - BOTTOM, end=TOP, log=False, ticks=())
    values = [
        bound for dot in dots for bound in (dot.value, dot.low, dot.high) if isinstance(bound, int | float)
    ]
    for change in slot.figure_history:
        values += [bound for bound in (change.low, change.high) if bound is not None and math.isfinite(bound)]
    return number_axis(values, HEIGHT - BOTTOM, TOP)


def _frame(across: TimeAxis, up: Axis, lanes: list[str]) -> str:
    parts = []
    for tick in up.ticks:
        y = up.place(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 8}" y="{y + 4}">{number_text(tick)}</text>')
    for index, lane in enumerate(lanes):
        y = up.place(index)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{LEFT + 4}" y="{y - 8}">{escape(lane)}</text>')
    for at, text in across.ticks:
        x = across.place(at)
        parts.append(
            f'<line class="grid" x1="{x}" x2="{x}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}"/>'
        )
        parts.append(f'<text class="tick middle" x="{x}" y="{HEIGHT - BOTTOM + 20}">{escape(text)}</text>')
    return "".join(parts)


def _band(slot: SlotState, across: TimeAxis, up: Axis) -> str:
    parts = []
    for index, change in enumerate(slot.figure_history):
        if change.low is None or change.high is None or change.low == change.high:
            continue
        ends = (
            slot.figure_history[index + 1].recorded_at
            if index + 1 < len(slot.figure_history)
            else across.last
        )
        x, width = across.place(change.recorded_at), across.place(ends) - across.place(change.recorded_at)
        y, height = up.place(change.high), up.place(change.low) - up.place(change.high)
        parts.append(f'<rect class="band" x="{x}" y="{y}" width="{width:.1f}" height="{height:.1f}"/>')
    return "".join(parts)


def _line(slot: SlotState, across: TimeAxis, up: Axis, lanes: list[str]) -> str:
    path = ""
    for change in slot.figure_history:
        point = change.best.point if change.best is not None else None
        if lanes:
            place = up.place(lanes.index(point)) if isinstance(point, str) and point in lanes else None
        else:
            place = up.place(float(point)) if isinstance(point, int | float) else None
        x = across.place(change.recorded_at)
        if place is None:
            continue
        path += f"M{x} {place}" if not path else f"H{x}V{place}"
    return f'<path class="state" d="{path}H{across.place(across.last)}"/>' if path else ""


def _dot(dot: _Dot, look: int, across: TimeAxis, up: Axis, lanes: list[str]) -> str:
    x = across.place(dot.at)
    y = up.place(lanes.index(dot.value) if isinstance(dot.value, str) else dot.value)
    bar = ""
    if dot.low is not None and dot.high is not None:
        bar = f'<line class="range" x1="{x}" x2="{x}" y1="{up.place(dot.low)}" y2="{up.place(dot.high)}"/>'
    kind = f"dot look{look % 8}" + ("" if dot.alive else " gone")
    label = escape(dot.label)
    return (
        f"<a href={quoteattr(dot.href)} aria-label={quoteattr(dot.label)}>"
        f'<g class="{kind}">{bar}{_shape(look, x, y, 6)}<title>{label}</title></g></a>'
    )


def _shape(look: int, x: float, y: float, r: float) -> str:
    match SHAPES[look % len(SHAPES)]:
        case "circle":
            return f'<circle cx="{x}" cy="{y}" r="{r}"/>'
        case "square":
            return f'<rect x="{x - r + 0.5:.1f}" y="{y - r + 0.5:.1f}" width="{2 * r - 1}" height="{2 * r - 1}"/>'
        case "triangle":
            return f'<path d="M{x} {y - r - 1:.1f}L{x + r + 1:.1f} {y + r:.1f}H{x - r - 1:.1f}Z"/>'
        case "diamond":
            return f'<path d="M{x} {y - r - 2:.1f}L{x + r + 1:.1f} {y}L{x} {y + r + 2:.1f}L{x - r - 1:.1f} {y}Z"/>'
        case "cross":
            return (
                f'<path class="open" d="M{x - r:.1f} {y - r:.1f}L{x + r:.1f} {y + r:.1f}'
                f'M{x - r:.1f} {y + r:.1f}L{x + r:.1f} {y - r:.1f}"/>'
            )
        case _:
            half = r * 0.87
            return (
                f'<path d="M{x - r:.1f} {y}L{x - r / 2:.1f} {y - half:.1f}H{x + r / 2:.1f}L{x + r:.1f} {y}'
                f'L{x + r / 2:.1f} {y + half:.1f}H{x - r / 2:.1f}Z"/>'
            )


def _swatch(look: int) -> str:
    return (
        f'<svg class="swatch" viewBox="0 0 18 18" aria-hidden="true">'
        f'<g class="dot look{look % 8}">{_shape(look, 9, 9, 6)}</g></svg>'
    )


def sparkline(steps: Sequence[Point], until: datetime, label: str) -> str:
    """A small step line of a figure with the range that it lay in; empty when there are no numbers to draw."""
    known = [step for step in steps if step.value is not None and math.isfinite(step.value)]
    if not known:
        return ""
    values = [bound for step in known for bound in (step.value, step.low, step.high) if bound is not None]
    across = time_axis([known[0].at, max(known[-1].at, until)], 2, 118)
    axis = number_axis(values, 0, 1)
    up = msgspec.structs.replace(axis, low=min(values), high=max(values), start=24.0, end=4.0)
    if up.log and up.low <= 0:
        up = msgspec.structs.replace(up, log=False)
    bands, path = "", ""
    for index, step in enumerate(known):
        x = across.place(step.at)
        ends = across.place(known[index + 1].at) if index + 1 < len(known) else 118.0
        if step.low is not None and step.high is not None and step.low != step.high:
            top = up.place(step.high)
            bands += f'<rect class="band" x="{x}" y="{top}" width="{ends - x:.1f}" height="{up.place(step.low) - top:.1f}"/>'
        y = up.place(step.value or 0.0)
        path += f"M{x} {y}H{ends}" if not path else f"V{y}H{ends}"
    return (
        f'<svg class="spark" viewBox="0 0 120 28" role="img" aria-label={quoteattr(label)}>'
        f'{bands}<path d="{path}"/></svg>'
    )
