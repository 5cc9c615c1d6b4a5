"""Tone of a stretch of text: lexicon values with negation, degree and contrast."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from ledger_sentiment.lexicon import lexicon, word_set

__all__ = ["Tone", "read_tones", "score", "score_towards"]

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
_NEGATION_REACH = 3
_SPREAD = 4.0


class Tone(NamedTuple):
    """A word that carries tone: its code point and its value after negation and degree."""

    start: int
    value: float


def read_tones(text: str, start: int, end: int) -> list[Tone]:
    """The words with tone in `text[start:end]`, in order."""
    lex = lexicon()
    tones: list[Tone] = []
    negated, degree, contrast_at = 0, 1.0, -1
    for found in _WORD.finditer(text, start, end):
        word = found.group().lower().replace("’", "'")
        if not word[0].isalpha():
            negated, degree = 0, 1.0
            continue
        if word in _CONTRAST:
            contrast_at = len(tones)
            negated = 0
        value = 0.0 if word in _STRONGER or word in _WEAKER else float(lex.value(word))
        if value:
            value *= degree
            if negated:
                value *= -0.6
            tones.append(Tone(found.start(), value))
        degree = 1.4 if word in _STRONGER else 0.6 if word in _WEAKER else 1.0
        negated = _NEGATION_REACH if word in _NEGATORS or word.endswith("n't") else max(0, negated - 1)
    if 0 < contrast_at < len(tones):
        tones = [
            tone._replace(value=tone.value * (0.6 if at < contrast_at else 1.3))
            for at, tone in enumerate(tones)
        ]
    return tones


def _squash(total: float) -> float:
    """Map a sum of tones to -1..1, rounded so that it prints the same everywhere."""
    return round(total / math.sqrt(total * total + _SPREAD * _SPREAD), 4)


def score(tones: Sequence[Tone]) -> float:
    """Tone of a sentence from -1 to 1."""
    return _squash(sum(tone.value for tone in tones))


def score_towards(tones: Sequence[Tone], start: int, end: int, reach: int = 60) -> float:
    """Tone towards what stands at code points `start` to `end`: nearer words count more (half at `reach` code points)."""
    total = 0.0
    for tone in tones:
        distance = start - tone.start if tone.start < start else max(0, tone.start - end)
        total += tone.value * reach / (reach + distance)
    return _squash(total)
