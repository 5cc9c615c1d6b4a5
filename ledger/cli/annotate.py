"""`newsledger annotate`: the layers of a text, without a ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ledger.cli.opening import json_option, settings_from
from ledger.cli.output import json_out, table, warn
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.host import Host, Outcome
    from ledger.plugin import Article

__all__ = ["annotate", "fields_text"]

_COLOURS = {
    "core.entity": "cyan",
    "core.quantity": "magenta",
    "core.time": "blue",
    "core.attribution": "yellow",
    "core.claim": "green",
}


class _Line(msgspec.Struct):
    """One line of JSON Lines input."""

    id: str
    text: str


@click.command()
@click.argument("source", metavar="TEXT|FILE|-")
@click.option("--jsonl", is_flag=True, help='Lines {"id", "text"} in, lines {"id", "annotations"} out.')
@click.option(
    "--layer", "layers", multiple=True, metavar="TAG", help="Only this layer, such as core.claim; repeatable."
)
@json_option
@click.pass_context
def annotate(ctx: click.Context, source: str, jsonl: bool, layers: tuple[str, ...], as_json: bool) -> None:
    """Show what the processors find in a text: entities, numbers, attributions, claims. Touches no ledger.

    TEXT is a file when there is one of that name, `-` is standard input. Exit 1 when a processor failed.
    """
    from ledger.host import Host

    host = Host(settings_from(ctx).plugins)
    ctx.call_on_close(host.close)
    failed = False
    if jsonl:
        for line in _lines(source):
            found, bad = _run(host, line.text, line.id, layers)
            failed |= bad
            click.echo(msgspec.json.encode({"id": line.id, "annotations": found}))
    else:
        text = _read(source)
        found, failed = _run(host, text, "text", layers)
        if as_json:
            json_out({"annotations": found})
        else:
            _show(text, found)
    ctx.exit(1 if failed else 0)


def _read(source: str) -> str:
    if source == "-":
        raw = sys.stdin.buffer.read()
    elif Path(source).is_file():
        try:
            raw = Path(source).read_bytes()
        except OSError as error:
            raise InputError("The file cannot be read", which=source, fix=str(error.strerror)) from error
    else:
        return source
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            "Not a UTF-8 text", which=source, fix="Use `newsledger ingest` for other formats"
        ) from None


def _lines(source: str) -> Iterator[_Line]:
    for number, line in enumerate(_read(source).splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=_Line)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise InputError(
                "Not a line of JSON with id and text", which=f"line {number}", fix=str(error)
            ) from error


def _article(text: str, name: str) -> Article:
    from ledger.feeds.text import canonical, plain_blocks
    from ledger.plugin import Article

    clean = canonical(plain_blocks(text))
    return Article(id=name, revision=1, hash="", url="", outlet="local", title="", text=clean, language="en")


def _run(host: Host, text: str, name: str, layers: tuple[str, ...]) -> tuple[list[dict[str, object]], bool]:
    outcomes: tuple[Outcome, ...] = host.annotate(_article(text, name))
    found: list[dict[str, object]] = []
    failed = False
    for outcome in outcomes:
        if outcome.failure is not None:
            failed = True
            warn(f"newsledger: {outcome.processor} failed: {outcome.failure.message}")
        for raw in outcome.annotations:
            annotation = msgspec.json.decode(raw, type=dict[str, object])
            if not layers or annotation["type"] in layers:
                found.append({**annotation, "processor": outcome.processor})
    return found, failed


def _show(text: str, found: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.text import Text

    from ledger.feeds.text import canonical, plain_blocks

    marked = Text(canonical(plain_blocks(text)))
    rows = []
    for one in found:
        tag = str(one["type"])
        span = one["span"]
        assert isinstance(span, dict)
        if tag in {"core.entity", "core.quantity", "core.time"}:
            marked.stylize(f"bold {_COLOURS[tag]}", span["start"], span["end"])
        if tag != "core.sentence":
            shown = Text(tag.removeprefix("core."), style=_COLOURS.get(tag, ""))
            rows.append((shown, str(one["quote"])[:40], fields_text(one)))
    Console(highlight=False).print(marked)
    click.echo()
    table(("layer", "text", "reads as"), rows, empty="Nothing found.")


def fields_text(one: dict[str, object]) -> str:
    """What an annotation says beside where it is, on one line."""
    left_out = {"type", "span", "quote", "processor", "confidence", "support", "block", "source", "cue"}
    parts = []
    for key, value in one.items():
        if key in left_out or value in (None, "", [], "exact", "certain", "+"):
            continue
        parts.append(f"{key}={_shown(key, value)}")
    return " ".join(parts)


def _shown(key: str, value: object) -> str:
    if key == "chain" and isinstance(value, list):
        return " < ".join(str(link.get("actor", "")) for link in value)
    if key == "value" and isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part is not None)
    return str(value)
