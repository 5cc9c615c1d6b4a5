"""Mentions without a name: roles, weapons, and "the agency" for the last organisation with that head."""

from __future__ import annotations

import bisect

from ledger_entities.holders import named_beside
from ledger_entities.joining import Mention
from ledger_entities.lexicon import lexicon
from ledger_entities.tokens import Token

__all__ = ["bodies_by_head", "read_nominals"]

_BODIES = {
    "agency": ("agency", "bureau", "protection", "service"), "ministry": ("ministry",), "department": ("department",),
    "institute": ("institute", "institution"), "commission": ("commission",), "committee": ("committee",), "council": ("council",),
    "company": ("company", "corp", "inc", "ltd", "plc", "group", "airlines", "holdings"), "bank": ("bank",), "party": ("party",),
    "university": ("university",), "union": ("union",), "court": ("court", "tribunal"), "newspaper": ("times", "post", "tribune", "herald", "journal", "gazette"),
    "broadcaster": ("broadcasting", "television", "radio", "network", "tv"), "organisation": ("organisation", "organization", "crescent", "cross", "foundation", "trust"),
    "organization": ("organisation", "organization", "crescent", "cross", "foundation", "trust"), "authority": ("authority",), "police": ("police",), "army": ("army", "forces"),
    "military": ("army", "forces", "military"), "navy": ("navy",), "guard": ("guard",), "board": ("board",), "office": ("office",),
    "hospital": ("hospital",), "airline": ("airlines", "airways"), "group": ("group",), "watchdog": ("authority", "watch"),
}  # fmt: skip
_ARTICLES = frozenset({"the", "that", "this"})
_NARROWING = frozenset({"of", "for", "from", "in", "at", "who", "whose"})


def read_nominals(
    tokens: list[Token],
    sentence: int,
    here: list[Mention],
    bodies: dict[str, list[Mention]],
    holders: dict[str, Mention],
) -> list[Mention]:
    """The nameless mentions of a sentence.

    `here` are its names, `bodies` the article's organisations by head word. `holders` are the people whom the article has
    named by their role so far; those of this sentence are entered.
    """
    lex = lexicon()
    names = [(mention.start, mention.end) for mention in here]
    people = {place: each for each in here if each.label == "PER" for place in (each.start, each.end)}
    found: list[Mention] = []
    for at, token in enumerate(tokens):
        low = token.text.lower()
        if low in lex.roles and not _covered(token, names):
            found.append(_role(tokens, at, sentence, holders))
            person = named_beside(tokens, at, people)
            if person is not None:
                holders[low] = person
        elif low in lex.weapons and not token.capital and not _covered(token, names):
            single = low.removesuffix("s")
            found.append(_mention(token, token, "WEAPON", sentence, f"weapon:{single}", single))
        elif low in _BODIES and not token.capital and at and tokens[at - 1].text.lower() in _ARTICLES:
            body = _last_body(bodies, token.start, _BODIES[low])
            if body is not None:
                mention = _mention(tokens[at - 1], token, body.label, sentence, body.key, body.name)
                mention.link = body.link
                found.append(mention)
    return found


def _role(tokens: list[Token], at: int, sentence: int, holders: dict[str, Mention]) -> Mention:
    """A role; where the article said before whose it is, "the spokesman" is that person."""
    low = tokens[at].text.lower()
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    plain = after is None or not (after.capital or after.text in _NARROWING or after.text[0].isdigit())
    person = holders.get(low)
    if person is None or not plain or not at or tokens[at - 1].text.lower() not in _ARTICLES:
        return _mention(tokens[at], tokens[at], "ROLE", sentence, f"role:{low}", low)
    return _mention(tokens[at - 1], tokens[at], person.label, sentence, person.key, person.name)


def _covered(token: Token, names: list[tuple[int, int]]) -> bool:
    """Whether a token lies in one of the names, which are in order."""
    last = bisect.bisect_right(names, token.start, key=lambda name: name[0]) - 1
    return last >= 0 and token.start < names[last][1]


def _mention(first: Token, last: Token, label: str, sentence: int, key: str, name: str) -> Mention:
    return Mention(
        first.start,
        last.end,
        "",
        label,
        "",
        sure=True,
        sentence=sentence,
        name=name,
        key=key,
        level="nominal",
    )


def bodies_by_head(names: list[Mention]) -> dict[str, list[Mention]]:
    """The organisations of an article by the first and the last word of their names, in text order."""
    bodies: dict[str, list[Mention]] = {}
    for mention in names:
        if mention.label in {"ORG", "FAC"}:
            words = mention.name.lower().split()
            for word in {words[0], words[-1]}:
                bodies.setdefault(word, []).append(mention)
    return bodies


def _last_body(bodies: dict[str, list[Mention]], before: int, heads: tuple[str, ...]) -> Mention | None:
    """The last organisation before a place that has one of the heads."""
    latest: Mention | None = None
    for head in heads:
        group = bodies.get(head, [])
        index = bisect.bisect_left(group, before, key=lambda mention: mention.start)
        if index and (latest is None or group[index - 1].start > latest.start):
            latest = group[index - 1]
    return latest
