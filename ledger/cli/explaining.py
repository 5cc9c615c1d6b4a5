"""An explanation on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from ledger.cli.wording import range_text, slot_title, time_text, value_text
from ledger.state.explain import Change, Explanation
from ledger.state.model import ClaimState, SlotState

__all__ = ["print_changes", "print_explanation"]


def print_explanation(slot: SlotState, explanation: Explanation) -> None:
    """The figure, why it is the figure, and every report by root with its own sentence."""
    click.secho(f"{slot_title(slot)}: {value_text(slot.best)}", bold=True)
    click.echo(
        f"range {range_text(slot)}, {slot.reports} reports, {slot.independent_roots} independent roots, "
        f"first seen {time_text(slot.first_seen)} ({slot.first_outlet or '-'}), last change {time_text(slot.last_change)}"
    )
    for sentence in explanation.why:
        click.echo(f"  {sentence}")
    for group in explanation.roots:
        figure = group.figure
        click.echo()
        click.secho(
            f"{group.root}: {value_text(figure.value)} ({figure.modality}, said {time_text(figure.said_at)}, "
            f"grade {figure.grade}) - {group.role}",
            bold=True,
        )
        _print_claims(group.claims)
    if explanation.rootless:
        click.echo("\nReports that add no root:")
        _print_claims(explanation.rootless)
    if explanation.denials:
        click.echo("\nDenied:")
        for denial in explanation.denials:
            click.echo(f'  {time_text(denial.said_at)}  {denial.root or "unnamed"}\n    "{denial.sentence}"')
    if explanation.forecasts:
        click.echo("\nForecasts, which count for nothing else:")
        for forecast in explanation.forecasts:
            click.echo(f"  {value_text(forecast.value)} ({forecast.root or 'unnamed'})")
    if explanation.dead:
        click.echo("\nNo longer counted:")
        _print_claims(explanation.dead)


def _print_claims(claims: Iterable[ClaimState]) -> None:
    for claim in claims:
        chain = " < ".join(claim.chain) or claim.outlet
        head = f"  {time_text(claim.seen_at)}  {claim.outlet}, {claim.kind}: {value_text(claim.stated)}  [{chain}]"
        if claim.reason:
            head += f"  ({claim.reason})"
        click.echo(head)
        click.echo(f'    "{claim.sentence}"')
        click.echo(f"    {claim.document} {claim.url}")


def print_changes(slot: str, changes: Sequence[Change]) -> None:
    """One line for each field that reads otherwise, with its cause."""
    if not changes:
        click.echo(f"Nothing changed on {slot}.")
        return
    for change in changes:
        because = f" ({', '.join(change.because)})" if change.because else ""
        click.echo(f"{change.field}: {_short(change.before)} -> {_short(change.after)}")
        click.echo(f"    {change.cause}{because}")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{_short(part)}" for part in value.values() if part not in (None, "")) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_short(part) for part in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
