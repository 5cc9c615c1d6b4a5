"""Tone of a stretch of text: lexicon values with negation, degree, contrast and clauses."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from ledger_sentiment.lexicon import lexicon, word_set

__all__ = ["Passage", "Tone", "overall", "read_tones", "score", "score_towards"]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[,;:.!?]")
_NEGATORS = word_set("""
    not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't
    wasn't aren't weren't hasn't haven't hadn't couldn't wouldn't shouldn't ain't hardly barely scarcely
    lack lacks lacked avoid avoided avoids prevent prevents prevented stop stops stopped less
""")
_STRONGER = word_set("""
    very extremely highly deeply so really truly especially particularly incredibly utterly totally
    completely most
""")
_WEAKER = word_set("""
    somewhat slightly fairly rather relatively partly little mildly quite almost
""")
_CONTRAST = frozenset({"but", "however", "yet", "nevertheless", "although", "though"})
_CLAUSE = word_set("""
    and but while because although though who which that whereas if when after before since as
""")
_NEGATION_REACH = 3
_NEGATED = -0.6
_BEFORE_CONTRAST, _AFTER_CONTRAST = 0.8, 1.1
_SHORT = 5
"""Words added to the length of a passage, so that a passage of one word is not all tone."""
_SPREAD, _TARGET_SPREAD = 2.0, 10.0
_REACH = 30
_OTHER_CLAUSE = 0.85
_FARTHEST = 4
_TRIMMED = 10


class Tone(NamedTuple):
    """A word that carries tone: its code point and its value after negation and degree."""

    start: int
    value: float


class Passage(NamedTuple):
    """The tones of a stretch of text in order, how many words it has, and the code points at which clauses end."""

    tones: tuple[Tone, ...]
    words: int
    breaks: tuple[int, ...]


def read_tones(text: str, start: int, end: int) -> Passage:
    """Read the tone of `text[start:end]`. A capital word beside another is part of a name and carries none."""
    lex = lexicon()
    found = [(match.group(), match.start()) for match in _WORD.finditer(text, start, end)]
    tones: list[Tone] = []
    breaks: list[int] = []
    negated, degree, contrast_at = 0, 1.0, -1
    for at, (written, place) in enumerate(found):
        word = written.lower().replace("’", "'")
        if not word[0].isalpha():
            breaks.append(place)
            negated, degree = 0, 1.0
            continue
        if word in _CLAUSE:
            breaks.append(place)
        if word in _CONTRAST:
            contrast_at, negated = len(tones), 0
        value = 0.0 if word in _STRONGER or word in _WEAKER or _in_name(found, at) else lex.value(word)
        if value:
            tones.append(Tone(place, value * degree * (_NEGATED if negated else 1.0)))
        degree = 1.4 if word in _STRONGER else 0.6 if word in _WEAKER else 1.0
        negated = _NEGATION_REACH if word in _NEGATORS or word.endswith("n't") else max(0, negated - 1)
    if 0 < contrast_at < len(tones):
        tones = [
            tone._replace(value=tone.value * (_BEFORE_CONTRAST if at < contrast_at else _AFTER_CONTRAST))
            for at, tone in enumerate(tones)
        ]
    words = sum(1 for written, _ in found if written[0].isalpha())
    return Passage(tuple(tones), words, tuple(breaks))


def _in_name(found: list[tuple[str, int]], at: int) -> bool:
    """Whether the word is part of a name of several words, such as "United Nations", outside a title in capitals."""
    if not found[at][0][0].isupper() or found[at][0].isupper():
        return False
    after = found[at + 1][0] if at + 1 < len(found) else "."
    before = found[at - 1][0] if at > 1 else "."
    return (after[0].isupper() and not after.isupper()) or (before[0].isupper() and len(before) > 1)


def _squash(total: float, spread: float) -> float:
    """Map a sum of tones to -1..1, rounded so that it prints the same everywhere."""
    return round(total / math.sqrt(total * total + spread * spread), 4)


def score(passage: Passage) -> float:
    """Tone of a sentence from -1 to 1: the sum of its tones for its length."""
    total = sum(tone.value for tone in passage.tones)
    return _squash(total / math.sqrt(passage.words + _SHORT), _SPREAD)


def score_towards(passage: Passage, start: int, end: int) -> float:
    """Tone towards what stands at code points `start` to `end`, from -1 to 1: near words and those of its clause count more."""
    here = bisect.bisect(passage.breaks, start)
    total = 0.0
    for tone in passage.tones:
        distance = start - tone.start if tone.start < start else max(0, tone.start - end)
        clauses = min(_FARTHEST, abs(bisect.bisect(passage.breaks, tone.start) - here))
        total += tone.value * _OTHER_CLAUSE**clauses * _REACH / (_REACH + distance)
    return _squash(total, _TARGET_SPREAD)


def overall(scores: Sequence[float]) -> float:
    """Tone of an article from those of its sentences: their mean without the tenth at either end, so that no single outcry rules."""
    cut = len(scores) // _TRIMMED
    kept = sorted(scores)[cut : len(scores) - cut]
    return round(math.fsum(kept) / len(kept), 4) if kept else 0.0
