"""`newsledger annotate`: the layers of a text, without a ledger."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ledger.cli.layers import COLOURS, HIDDEN, ORDER, reads_as
from ledger.cli.opening import json_option, settings_from
from ledger.cli.output import json_out, table, warn
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.host import Host, Outcome
    from ledger.plugin import Article

__all__ = ["annotate"]

_LARGEST = 4_000_000
"""Bytes of a text: the longest reports are far shorter, and the layers of more cannot be read on a screen."""
_FILE_NAME = re.compile(r"[^\s]*(?:[/\\][^\s]*|[^\s.]\.[A-Za-z][A-Za-z0-9]{0,4})")
_QUOTED = 28
_IN_TEXT = ("core.attribution", "core.quantity", "core.time", "core.entity")


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

    TEXT is a file when there is one of that name, `-` is standard input; what looks like a file name and is none is an error.
    On a terminal the text is shown in the colours of its layers. Exit 1 when a processor failed.
    """
    from ledger.clock import SystemClock
    from ledger.host import Host
    from ledger.host.hooks import Hooks

    settings = settings_from(ctx)
    article = None if jsonl else _article(_read(source), "text")
    host = Host(settings.plugins, web=Hooks(settings, SystemClock(), None).web)
    ctx.call_on_close(host.close)
    failed = False
    if article is None:
        for line in _lines(source):
            found, bad = _run(host, _article(line.text, line.id), layers)
            failed |= bad
            click.echo(msgspec.json.encode({"id": line.id, "annotations": found}))
    else:
        found, failed = _run(host, article, layers)
        if as_json:
            json_out({"text": article.text, "annotations": found})
        else:
            _show(article.text, found)
    ctx.exit(1 if failed else 0)


def _read(source: str) -> str:
    raw = sys.stdin.buffer.read(_LARGEST + 1) if source == "-" else _bytes_of(source)
    if raw is None:
        return source
    if len(raw) > _LARGEST:
        raise InputError(
            "The text is too long to be shown",
            which=source,
            fix=f"Give at most {_LARGEST:,} bytes, or use `newsledger ingest`",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError("Not a UTF-8 text", which=source, fix="Use `newsledger ingest` for other formats")
    return text


def _bytes_of(source: str) -> bytes | None:
    """The start of the file of that name; None where the words are themselves the text."""
    try:
        path = Path(source)
        if path.is_file():
            with path.open("rb") as file:
                return file.read(_LARGEST + 1)
        folder = path.is_dir()
    except (OSError, ValueError) as error:
        if _FILE_NAME.fullmatch(source):
            raise InputError("The file cannot be read", which=source, fix=str(error)) from error
        return None
    if folder and _FILE_NAME.fullmatch(source):
        raise InputError("That is a folder", which=source, fix="Name one file in it")
    if _FILE_NAME.fullmatch(source):
        raise InputError(
            "There is no such file",
            which=source,
            fix="Check the name; a text of one word is read from `-`, standard input",
        )
    return None


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


def _run(host: Host, article: Article, layers: tuple[str, ...]) -> tuple[list[dict[str, Any]], bool]:
    outcomes: tuple[Outcome, ...] = host.annotate(article)
    found: list[dict[str, Any]] = []
    failed = False
    for outcome in outcomes:
        if outcome.failure is not None:
            failed = True
            warn(f"newsledger: {outcome.processor} failed: {outcome.failure.message}")
        for raw in outcome.annotations:
            annotation = msgspec.json.decode(raw, type=dict[str, Any])
            if not layers or annotation["type"] in layers:
                found.append({**annotation, "processor": outcome.processor})
    return found, failed


def _show(text: str, found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    shown = [one for one in found if one["type"] not in HIDDEN]
    marked = Text(text)
    for tag in _IN_TEXT:
        for one in shown:
            if one["type"] == tag:
                place = one.get("source") or one["span"]
                marked.stylize(COLOURS[tag], place["start"], place["end"])
    console.print(marked)
    legend = [
        Text(tag.removeprefix("core."), COLOURS[tag])
        for tag in _IN_TEXT
        if any(one["type"] == tag for one in shown)
    ]
    if legend and console.is_terminal:
        console.print(Text("\nColours: ") + Text("  ").join(legend))
    click.echo()
    shown.sort(key=_place)
    table(
        ("layer", "text", "reads as"),
        [
            (
                Text(one["type"].removeprefix("core."), COLOURS.get(one["type"], "")),
                _cut(one["quote"]),
                reads_as(one),
            )
            for one in shown
        ],
        empty="Nothing found.",
    )


def _place(one: dict[str, Any]) -> tuple[int, str, int]:
    tag = one["type"]
    return ORDER.index(tag) if tag in ORDER else len(ORDER), tag, one["span"]["start"]


def _cut(quote: str) -> str:
    plain = " ".join(quote.split())
    return plain if len(plain) <= _QUOTED else plain[: _QUOTED - 1].rstrip() + "…"
