"""`newsledger entity`."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.wording import slot_title, time_text
from ledger.clock import parse_time

__all__ = ["entity"]


@click.command()
@click.argument("name")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most this many of each."
)
@json_option
@click.pass_context
def entity(ctx: click.Context, name: str, limit: int, as_json: bool) -> None:
    """A person, organisation or place: how often it is named, in which articles, on which figures. Exit 1 when it is not."""
    from ledger.projections.browse import Browser

    ledger = open_from(ctx)
    ledger.views.catch_up()
    names = Browser(ledger.views).entities(name, limit)
    articles = ledger.search(name, limit) if names else ()
    wanted = name.casefold()
    figures = [
        slot
        for slot in ledger.state().slots
        if any(wanted in f"{slot_title(slot)} {claim.sentence}".casefold() for claim in slot.claims)
    ][:limit]
    if as_json:
        json_out({"names": names, "articles": articles, "figures": [slot.id for slot in figures]})
    else:
        table(
            ("name", "label", "mentions", "articles"),
            [(one.name, one.label, one.mentions, one.articles) for one in names],
            empty="No article names it.",
            right=(2, 3),
        )
        if names:
            click.echo()
            table(
                ("article", "outlet", "published", "title"),
                [(one.article, one.outlet, time_text(parse_time(one.p_time)), one.title) for one in articles],
                empty="No article.",
            )
            click.echo("\nFigures: " + (", ".join(slot.id for slot in figures) or "none"))
    ctx.exit(0 if names else 1)
