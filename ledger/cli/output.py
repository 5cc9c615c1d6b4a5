"""What the command prints: tables for people, JSON for programs, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec

__all__ = ["Progress", "json_out", "progress", "table", "warn"]

Progress = Callable[[int, int | None], None]
"""Called with (done so far, total or None when it is not known)."""


def json_out(value: Any) -> None:
    """Print `value` as JSON on one stream, keys in their given order, structs and times included."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
    click.echo(text)


def warn(message: str) -> None:
    """Say something on standard error without ending."""
    click.echo(message, err=True)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, right: Sequence[int] = ()
) -> None:
    """Print a table that fits the terminal; `right` are the indexes of right-aligned columns."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        shown.add_column(column, justify="right" if index in right else "left", overflow="fold")
    count = 0
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
        count += 1
    if not count:
        click.echo(empty)
        return
    Console(soft_wrap=False, highlight=False).print(shown)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A progress bar on standard error; silent when that is not a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _silent(_done: int, _total: int | None) -> None:
    """Progress that nobody sees."""
