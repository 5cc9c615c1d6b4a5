"""Long lists, a page at a time: `--limit` and `--after`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from ledger.errors import NotFoundError

__all__ = ["page", "page_options", "say_more"]

T = TypeVar("T")


def page_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--limit` and `--after`."""
    limit = click.option("--limit", type=click.IntRange(1), help="At most this many; all without it.")
    after = click.option("--after", metavar="ID", help="Only what comes after this one in the list.")
    return limit(after(function))


def page(
    items: Sequence[T], name: Callable[[T], str], limit: int | None, after: str | None
) -> tuple[Sequence[T], int]:
    """The items of one page, and how many come after it. Raises NotFoundError for an `after` that is not in the list."""
    start = 0
    if after is not None:
        start = next((at for at, item in enumerate(items, 1) if name(item) == after), 0)
        if not start:
            raise NotFoundError(
                "The list has no such entry", which=after, fix="Give --after the last id shown"
            )
    shown = items[start:] if limit is None else items[start : start + limit]
    return shown, len(items) - start - len(shown)


def say_more(left: int, last: str) -> None:
    """Say how a list goes on after the last entry shown, where it does."""
    if left:
        click.echo(f"\n{left:,} more: repeat it with --after {last}")
