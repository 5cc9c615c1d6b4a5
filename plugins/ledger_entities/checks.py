"""Checks of what the tagger found: where a name ends, and labels that its words or its left neighbour rule out."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_entities.forms import form
from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.tokens import Token

__all__ = ["checked", "is_common", "is_currency", "stretched"]

_NO_HEADS = frozenset({"the", "a", "an", "of", "and", "for", "in", "on", "at", ",", "-"})
_NOT_IN_PERSON = frozenset({"of", "for", "on", "in", "and"})
_TITLES = word_set("""
    mr mrs ms miss dr prof sir gen general lt col colonel maj major capt captain sgt sergeant sheikh sen
    senator rep judge justice detective inspector constable
""")
_OFFICES = frozenset({"minister", "secretary", "director"})
_FORMS = frozenset({"inc", "ltd", "llc", "corp", "plc", "llp", "gmbh"})
_LONGEST_SYLLABLE = 6
_SHORTEST = 3
_RARE = 13
_ACRONYM = range(3, 7)


def checked(tokens: Sequence[Token], first: int, stop: int, label: str) -> tuple[int, int, str] | None:
    """A tagged span cut and labelled anew where the rules know better; None where it is no name.

    >>> from ledger_entities.tokens import tokenise
    >>> checked(tokenise("the Ed Vale of the board", 0, 24), 0, 6, "PER")
    (1, 3, 'PER')
    """
    while first < stop and tokens[first].text.lower() in _NO_HEADS:
        first += 1
    if label == "PER":
        stop = next((at for at in range(first + 1, stop) if tokens[at].text in _NOT_IN_PERSON), stop)
    while first < stop and not tokens[stop - 1].text[0].isalnum() and tokens[stop - 1].text != ".":
        stop -= 1
    if not any(token.text[0].isalnum() for token in tokens[first:stop]):
        return None
    if label == "ORG" and (_is_office(tokens, first, stop) or is_common(tokens, first, stop)):
        return None
    return first, stop, _label(tokens, first, stop, label)


def is_currency(tokens: Sequence[Token], stop: int) -> bool:
    """Whether the words belong to a sign of money: "US$"."""
    return stop < len(tokens) and tokens[stop].text == "$" and tokens[stop - 1].end == tokens[stop].start


def is_common(tokens: Sequence[Token], first: int, stop: int) -> bool:
    """Whether the words are an abbreviation that is no name: "GDP", "R & D", "LNG"."""
    word = "".join(token.text for token in tokens[first:stop])
    return word != word.lower() and word.lower() in lexicon().not_names


def _is_office(tokens: Sequence[Token], first: int, stop: int) -> bool:
    """Such as "Foreign Secretary", "Minister of Health": somebody's office and not an organisation."""
    titled = stop - first < 4 and tokens[stop - 1].text.lower() in lexicon().roles
    return titled or tokens[first].text.lower() in _OFFICES


def _label(tokens: Sequence[Token], first: int, stop: int, label: str) -> str:
    left = tokens[first - 1].text if first else ""
    if label != "LOC" and _is_place(tokens, first, stop, label):
        return "LOC"
    if label == "PER":
        label = "LOC" if left.lower() == "near" else label
    elif stop - first < 4 and _after_title(tokens, first):
        lex = lexicon()
        if tokens[stop - 1].text.lower() not in lex.org_heads | lex.fac_heads | lex.loc_heads:
            return "PER"
    if label != "ORG" and stop - first == 1 and left.lower() not in {"in", "near", "at", "from"}:
        word = tokens[first].text
        unknown = gazetteer().get(word) is None and word.lower() not in lexicon().given_names
        if word.isupper() and word.isalpha() and len(word) in _ACRONYM and unknown and not _shouted(tokens):
            return "ORG"
    return label


def _is_place(tokens: Sequence[Token], first: int, stop: int, label: str) -> bool:
    """Whether the words are the name of a country, or in capitals that of a city, and not that of somebody called so."""
    words = [token.text for token in tokens[first:stop]]
    shouted = all(word.isupper() for word in words)
    name = " ".join(word.capitalize() if shouted and len(word) > _SHORTEST else word for word in words)
    place = gazetteer().get(name)
    if place is None or place[0] != "GPE" or _after_title(tokens, first):
        return False
    country = place[1].startswith("iso:") and "-" not in place[1]
    named = label == "PER" and form(name.lower()).names[:1] in {"F", "f"}
    return (country or (shouted and len(name) > _SHORTEST)) and not named


def _after_title(tokens: Sequence[Token], first: int) -> bool:
    at = first - 2 if first > 1 and tokens[first - 1].text == "." else first - 1
    return at >= 0 and tokens[at].capital and tokens[at].text.lower() in _TITLES


def _shouted(tokens: Sequence[Token]) -> bool:
    words = [token.text for token in tokens if len(token.text) > 1 and token.text[0].isalpha()]
    return 2 * sum(word.isupper() for word in words) > len(words)


def stretched(tokens: Sequence[Token], stop: int, label: str) -> int:
    """The end of a name with what a comma or a spaced hyphen cut off: "Orlund, Inc", "Kim Hee - sun"."""
    if label == "ORG" and stop + 1 < len(tokens) and tokens[stop].text == ",":
        return stop + 2 if tokens[stop + 1].text.rstrip(".").lower() in _FORMS else stop
    while label == "PER" and _is_spaced_hyphen(tokens, stop) and _joins(tokens, stop):
        stop += 2
        while stop < len(tokens) and tokens[stop - 1].capital and tokens[stop].capital:
            stop += 1
    return stop


def _is_spaced_hyphen(tokens: Sequence[Token], at: int) -> bool:
    if at + 1 >= len(tokens) or tokens[at].text not in {"-", "–"}:
        return False
    return tokens[at - 1].end < tokens[at].start and tokens[at].end < tokens[at + 1].start


def _joins(tokens: Sequence[Token], at: int) -> bool:
    """Whether the word after a spaced hyphen is a syllable of the name before it, and not a word of the sentence."""
    word = tokens[at + 1].text
    if word[0].isupper():
        return tokens[at - 1].text.lower() in lexicon().particles
    return word.isalpha() and len(word) <= _LONGEST_SYLLABLE and form(word).rarity >= _RARE
