"""`newsledger seal`, `checkpoint`, `prove`, `bundle`, `key` and `verifier`: the log as evidence for others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out
from ledger.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from ledger.audit.newsledger_verify import Key

__all__ = ["bundle", "checkpoint", "key", "prove", "seal", "verifier"]


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        raise UsageError("There is a file already", which=str(path), fix="Name another one with -o")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@click.command()
@json_option
@click.pass_context
def seal(ctx: click.Context, as_json: bool) -> None:
    """Record the root over the reported state, write the log's tiles, and sign a checkpoint over everything.

    `newsledger run` does it on a schedule, `[audit] seal` in newsledger.toml says how often. Needs `newsledger key new`.
    """
    done = open_from(ctx).audits.seal()
    if as_json:
        json_out(done)
    else:
        said = "Signed" if done.new else "Signed already"
        click.echo(f"{said}: {done.origin}, {done.size} events, root {done.root}")


@click.command()
@click.option("--at", metavar="TIME|SIZE", help="The newest one that signs no more than was recorded then.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@json_option
@click.pass_context
def checkpoint(ctx: click.Context, at: str | None, output: Path | None, as_json: bool) -> None:
    """Print a signed checkpoint. Keep it where the ledger's owner cannot change it: it is what `verify --outside` reads."""
    data = open_from(ctx).audits.checkpoint(at)
    if output is not None:
        _write(output, data)
    if as_json:
        json_out(_checkpoint(data, output))
    elif output is None:
        click.echo(data.decode(), nl=False)
    else:
        click.echo(f"Written to {output}")


def _checkpoint(data: bytes, path: Path | None) -> dict[str, object]:
    from ledger.audit.newsledger_verify import parse_checkpoint_text, parse_note

    note = parse_note(data)
    said = parse_checkpoint_text(note.text)
    return {
        "origin": said.origin,
        "size": said.size,
        "root": said.root.hex(),
        "signatures": [{"name": one.name, "id": one.id.hex()} for one in note.signatures],
        "checkpoint": data.decode(),
        "path": None if path is None else str(path),
    }


@click.command()
@click.argument("subject")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File of the receipt.")
@json_option
@click.pass_context
def prove(ctx: click.Context, subject: str, output: Path | None, as_json: bool) -> None:
    """Write the receipt of SUBJECT: an event (id or position), a figure (its name in `newsledger state`), an article (its id), or
    TABLE/KEY, a row of another sealed table or of a plugin's view.

    An event's receipt is a tlog-proof file with the envelope beside it; that of a row holds the row and proves that the ledger
    said so. `newsledger-verify` checks both.
    """
    receipt = open_from(ctx).audits.prove(subject)
    path = output or Path(receipt.name)
    _write(path, receipt.content)
    entry = path.with_name(f"{path.name.removesuffix('.tlog-proof')}.json") if receipt.entry else None
    if entry is not None:
        _write(entry, receipt.entry)
    if as_json:
        files = {"path": str(path), "entry": None if entry is None else str(entry)}
        json_out({"kind": receipt.kind, "position": receipt.position, **files})
    elif entry is not None:
        click.echo(f"Event {receipt.position}: {path}, and the envelope that it proves in {entry}")
    else:
        click.echo(f"The row, sealed by event {receipt.position}: {path}")


@click.command()
@click.argument("subject")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File of the bundle.")
@click.option("--withhold-texts", is_flag=True, help="Leave out the texts of articles; the verifier says so.")
@json_option
@click.pass_context
def bundle(
    ctx: click.Context, subject: str, output: Path | None, withhold_texts: bool, as_json: bool
) -> None:
    """Write the evidence for SUBJECT (a figure, an article's id or URL, or an event) as one zip file.

    It holds the events, their proofs, payloads and texts, W3C Web Annotations, PROV-JSON, RO-Crate metadata and a report.
    """
    name = "".join(one if one.isalnum() or one in "-_." else "-" for one in subject)[:100]
    path = output or Path(f"{name}.evidence.zip")
    done = open_from(ctx).audits.bundle(subject, path, withhold_texts=withhold_texts)
    if as_json:
        json_out({**{name: getattr(done, name) for name in done.__struct_fields__}, "path": str(done.path)})
        return
    click.echo(f"{done.events} events of {done.origin} in {done.path}")
    if done.withheld:
        click.echo(f"{len(done.withheld)} texts were withheld")
    click.echo("Check it with: newsledger-verify FILE --vkey KEY (the key: newsledger key show)")


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
def verifier(output: Path) -> None:
    """Write the one-file checker to OUTPUT. It needs Python and `cryptography`, not newsledger and no network."""
    import hashlib

    from ledger.audit import newsledger_verify

    data = Path(newsledger_verify.__file__).read_bytes()
    _write(output, data)
    click.echo(f"{output}, sha256:{hashlib.sha256(data).hexdigest()}")


@click.group()
def key() -> None:
    """The key that signs the log. Its public half is what others check receipts and bundles with."""


def _tell_keys(keys: Sequence[Key], *, as_json: bool) -> None:
    if as_json:
        json_out([{"name": one.name, "id": one.id.hex(), "vkey": one.vkey} for one in keys])
        return
    for one in keys:
        click.echo(one.vkey)


@key.command("new")
@click.argument("name")
@click.option("--by", default="", help="Who makes it.")
@json_option
@click.pass_context
def new_key(ctx: click.Context, name: str, by: str, as_json: bool) -> None:
    """Make the log's key. NAME becomes the log's origin, such as desk.example/log; it cannot be changed later."""
    _tell_keys([open_from(ctx).audits.sealer.new_key(name, by=by)], as_json=as_json)


@key.command("show")
@json_option
@click.pass_context
def show_key(ctx: click.Context, as_json: bool) -> None:
    """Print the public keys of this log, the present one first."""
    keys = open_from(ctx).audits.known_keys()
    if not keys:
        raise NotFoundError("This log has no key", which="log.key", fix="Make one: newsledger key new NAME")
    _tell_keys(keys, as_json=as_json)


@key.command("rotate")
@click.option("--by", required=True, help="Who does it.")
@click.option("--reason", required=True, help="Why.")
@json_option
@click.pass_context
def rotate_key(ctx: click.Context, by: str, reason: str, as_json: bool) -> None:
    """Replace the key. The change is an event; one checkpoint is signed by both keys, later ones by the new one only."""
    _tell_keys([open_from(ctx).audits.sealer.rotate_key(by=by, reason=reason)], as_json=as_json)
