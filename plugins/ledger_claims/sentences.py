"""The sentences of an article that are running text, each with the annotations that touch it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from ledger.plugin import (
    Annotation,
    Article,
    Attribution,
    Context,
    Entity,
    Modality,
    Quantity,
    Sentence,
    Span,
    TimeSpan,
)

__all__ = ["Local", "after_dateline", "dateline", "sentences"]

_FURNITURE = re.compile(
    r"^\W*(?:most read|read more|read also|related|see also|follow us|subscribe|sign up|share this|advertisement|watch:|listen:|photo:|image:)",
    re.IGNORECASE,
)
LONGEST = 1000
_CLOSING = '.!?"”’)'

A = TypeVar("A", bound=Annotation)


class Local(NamedTuple):
    """One sentence, its block, the piece of it that is read, and the annotations that touch this piece.

    The piece is the whole sentence unless that is longer than any prose.
    """

    sentence: Sentence
    piece: Span
    block: Span
    quantities: Sequence[Quantity]
    times: Sequence[TimeSpan]
    entities: Sequence[Entity]
    attributions: Sequence[Attribution]
    modalities: Sequence[Modality]


def sentences(article: Article, context: Context) -> Iterator[Local]:
    """The sentences that are running text, each with its annotations."""
    found = [
        (sentence, piece)
        for sentence in context.of(Sentence)
        for piece in _pieces(article.text, sentence.span)
    ]
    blocks = article.blocks
    punctuated = any(article.text[block.end - 1] in _CLOSING for block in blocks)
    pieces = [piece for _, piece in found]
    quantities = _by_piece(pieces, context.of(Quantity))
    times = _by_piece(pieces, context.of(TimeSpan))
    entities = _by_piece(pieces, context.of(Entity))
    attributions = _by_piece(pieces, context.of(Attribution))
    modalities = _by_piece(pieces, context.of(Modality))
    at = 0
    for k, (sentence, piece) in enumerate(found):
        while at + 1 < len(blocks) and blocks[at].end <= sentence.span.start:
            at += 1
        block = blocks[at] if blocks and blocks[at].covers(sentence.span) else sentence.span
        if not _is_furniture(article, piece, block, punctuated=punctuated):
            yield Local(
                sentence, piece, block, quantities[k], times[k], entities[k], attributions[k], modalities[k]
            )


def _pieces(text: str, span: Span) -> Iterator[Span]:
    """The sentence, cut at commas, else at blanks, into pieces of at most LONGEST code points."""
    start = span.start
    while span.end - start > LONGEST:
        limit = start + LONGEST
        cut = max(text.rfind(", ", start + 1, limit), text.rfind(" and ", start + 1, limit))
        cut = cut if cut > start else text.rfind(" ", start + 1, limit)
        cut = cut if cut > start else limit
        yield Span(start, cut)
        start = cut
    yield Span(start, span.end)


def _by_piece(pieces: Sequence[Span], annotations: Sequence[A]) -> list[list[A]]:
    """For each piece the annotations that overlap it."""
    ends = [piece.end for piece in pieces]
    found: list[list[A]] = [[] for _ in pieces]
    for annotation in annotations:
        k = bisect_right(ends, annotation.span.start)
        while k < len(pieces) and pieces[k].start < annotation.span.end:
            found[k].append(annotation)
            k += 1
    return found


def _is_furniture(article: Article, piece: Span, block: Span, *, punctuated: bool) -> bool:
    """Headlines, lists of links and page furniture make no claims."""
    text = article.text[piece.start : piece.end]
    plain = " ".join(text.split()).strip(" .")
    if plain == " ".join(article.title.split()).strip(" .") or _FURNITURE.match(text):
        return True
    if not punctuated or block.end - block.start > LONGEST:
        return False
    whole = article.text[block.start : block.end].rstrip()
    return len(whole.split()) <= 16 and whole[-1] not in f"{_CLOSING}:;"


_CLOCK = re.compile(r"\d{1,2}[:.]\d\d(?: ?(?:[ap]\.?m\.?|[A-Z]{2,4}))?\s+(?=[A-Z])")
_DATELINE = re.compile(r"[A-ZÀ-Þ][\w.,'’ -]{1,60}?(?: ?\([A-Z][\w ./&-]{1,30}\))? ?(?:[–—]|--?)\s")


def after_dateline(text: str, span: Span) -> Span:
    """The sentence without a dateline such as `OSLO (AGENCY) -`."""
    if (clock := _CLOCK.match(text, span.start, span.end)) is not None:
        return Span(clock.end(), span.end)  # the entry of a live page
    match = _DATELINE.match(text, span.start, span.end)
    if match is None or not ("(" in match.group() or match.group().split(",")[0].rstrip(" -–—").isupper()):
        return span
    return Span(match.end(), span.end)


_PLACE = re.compile(r"\s*([A-ZÀ-Þ][A-ZÀ-Þ'’-]{2,}(?: [A-ZÀ-Þ'’-]{2,}){0,2})\b[^a-z]{0,3}[(–—,-]")


def dateline(text: str) -> str:
    """The place of a dateline that the text itself speaks of: `Oslo` for `OSLO (AGENCY) - Fighting in Oslo ...`; else empty."""
    match = _PLACE.match(text)
    name = match[1].title() if match is not None else ""
    return name if name and re.search(rf"\b{re.escape(name)}\b", text) else ""
