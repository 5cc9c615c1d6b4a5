"""Places in a text that are found again when the text is revised: never a silent jump to another sentence.

An anchor keeps the quoted words with what stands around them, as the Web Annotation model does with its text quote and text position
selectors (https://www.w3.org/TR/annotation-model/#selectors), and the hash of the sentence that holds them. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

import msgspec

from ledger.plugin import Span

__all__ = ["Anchor", "Fate", "Place", "anchor", "locate", "sentence_at"]

Fate = Literal["same", "same sentence", "moved", "gone"]

AROUND = 32
"""Code points kept before and after the quoted words."""
CONTEXT = 0.5
"""Share of the context that must be kept, or come back first, for a repeated quotation to count as the one that was anchored."""
ALIKE = 0.9
"""How alike two sentences must be for the newer one to be the older, edited; their figures must be equal."""

_BREAK = re.compile(r"(?:[.!?][\"'\u201d\u2019)]*\s+(?=[\"'\u201c\u2018(]?[A-Z\u00c0-\u00de0-9]))|\n\n+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A place in one revision: `start` and `end` in code points of the text with SHA-256 `text`.

    `exact` are the words, `prefix` and `suffix` at most 32 code points on either side, `block` the number of the paragraph from 0,
    `sentence` the SHA-256 of the sentence, which began `lead` code points before and is `length` long.
    """

    text: str
    start: int
    end: int
    exact: str
    prefix: str
    suffix: str
    block: int
    sentence: str
    lead: int
    length: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an anchor is in another revision. `span` is None when it is gone."""

    fate: Fate
    span: Span | None = None


def anchor(text: str, span: Span, sentence: Span | None = None) -> Anchor:
    """The anchor of a span of a text; `sentence` covers it, by default the sentence that ordinary punctuation gives.

    Raises ValueError for a span outside the text, or one that its sentence does not cover.
    """
    if not 0 <= span.start <= span.end <= len(text):
        raise ValueError(f"the span {span.start}-{span.end} is outside a text of {len(text)} code points")
    around = sentence if sentence is not None else sentence_at(text, span)
    if not around.covers(span):
        raise ValueError(f"the sentence {around.start}-{around.end} does not cover {span.start}-{span.end}")
    return Anchor(
        text=_hash(text),
        start=span.start,
        end=span.end,
        exact=text[span.start : span.end],
        prefix=text[max(0, span.start - AROUND) : span.start],
        suffix=text[span.end : span.end + AROUND],
        block=text.count("\n\n", 0, span.start),
        sentence=_hash(text[around.start : around.end]),
        lead=span.start - around.start,
        length=around.end - around.start,
    )


def locate(anchor: Anchor, text: str) -> Place:
    """Where the anchored words are in a text.

    `same`: the text has not changed. `same sentence`: the sentence stands word for word, wherever it is now. `moved`: the words
    stand in a sentence that changed, with half of what stood around them, or the sentence was edited but for its figures. `gone`:
    anything else, also when two places fit equally well.
    """
    if _hash(text) == anchor.text:
        return Place(fate="same", span=Span(anchor.start, anchor.end))
    found = list(_occurrences(anchor.exact, text)) if anchor.exact else []
    kept = [at for at in found if _is_sentence(anchor, text, at)]
    if kept:
        at = min(kept, key=lambda at: (-_context(anchor, text, at), abs(at - anchor.start), at))
        return Place(fate="same sentence", span=Span(at, at + len(anchor.exact)))
    fitting = sorted(((_context(anchor, text, at), at) for at in found), reverse=True)
    if fitting and fitting[0][0] >= CONTEXT and (len(fitting) == 1 or fitting[0][0] > fitting[1][0]):
        at = fitting[0][1]
        return Place(fate="moved", span=Span(at, at + len(anchor.exact)))
    edited = _edited(anchor, text)
    return Place(fate="moved", span=edited) if edited is not None else Place(fate="gone")


def sentence_at(text: str, span: Span) -> Span:
    """The sentence around a span by ordinary punctuation; a span over several sentences gets all of them."""
    start, end = 0, len(text)
    for match in _BREAK.finditer(text):
        if match.end() <= span.start:
            start = match.end()
        elif match.start() + 1 >= span.end:
            end = match.start() + (0 if match.group().startswith("\n") else len(match.group().rstrip()))
            break
    return Span(start, max(end, span.end))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _occurrences(words: str, text: str) -> Iterator[int]:
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _is_sentence(anchor: Anchor, text: str, at: int) -> bool:
    """Whether words found at `at` have the whole sentence around them."""
    begin = at - anchor.lead
    return begin >= 0 and _hash(text[begin : begin + anchor.length]) == anchor.sentence


def _context(anchor: Anchor, text: str, at: int) -> float:
    """Which share of the words before and after is still there, from 0 to 1; 1 for an anchor that is its whole text."""
    before, after = text[max(0, at - AROUND) : at], text[at + len(anchor.exact) :][:AROUND]
    kept = _shared(anchor.prefix[::-1], before[::-1]) + _shared(anchor.suffix, after)
    whole = len(anchor.prefix) + len(anchor.suffix)
    return kept / whole if whole else 1.0


def _shared(one: str, other: str) -> int:
    """How many code points two texts have in common at their beginning."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _edited(anchor: Anchor, text: str) -> Span | None:
    """The one sentence that is nearly the anchored words and has the same figures."""
    figures = _FIGURE.findall(anchor.exact)
    matcher = SequenceMatcher(None, b=anchor.exact, autojunk=False)
    best: list[tuple[float, Span]] = []
    start = 0
    for end in [*(match.end() for match in _BREAK.finditer(text)), len(text)]:
        piece = text[start:end].rstrip()
        if _FIGURE.findall(piece) == figures and piece:
            matcher.set_seq1(piece)
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
                best.append((matcher.ratio(), Span(start, start + len(piece))))
        start = end
    best = sorted((each for each in best if each[0] >= ALIKE), reverse=True)
    alone = len(best) == 1 or (len(best) > 1 and best[0][0] > best[1][0])
    return best[0][1] if alone else None
