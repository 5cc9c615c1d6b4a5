"""`newsledger projection`."""

from __future__ import annotations

import click
import msgspec

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table
from ledger.cli.wording import number_text

__all__ = ["projection"]


@click.group()
def projection() -> None:
    """The views: disposable, rebuilt from the events at any time."""


@projection.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every view with generation, position and lag behind the ledger."""
    views = open_from(ctx).views
    found = views.list()
    if as_json:
        json_out(found)
        return
    table(
        ("view", "generation", "state", "position", "lag"),
        [
            (one.name, one.generation, one.state, number_text(one.position), number_text(one.lag))
            for one in found
        ],
        empty="No views.",
        right=(1, 3, 4),
    )


@projection.command()
@click.argument("name")
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show the rows of a view that a plugin brings."""
    views = open_from(ctx).views
    views.catch_up()
    rows = views.plugin_rows(name)
    if as_json:
        json_out(rows)
        return
    table(
        ("key", "row"),
        [(key, msgspec.json.encode(row).decode()) for key, row in rows.items()],
        empty="No rows.",
    )


@projection.command()
@click.argument("name", required=False)
@click.pass_context
def rebuild(ctx: click.Context, name: str | None) -> None:
    """Build a view (all without NAME) anew beside the live one, then swap. Readers see the old one until then."""
    views = open_from(ctx).views
    with progress("Rebuilding") as show:
        views.rebuild(name, progress=show)
    click.echo(f"{name or 'All views'} rebuilt.")


@projection.command()
@click.argument("name")
@click.argument("old", type=int)
@click.argument("new", type=int)
@json_option
@click.pass_context
def diff(ctx: click.Context, name: str, old: int, new: int, as_json: bool) -> None:
    """Compare two generations of a view. Exit 1 when they differ."""
    found = open_from(ctx).views.diff(name, old, new)
    if as_json:
        json_out(found)
    else:
        click.echo(f"{name} generation {old} and {new}: {found.text()}")
    ctx.exit(0 if found.same else 1)


@projection.command()
@click.argument("name")
@click.pass_context
def rollback(ctx: click.Context, name: str) -> None:
    """Go back to the generation before the present one."""
    open_from(ctx).views.rollback(name)
    click.echo(f"{name} is rolled back.")
