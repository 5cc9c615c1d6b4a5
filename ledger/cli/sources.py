"""`newsledger sources`."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.errors import InputError

__all__ = ["sources"]


@click.group()
def sources() -> None:
    """The source registry: who the sources are, for whom they speak, how reliable they have been."""


@sources.command("import")
@click.argument("path")
@click.option("--by", default="", help="Who changes the registry.")
@click.option("--reason", default="", help="Why.")
@click.pass_context
def import_(ctx: click.Context, path: str, by: str, reason: str) -> None:
    """Make the JSON file at PATH the registry from now on; older answers keep the registry of their time."""
    ledger = open_from(ctx)
    changed = ledger.sources.load(path, by=by, reason=reason)
    click.echo("The registry is changed." if changed else "The registry is the same already.")


@sources.command()
@click.argument("path", required=False)
@click.option("--as-of", metavar="TIME", help="The registry as it stood at TIME.")
@click.pass_context
def export(ctx: click.Context, path: str | None, as_of: str | None) -> None:
    """Write the registry as JSON to PATH, or print it."""
    raw = open_from(ctx).sources.export(recorded_as_of=as_of)
    if path is None:
        click.echo(raw.decode(), nl=False)
        return
    try:
        Path(path).write_bytes(raw)
    except OSError as error:
        raise InputError("The registry cannot be written", which=path, fix=str(error.strerror)) from error


@sources.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the sources with party and grade."""
    registry = open_from(ctx).sources.registry()
    if as_json:
        json_out(registry.sources)
        return
    table(
        ("key", "name", "party", "grade", "also called"),
        [
            (key, source.name, source.party, source.reliability, ", ".join(source.aliases))
            for key, source in sorted(registry.sources.items())
        ],
        empty="No sources. Import a registry: newsledger sources import FILE",
    )
