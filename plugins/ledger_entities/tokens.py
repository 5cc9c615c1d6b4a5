"""Words of a sentence with their places, as the entity rules see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ledger_entities.gazetteer import gazetteer

__all__ = ["Token", "tokenise"]

_WORD = re.compile(
    r"(?:[A-Z]\.){2,}|[^\W\d_]+(?:[.](?=[^\W\d_]{2}))?(?:['’&-](?=\w)[^\W_]+)*|[A-Z]+-?\d+\w*|\d[\d.,]*\w*|\S",
    re.UNICODE,
)
_TAIL = re.compile(
    r"based|born|bred|led|run|held|made|built|style|era|wide|like|bound|area|type|only|owned|friendly|language|side|level|class"
    r"|first|free|centric|leaning|native|month|year|day|week|member|nation|[a-z]{2,}ed|[a-z]{3,}ing"
)
"""What follows a name and a hyphen in a compound: "Tavor-based", "Iran-backed"."""


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
    """The tokens of `text[start:end]`; "Tavor-based" and "Iran-Iraq" are taken apart."""
    tokens: list[Token] = []
    for found in _WORD.finditer(text, start, end):
        word = found.group()
        if word[-2:] in {"'s", "’s"} and len(word) > 2:
            token = Token(word[:-2], found.start(), found.end() - 2, possessive=True)
        else:
            token = Token(word, found.start(), found.end())
        if "-" in token.text and token.capital:
            tokens.extend(_parts(token))
        else:
            tokens.append(token)
    return tokens


def _parts(token: Token) -> Iterator[Token]:
    head, _, tail = token.text.rpartition("-")
    if head and (_TAIL.fullmatch(tail) or (_stands_alone(head) and _stands_alone(tail))):
        middle = token.start + len(head)
        yield Token(head, token.start, middle)
        yield Token("-", middle, middle + 1)
        yield Token(tail, middle + 1, token.end, token.possessive)
    else:
        yield token


def _stands_alone(name: str) -> bool:
    """Whether a part of a compound is the name of a country, a people or a well-known organisation."""
    place = gazetteer().get(name)
    return place is not None and (place[0] in {"NORP", "ORG"} or place[1].startswith("iso:"))
