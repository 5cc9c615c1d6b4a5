"""Tokens of one sentence as the attribution rules see them.

A word that no list knows is a `N` (noun, adjective or name): the patterns only need to see what is *not* nominal. The classes
are AUX, P (preposition), SUB, PRON, DET, CC, ADV, NUM, N, POS (`'s`), or the mark itself (`,` `;` `:` `.` `-` `(` `)` `"` `'`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger_attribution.lexicon import word_list
from ledger_syntax.tokens import Token, Tokenizer, word_classes

__all__ = ["Token", "tokenize", "windows"]

LONGEST = 240

_CLASSES = word_classes(
    {
        "AUX": word_list("aux"),
        "DET": word_list("determiner"),
        "PRON": word_list("pronoun"),
        "P": word_list("preposition"),
        "SUB": word_list("subordinator"),
        "CC": word_list("conjunction"),
        "ADV": word_list("adverb"),
    }
)
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


def _tag(low: str) -> str:
    if low in _PUNCTUATION:
        return _PUNCTUATION[low]
    if low[0].isdigit():
        return "NUM"
    known = _CLASSES.get(low)
    if known is not None:
        return known
    return "ADV" if low.endswith("ly") and len(low) > 5 else "N"


tokenize = Tokenizer(
    _tag,
    whole=r"\.{3}|``|''",
    titles=("Gov", "Sen", "Rep", "Prof", "Rev", "Co", "Inc", "Ltd"),
)


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
