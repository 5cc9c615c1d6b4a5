"""`newsledger slot`."""

from __future__ import annotations

from typing import Any

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.paging import page, page_options, say_more
from ledger.cli.review import decide, deciding
from ledger.cli.wording import slot_title

__all__ = ["slot"]


@click.group()
def slot() -> None:
    """Figures: which there are, what they are called, which are one, which are two, which are kept.

    Each decision is an event; `newsledger review undo` takes it back, `newsledger review list` shows it.
    """


@slot.command("list")
@page_options
@json_option
@click.pass_context
def list_(ctx: click.Context, limit: int | None, after: str | None, as_json: bool) -> None:
    """Every figure with its id, kind, and whether it is declared."""
    slots, left = page(open_from(ctx).slots.list(), lambda one: one.id, limit, after)
    if as_json:
        json_out([one.slot for one in slots])
        return
    table(
        ("id", "name", "kind", "declared"),
        [(one.id, slot_title(one), one.slot.kind, "yes" if one.slot.declared else "no") for one in slots],
        empty="No figures yet.",
    )
    if slots:
        say_more(left, slots[-1].id)


@slot.command()
@click.argument("slot")
@click.argument("title")
@deciding
@click.pass_context
def name(ctx: click.Context, /, slot: str, title: str, **given: Any) -> None:
    """Give a figure a name for readers; its id stays."""
    ledger = open_from(ctx)
    decide(ledger, "slot-name", ledger.slots.target_of_name(slot, title), given)


@slot.command()
@click.argument("slot")
@deciding
@click.pass_context
def pin(ctx: click.Context, /, slot: str, **given: Any) -> None:
    """Declare a discovered figure in the registry as it is, so that later rules of discovery neither rename nor move it."""
    ledger = open_from(ctx)
    decide(ledger, "slot-pin", ledger.slots.target_of_pin(slot), given)


@slot.command()
@click.argument("slot")
@click.argument("into")
@deciding
@click.pass_context
def merge(ctx: click.Context, /, slot: str, into: str, **given: Any) -> None:
    """Two figures are one: every claim on SLOT, later ones too, counts on INTO."""
    ledger = open_from(ctx)
    decide(ledger, "slot-merge", ledger.slots.target_of_merge(slot, into), given)


@slot.command()
@click.argument("slot")
@click.argument("to")
@click.option("--root", default="", help="Claims of this root.")
@click.option("--outlet", default="", help="Claims in articles of this outlet.")
@click.option("--article", default="", help="Claims in this article.")
@click.option("--words", default="", help="Claims whose sentence holds these words.")
@deciding
@click.pass_context
def split(
    ctx: click.Context, /, slot: str, to: str, root: str, outlet: str, article: str, words: str, **given: Any
) -> None:
    """One figure is two: some claims on SLOT, later ones too, count on the new figure TO."""
    ledger = open_from(ctx)
    target = ledger.slots.target_of_split(slot, to, root=root, outlet=outlet, article=article, words=words)
    decide(ledger, "slot-split", target, given)
