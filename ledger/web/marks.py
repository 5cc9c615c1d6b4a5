"""A stored text with the spans of its annotations marked, paragraph by paragraph. The text is escaped here, and only here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from html import escape

import msgspec

__all__ = ["LAYERS", "Mark", "Paragraph", "marked"]

LAYERS: dict[str, str] = {
    "claim": "core.claim",
    "source": "core.attribution",
    "number": "core.quantity",
    "name": "core.entity",
    "time": "core.time",
    "notice": "core.notice",
}
"""Layers that can be shown: name on the page -> annotation type."""

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\n)[^\n]+)*")


class Mark(msgspec.Struct, frozen=True, order=True):
    """Code points `start` to `end` belong to a layer. `anchor` is the id of the place, `title` what a reader is told."""

    start: int
    end: int
    layer: str
    title: str = ""
    anchor: str = ""


class Paragraph(msgspec.Struct, frozen=True):
    """One paragraph: where it begins and ends in the text, and its HTML."""

    start: int
    end: int
    html: str


def marked(text: str, marks: Iterable[Mark]) -> list[Paragraph]:
    """The paragraphs of `text` as HTML with `marks` in it; overlapping marks are cut where they cross."""
    ordered = sorted(mark for mark in marks if 0 <= mark.start < mark.end <= len(text))
    return [
        Paragraph(found.start(), found.end(), _paragraph(text, found.start(), found.end(), ordered))
        for found in _PARAGRAPH.finditer(text)
    ]


def _paragraph(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    inside = [mark for mark in marks if mark.start < end and mark.end > start]
    cuts = sorted(
        {start, end, *(min(max(at, start), end) for mark in inside for at in (mark.start, mark.end))}
    )
    parts = []
    for left, right in itertools.pairwise(cuts):
        piece = escape(text[left:right])
        covering = [mark for mark in inside if mark.start <= left and mark.end >= right]
        if not covering:
            parts.append(piece)
            continue
        layers = " ".join(sorted({f"m-{mark.layer}" for mark in covering}))
        title = "; ".join(dict.fromkeys(mark.title for mark in covering if mark.title))
        anchors = "".join(
            f'<a class="anchor" id="{escape(mark.anchor)}"></a>'
            for mark in covering
            if mark.anchor and mark.start == left
        )
        said = f' title="{escape(title)}"' if title else ""
        parts.append(f'{anchors}<mark class="{layers}"{said}>{piece}</mark>')
    return "".join(parts)
