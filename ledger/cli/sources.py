"""`newsledger sources`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.wording import clipped, value_text
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.state.record import Record

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


_COUNTED = (
    ("corrected", "took a figure back"),
    ("retracted", "withdrew the article"),
    ("misquoting", "cites what the article does not say"),
    ("misquoted", "was misquoted"),
    ("circular", "cites who cites it"),
    ("not_followed", "never followed a correction"),
    ("outliers", "excluded the best figure of that time"),
    ("became_consensus", "and is the best figure now, with others"),
)


@sources.command()
@click.argument("name", required=False, default="")
@json_option
@click.pass_context
def record(ctx: click.Context, name: str, as_json: bool) -> None:
    """The track record of sources, or of NAME with the articles behind it: evidence for a grade, which only people set."""
    found = open_from(ctx).sources.record(name)
    if as_json:
        json_out(found[0] if name else found)
        return
    if name:
        _print_record(found[0])
        return
    table(
        ("source", "grade", "figures", "record"),
        [(one.source, one.grade, one.figures, _in_words(one)) for one in found],
        empty="Nothing is reported yet.",
        right=(2,),
    )


def _in_words(record: Record) -> str:
    """`2 corrected, 1 outlier`: what is not nought."""
    counts = ((field, len(getattr(record, field))) for field, _ in _COUNTED)
    return ", ".join(f"{count} {field.replace('_', ' ')}" for field, count in counts if count) or "-"


def _print_record(record: Record) -> None:
    from ledger.cli.figures import screen_width

    click.secho(f"{record.name} ({record.source}), grade {record.grade}: {record.figures} figures", bold=True)
    for field, words in _COUNTED:
        cases = getattr(record, field)
        if not cases:
            continue
        click.echo(f"  {len(cases)}  {words}")
        for case in cases:
            line = f'{case.slot} {value_text(case.value)}  {case.article}  "{case.sentence}"'
            click.echo(f"       {clipped(line, screen_width() - 7)}")
