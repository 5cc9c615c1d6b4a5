"""An explanation on one screen."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from ledger.cli.figures import screen_width
from ledger.cli.wording import (
    clipped,
    range_text,
    reported_text,
    roots_text,
    slot_title,
    time_text,
    value_text,
)
from ledger.projections.places import Placed
from ledger.review import reference
from ledger.state.anchors import Fate
from ledger.state.change import CAUSES, LISTS, Change
from ledger.state.explain import Explanation, RootGroup
from ledger.state.graph import UNCITED, UNECHOED
from ledger.state.model import ClaimState, SlotState

__all__ = ["print_changes", "print_explanation"]


def print_explanation(
    slot: SlotState, explanation: Explanation, placed: Sequence[Placed] = (), *, full: bool = False
) -> None:
    """The figure, why it is the figure, and every report by root with its own sentence; `placed` says where that stands now.

    Sentences are whole, unless that is more than a terminal shows at once; then they are cut to a line. `full` never cuts, and adds
    addresses and how a review names each claim.
    """
    now = {(one.document, one.version, one.start, one.end): one for one in placed}
    lines = list(_explanation(slot, explanation, _Style(whole=True, full=full, now=now)))
    if not full and sys.stdout.isatty() and len(lines) >= shutil.get_terminal_size().lines:
        lines = list(_explanation(slot, explanation, _Style(whole=False, full=False, now=now)))
    click.echo("\n".join(lines))


class _Style(NamedTuple):
    whole: bool
    full: bool
    now: Mapping[tuple[str, int, int, int], Placed] = MappingProxyType({})


def _explanation(slot: SlotState, explanation: Explanation, style: _Style) -> Iterator[str]:
    yield from _head(slot)
    for sentence in explanation.why:
        yield from textwrap.wrap(sentence, screen_width(), initial_indent="  ", subsequent_indent="    ")
    for group in sorted(explanation.roots, key=lambda each: _ROLES.index(each.role)):
        yield _root(group)
        yield from _claims(group.claims, style)
    if explanation.rootless:
        yield _bold("No root (reports say so)")
        yield from _claims(explanation.rootless, style)
    if explanation.denials:
        yield _bold("Denied")
    for denial in explanation.denials:
        yield f"  {time_text(denial.said_at)}  {denial.root or 'unnamed'}"
        yield from _sentence(denial.sentence, style)
    for forecast in explanation.forecasts:
        head = _bold(f"Forecast, counts for nothing else: {value_text(forecast.value)}")
        yield f"{head} ({forecast.root or 'unnamed'})"
    still = [claim for claim in explanation.dead if claim.reason in (UNCITED, UNECHOED)]
    if still:
        yield _bold("Never followed a correction: still reported, not counted")
        yield from _claims(still, style)
    gone = [claim for claim in explanation.dead if claim.reason not in (UNCITED, UNECHOED)]
    if gone:
        yield _bold("Not counted any more")
        yield from _claims(gone, style)


_ROLES = ("best", "supports best", "another current figure", "lower bound only", "older figure", "no figure")


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _head(slot: SlotState) -> Iterator[str]:
    title = _bold(f"{slot_title(slot)}: {reported_text(slot)}")
    yield title + (click.style("  DISPUTED", fg="yellow") if slot.disputed else "")
    yield (
        f"{slot.id}  range {range_text(slot)}  {slot.reports} reports  roots {roots_text(slot)}"
        f"  parties {slot.best_parties} of {slot.parties}"
    )
    first, outlet, last = time_text(slot.first_seen), slot.first_outlet or "-", time_text(slot.last_change)
    yield click.style(f"first seen {first} ({outlet}), last change {last}", dim=True)


def _root(group: RootGroup) -> str:
    figure = group.figure
    firmness = "" if figure.modality == "asserted" else f", {figure.modality}"
    said = time_text(figure.said_at)
    return (
        _bold(f"{group.root}: {value_text(figure.value)}")
        + f" ({group.role}{firmness}; grade {figure.grade}; said {said})"
    )


def _claims(claims: Iterable[ClaimState], style: _Style) -> Iterator[str]:
    for claim in claims:
        chain = " < ".join(claim.chain) or claim.outlet
        what = value_text(claim.stated)
        if claim.kind != "primary":
            what = f"{what}, {claim.kind}"
        if claim.reason:
            what = f"{what}: {claim.reason}"
        if claim.decided:
            what = f"{what} [{', '.join(claim.decided)}]"
        head = f"{time_text(claim.seen_at)[5:]}  {chain}: {what}"
        name = f"  {claim.document[:10]}"
        width = screen_width() - len(name) - 2
        if style.full:
            yield f"  {head}"
        else:
            yield f"  {clipped(head, width).ljust(width)}{click.style(name, dim=True)}"
        yield from _sentence(claim.sentence, style)
        place = style.now.get((claim.document, claim.version, claim.start, claim.end))
        if place is not None:
            yield click.style(f"     {_FATES[place.fate]} in revision {place.newest}", dim=True)
        if style.full:
            yield click.style(f"     {reference(claim)}  {claim.url}", dim=True)


_FATES: dict[Fate, str] = {
    "same": "stands",
    "same sentence": "stands word for word",
    "moved": "is worded otherwise",
    "gone": "is gone",
}


def _sentence(sentence: str, style: _Style) -> Iterator[str]:
    if not sentence:
        return
    if style.whole:
        yield from textwrap.wrap(
            f'"{sentence}"', screen_width(), initial_indent="     ", subsequent_indent="     "
        )
    else:
        yield f'     "{clipped(sentence, screen_width() - 7)}"'


def print_changes(slot: str, before: str, after: str, changes: Sequence[Change]) -> None:
    """Every difference under its one cause."""
    if not changes:
        click.echo(f"Nothing changed on {slot} between {before} and {after}.")
        return
    click.secho(f"{slot}: from {before} to {after}", bold=True)
    width = screen_width()
    for cause in CAUSES:
        caused = [change for change in changes if change.cause == cause]
        if not caused:
            continue
        because = ", ".join(sorted({one for change in caused for one in change.because}))
        click.secho(f"\n{cause[0].upper()}{cause[1:]}", bold=True)
        if because:
            click.secho(
                "\n".join(textwrap.wrap(because, width, initial_indent="  ", subsequent_indent="  ")),
                dim=True,
            )
        for name, text in _lines(caused):
            lead = f"  {name:<22}  "
            lines = textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=" " * len(lead))
            click.echo("\n".join(lines))


def _lines(changes: Sequence[Change]) -> Iterable[tuple[str, str]]:
    """One line a field; entries of lists that came and went stand together."""
    listed: dict[str, list[str]] = {}
    for change in changes:
        if not _is_list(change):
            yield _words(change.field), f"{_short(change.before)} -> {_short(change.after)}"
        else:
            sign, value = ("+", change.after) if change.before is None else ("-", change.before)
            joined = " v ".join(value) if isinstance(value, list | tuple) else _short(value)
            listed.setdefault(change.field, []).append(f"{sign}{joined}")
    for field, entries in listed.items():
        yield _words(field), "  ".join(entries)


def _is_list(change: Change) -> bool:
    return change.field in LISTS


def _words(field: str) -> str:
    names = {
        "best_root": "root of best", "high_open": "open upper end", "independent_roots": "independent roots",
        "best_independent_roots": "roots behind best", "best_parties": "parties behind best",
        "best_roots": "who is behind best", "current_roots": "current", "dispute.figures": "who disagrees",
        "dispute.denied_by": "denied by", "unconfirmed_by": "not confirmed by", "first_seen": "first seen",
        "best_first_seen": "best first seen", "roots": "who says it",
    }  # fmt: skip
    return names.get(field, field)


def _short(value: Any) -> str:
    if isinstance(value, dict) and "op" in value:
        return _value_words(value)
    if isinstance(value, dict):
        return " ".join(_short(part) for part in value.values() if part not in (None, "")) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_short(part) for part in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)


def _value_words(value: dict[str, Any]) -> str:
    from ledger.state.model import Value

    return value_text(Value(**value))
