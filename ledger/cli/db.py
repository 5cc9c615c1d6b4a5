"""`newsledger db`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, progress

if TYPE_CHECKING:
    from ledger.store.backup import Copied

__all__ = ["db"]


@click.group()
def db() -> None:
    """The database of the log."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the database to this release's form; the views are rebuilt by themselves."""
    from ledger.store import upgrade as bring_up

    bring_up(settings_from(ctx))
    click.echo("The database has this release's form.")


@db.command()
@json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Decode the whole log. Exit 1 when this release cannot read an event."""
    from ledger.store.verify import check_log

    ledger = open_from(ctx)
    with progress("Decoding") as show:
        found = check_log(ledger.store, show)
    if as_json:
        json_out(found)
    else:
        for name, count in sorted(found.types.items()):
            click.echo(f"{count:>10,}  {name}")
        for name, count in sorted(found.unknown.items()):
            click.echo(f"{count:>10,}  {name} (not known to this release, kept as it is)")
        if found.redacted:
            click.echo(f"{found.redacted:>10,}  redacted")
        for problem in found.problems:
            click.echo(f"position {problem.position}: {problem.what}")
        click.echo("Every event can be read." if found.holds else "This release cannot read all of the log.")
    ctx.exit(0 if found.holds else 1)


@db.command()
@click.argument("path")
@json_option
@click.pass_context
def backup(ctx: click.Context, path: str, as_json: bool) -> None:
    """Write a verified copy of the log to the new file PATH, while others may go on appending."""
    from ledger.store.backup import backup as copy

    ledger = open_from(ctx)
    with progress("Verifying the copy") as show:
        done = copy(ledger.store, Path(path), show)
    _tell(done, as_json=as_json)


@db.command()
@click.argument("path")
@json_option
@click.pass_context
def restore(ctx: click.Context, path: str, as_json: bool) -> None:
    """Make the backup PATH the ledger of the home or of --db, which must not have one."""
    from ledger.store.backup import restore as bring_back

    with progress("Verifying the backup") as show:
        done = bring_back(Path(path), settings_from(ctx), show)
    _tell(done, as_json=as_json)


def _tell(done: Copied, *, as_json: bool) -> None:
    if as_json:
        json_out(done)
    else:
        click.echo(f"{done.position} events, root {done.root}, in {done.where}")
