"""`newsledger review`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.figures import print_effects, screen_width
from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out
from ledger.cli.wording import time_text

if TYPE_CHECKING:
    from ledger.app import Ledger
    from ledger.projections.results import Decision

__all__ = ["decide", "deciding", "review"]

_by = click.option("--by", default="", help="Who decides.")
_reason = click.option("--reason", default="", help="Why.")
_preview = click.option("--preview", is_flag=True, help="Show the effect on the figures; record nothing.")


def deciding(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every decision has."""
    return _by(_reason(_preview(json_option(function))))


def decide(ledger: Ledger, action: str, target: dict[str, str], given: dict[str, Any]) -> None:
    """Record a decision and say how it is taken back; with `preview` only show what it would change."""
    desk = ledger.reviews.desk
    if given["preview"]:
        effects = desk.preview(action, target)
        json_out(effects) if given["as_json"] else print_effects(effects)
        return
    decision = desk.decide(action, target, given["by"], given["reason"])
    if given["as_json"]:
        json_out({"decision": decision})
        return
    click.echo(f"{decision} recorded. Take it back: newsledger review undo {decision} --by WHO --reason WHY")


@click.group()
def review() -> None:
    """People's decisions, recorded as events: preview before, undo after, nothing overwritten.

    A CLAIM is named as `newsledger explain FIGURE --full` shows it, ARTICLE#VERSION:START-END; ARTICLE alone is enough where it
    makes one claim on the figure.
    """


@review.command()
@click.argument("slot")
@click.argument("root", required=False, default="")
@click.option("--claim", default="", help="Reject this claim alone, not all that the root says.")
@deciding
@click.pass_context
def reject(ctx: click.Context, /, slot: str, root: str, claim: str, **given: Any) -> None:
    """Reject what ROOT says on the figure SLOT, or one claim, from now on, with all that cites or echoes it."""
    ledger = open_from(ctx)
    decide(ledger, "reject", ledger.reviews.target_of_reject(slot, root, claim), given)


@review.command()
@click.argument("slot")
@click.argument("claim")
@deciding
@click.pass_context
def accept(ctx: click.Context, /, slot: str, claim: str, **given: Any) -> None:
    """Note that a claim was checked against the text; no figure changes."""
    ledger = open_from(ctx)
    decide(ledger, "accept", ledger.reviews.desk.claim(slot, claim), given)


@review.command()
@click.argument("slot")
@click.argument("claim")
@click.argument("to")
@deciding
@click.pass_context
def reslot(ctx: click.Context, /, slot: str, claim: str, to: str, **given: Any) -> None:
    """Count a claim on the figure TO; a new id makes a new figure."""
    ledger = open_from(ctx)
    decide(ledger, "reslot", ledger.reviews.target_of_reslot(slot, claim, to), given)


@review.command()
@click.argument("slot")
@click.argument("claim")
@click.argument("to")
@deciding
@click.pass_context
def reroot(ctx: click.Context, /, slot: str, claim: str, to: str, **given: Any) -> None:
    """Say who is really behind a claim: the outlet has it from the root TO."""
    ledger = open_from(ctx)
    decide(ledger, "reroot", ledger.reviews.target_of_reroot(slot, claim, to), given)


@review.command()
@click.argument("root")
@click.argument("into")
@deciding
@click.pass_context
def merge(ctx: click.Context, /, root: str, into: str, **given: Any) -> None:
    """Two roots are one: what ROOT says, INTO said."""
    ledger = open_from(ctx)
    decide(ledger, "merge-roots", ledger.reviews.target_of_merge(root, into), given)


@review.command()
@click.argument("root")
@click.argument("to")
@click.option("--outlet", default="", help="What this outlet has from it.")
@click.option("--article", default="", help="What this article has from it.")
@click.option("--slot", default="", help="What it says on this figure.")
@deciding
@click.pass_context
def split(
    ctx: click.Context, /, root: str, to: str, outlet: str, article: str, slot: str, **given: Any
) -> None:
    """One root is two: part of what ROOT says was said by TO."""
    ledger = open_from(ctx)
    decide(ledger, "split-root", ledger.reviews.target_of_split(root, to, outlet, article, slot), given)


@review.command()
@click.argument("root")
@click.argument("grade")
@deciding
@click.pass_context
def grade(ctx: click.Context, /, root: str, grade: str, **given: Any) -> None:
    """Grade ROOT A (reliable) to F (cannot be judged); `newsledger sources record ROOT` shows the evidence."""
    ledger = open_from(ctx)
    decide(ledger, "grade", ledger.reviews.target_of_grade(root, grade), given)


@review.command()
@click.argument("article")
@click.argument("of")
@deciding
@click.pass_context
def copy(ctx: click.Context, /, article: str, of: str, **given: Any) -> None:
    """ARTICLE is a copy of the article OF: what both state alike counts once; a changed figure stays its own."""
    ledger = open_from(ctx)
    decide(ledger, "copy", ledger.reviews.target_of_copy(article, of), given)


@review.command()
@click.argument("decision")
@deciding
@click.pass_context
def undo(ctx: click.Context, /, decision: str, **given: Any) -> None:
    """Take a decision back, one about a figure too."""
    ledger = open_from(ctx)
    if given["preview"]:
        effects = ledger.reviews.preview_undo(decision)
        json_out(effects) if given["as_json"] else print_effects(effects)
        return
    ledger.reviews.undo(decision, by=given["by"], reason=given["reason"])
    if given["as_json"]:
        json_out({"undone": decision})
    else:
        click.echo(f"{decision} is taken back.")


@review.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Every decision and how it stands: in force, taken back, or orphaned (what it was about is not there any more)."""
    decisions = open_from(ctx).reviews.standing()
    if as_json:
        json_out([{"status": one.status, "decision": one.decision} for one in decisions])
        return
    if not decisions:
        click.echo("No decisions yet.")
    for one in decisions:
        _print_decision(one.decision, one.status)


def _print_decision(decision: Decision, status: str) -> None:
    target = " ".join(f"{key}={value}" for key, value in decision.target.items())
    click.secho(f"{decision.id}  {decision.action}", bold=True, nl=False)
    click.echo(f"  {time_text(decision.at)}  {status}")
    lines = [target, f"{decision.by}: {decision.reason}"]
    if decision.undone_at is not None:
        lines.append(
            f"taken back {time_text(decision.undone_at)} by {decision.undone_by}: {decision.undone_reason}"
        )
    for line in lines:
        click.echo(
            "\n".join(textwrap.wrap(line, screen_width(), initial_indent="  ", subsequent_indent="    "))
        )
