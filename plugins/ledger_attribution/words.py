"""Tokens of one sentence with coarse classes, from closed word lists: no model, no state.

A word that no list knows is a `N` (noun, adjective or name): the patterns only need to see what is *not* nominal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ledger_attribution.lexicon import word_list

__all__ = ["Token", "tokenize", "windows"]

LONGEST = 240

_WORD = r"[^\W\d_]+(?:[-'’&][^\W\d_]+)*"
_TOKEN = re.compile(
    rf"\d[\d,.]*\d|\d|(?:Mr|Mrs|Ms|Dr|St|Gen|Col|Lt|Sgt|Capt|Gov|Sen|Rep|Prof|Rev|Co|Inc|Ltd)\.(?=\s)"
    rf"|(?:[^\W\d_]\.){{2,}}|{_WORD}|\.{{3}}|``|''|\S"
)

_AUX = word_list("aux")
_PREPOSITION = word_list("preposition")
_SUBORDINATOR = word_list("subordinator")
_PRONOUN = word_list("pronoun")
_DETERMINER = word_list("determiner")
_CONJUNCTION = word_list("conjunction")
_ADVERB = word_list("adverb")
_PUNCTUATION = {
    ",": ",",
    ";": ";",
    ":": ":",
    ".": ".",
    "?": ".",
    "!": ".",
    "–": "-",
    "—": "-",
    "―": "-",
    "-": "-",
    "(": "(",
    ")": ")",
    '"': '"',
    "``": '"',
    "''": '"',
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "'": "'",
}


class Token(NamedTuple):
    """A word or mark: its code points in the article, its text, its lower case, and its class.

    `tag` is AUX, P (preposition), SUB, PRON, DET, CC, ADV, NUM, N, or the mark itself (`,` `;` `:` `.` `-` `(` `)` `"` `'`).
    """

    start: int
    end: int
    text: str
    low: str
    tag: str

    @property
    def capital(self) -> bool:
        """Whether the word begins with an upper-case letter."""
        return self.text[:1].isupper()


def _tag(low: str) -> str:
    if low in _PUNCTUATION:
        return _PUNCTUATION[low]
    if low[0].isdigit():
        return "NUM"
    for tag, words in (
        ("AUX", _AUX),
        ("DET", _DETERMINER),
        ("PRON", _PRONOUN),
        ("P", _PREPOSITION),
        ("SUB", _SUBORDINATOR),
        ("CC", _CONJUNCTION),
        ("ADV", _ADVERB),
    ):
        if low in words:
            return tag
    return "ADV" if low.endswith("ly") and len(low) > 5 else "N"


def tokenize(text: str, start: int, end: int) -> list[Token]:
    """The tokens of `text[start:end]`, with offsets into `text`."""
    found = []
    for match in _TOKEN.finditer(text, start, end):
        word = match.group()
        low = word.lower().replace("’", "'")
        if low.endswith("'s") and len(low) > 2:
            cut = match.end() - 2
            found.append(Token(match.start(), cut, word[:-2], low[:-2], _tag(low[:-2])))
            found.append(Token(cut, match.end(), word[-2:], "'s", "POS"))
        else:
            acronym = len(word) > 1 and word.isupper() and word.isalpha()
            month = word == "May" and match.start() > start
            tag = "N" if acronym or month else _tag(low)
            found.append(Token(match.start(), match.end(), word, low, tag))
    return found


def windows(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens in pieces of at most LONGEST, cut at commas and conjunctions: keeps endless sentences linear."""
    while len(tokens) > LONGEST:
        cut = next(
            (k for k in range(LONGEST - 1, LONGEST // 2, -1) if tokens[k].tag in {",", ";", "CC"}),
            LONGEST - 1,
        )
        yield tokens[: cut + 1]
        tokens = tokens[cut + 1 :]
    if tokens:
        yield tokens
