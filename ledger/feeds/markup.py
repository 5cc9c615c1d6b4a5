"""Blocks of text from markup that is common and well-written, as a parser would find them but without a tree."""

from __future__ import annotations

import html
import re
from typing import Literal

from ledger.feeds.text import clean, single_line

__all__ = ["BLOCKS", "lines_of", "quick_blocks"]

BLOCKS = frozenset(
    {
        "address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
        "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section",
        "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
"""Elements that begin and end a block of text."""
_INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q", "s",
        "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
_TAG = re.compile(r"""(/?[a-zA-Z][a-zA-Z0-9]*)(?:[\s/](?:[^"']|"[^"]*"|'[^']*')*)?""")
_EMPTY_LINE = re.compile(r"\n\s*\n")
_SENTENCE_ENDS = (".", "!", "?", ":", "…", "”", '"', "»")
MAX_ELEMENTS = 60_000


_Does = Literal["end", "break", "nothing"]
"""What a tag does to the text around it: it ends a block, breaks the line, or neither."""

_KNOWN: dict[str, _Does] = {
    **dict.fromkeys((*BLOCKS, *(f"/{name}" for name in BLOCKS)), "end"),
    **dict.fromkeys((*_INLINE, *(f"/{name}" for name in _INLINE), "/br"), "nothing"),
    **dict.fromkeys(("br", "br/", "br /"), "break"),
}


def quick_blocks(markup: str) -> list[str] | None:
    """The blocks of markup that has only common, well-written tags; None for any other, which needs a parser."""
    whole = clean(markup).replace("\n", " ")
    as_it_is = whole.isascii() and not any(mark in whole for mark in ("&", "\t", "  "))
    line, *pieces = whole.split("<")
    if len(pieces) > MAX_ELEMENTS:
        return None
    blocks: list[str] = []
    for piece in pieces:
        tag, closed, text = piece.partition(">")
        does = _KNOWN.get(tag) or _does(tag)
        if does is None or not closed:
            return None
        if does != "end":
            line += text if does == "nothing" else f"\n{text}"
            continue
        if line:
            _end(line, blocks, as_it_is=as_it_is)
        line = text
    _end(line, blocks, as_it_is=as_it_is)
    return blocks


def _does(tag: str) -> _Does | None:
    """What a tag that has attributes or capitals does; None for one that is uncommon or has a quote open."""
    found = _TAG.fullmatch(tag)
    return None if found is None else _KNOWN.get(found[1].lower())


def _end(line: str, blocks: list[str], *, as_it_is: bool) -> None:
    """Add what was read since the last block ended; `as_it_is` says that no entities and runs of blanks are in it."""
    if "&" in line:
        line = clean(html.unescape(line))
    if "\n" in line:
        blocks.extend(lines_of(line))
    elif line := line.strip(" ") if as_it_is and "  " not in line else single_line(line):
        blocks.append(line)


def lines_of(text: str) -> list[str]:
    """Split at empty lines, and at line breaks after the end of a sentence; other line breaks are only wrapping."""
    if "\n" not in text:
        line = single_line(text)
        return [line] if line else []
    blocks: list[str] = []
    for piece in _EMPTY_LINE.split(text):
        begun: list[str] = []
        for part in piece.split("\n"):
            begun.append(part)
            if part.rstrip().endswith(_SENTENCE_ENDS):
                blocks.append(single_line(" ".join(begun)))
                begun = []
        blocks.append(single_line(" ".join(begun)))
    return [block for block in blocks if block]
