"""Labels that the words beside a name give it ("the town of Orm", "the daily Kuleba"), for all its mentions in the article."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.names import Name
from ledger_entities.tokens import Token

__all__ = ["agreed"]

_PLACES = word_set("""
    town city village province district state region county municipality island suburb neighbourhood neighborhood port emirate
    governorate prefecture commune hamlet canton outskirts borough settlement
""")
_BODIES = word_set("""
    newspaper daily weekly broadcaster website magazine tabloid airline carmaker automaker retailer startup giant manufacturer
    chipmaker planemaker lender conglomerate watchdog agency
""")
_BODIES_RIGHT = word_set("""
    daily newspaper weekly broadcaster
""")
_LONGEST = 3


def agreed(sentences: Sequence[Sequence[Token]], found: list[list[Name]]) -> list[list[Name]]:
    """The names of an article with one label for all mentions of those that some mention shows for sure."""
    told: dict[tuple[str, ...], set[str]] = {}
    for tokens, names in zip(sentences, found, strict=True):
        for name in names:
            label = _cued(tokens, name)
            if label:
                told.setdefault(_words(tokens, name), set()).add(label)
    if not told:
        return found
    return [
        [_relabelled(name, told.get(_words(tokens, name), set())) for name in names]
        for tokens, names in zip(sentences, found, strict=True)
    ]


def _words(tokens: Sequence[Token], name: Name) -> tuple[str, ...]:
    return tuple(token.text for token in tokens[name.first : name.stop])


def _relabelled(name: Name, labels: set[str]) -> Name:
    """The name with the one label that the article gives it; as it was where there is none or more than one."""
    if len(labels) != 1 or name.label not in {"PER", "ORG", "LOC"}:
        return name
    (label,) = labels
    return name if label == name.label else name._replace(label=label, link="", sure=True)


def _cued(tokens: Sequence[Token], name: Name) -> str:
    """The label that the words beside a name give it, or nothing."""
    first, stop = name.first, name.stop
    if stop - first > _LONGEST or name.link:
        return ""
    lex = lexicon()
    last = tokens[stop - 1].text.lower()
    before = tokens[first - 1].text if first else ""
    if before == "of" and first > 1 and tokens[first - 2].text in _PLACES:
        return "" if last in lex.org_heads | lex.fac_heads else "LOC"
    after = tokens[stop].text if stop < len(tokens) else ""
    body = before in _BODIES or (after in _BODIES_RIGHT and not tokens[stop - 1].possessive)
    person = stop - first > 1 and tokens[first].text.lower() in lex.given_names
    return "ORG" if body and not person and gazetteer().get(" ".join(_words(tokens, name))) is None else ""
