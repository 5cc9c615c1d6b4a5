"""The place at the head of a report: "PORT ORM (HWS) - Rain fell", "KARROW, July 18 - Rain fell", "KUWAIT: Rain fell"."""

from __future__ import annotations

import itertools

from ledger_entities.gazetteer import Place, gazetteer
from ledger_entities.lexicon import word_set
from ledger_entities.names import Name
from ledger_entities.tokens import Token

__all__ = ["with_dateline"]

_REACH = 8
_LONGEST_PLACE = 3
_DASHES = frozenset({"-", "–", "—"})
_MONTHS = word_set("""
    jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov
    november dec december
""")


def with_dateline(tokens: list[Token], names: list[Name]) -> list[Name]:
    """The names of a sentence with a place for what stands in its dateline, if it has one."""
    head = list(itertools.takewhile(lambda token: token.capital or token.text in {",", "."}, tokens[:_REACH]))
    agency = tokens[len(head) : len(head) + 4]
    if (
        head
        and len(agency) == 4
        and agency[0].text == "("
        and agency[2].text == ")"
        and agency[3].text in _DASHES
    ):
        end = next((at for at, token in enumerate(head) if token.text == ","), len(head))
        rest = [name for name in names if name.first >= end and name.first != len(head) + 1]
        return [_place(tokens, end), *rest, Name(len(head) + 1, len(head) + 2, "ORG")]
    end = sum(
        1
        for _ in itertools.takewhile(
            lambda token: token.text.isupper() and len(token.text) > 1, tokens[:_REACH]
        )
    )
    if not 0 < end <= _LONGEST_PLACE or end + 1 >= len(tokens):
        return names
    mark, following = tokens[end].text, tokens[end + 1].text.lower()
    known = _known(tokens, end)
    dated = mark == "," and following in _MONTHS
    if dated or (known is not None and known[0] == "GPE" and (mark == ":" or mark in _DASHES)):
        return [_place(tokens, end), *(name for name in names if name.first >= end)]
    return names


def _known(tokens: list[Token], end: int) -> Place | None:
    return gazetteer().get(
        " ".join(token.text.title() if token.text.isupper() else token.text for token in tokens[:end])
    )


def _place(tokens: list[Token], end: int) -> Name:
    place = _known(tokens, end)
    if place is not None and place[0] in {"GPE", "LOC"}:
        return Name(0, end, place[0], place[1])
    return Name(0, end, "LOC")
