"""`newsledger review`."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.state import print_state
from ledger.cli.wording import time_text

__all__ = ["review"]

_by = click.option("--by", required=True, help="Who decides.")
_reason = click.option("--reason", required=True, help="Why.")


@click.group()
def review() -> None:
    """People's decisions, recorded as events: preview before, undo after, nothing overwritten."""


@review.command()
@click.argument("slot")
@click.argument("root")
@_by
@_reason
@click.option("--preview", is_flag=True, help="Show the effect on the figure; record nothing.")
@click.pass_context
def reject(ctx: click.Context, slot: str, root: str, by: str, reason: str, preview: bool) -> None:
    """Reject what ROOT says on the figure SLOT, from now on, with all that cites or echoes it."""
    ledger = open_from(ctx)
    if preview:
        before, after = ledger.reviews.preview_reject(slot=slot, root=root)
        click.echo("now:")
        print_state([before])
        click.echo("\nafter the rejection:")
        print_state([after] if after else [])
        return
    decision = ledger.reviews.reject(slot=slot, root=root, by=by, reason=reason)
    click.echo(f"{decision} recorded. Take it back: newsledger review undo {decision} --by WHO --reason WHY")


@review.command()
@click.argument("decision")
@_by
@_reason
@click.pass_context
def undo(ctx: click.Context, decision: str, by: str, reason: str) -> None:
    """Take a decision back."""
    open_from(ctx).reviews.undo(decision, by=by, reason=reason)
    click.echo(f"{decision} is taken back.")


@review.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Every decision, those taken back included."""
    decisions = list(open_from(ctx).reviews.list())
    if as_json:
        json_out(decisions)
        return
    table(
        ("id", "at", "action", "target", "by", "reason"),
        [
            (one.id, time_text(one.at), one.action, " ".join(one.target.values()), one.by, one.reason)
            for one in decisions
        ],
        empty="No decisions yet.",
    )
