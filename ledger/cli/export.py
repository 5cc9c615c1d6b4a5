"""`newsledger export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ledger.cli.opening import open_from
from ledger.clock import parse_time
from ledger.errors import UsageError

__all__ = ["export"]

_WHAT = ("events", "annotations", "claims", "articles", "figures", "reports", "changes", "state", "tiles")
_FORMS = ("jsonl", "csv", "parquet", "claimreview", "webannotation", "prov", "ftm")


@click.command()
@click.argument("what", type=click.Choice(_WHAT))
@click.option("--format", "form", type=click.Choice(_FORMS), default="jsonl", show_default=True, help="Form.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write to this file, or folder for tiles."
)
@click.option("--as-of", metavar="TIME", help="As it was known at TIME (recorded time).")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.pass_context
def export(
    ctx: click.Context, what: str, form: str, output: Path | None, as_of: str | None, folder: Path | None
) -> None:
    """Write rows or linked data to standard output or a file, in a fixed order.

    Rows (jsonl, csv, parquet) of everything; claimreview of the state; webannotation and prov of the annotations; ftm
    (FollowTheMoney statements) of the articles. docs/exports.md says more. `export tiles FOLDER` writes the whole log with its
    newest checkpoint as a tlog-tiles directory (c2sp.org/tlog-tiles), which `newsledger-verify FOLDER` checks.
    """
    if what == "tiles":
        if as_of is not None:
            raise UsageError("Tiles are of the whole log", which="--as-of", fix="Leave it out")
        _tiles(ctx, folder or output)
        return
    if folder is not None:
        raise UsageError("Only tiles are written to a folder", which=str(folder), fix="Name a file with -o")
    from ledger.export import export as write

    at = None if as_of is None else parse_time(as_of)
    ledger = open_from(ctx)
    ledger.views.catch_up()
    if output is None:
        write(ledger, what, form, sys.stdout.buffer, recorded_as_of=at)
        sys.stdout.buffer.flush()
        return
    draft = output.with_name(output.name + ".part")
    try:
        with draft.open("wb") as out:
            write(ledger, what, form, out, recorded_as_of=at)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _tiles(ctx: click.Context, folder: Path | None) -> None:
    if folder is None:
        raise UsageError("Tiles are written to a folder", which="none", fix="newsledger export tiles FOLDER")
    files = open_from(ctx).audits.export_tiles(folder)
    click.echo(f"{files} files in {folder}. Check them with: newsledger-verify {folder} --vkey KEY")
