"""Noun phrases that name a source: their extent, their kind, and what a later mention of them refers to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger.plugin import Span
from ledger_attribution.lexicon import word_list
from ledger_attribution.words import Token

__all__ = [
    "HEARSAY",
    "SPOKES_WORDS",
    "Memory",
    "actor_of",
    "agent_kind",
    "kind_before",
    "kind_of",
    "noun_phrase_after",
]

PERSON_WORDS = word_list("person_words")
GROUP_WORDS = word_list("group_words")
ORGANISATION_WORDS = word_list("organisation_words")
ORGANISATION_NAME_WORDS = word_list("organisation_name_words")
SPOKES_WORDS = word_list("spokes_words")
OUTLET_WORDS = word_list("outlet_words")
DOCUMENT_WORDS = word_list("document_words")
GENERIC_ORGANISATIONS = word_list("generic_organisations")
GENERIC_OUTLETS = word_list("generic_outlets")
HEARSAY = word_list("hearsay_nouns")
_PRONOUNS = {
    "he": ("person",),
    "she": ("person",),
    "it": ("organisation", "outlet", "document"),
    "they": ("group", "organisation", "unnamed"),
}
_KNOWING = frozenset({"familiar", "close", "aware", "knowledgeable", "present"})
_NOMINAL = frozenset({"N", "NUM", "POS", "DET", "'"})
_OUTLETS_TOO = frozenset({"agency", "organisation", "organization", "group", "body"})
_STAFF = (
    frozenset({"office", "department", "staff", "team", "aides", "headquarters", "cabinet"}) | SPOKES_WORDS
)
_REMEMBERED = 60
_AGENT = re.compile(r"\w{3}(?:ers?|ors?|ists?|ians?|eers?|wom[ae]n|m[ae]n)$")
_NAME_TAIL = re.compile(r"[\s,;:]+$")


def _head_words(words: Sequence[Token]) -> list[str]:
    """The nominal words before the first preposition, comma or participle that opens a modifier."""
    head: list[str] = []
    for i, token in enumerate(words):
        modifies = not token.capital and (
            token.low.endswith("ing")
            or (token.low.endswith("ed") and i + 1 < len(words) and words[i + 1].tag == "P")
        )
        knowing = token.low in _KNOWING and i + 1 < len(words) and words[i + 1].tag == "P"
        if head and (token.tag in {"P", ",", "SUB", "("} or modifies or knowing):
            break
        if token.tag in {"N", "NUM"}:
            head.append(token.low)
    return head


def kind_of(words: Sequence[Token]) -> str:
    """What kind of source the phrase names: a kind of `Link`, or an empty text when nothing says that it can speak."""
    head = _head_words(words)
    if not head:
        low = words[0].low if words else ""
        return {
            "he": "person",
            "she": "person",
            "they": "group",
            "it": "organisation",
            "we": "outlet",
            "i": "person",
        }.get(low, "")
    last = head[-1]
    capital = any(token.capital for token in words if token.tag == "N")
    indefinite = words[0].low in {"a", "an", "one", "another", "some", "several"}
    if last in HEARSAY:
        return "unnamed"
    if last in DOCUMENT_WORDS:
        return "document"
    if last in OUTLET_WORDS and capital:
        return "outlet"
    if last in {"source", "sources", "insider", "insiders"}:
        return "unnamed"
    if last in PERSON_WORDS:
        named = any(
            t.capital and t.low not in PERSON_WORDS for t in words[1:] if t.tag == "N" and t.low in head
        )
        return "person" if named else "role"
    if last in ORGANISATION_WORDS:
        return "organisation"
    if last in GROUP_WORDS:
        return "unnamed" if indefinite and not capital else "group"
    if not capital:
        return ""
    names = [t for t in words if t.tag == "N" and t.low in head and t.capital]
    if any(t.low in ORGANISATION_WORDS for t in names) or (
        names and names[-1].low in ORGANISATION_NAME_WORDS
    ):
        return "organisation"
    if len(names) == 1 and any(letter.isupper() for letter in names[0].text[2:]):  # "GridCo", "UNESCO"
        return "organisation"
    if any(t.low in OUTLET_WORDS for t in names) or any(low in {"blog", "website"} for low in head[:-1]):
        return "outlet"
    return "person" if 1 <= len(names) <= 4 and words[0].low != "the" else "organisation"


def kind_before(words: Sequence[Token]) -> bool:
    """Whether the words before a spokesman say whose: `a coast guard spokesman`, `police spokesman Jan Holt`."""
    for token in words:
        if token.low in SPOKES_WORDS:
            return False
        if token.tag == "N":
            return True
    return False


def agent_kind(words: Sequence[Token]) -> str:
    """The kind of a source that only its ending shows to be a person: `divers`, `a geologist`; else an empty text."""
    head = _head_words(words)
    if not head or not _AGENT.search(head[-1]):
        return ""
    return "group" if head[-1].endswith(("s", "men")) else "role"


def noun_phrase_after(tokens: Sequence[Token], start: int) -> int:
    """The index after the noun phrase that begins at `start` (`start` itself when none does); `of` and `for` phrases join."""
    i = start
    seen = False
    while i < len(tokens):
        token = tokens[i]
        if token.tag == "PRON" and not seen:
            return i + 1
        if token.tag == "DET" and seen and tokens[i - 1].tag not in {"P", "CC"}:
            break
        if seen and token.tag == "N" and not token.capital and _opens_modifier(tokens, i):
            break
        if token.tag in _NOMINAL or (token.tag == "ADV" and not seen):
            seen = seen or token.tag in {"N", "NUM"}
            i += 1
        elif (
            seen
            and (
                token.low in {"of", "for"}
                or (token.low in {"from", "at", "in", "with"} and _title_before(tokens, i))
            )
            and i + 1 < len(tokens)
            and tokens[i + 1].tag in {"N", "DET"}
        ) or (
            seen
            and token.low in {"and", "&"}
            and tokens[i - 1].capital
            and i + 1 < len(tokens)
            and tokens[i + 1].capital
        ):
            i += 1
        else:
            break
    while i > start and tokens[i - 1].tag in {"P", "CC", "ADV", "POS", "'"}:
        i -= 1
    return i if seen else start


def _opens_modifier(tokens: Sequence[Token], i: int) -> bool:
    """Whether a participle after a noun begins a modifier: `officials noting`, `officials cited by`."""
    low = tokens[i].low
    return low.endswith("ing") or (low.endswith("ed") and i + 1 < len(tokens) and tokens[i + 1].low == "by")


def _title_before(tokens: Sequence[Token], i: int) -> bool:
    return tokens[i - 1].low in PERSON_WORDS or tokens[i - 1].low in GROUP_WORDS


def actor_of(text: str, words: Sequence[Token]) -> str:
    """The name of a source without its article, appositions and clauses: `the coast guard, which ...` gives `coast guard`."""
    keep: list[Token] = []
    for i, token in enumerate(words):
        if keep and (
            token.tag in {",", "SUB", "(", "-", "PRON"}
            or (token.low.endswith("ing") and not token.capital and token.tag == "N" and keep[-1].tag == "N")
            or (
                token.low.endswith("ed")
                and not token.capital
                and keep[-1].tag == "N"
                and i + 1 < len(words)
                and words[i + 1].tag == "P"
            )
        ):
            break
        keep.append(token)
    while len(keep) > 1 and keep[0].tag in {"DET", "ADV", "CC"} and keep[0].low != "no":
        keep.pop(0)
    while len(keep) > 1 and keep[-1].tag in {"P", "ADV", "CC", "POS", "AUX", "DET"}:
        keep.pop()
    return _NAME_TAIL.sub("", text[keep[0].start : keep[-1].end]) if keep else ""


def _employs(seen: tuple[str, str, Span]) -> bool:
    """Whether a source is an organisation; a group with a name, such as "Doctors in Action", is one."""
    return seen[1] == "organisation" or (seen[1] == "group" and re.search(r" [A-ZÀ-Þ]", seen[0]) is not None)


def _is_plural(actor: str) -> bool:
    """Whether a description is one of several: `both sides`, `officials`; a name may end in any letter."""
    last = actor.rpartition(" ")[2]
    return last.islower() and last.endswith("s") and not last.endswith(("ss", "us", "is"))


class Memory:
    """The sources named so far in an article, so that `it`, `the agency`, `the spokesman` or a surname find theirs.

    `outlet` is the key of the publishing outlet: what `we` refers to.
    """

    def __init__(self, outlet: str) -> None:
        self.outlet = outlet
        self._seen: list[tuple[str, str, Span]] = []
        self._subject: tuple[str, str, Span] | None = None
        self._speaks_for: dict[str, tuple[str, str, Span]] = {}
        self._called: dict[str, str] = {}

    def add(self, actor: str, kind: str, span: Span) -> None:
        """Remember a source that was named."""
        self._seen = [*self._seen[-_REMEMBERED:], (actor, kind, span)]
        self._subject = None

    def mention(self, subject: tuple[str, str, Span] | None) -> None:
        """Remember the subject of a sentence that names no source; None when a paragraph begins."""
        self._subject = subject

    def last(self) -> tuple[str, str, Span] | None:
        """The source of the passage, if one was named."""
        return self._seen[-1] if self._seen else None

    def call(self, name: str, actor: str) -> None:
        """Note the name of somebody who was described: `the fire chief, Jan Holt`."""
        self._called[name.rpartition(" ")[2]] = actor

    def speak_for(self, actor: str, organisation: tuple[str, str, Span] | None = None) -> None:
        """Note that somebody speaks for an organisation; without one, for that which was named last."""
        found = organisation or next((seen for seen in reversed(self._seen) if _employs(seen)), None)
        if found is not None:
            self._speaks_for.setdefault(actor, found)

    def behind(self, actor: str) -> tuple[str, str, Span] | None:
        """The organisation that a person speaks for, as far as the article said."""
        return self._speaks_for.get(actor)

    def resolve(self, words: Sequence[Token]) -> tuple[str, str, Span] | None:
        """What a pronoun, a surname or a bare definite phrase refers to; None for a phrase that names its own source."""
        low = words[0].low
        if len(words) == 1 and low in _PRONOUNS:
            return self._pronoun(low)
        if len(words) == 1 and words[0].capital:
            described, ending = self._called.get(words[0].text), " " + words[0].text
            return next(
                (seen for seen in reversed(self._seen) if seen[0] == described or seen[0].endswith(ending)),
                None,
            )
        if low in {"his", "her"} and len(words) == 2 and words[1].low in _STAFF:
            return self._pronoun("she")
        if low in {"a", "an"} and len(words) == 3 and words[2].low in SPOKES_WORDS and not words[1].capital:
            return self._named_with(words[1].low)
        if low == "one" and len(words) > 2 and words[1].low == "of":
            words, low = words[2:], words[2].low
        nouns = [t for t in words if t.tag != "DET"]
        if len(nouns) != 1 or low not in {"the", "this", "its"} or nouns[0].capital:
            return None
        return self._description(nouns[0].low)

    def _pronoun(self, low: str) -> tuple[str, str, Span] | None:
        fitting = _PRONOUNS[low]
        if low in {"it", "they"} and self._subject is not None and self._subject[1] in fitting:
            return self._subject
        for actor, kind, span in reversed(self._seen):
            if low == "it" and _is_plural(actor):
                continue
            named = low == "it" and kind == "person" and " " not in actor  # "Volvo" is nobody's surname
            body = low == "it" and kind == "group" and re.search(r"\b[A-Z]", actor)  # "the General Staff"
            if kind in fitting or named or body or (low in {"he", "she"} and kind == "role"):
                return actor, kind, span
        return self.last() if low in {"it", "they"} else None

    def _named_with(self, head: str) -> tuple[str, str, Span] | None:
        """The source named last whose name has this word."""
        pattern = re.compile(rf"\b{re.escape(head)}\b", re.IGNORECASE)
        return next((seen for seen in reversed(self._seen) if pattern.search(seen[0])), None)

    def _description(self, head: str) -> tuple[str, str, Span] | None:
        if (named := self._named_with(head)) is not None:
            return named
        wanted: tuple[str, ...]
        if head in PERSON_WORDS:
            wanted = ("person", "role")
        elif head in GENERIC_ORGANISATIONS:
            wanted = (
                ("organisation", "group", "outlet") if head in _OUTLETS_TOO else ("organisation", "group")
            )
        elif head in GENERIC_OUTLETS:
            wanted = ("outlet",)
        else:
            return None
        for actor, kind, span in reversed(self._seen):
            if kind in wanted and (kind != "role" or head in actor.lower()):
                return actor, kind, span
        if head in GENERIC_ORGANISATIONS:  # a name such as "Civil Rescue" looks like a person's
            names = [seen for seen in self._seen if seen[1] == "person" and " " in seen[0]]
            return names[-1] if names else None
        return None
