"""Figures on the screen: the table of what is reported, and what a decision would change."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

from ledger.cli.wording import dispute_text, range_text, reported_text, roots_text, slot_title, value_text
from ledger.review import Effect
from ledger.state.model import SlotState

__all__ = ["in_order", "print_effects", "print_state", "screen_width"]

_COLUMNS = (("reported", 14, False), ("range", 13, False), ("reports", 7, True), ("roots", 6, True))
_GAP = "  "
EMPTY = "Nothing is reported yet. Add a feed (`newsledger feed add URL`) or record articles (`newsledger ingest PATH`)."


def screen_width() -> int:
    """Characters on a line: the terminal's, 80 where there is none; at least 60."""
    from rich.console import Console

    return max(Console().width, 60)


def print_state(slots: Sequence[SlotState]) -> None:
    """The table of figures, disputed ones first. Two lines a figure: its name and what is reported; its id, modality and remarks."""
    ordered = in_order(slots)
    if not ordered:
        click.echo(EMPTY)
        return
    width = screen_width() - sum(len(_GAP) + size for _, size, _ in _COLUMNS)
    head = [_cell("figure", width), *(_cell(name, size, right=right) for name, size, right in _COLUMNS)]
    click.secho(_GAP.join(head).rstrip(), dim=True)
    click.secho("\u2500" * screen_width(), dim=True)
    for slot in ordered:
        _print_row(slot, width)
    if any(_unsourced(slot) for slot in ordered):
        click.echo("\n(in brackets: reported, but by no source that could be named)")
    disputed = [slot for slot in ordered if slot.disputed]
    if disputed:
        click.echo("\nDisputed:")
    for slot in disputed:
        lines = textwrap.wrap(
            f"{slot.id}: {dispute_text(slot)}", screen_width(), initial_indent="  ", subsequent_indent="    "
        )
        click.echo("\n".join(lines))


def in_order(slots: Iterable[SlotState]) -> list[SlotState]:
    """The figures on which there is something to show: disputed ones first, then those with most reports."""
    shown = [slot for slot in slots if slot.reports or slot.forecasts]
    return sorted(shown, key=lambda slot: (not slot.disputed, -slot.reports, slot.id))


def _print_row(slot: SlotState, width: int) -> None:
    values = (reported_text(slot), range_text(slot), str(slot.reports), roots_text(slot))
    columns = [textwrap.wrap(slot_title(slot), width) or [slot.id]]
    columns += [
        textwrap.wrap(value, size) or [""] for value, (_, size, _) in zip(values, _COLUMNS, strict=True)
    ]
    for place in range(max(len(column) for column in columns)):
        first, *rest = [column[place] if place < len(column) else "" for column in columns]
        name = click.style(_cell(first, width), bold=True)
        cells = [
            _cell(text, size, right=right) for text, (_, size, right) in zip(rest, _COLUMNS, strict=True)
        ]
        click.echo(_GAP.join([name, *cells]).rstrip())
    remarks = ", ".join(_remarks(slot))
    name = f"  {slot.id}"
    gap = " " * max(len(_GAP), width + len(_GAP) - len(name))
    click.echo(click.style(name, dim=True) + (gap + click.style(remarks, fg="yellow") if remarks else ""))


def _remarks(slot: SlotState) -> Iterable[str]:
    if slot.modality:
        yield slot.modality
    if slot.disputed:
        yield "disputed"
    if slot.circular:
        yield "circular"
    if slot.unconfirmed_by:
        yield "unconfirmed"


def _unsourced(slot: SlotState) -> bool:
    return slot.best is None and not slot.vague and reported_text(slot).startswith("(")


def _cell(text: str, size: int, *, right: bool = False) -> str:
    return text.rjust(size) if right else text.ljust(size)


def print_effects(effects: Sequence[Effect]) -> None:
    """What a decision would change, figure by figure, field by field."""
    if not effects:
        click.echo("No figure would change.")
        return
    for effect in effects:
        one = effect.after or effect.before
        if one is None:
            continue
        click.secho(f"{slot_title(one)}  ", bold=True, nl=False)
        click.secho(effect.slot, dim=True)
        if effect.before is None:
            click.echo("  a new figure")
        if effect.after is None:
            click.echo("  is no figure any more")
        changed = [
            (name, was, now)
            for name, was, now in zip(_FIELDS, _readings(effect.before), _readings(effect.after), strict=True)
            if was != now
        ]
        for name, was, now in changed:
            click.echo(f"  {name:<12} {was} -> {now}")
        if not changed:
            click.echo("  only what stands behind it changes")


_FIELDS = (
    "name",
    "reported",
    "range",
    "modality",
    "reports",
    "roots",
    "root of best",
    "disputed",
    "who says it",
)


def _readings(slot: SlotState | None) -> tuple[Any, ...]:
    if slot is None:
        return ("-",) * len(_FIELDS)
    return (
        slot_title(slot),
        value_text(slot.best),
        range_text(slot),
        slot.modality or "-",
        slot.reports,
        roots_text(slot),
        slot.best_root or "-",
        dispute_text(slot) or "no",
        ", ".join(slot.roots) or "-",
    )
