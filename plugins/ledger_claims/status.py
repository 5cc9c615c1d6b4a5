"""Status claims: a named thing or place, a copula or a verb of change, and a concrete state, in a main clause."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ledger.plugin import Attribution, Span
from ledger_claims.clauses import BE, HAVE, Token
from ledger_claims.inflect import singular, verb_forms
from ledger_claims.lexicon import word_list

__all__ = ["PATH", "Names", "Status", "is_part", "statuses"]

PATH = Path(__file__).with_name("states.toml")
_FINDING = word_list("finding")
_BARRED = word_list("barred")
_OPEN_MODALS = frozenset(["may", "might", "could"])
_PASSED = word_list("passed")
_SERVICES = word_list("services")
_NEAR = 3000
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


class _Predicate(NamedTuple):
    measure: str
    state: str
    lemma: str
    at: int
    width: int
    negated: bool


class _Lexicon(NamedTuple):
    states: Mapping[tuple[str, ...], str]
    verbs: Mapping[tuple[str, ...], tuple[str, str]]
    parts: frozenset[str]
    things: frozenset[str]
    faults: frozenset[str]
    unique: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    lists = tomllib.loads(PATH.read_text("utf-8"))
    states = {tuple(entry.split()): " ".join(entry.split()) for entry in lists["states"].split(",")}
    verbs: dict[tuple[str, ...], tuple[str, str]] = {}
    for entry in lists["verbs"].split(","):
        lemma, state = (part.replace("_", " ") for part in entry.split())
        head, _, rest = lemma.partition(" ")
        irregular = {
            "give": ("gives", "gave", "given"),
            "run": ("runs", "ran", "run"),
            "catch": ("catches", "caught", "caught"),
        }
        forms = (
            irregular.get(head)
            or {
                "burst": ("bursts", "burst", "burst"),
                "hold": ("holds", "held", "held"),
                "sink": ("sinks", "sank", "sunk"),
            }.get(head)
            or verb_forms(head)[1:4]
        )
        for form in forms:
            verbs[(form, *rest.split())] = (lemma, state)
    return _Lexicon(
        states,
        verbs,
        frozenset(lists["parts"].split()),
        frozenset(lists["things"].split()),
        frozenset(lists["faults"].split()),
        frozenset(lists["unique"].split()),
    )


def is_part(subject: str) -> bool:
    """Whether a subject is only a part of some thing, such as `wall`."""
    return subject in _lexicon().parts


class Names(NamedTuple):
    """Where full names are looked for: the title and text of the article; the nouns for people, in the singular; and the
    code points at which known names start.
    """

    title: str
    text: str
    persons: Collection[str]
    starts: Collection[int] = ()


def statuses(tokens: Sequence[Token], attributions: Sequence[Attribution], names: Names) -> list[Status]:
    """The status claims of one sentence; `names` tells what `the dam` and `these soldiers` are called."""
    found: list[Status] = []
    for k, token in enumerate(tokens):
        opens_group = token.tag == "AUX" and (k == 0 or tokens[k - 1].tag != "AUX")
        simple = token.tag == "N" and not token.capital and k > 0 and tokens[k - 1].tag in {"N", ",", ")"}
        faulty = token.low in _lexicon().faults
        if not (opens_group or simple or faulty):
            continue
        begin = _main_clause(tokens, k, attributions)
        if begin is None or (begin >= k and not faulty):
            continue
        made = _fault(tokens, k) if faulty else _predicate(tokens, k) if opens_group else _simple(tokens, k)
        if made is None:
            continue
        if faulty:
            named = _thing(tokens, _place_after(tokens, k) + 1, len(tokens), names)
        else:
            named = _served(tokens, begin, made.at + made.width, k, names) or _thing(tokens, begin, k, names)
        if named is None:
            continue
        subject, thing = named
        trigger = Span(tokens[made.at].start, tokens[made.at + made.width - 1].end)
        state = names.text[trigger.start : thing.end].lower() if faulty else made.state
        found.append(Status(subject, made.measure, state, made.lemma, trigger, thing, made.at, made.negated))
    return found


def _served(tokens: Sequence[Token], begin: int, after: int, k: int, names: Names) -> tuple[str, Span] | None:
    """The line or road of `train services on the Elsbach line have stopped` and `trains are running again on the line`."""
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
    if at + 1 >= len(tokens) or tokens[at].low not in {"on", "across", "over", "through"}:
        return None
    end = at + 1
    while end < len(tokens) and tokens[end].tag in {"DET", "N", "POS"}:
        end += 1
    return _thing(tokens, at + 1, end, names)


def _place_after(tokens: Sequence[Token], k: int) -> int:
    """The index after a fault and its verb: of `in` in `a crack in the wall` and `cracks have appeared in the wall`."""
    k += 1
    while k < len(tokens) and (tokens[k].tag in {"AUX", "ADV"} or tokens[k].low in _FINDING):
        k += 1
    return k


def _fault(tokens: Sequence[Token], k: int) -> _Predicate | None:
    """`there is a crack in the wall`, `inspectors found a leak in the Brede dam`, `cracks have appeared in it`."""
    low = tokens[k].low
    before = tokens[k - 1].low if k else ""
    plural = low.endswith("s")
    if not (before in {"a", "an", "no"} or (plural and before not in {"the", "of"})):
        return None
    place = _place_after(tokens, k)
    if place + 1 >= len(tokens) or tokens[place].low not in {"in", "through", "along", "across"}:
        return None
    if any(t.low in _BARRED | _OPEN_MODALS for t in tokens[:k]) or not any(t.low in _FINDING for t in tokens):
        return None
    return _Predicate("status", low, low.rstrip("s"), k, 1, negated=before == "no")


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


def _at(table: Mapping[tuple[str, ...], object], tokens: Sequence[Token], k: int) -> int:
    """The length of the longest entry of `table` at `k`; 0 when there is none."""
    for length in (4, 3, 2, 1):
        if k + length <= len(tokens) and tuple(t.low for t in tokens[k : k + length]) in table:
            return length
    return 0


def _predicate(tokens: Sequence[Token], k: int) -> _Predicate | None:
    """The state that the verb group from `k` asserts: its words, lemma, index, width, and whether it is negated."""
    lexicon = _lexicon()
    group: list[str] = []
    negated = False
    while k < len(tokens):
        low = tokens[k].low
        width = _at(lexicon.states, tokens, k)
        if group and width and (tokens[k].tag != "AUX"):
            break
        if low in {"not", "never"} or low.endswith("n't"):
            negated = True
        elif low == "no" and k + 1 < len(tokens) and tokens[k + 1].low == "longer":
            negated = True
            k += 1
        elif tokens[k].tag not in {"AUX", "ADV"} and low not in _PASSED:
            break
        group.append(low)
        k += 1
    if k >= len(tokens) or not group or any(word in _BARRED for word in group):
        return None
    if any(word in _OPEN_MODALS for word in group) and "have" not in group and "be" not in group:
        return None
    copula = any(word in BE or word.startswith(("remain", "stay")) for word in group)
    perfect = any(word in HAVE for word in group)
    width = _at(lexicon.verbs, tokens, k)
    if width and (perfect or copula):
        lemma, state = lexicon.verbs[tuple(t.low for t in tokens[k : k + width])]
        return _Predicate("status", state, lemma, k, width, negated)
    width = _at(lexicon.states, tokens, k)
    if width and copula and not _attributive(tokens, k + width):
        words = tuple(t.low for t in tokens[k : k + width])
        return _Predicate("status", lexicon.states[words], lexicon.states[words], k, width, negated)
    verb, agent = tokens[k].says("object"), tokens[k].says("agent")
    happened = (
        verb
        if copula and verb is not None and verb.form in {"participle", "past"}
        else agent
        if perfect
        else None
    )
    if happened is None or happened.form not in {"participle", "past"}:
        return None
    width = tokens[k].width
    following = tokens[k + width].tag if k + width < len(tokens) else "."
    if (
        happened is agent and verb is not None and following in {"DET", "N", "Q", "PRON"}
    ):  # "the board has withdrawn its offer"
        return None
    state = " ".join(t.low for t in tokens[k : k + width])
    return _Predicate(happened.measure, state, happened.lemma, k, width, negated)


def _attributive(tokens: Sequence[Token], k: int) -> bool:
    return k < len(tokens) and tokens[k].tag in {"N", "Q"}


def _simple(tokens: Sequence[Token], k: int) -> _Predicate | None:
    """A verb of change in the simple past: `the dam burst on Monday`."""
    lexicon = _lexicon()
    width = _at(lexicon.verbs, tokens, k)
    after = k + width
    if not width or (
        after < len(tokens) and tokens[after].tag not in {".", ",", "P", "ADV", "CC", "SUB", ";", '"'}
    ):
        return None
    lemma, state = lexicon.verbs[tuple(t.low for t in tokens[k : k + width])]
    if tokens[k].low in {lemma, lemma + "s"} and lemma != "burst":
        return None
    return _Predicate("status", state, lemma, k, width, negated=False)


def _thing(tokens: Sequence[Token], begin: int, end: int, names: Names) -> tuple[str, Span] | None:
    """The named thing that the subject phrase in `[begin, end)` speaks of, and where it stands."""
    while begin < end and tokens[begin].tag in {"CC", "ADV", ",", '"', "SUB"}:
        begin += 1
    stop = begin
    while (stop < end and tokens[stop].tag in {"DET", "N", "POS", "Q"}) or (
        stop < end and tokens[stop].low in {"of", "at", "in", "between", "and", "to"} and stop > begin
    ):
        stop += 1
    words = [t for t in tokens[begin:stop] if t.low not in {"itself", "themselves"}]
    head_end = next((i for i, t in enumerate(words) if t.tag == "P"), len(words) - 1)
    if not words or words[0].tag == "Q" or any(t.tag == "Q" for t in words[:head_end]):
        return None
    lexicon = _lexicon()
    definite = words[0].low in {"the", "this", "these", "those"}
    joint = next((i for i, t in enumerate(words) if t.low == "of"), -1)
    if joint > 0 and words[joint - 1].low in lexicon.parts and joint + 1 < len(words):
        words = words[joint + 1 :]
        definite = words[0].low in {"the", "this"}
    place = next((i for i, t in enumerate(words) if t.tag == "P" or t.low == "and"), len(words))
    if place < len(words) and words[place].low == "and":
        return None
    tail = [t for t in words[place + 1 :] if t.tag != "DET"]
    common = (
        definite and words[place - 1].low in lexicon.things and not any(t.capital for t in words[1:place])
    )
    if (
        place < len(words)
        and (words[place].low in {"of", "to"} or (words[place].low in {"in", "at", "near"} and common))
        and tail
        and all(t.capital and t.tag == "N" for t in tail)
    ):
        definite_name = names.text[words[place - 1].start : tail[-1].end]
        return definite_name, Span(words[place - 1].start, tail[-1].end)
    located = (
        not definite
        and place < len(words)
        and words[place].low in {"in", "at"}
        and words[place - 1].low in lexicon.things
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
    capitals = [t for t in words if t.capital and t.tag == "N"]
    if capitals == words[:1] and words[0] == tokens[begin] and not _is_name(words[0], names):
        return None
    if capitals and (definite or len(capitals) == len(words) or words[0].capital):
        first = next(i for i, t in enumerate(words) if t.capital)
        return names.text[words[first].start : words[-1].end], span
    head = words[-1].low
    if not definite:
        return (head, span) if head in lexicon.unique and len(words) == 1 else None
    if head not in lexicon.things | lexicon.parts:
        name = (
            _full_name(head, span.start, names.title, names.text)
            if singular(head) in names.persons or head == "troops"
            else ""
        )
        return (name, span) if name else None
    return _full_name(head, span.start, names.title, names.text) or " ".join(t.low for t in words), span


def _is_name(token: Token, names: Names) -> bool:
    """Whether a word that opens its sentence is a known name or has its capital elsewhere too."""
    text = names.text
    if token.start in names.starts or re.search(rf"\w {re.escape(token.text)}\b", names.title):
        return True
    near = text[max(0, token.start - _NEAR) : token.start + _NEAR]
    return re.search(rf"[a-z,’'] {re.escape(token.text)}\b", near) is not None or token.text.isupper()


def _full_name(head: str, position: int, title: str, text: str) -> str:
    """The last name with this head before a position, else the first after it, else the title's: `the dam` -> `Brede dam`."""
    pattern = re.compile(rf"({_NAME}){re.escape(head)}\b")
    before = [m.group() for m in pattern.finditer(text, max(0, position - _NEAR), position)]
    after = pattern.search(text, position, position + _NEAR)
    inside = pattern.search(title)
    name = before[-1] if before else after.group() if after else inside.group() if inside else ""
    return re.sub(r"^(?:The|This|A|An|In|At|On|But|And) ", "", name)
