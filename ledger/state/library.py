"""What articles need of each other: a wire copy its item, a correction the report that it corrects.

Everything else is read from an article alone. An `Entry` is what others may need of one article; a `Library` finds entries by
what they say and how they are called, so that one more article costs the same however many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Protocol

import msgspec

from ledger.state.copies import Grams
from ledger.state.model import Number, Value
from ledger.state.words import plain, stems

__all__ = ["Entry", "Library", "Shelf", "Statement", "address_of", "point_key", "title_keys", "value_key"]


class Statement(msgspec.Struct, frozen=True, array_like=True):
    """One claim of an article as others look at it."""

    slot: str
    value: Value | None
    root: str | None
    chain: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One article as others look at it. `published` is that of its first revision, the rest is of all its revisions.

    `grams` are there for items of wire outlets that state something; `notices` says whether it corrects or retracts anything.
    """

    id: str
    outlet: str
    url: str
    published: datetime
    titles: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    wire: bool = False
    notices: bool = False
    grams: Grams = frozenset()


class Library(Protocol):
    """Entries of a ledger, found by what is asked of them; each answer may hold more than fits, in any order."""

    def items(
        self, statements: Collection[tuple[str, Value | None]], outlet: str, published: datetime
    ) -> Iterable[Entry]:
        """Items of wire outlets other than `outlet`, published no later, that state one of these (slot, value) pairs."""
        ...

    def called(self, outlet: str, subject: str) -> Iterable[Entry]:
        """Articles of an outlet that an address or title means, or that share three words of their title with it."""
        ...

    def stating(self, outlet: str, slots: Collection[str], points: Collection[Number]) -> Iterable[Entry]:
        """Articles of an outlet that state one of these figures, or anything on one of these slots."""
        ...


def value_key(value: Value | None) -> str:
    """A text that is the same for equal values, and only for them."""
    if value is None:
        return ""
    parts = (value.op, _plain(value.point), _plain(value.lo), _plain(value.hi), value.text)
    return "|".join("" if part is None else str(part) for part in parts)


def _plain(number: float | str | None) -> float | str | None:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def point_key(value: Value | None) -> str:
    """The same for the number that a value states; empty when it states none."""
    point = value.point if value is not None else None
    return "" if point is None or isinstance(point, str) else str(_plain(point))


def address_of(url: str) -> str:
    """An address for comparison."""
    return url.strip().rstrip("/")


def title_keys(titles: Iterable[str], url: str) -> frozenset[str]:
    """The keys by which `Library.called` finds an article: its address, its titles, and the words of these."""
    keys = {f"@{address_of(url)}"}
    for title in titles:
        keys.add(f"={plain(title)}")
        keys |= stems(title)
    return frozenset(keys)


class Shelf:
    """A library in memory."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._items: dict[tuple[str, str], list[str]] = {}
        for entry in self._entries.values():
            if entry.wire:
                for key in {(each.slot, value_key(each.value)) for each in entry.statements}:
                    self._items.setdefault(key, []).append(entry.id)
        self._outlets: dict[str, list[Entry]] | None = None

    def items(
        self, statements: Collection[tuple[str, Value | None]], outlet: str, published: datetime
    ) -> Iterator[Entry]:
        """Items of wire outlets other than `outlet`, published no later, that state one of these (slot, value) pairs."""
        found = {key for slot, value in statements for key in self._items.get((slot, value_key(value)), ())}
        items = (self._entries[key] for key in sorted(found))
        return (item for item in items if item.outlet != outlet and item.published <= published)

    def called(self, outlet: str, subject: str) -> Iterable[Entry]:  # noqa: ARG002 - the answer may hold more
        """Articles of an outlet."""
        return self._of(outlet)

    def stating(self, outlet: str, slots: Collection[str], points: Collection[Number]) -> Iterable[Entry]:  # noqa: ARG002
        """Articles of an outlet."""
        return self._of(outlet)

    def _of(self, outlet: str) -> list[Entry]:
        if self._outlets is None:
            self._outlets = {}
            for entry in self._entries.values():
                self._outlets.setdefault(entry.outlet, []).append(entry)
        return self._outlets.get(outlet, [])
