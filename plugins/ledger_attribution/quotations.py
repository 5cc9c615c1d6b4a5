"""Quotation marks of a block: which stretches are somebody's own words."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.plugin import Span

__all__ = ["inside", "quotations"]

_LONGEST = 3000


def quotations(text: str, block: Span) -> list[Span]:
    """The quoted stretches of a block, marks included. A mark that is never closed quotes to the end of the block."""
    found: list[Span] = []
    opened = -1
    i = block.start
    while i < block.end:
        mark = text[i]
        double = text.startswith("''", i) or text.startswith("``", i)
        if mark in '"“”' or double:
            width = 2 if double else 1
            if opened < 0 and mark != "”":
                opened = i
            elif opened >= 0 and mark != "“":
                found.append(Span(opened, i + width))
                opened = -1
            i += width
            continue
        i += 1
    if opened >= 0 and block.end - opened < _LONGEST:
        found.append(Span(opened, block.end))
    return found


def inside(quotes: Sequence[Span], position: int) -> Span | None:
    """The quotation that holds a position, if any does."""
    for quote in quotes:
        if quote.start <= position < quote.end:
            return quote
    return None
