"""Status claims: a named thing or place, a copula or a verb of change, and a concrete state, in a main clause."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ledger.plugin import Attribution, Span
from ledger_claims.circumstance import SETTLEMENTS
from ledger_claims.clauses import Token
from ledger_claims.conditions import PATH, act, fault, lexicon, place_after, predicate, simple
from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list

__all__ = ["PATH", "Names", "Status", "is_part", "statuses"]

_SERVICES = word_list("services")
_NEAR = 3000
_SHARES = frozenset(["most", "all", "much", "bulk", "rest", "majority"])
_BODIES = (
    "troops",
    "soldiers",
    "forces",
    "contingent",
    "units",
    "fighters",
    "army",
    "brigade",
    "battalion",
    "force",
)
_COMMON = word_list("common")
_ENDINGS = (
    "ing",
    "tion",
    "sion",
    "ment",
    "ness",
    "ity",
    "ance",
    "ence",
    "ism",
    "ship",
    "age",
    "ss",
    "s",
    "ture",
    "body",
    "thing",
    "one",
)
_POSSESSIVE = frozenset(["its", "their"])
_TIES = frozenset(["of", "to", "with"])
_NAME = r"(?:[A-ZÀ-Þ][\w’'-]*(?: of)? ){1,4}"


class Status(NamedTuple):
    """One status: the thing, the words of its state, where they stand, and whether it is denied (`negated`)."""

    subject: str
    measure: str
    state: str
    lemma: str
    trigger: Span
    thing: Span
    at: int
    negated: bool


def is_part(subject: str) -> bool:
    """Whether a subject is only a part of some thing, such as `wall`."""
    return subject in lexicon().parts


class Names(NamedTuple):
    """Where full names are looked for: the title and text of the article; the nouns for people, in the singular; the code
    points at which known names start; and the settlement that was named last, for `the town`.
    """

    title: str
    text: str
    persons: Collection[str]
    starts: Collection[int] = ()
    settlement: str = ""


def statuses(tokens: Sequence[Token], attributions: Sequence[Attribution], names: Names) -> list[Status]:
    """The status claims of one sentence; `names` tells what `the dam` and `these soldiers` are called."""
    found: list[Status] = []
    for k, token in enumerate(tokens):
        opens_group = token.tag == "AUX" and (k == 0 or tokens[k - 1].tag != "AUX")
        verb = token.tag == "N" and not token.capital and k > 0
        faulty = token.low in lexicon().faults
        planned = opens_group and k > 0 and tokens[k - 1].low == "to"
        if planned or not (opens_group or verb or faulty):
            continue
        begin = _main_clause(tokens, k, attributions)
        if begin is None or (begin >= k and not faulty):
            continue
        if faulty:
            made = fault(tokens, k)
            named = _thing(tokens, place_after(tokens, k) + 1, len(tokens), names) if made else None
        elif opens_group or (made := act(tokens, k)) is None:
            after = tokens[k - 1].tag in {"N", ",", ")"}
            made = predicate(tokens, k) if opens_group else simple(tokens, k) if after else None
            named = _subject(tokens, begin, k, made.at + made.width, names) if made else None
        else:
            named = _object(tokens, begin, k, made.at + made.width, names)
        if made is None or named is None:
            continue
        subject, thing = named
        trigger = Span(tokens[made.at].start, tokens[made.at + made.width - 1].end)
        state = names.text[trigger.start : thing.end].lower() if faulty else made.state
        found.append(Status(subject, made.measure, state, made.lemma, trigger, thing, made.at, made.negated))
    return found


def _subject(
    tokens: Sequence[Token], begin: int, k: int, after: int, names: Names
) -> tuple[str, Span] | None:
    """The thing before the verb group at `k`, whose state ends before `after`."""
    return _served(tokens, begin, after, k, names) or _thing(tokens, begin, k, names)


def _object(tokens: Sequence[Token], begin: int, k: int, after: int, names: Names) -> tuple[str, Span] | None:
    """The thing after the verb at `k`; `its border` is that of the name with which the clause begins."""
    named = _thing(tokens, after, len(tokens), names)
    if named is None or tokens[after].low not in _POSSESSIVE:
        return named
    while begin < k and not tokens[begin].capital:
        begin += 1
    stop = begin
    while stop < k and tokens[stop].tag == "N" and tokens[stop].capital:
        stop += 1
    if stop == begin:
        return None
    return f"{names.text[tokens[begin].start : tokens[stop - 1].end]} {named[0]}", named[1]


def _served(tokens: Sequence[Token], begin: int, after: int, k: int, names: Names) -> tuple[str, Span] | None:
    """Where something is done: `train services on the Elsbach line have stopped`, `production at the Brod plant is halted`."""
    while begin < k and tokens[begin].tag in {"CC", "ADV", "DET", ",", '"'}:
        begin += 1
    stop = begin
    while stop < k and tokens[stop].tag == "N":
        stop += 1
    if stop == begin or tokens[stop - 1].low not in _SERVICES:
        return None
    at = stop if stop < k else after
    while at < len(tokens) and tokens[at].tag == "ADV":
        at += 1
    if at + 1 >= len(tokens) or tokens[at].low not in {"on", "across", "over", "through", "at"}:
        return None
    end = at + 1
    while end < len(tokens) and tokens[end].tag in {"DET", "N", "POS"}:
        end += 1
    return _thing(tokens, at + 1, end, names)


def _main_clause(tokens: Sequence[Token], k: int, attributions: Sequence[Attribution]) -> int | None:
    """Where the clause of the verb at `k` begins; None when it is a subordinate, relative or conditional clause."""
    i = k - 1
    while i >= 0:
        token = tokens[i]
        if token.tag in {";", ":", "-", '"', "."}:
            return i + 1
        if i == k - 1 and token.tag == ",":
            i = next((j for j in range(i - 1, -1, -1) if tokens[j].tag == ","), 0) - 1
            continue
        if token.tag == "SUB":
            return i + 1 if token.low == "that" and _is_content(tokens, i, attributions) else None
        if token.tag == "CC" and i == k - 1 and token.low in {"and", "but"}:
            i -= 2 if i and tokens[i - 1].tag == "," else 1
            continue  # "soldiers have not been seen and may have been pulled back"
        if token.tag == "CC" and i > 1 and tokens[i - 1].tag == ",":
            return i + 1
        if token.tag == "CC" and any(t.tag == "AUX" for t in tokens[:i]):
            return None if tokens[0].tag == "SUB" and not any(t.tag == "," for t in tokens[:i]) else i + 1
        if (
            token.tag == ","
            and tokens[0].tag in {"SUB", "P", "ADV"}
            and not any(t.tag == "," for t in tokens[:i])
        ):
            return i + 1
        if any(a.span.start == token.start and a.source.end <= token.start for a in attributions):
            return i
        i -= 1
    return 0


def _is_content(tokens: Sequence[Token], i: int, attributions: Sequence[Attribution]) -> bool:
    """Whether the `that` at `i` opens what somebody says: after a cue, or after `reports`, `claims` and the like."""
    if any(abs(a.span.start - tokens[i].start) <= 1 for a in attributions):
        return True
    inside = any(a.span.covers(tokens[i].span) for a in attributions)
    return (
        inside
        and i > 0
        and tokens[i - 1].low
        in {"reports", "report", "claims", "claim", "allegations", "suggestions", "rumours"}
    )


def _thing(tokens: Sequence[Token], begin: int, end: int, names: Names) -> tuple[str, Span] | None:
    """The named thing that the subject phrase in `[begin, end)` speaks of, and where it stands."""
    while begin < end and tokens[begin].tag in {"CC", "ADV", ",", '"', "SUB"}:
        begin += 1
    begin = _past_share(tokens, begin, end)
    stop = begin
    while (stop < end and tokens[stop].tag in {"DET", "N", "POS", "Q"}) or (
        stop < end and tokens[stop].low in {"of", "at", "in", "between", "and", "to", "with"} and stop > begin
    ):
        stop += 1
    if stop - begin > 1 and tokens[stop - 1].low.endswith("ed") and stop < end and tokens[stop].tag == "P":
        stop -= 1  # "a ceasefire brokered by the mission"
    words = [t for t in tokens[begin:stop] if t.low not in {"itself", "themselves"}]
    head_end = next((i for i, t in enumerate(words) if t.tag == "P"), len(words) - 1)
    if not words or words[0].tag == "Q" or any(t.tag == "Q" for t in words[:head_end]):
        return None
    known = lexicon()
    definite = words[0].low in {"the", "this", "these", "those"} | _POSSESSIVE
    joint = next((i for i, t in enumerate(words) if t.low == "of"), -1)
    if joint > 0 and words[joint - 1].low in known.parts and joint + 1 < len(words):
        words = words[joint + 1 :]
        definite = words[0].low in {"the", "this"}
    place = next((i for i, t in enumerate(words) if t.tag == "P" or t.low == "and"), len(words))
    if place < len(words) and words[place].low == "and":
        return None
    tail = [t for t in words[place + 1 :] if t.tag != "DET"]
    common = definite and words[place - 1].low in known.things and not any(t.capital for t in words[1:place])
    if (
        place < len(words)
        and (words[place].low in _TIES or (words[place].low in {"in", "at", "near"} and common))
        and tail
        and all(t.capital and t.tag == "N" for t in tail)
    ):
        definite_name = names.text[words[place - 1].start : tail[-1].end]
        return definite_name, Span(words[place - 1].start, tail[-1].end)
    located = (
        not definite
        and place < len(words)
        and words[place].low in {"in", "at"}
        and words[place - 1].low in known.things
        and not any(t.capital for t in words[1:place])
    )
    if located and tail and all(t.capital and t.tag == "N" for t in tail):  # "schools in Marrow are closed"
        plural = [
            t.text if t.capital and t is not words[0] else t.low for t in words[:place] if t.tag != "DET"
        ]
        return " ".join([*plural, "in", *(t.text for t in tail)]), Span(words[0].start, tail[-1].end)
    words = [t for t in words[:place] if t.tag != "DET"]
    if not words or words[-1].tag not in {"N", "Q"}:
        return None
    span = Span(words[0].start, words[-1].end)
    if len(words) > 1 and words[-1].text.isdigit():  # "shaft 4"
        return names.text[span.start : span.end], span
    capitals = [t for t in words if t.capital and t.tag == "N"]
    whose = len(words) > 1 and (singular(words[-1].low) in names.persons or words[-1].low in _BODIES)
    if (
        capitals == words[:1]
        and words[0] == tokens[begin]
        and not (whose or _is_name(words[0], names, alone=len(words) == 1))
    ):
        capitals, definite = [], False  # the sentence begins with it
    if capitals and (definite or len(capitals) == len(words) or words[0].capital):
        first = next(i for i, t in enumerate(words) if t.capital)
        return names.text[words[first].start : words[-1].end], span
    head = words[-1].low
    if not definite:
        spoken_of = head in known.unique or (head in known.bare and len(words) <= 3)
        return (" ".join(t.low for t in words), span) if spoken_of else None
    if head not in known.things | known.parts:
        heads = (head, *_BODIES) if head in _BODIES else (head,) if singular(head) in names.persons else ()
        found = (_full_name(each, span.start, names.title, names.text) for each in heads)
        name = next((each for each in found if each), "")
        return (name, span) if name else None
    settled = names.settlement if head in SETTLEMENTS and len(words) == 1 else ""
    full = _full_name(head, span.start, names.title, names.text) or settled
    return full or " ".join(t.low for t in words), span


def _past_share(tokens: Sequence[Token], begin: int, end: int) -> int:
    """Past `most of`, `all of`, `the bulk of`: what holds for nearly all of a thing is said of it."""
    for k in (begin, begin + 1):
        if k + 1 < end and tokens[k].low in _SHARES and tokens[k + 1].low == "of":
            return k + 2
    return begin


def _is_name(token: Token, names: Names, *, alone: bool) -> bool:
    """Whether a word that opens its sentence is a known name, has its capital elsewhere too, or is no noun that stands `alone`."""
    text = names.text
    if token.start in names.starts or re.search(rf"\b{re.escape(token.text)}\b", names.title[1:]):
        return True
    near = text[max(0, token.start - _NEAR) : token.start + _NEAR]
    if re.search(rf"[a-z,’'] {re.escape(token.text)}\b", near) is not None or token.text.isupper():
        return True
    return alone and not (
        token.low in _COMMON or token.low.endswith(_ENDINGS) or token.low in lexicon().bare | lexicon().things
    )


def _full_name(head: str, position: int, title: str, text: str) -> str:
    """The last name with this head before a position, else the first after it, else the title's: `the dam` -> `Brede dam`."""
    pattern = re.compile(rf"({_NAME}){re.escape(head)}\b")
    before = [m.group() for m in pattern.finditer(text, max(0, position - _NEAR), position)]
    after = pattern.search(text, position, position + _NEAR)
    inside = pattern.search(title)
    name = before[-1] if before else after.group() if after else inside.group() if inside else ""
    if not name:  # "the shaft", said of shaft 4
        numbered = re.search(
            rf"\b{re.escape(head)} \d+\b", text[max(0, position - _NEAR) : position + _NEAR], re.IGNORECASE
        )
        return numbered.group() if numbered else ""
    return re.sub(r"^(?:The|This|A|An|In|At|On|But|And) ", "", name)
