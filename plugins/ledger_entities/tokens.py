"""Words of a sentence with their places, as the entity rules see them."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Token", "tokenise"]

_WORD = re.compile(
    r"(?:[A-Z]\.){2,}|[^\W\d_]+(?:[.](?=[^\W\d_]{2}))?(?:['’&-](?=\w)[^\W_]+)*|[A-Z]+-?\d+\w*|\d[\d.,]*\w*|\S",
    re.UNICODE,
)
_POSSESSIVE = re.compile(r"['’]s?$")


class Token(NamedTuple):
    """A word, number or mark: its text without a possessive ending, and its code points in the article."""

    text: str
    start: int
    end: int
    possessive: bool = False

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()


def tokenise(text: str, start: int, end: int) -> list[Token]:
    """The tokens of `text[start:end]`."""
    tokens: list[Token] = []
    for found in _WORD.finditer(text, start, end):
        word = found.group()
        if word[-2:] in {"'s", "’s"} and len(word) > 2:
            tokens.append(Token(word[:-2], found.start(), found.end() - 2, possessive=True))
        else:
            tokens.append(Token(word, found.start(), found.end()))
    return tokens
