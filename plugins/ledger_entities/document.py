"""What an article as a whole tells of its words: which it also writes small, and in what company its capital words stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger_entities.forms import form
from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.tokens import Token

__all__ = ["SAID", "Document", "read_document"]

_LOWER = re.compile(r"(?<![\w'’])[a-z]{3,}")
SAID = word_set("""
    said says told added wrote tweeted argued explained noted insisted asked warned who
""")
"""Words after the name of somebody who speaks."""
_AT = word_set("""
    in at near from across outside inside toward towards
""")
_REACH = 5


class Document(NamedTuple):
    """`lower` are the words that the article writes without a capital; `company` gives marks by capital word in lower case.

    Marks: `T` after a title, `G` after a given name, `N` a given name before a capital word, `S` before "said", `I` after "in",
    `H` after "the", `B` in brackets, `M` inside a sentence, `O` or `P` in a name that ends in the head of an organisation or
    place, `C` before a comma and a country.
    """

    lower: frozenset[str]
    company: dict[str, str]


def read_document(text: str, sentences: Sequence[Sequence[Token]]) -> Document:
    """Gather what the sentences of an article say of its words."""
    marks: dict[str, set[str]] = {}
    for tokens in sentences:
        for at, token in enumerate(tokens):
            if token.capital:
                marks.setdefault(token.text.lower(), set()).update(_marks(tokens, at))
    return Document(
        frozenset(_LOWER.findall(text)), {word: "".join(sorted(found)) for word, found in marks.items()}
    )


def _marks(tokens: Sequence[Token], at: int) -> Iterator[str]:
    low = tokens[at].text.lower()
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    titles = lexicon().titles
    if before.lower().rstrip(".") in titles or (
        before == "." and at > 1 and tokens[at - 2].text.lower() in titles
    ):
        yield "T"
    if before[:1].isupper() and "F" in form(before.lower()).names:
        yield "G"
    if after[:1].isupper() and "F" in form(low).names:
        yield "N"
    if after in SAID:
        yield "S"
    if before.lower() in _AT:
        yield "I"
    if before == "the":
        yield "H"
    if before == "(" and after == ")":
        yield "B"
    if at and not before[:1].isupper() and before not in {'"', "“", ":", ".", "-"}:
        yield "M"
    yield from _head_mark(tokens, at)
    if after == "," and at + 2 < len(tokens) and tokens[at + 2].capital:
        place = gazetteer().get(tokens[at + 2].text)
        if place is not None and place[0] == "GPE":
            yield "C"


def _head_mark(tokens: Sequence[Token], at: int) -> Iterator[str]:
    last = at
    while last + 1 < len(tokens) and last - at < _REACH and tokens[last + 1].capital:
        last += 1
    head = tokens[last].text.lower()
    if last > at and head in lexicon().org_heads:
        yield "O"
    if last > at and (head in lexicon().loc_heads or head in lexicon().fac_heads):
        yield "P"
