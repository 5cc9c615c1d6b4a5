"""Wire copies: text taken over from a wire outlet's earlier item, credited or not.

Word 4-grams; a text is contained in an item when at least half of its 4-grams occur there (Broder 1997, containment).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ledger.state.words import tokens

__all__ = ["CONTAINMENT", "GRAM", "Items", "contained"]

GRAM = 4
CONTAINMENT = 0.5
COMMON = 200
"""A 4-gram that more items share than this is furniture, and finds nothing."""

Grams = frozenset[tuple[str, ...]]


def grams(text: str) -> Grams:
    """The word 4-grams of a text; of a shorter text its words as one."""
    words = tokens(text)
    if len(words) < GRAM:
        return frozenset([tuple(words)] if words else [])
    return frozenset(tuple(words[start : start + GRAM]) for start in range(len(words) - GRAM + 1))


def contained(part: Grams, whole: Grams) -> float:
    """Which share of the 4-grams of `part` is in `whole`; 0 for an empty part."""
    return len(part & whole) / len(part) if part else 0.0


class Items:
    """The items of wire outlets, found by the text that others took over."""

    def __init__(self, items: Iterable[tuple[str, str, datetime, Sequence[str]]]) -> None:
        """`items` are (document id, outlet, first published, the texts of its versions)."""
        self._items: dict[str, tuple[str, datetime, Grams]] = {}
        self._index: dict[tuple[str, ...], list[str]] = {}
        for document, outlet, published, texts in sorted(items, key=lambda item: (item[2], item[0])):
            whole = frozenset().union(*map(grams, texts))
            self._items[document] = (outlet, published, whole)
            for gram in whole:
                self._index.setdefault(gram, []).append(document)

    def copied(self, outlet: str, published: datetime, text: str, credit: str | None) -> list[str]:
        """Items of other outlets, published no later, that `text` may be a copy of: the most contained first.

        Half of the text or half of the item must have been taken over; less is enough where the item's outlet is credited.
        """
        own = grams(text)
        shared: dict[str, int] = {}
        for gram in own:
            holders = self._index.get(gram, ())
            if len(holders) <= COMMON:
                for document in holders:
                    shared[document] = shared.get(document, 0) + 1
        found = []
        for document, count in shared.items():
            item_outlet, at, whole = self._items[document]
            if item_outlet == outlet or at > published:
                continue
            share = max(count / len(own), count / len(whole))
            if share >= CONTAINMENT or item_outlet == credit:
                found.append((-count, at, document))
        return [document for _, _, document in sorted(found)]

    def holds(self, document: str, sentence: str) -> bool:
        """Whether an item contains a sentence."""
        return contained(grams(sentence), self._items[document][2]) >= CONTAINMENT

    def outlet(self, document: str) -> str:
        """The wire outlet that published an item."""
        return self._items[document][0]
