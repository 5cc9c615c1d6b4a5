"""`newsledger export`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ledger.cli.opening import open_from

if TYPE_CHECKING:
    from ledger.app import Ledger

__all__ = ["export"]

_WHAT = ("events", "annotations", "claims", "state", "tiles")


@click.command()
@click.argument("what", type=click.Choice(_WHAT))
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(("jsonl", "csv")), default="jsonl", show_default=True, help="Form."
)
@click.pass_context
def export(ctx: click.Context, what: str, folder: Path | None, form: str) -> None:
    """Write events, annotations, claims or the state to standard output, one row each, in log order.

    `export tiles FOLDER` writes the log into a new FOLDER in the layout of c2sp.org/tlog-tiles, envelopes only.
    """
    ledger = open_from(ctx)
    if (what == "tiles") != (folder is not None):
        raise click.UsageError("tiles need a folder to go to; everything else goes to standard output")
    if folder is not None:
        click.echo(f"{ledger.audits.sealer.export(folder)} files in {folder}")
        return
    ledger.views.catch_up()
    rows = {"events": _events, "annotations": _annotations, "claims": _claims, "state": _state}[what](ledger)
    if form == "jsonl":
        for row in rows:
            sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
        return
    writer: Any = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(row))
            writer.writeheader()
        writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else value


def _events(ledger: Ledger) -> Iterator[dict[str, Any]]:
    for event in ledger.store.read():
        payload = None if event.payload is None else msgspec.json.decode(event.payload)
        yield {"position": event.position, **msgspec.to_builtins(event.envelope), "body": payload}


def _annotations(ledger: Ledger) -> Iterator[dict[str, Any]]:
    for event in ledger.store.read(types=("article.annotated",)):
        if event.payload is None:
            continue
        body = msgspec.json.decode(event.payload)
        for annotation in body["annotations"]:
            yield {
                "position": event.position,
                "article": body["article"],
                "revision": body["revision"],
                "processor": body["processor"],
                "type": annotation["type"],
                "annotation": annotation,
            }


def _claims(ledger: Ledger) -> Iterator[dict[str, Any]]:
    after = (0, -1)
    while page := ledger.views.claims(after=after, limit=1000):
        for row in page:
            yield msgspec.structs.asdict(row)
        after = (page[-1].position, page[-1].ordinal)


def _state(ledger: Ledger) -> Iterator[dict[str, Any]]:
    for slot in ledger.state().slots:
        yield slot.to_dict()
