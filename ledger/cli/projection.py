"""`newsledger projection`."""

from __future__ import annotations

import click
import msgspec

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table
from ledger.cli.paging import page, page_options, say_more
from ledger.cli.wording import number_text
from ledger.errors import NotFoundError

__all__ = ["projection"]


@click.group()
def projection() -> None:
    """The views: disposable, rebuilt from the events at any time."""


@projection.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every view with generation, position and lag behind the ledger, and the events that it cannot use.

    Exit 1 when a view stopped.
    """
    views = open_from(ctx).views
    found, parked = views.list(), views.parked()
    if as_json:
        json_out(found)
    else:
        table(
            ("view", "generation", "state", "position", "lag", "rows", "parked"),
            [
                (
                    one.name,
                    one.generation,
                    one.state,
                    *map(number_text, (one.position, one.lag, one.rows, one.parked)),
                )
                for one in found
            ],
            empty="No views.",
            right=(1, 3, 4, 5, 6),
        )
        for one in found:
            if one.error:
                click.echo(f"{one.name} stopped before {one.error}")
        for event in parked:
            click.echo(f"{event.name} passed over position {event.position}, {event.type}: {event.error}")
    ctx.exit(1 if any(one.error for one in found) else 0)


@projection.command()
@click.argument("name", required=False)
@click.pass_context
def retry(ctx: click.Context, name: str | None) -> None:
    """Try again what a view (all without NAME) stopped before or passed over. Exit 1 when it fails still."""
    views = open_from(ctx).views
    known = sorted({one.name for one in views.list()})
    if name is not None and name not in known:
        raise NotFoundError("No such view", which=name, fix=f"Views: {', '.join(known)}")
    parked = {event.name for event in views.parked() if name in (None, event.name)}
    with progress("Trying again") as show:
        views.catch_up(show)
        for each in sorted(parked):
            views.rebuild(each, progress=show)
    left = [event for event in views.parked() if event.name in parked]
    for event in left:
        click.echo(f"{event.name} cannot use position {event.position}, {event.type}: {event.error}")
    click.echo(
        f"{len(left)} events cannot be used still." if left else "Nothing is stopped or passed over any more."
    )
    ctx.exit(1 if left else 0)


@projection.command()
@click.argument("name")
@page_options
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, limit: int | None, after: str | None, as_json: bool) -> None:
    """Show the rows of a view that a plugin brings, by key."""
    views = open_from(ctx).views
    views.catch_up()
    rows, left = page(list(views.plugin_rows(name).items()), lambda row: row[0], limit, after)
    if as_json:
        json_out(dict(rows))
        return
    table(
        ("key", "row"),
        [(key, msgspec.json.encode(row).decode()) for key, row in rows],
        empty="No rows.",
    )
    if rows:
        say_more(left, rows[-1][0])


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
