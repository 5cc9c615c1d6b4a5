"""Where the words of a quote stand in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger.plugin import Span

__all__ = ["InventedQuoteError", "locate"]


class InventedQuoteError(ValueError):
    """A quote that the text does not contain."""


def locate(text: str, quotes: Sequence[str]) -> list[Span]:
    """The span of each quote, in order; a quote that comes again is the next occurrence, as long as there is one.

    Runs of blanks and line ends count as equal, nothing else does. Raises InventedQuoteError.
    """
    places: dict[str, list[Span]] = {}
    used: dict[str, int] = {}
    spans: list[Span] = []
    for quote in quotes:
        words = quote.split()
        key = " ".join(words)
        if key not in places:
            pattern = r"\s+".join(map(re.escape, words))
            places[key] = [Span(*found.span()) for found in re.finditer(pattern, text)] if words else []
        if not places[key]:
            raise InventedQuoteError(f"the model quotes words that the text does not contain: {key[:120]!r}")
        at = min(used.get(key, 0), len(places[key]) - 1)
        used[key] = at + 1
        spans.append(places[key][at])
    return spans
