"""Names that their form or the word beside them shows: `AK-47`, `Katyusha rockets`, `Hurricane Ilda`, `Orlund airport`, `Londoners`."""

from __future__ import annotations

import re

from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.names import Name
from ledger_entities.tokens import Token

__all__ = ["with_patterns"]

_MODEL = re.compile(r"[A-Z][A-Za-z]{0,3}-?\d{1,4}[A-Za-z]{0,2}")
_ARMS = re.compile(r"(?:AK|RPG|MiG|Su|Tu|TOW|PAC|ATACMS)-\d{1,3}[A-Za-z]{0,2}")
_CRAFT = word_set("""
    jet jets fighter fighters bomber bombers launcher launchers warplane warplanes helicopter helicopters gunship gunships
    carbine carbines submarine submarines
""")
_STORMS = frozenset({"Hurricane", "Typhoon", "Cyclone", "Superstorm"})
_EVENTS_OF = frozenset({"Battle", "Siege", "Massacre", "Treaty", "Fall"})
_SITES = word_set("""
    airport airfield airbase bridge dam stadium port harbour harbor prison jail hospital cathedral mosque refinery pipeline
    tunnel barracks zoo castle monastery
""")
_LARGE = 100_000
_PEOPLES = (
    ("ians", "ia"),
    ("ians", ""),
    ("ans", "a"),
    ("ans", "as"),
    ("ers", ""),
    ("ites", ""),
    ("ers", "e"),
)
"""Endings of words for people and those of the places that they are from."""


def with_patterns(tokens: list[Token], names: list[Name]) -> list[Name]:
    """The names of a sentence with those that a pattern shows, which go before names that overlap them."""
    shown = [name for at in range(len(tokens)) if tokens[at].capital for name in _shown(tokens, at)]
    taken = {at for name in shown for at in range(name.first, name.stop)}
    kept = [name for name in names if taken.isdisjoint(range(name.first, name.stop))]
    named = {at for name in kept for at in range(name.first, name.stop)} | taken
    kept += [
        Name(at, at + 1, "WEAPON")
        for at in range(1, len(tokens) - 1)
        if at not in named and tokens[at].capital and _is_make(tokens, at)
    ]
    return sorted(_whole_site(tokens, name) for name in [*kept, *shown])


def _shown(tokens: list[Token], at: int) -> list[Name]:
    word = tokens[at].text
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if _ARMS.fullmatch(word) or (_MODEL.fullmatch(word) and (after in _CRAFT or after in lexicon().weapons)):
        return [Name(at, at + 1, "WEAPON")]
    if not after:
        return []
    if word in _STORMS or (word == "Storm" and tokens[at - 1].text == "Tropical" and at):
        return [Name(at if word in _STORMS else at - 1, at + 2, "EVENT")] if _opens(tokens, at + 1) else []
    if word in _EVENTS_OF and after == "of" and at + 2 < len(tokens) and _opens(tokens, at + 2):
        stop = at + 3
        while stop < len(tokens) and tokens[stop].capital and not tokens[stop - 1].possessive:
            stop += 1
        return [Name(at, stop, "EVENT")]
    return _people(tokens, at)


def _opens(tokens: list[Token], at: int) -> bool:
    low = tokens[at].text.lower()
    return tokens[at].capital and low not in lexicon().not_initial | lexicon().org_heads and len(low) > 2


def _people(tokens: list[Token], at: int) -> list[Name]:
    """Those of a place: "Californians", "New Yorkers"."""
    word = tokens[at].text
    first = at - 1 if at and tokens[at - 1].text in {"New", "South", "North"} else at
    head = "" if first == at else tokens[first].text + " "
    if len(word) < 6 or gazetteer().get(word) is not None:
        return []
    for ending, place_ending in _PEOPLES:
        place = (
            gazetteer().get(head + word.removesuffix(ending) + place_ending)
            if word.endswith(ending)
            else None
        )
        if place is not None and place[0] == "GPE" and (place[2] >= _LARGE or not place[2]):
            return [Name(first, at + 1, "NORP", place[1])]
    return []


def _is_make(tokens: list[Token], at: int) -> bool:
    """Whether a name that nobody knows stands right before a weapon: "Katyusha rockets"."""
    token, after = tokens[at], tokens[at + 1].text
    low = token.text.lower()
    lex = lexicon()
    plain = token.text.isalpha() and not token.text.isupper() and not token.possessive and len(token.text) > 3
    known = (
        gazetteer().get(token.text) is not None
        or low in lex.not_initial | lex.titles | lex.roles | lex.given_names
    )
    opener = not tokens[at - 1].text[0].isalnum() and tokens[at - 1].text != ","
    return plain and not known and not opener and after in lex.weapons


def _whole_site(tokens: list[Token], name: Name) -> Name:
    """Take the small head word into a place that is no city of the gazetteer: "Orlund airport"."""
    if name.label != "LOC" or name.link or name.stop >= len(tokens) or tokens[name.stop - 1].possessive:
        return name
    return Name(name.first, name.stop + 1, "FAC") if tokens[name.stop].text in _SITES else name
