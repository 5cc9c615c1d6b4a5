"""What became of one person: `a 22-year-old woman was fatally shot`, `Lena Orre died on Friday`, `the death of a farmer`.

One person is an event and no figure: a report that a nurse died does not count the dead.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.plugin import Span
from ledger_claims.clauses import BE, HAVE, Token, clause_of
from ledger_claims.events import Event
from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.table import Sense, Table

__all__ = ["individuals"]

_HARM = frozenset(
    ["killed", "injured", "killed or injured", "missing", "hospitalised", "arrested", "rescued", "abducted"]
)
_PERSONS = word_list("individuals")
_BARRED = word_list("barred") | {"may", "might", "could", "not", "never"}
_TITLES = word_list("titles")
_SINGLE = frozenset(["a", "an", "one", "another", "the", "his", "her", "their", "this", "that"])
_REACH = 14


def individuals(tokens: Sequence[Token], table: Table, last: str) -> list[Event]:
    """The people of one sentence to whom something happened, in text order; `last` is whom `he` or `she` may mean."""
    found: list[Event] = []
    read = 0
    for k, token in enumerate(tokens):
        sense = _sense(token)
        if sense is None or k < read:
            continue
        read = k + token.width
        people = (
            _before(tokens, k, sense, table, last)
            or _left(tokens, k, sense, table)
            or _after(tokens, k, sense, table, last)
        )
        for name, thing in people:
            found.append(Event(name, sense.measure, sense.lemma, _span(tokens, k), thing, k, negated=False))
    return found


def _sense(token: Token) -> Sense | None:
    """The sense of a word or phrase that tells of harm."""
    senses = [
        s
        for s in token.senses
        if s.measure in _HARM and s.role in {"object", "agent", "state", "count", "act"}
    ]
    return senses[0] if senses else None


def _span(tokens: Sequence[Token], k: int) -> Span:
    return Span(tokens[k].start, tokens[min(k + tokens[k].width, len(tokens)) - 1].end)


def _before(tokens: Sequence[Token], k: int, sense: Sense, table: Table, last: str) -> list[tuple[str, Span]]:
    """Those of whom a predicate at `k` speaks: subjects of `die`, passive subjects of `kill`, bearers of a state."""
    low = k
    group: list[str] = []
    while low > 0 and (tokens[low - 1].tag in {"AUX", "ADV"} or tokens[low - 1].low in _LINKING):
        low -= 1
        group.append(tokens[low].low)
    if low == 0 or any(word in _BARRED or word.endswith("n't") for word in group):
        return []
    roles = {s.role: s for s in tokens[k].senses if s.measure == sense.measure}
    passive = any(word in BE or word in {"got", "left", "remains", "remained"} for word in group)
    agent = roles.get("agent")
    told = agent is not None and agent.form in {"past", "third", "participle"}
    if told and agent is not None and agent.form == "participle" and agent.lemma != "die":
        told = any(word in HAVE for word in group)
    verb, after = roles.get("object"), k + tokens[k].width
    bare = (
        verb is not None
        and verb.form in {"past", "participle"}
        and not group
        and tokens[k - 1].tag in {"N", ","}
    )
    closed = after >= len(tokens) or tokens[after].tag in {"P", ",", ".", "ADV"}
    happened = (passive and ("object" in roles or "state" in roles)) or told or (bare and closed)
    if not happened:
        return []
    begin = clause_of(tokens, k)[0]
    if begin and tokens[begin].low in {"who", "which", "that"}:
        begin = max(0, begin - 8)
    elif not any(
        t.tag in {"N", "PRON", "Q"} for t in tokens[begin:low]
    ):  # "..., and was then pronounced dead"
        begin = 0
    found = _subjects(tokens, begin, low, table, last)
    plain = (passive and ("object" in roles or "state" in roles)) or told
    return found if plain else [each for each in found if not each[0][:1].isupper()]


_LINKING = frozenset(
    ["pronounced", "found", "declared", "confirmed", "believed", "reportedly", "also", "later"]
)


def _subjects(
    tokens: Sequence[Token], begin: int, end: int, table: Table, last: str
) -> list[tuple[str, Span]]:
    """The single people in the subject that stands between `begin` and `end`."""
    found: list[tuple[str, Span]] = []
    k = begin
    while k < end:
        if tokens[k].low in {"he", "she"}:
            return [(last or "person", tokens[k].span)]
        person = _person(tokens, k, end, table)
        if person is None:
            k += 1
            continue
        name, thing, k = person
        found.append((name, thing))
        joint = k < end and (
            tokens[k].low == "and"
            or (tokens[k].tag == "," and tokens[k + 1 : k + 2] and tokens[k + 1].low == "and")
        )
        if not joint:
            break
    return found


def _left(tokens: Sequence[Token], k: int, sense: Sense, table: Table) -> list[tuple[str, Span]]:
    """`left a man dead`, `found a woman dead`: the one before a state, after such a verb."""
    if sense.measure == "missing" or not any(s.role == "state" for s in tokens[k].senses):
        return []
    for start in range(k - 1, max(0, k - 8), -1):
        if tokens[start].low in {"left", "leaves", "leaving", "found", "finding"}:
            begin = start + 1
            for j in range(begin, k):
                if tokens[j].low == "and" and any(t.says("state") for t in tokens[begin:j]):
                    begin = j + 1  # "left a girl dead and her mother wounded"
            return [] if tokens[start - 1].low in _BARRED else _subjects(tokens, begin, k, table, "")
    return []


def _after(tokens: Sequence[Token], k: int, sense: Sense, table: Table, last: str) -> list[tuple[str, Span]]:
    """The object of a verb at `k` (`killed a man`), or whom a noun names (`the death of a man`, `his death`)."""
    after = k + tokens[k].width
    if after >= len(tokens):
        return []
    if sense.role in {"count", "act"}:
        if (
            tokens[after].low != "of"
            or (k and tokens[k - 1].tag == "Q")
            or tokens[k].low != singular(tokens[k].low)
        ):
            return []
        after += 1
    elif sense.role != "object":
        return []
    else:
        group = [t.low for t in tokens[max(0, k - 3) : k] if t.tag in {"AUX", "ADV"} or t.low == "to"]
        barred = any(word in _BARRED or word in BE or word == "to" for word in group)
        if barred or sense.form not in {"past", "participle", "ing", "third"} or k == 0:
            return []
    if sense.role == "object" and tokens[after].low in {"him", "himself", "herself", "her"}:
        following = tokens[after + 1].tag if after + 1 < len(tokens) else "."
        if tokens[after].low != "her" or following not in {"N", "Q"}:
            return [(last or "person", tokens[after].span)]
    person = _person(tokens, after, min(len(tokens), after + _REACH), table)
    if person is None:
        return []
    found, k = [person[:2]], person[2]
    while k + 1 < len(tokens) and tokens[k].low == "and":
        person = _person(tokens, k + 1, min(len(tokens), k + _REACH), table)
        if person is None:
            break
        found.append(person[:2])
        k = person[2]
    return found


def _person(tokens: Sequence[Token], k: int, end: int, table: Table) -> tuple[str, Span, int] | None:
    """One person named from `k` on, and the index after the phrase: `a 22-year-old woman`, `Lena Orre, 40,`, `the driver`."""
    begin = k
    if tokens[k].tag == "DET" or tokens[k].low == "one":
        if tokens[k].low not in _SINGLE:
            return None
        k += 1
    elif not (tokens[k].capital or _is_age(tokens[k])):
        return None
    aged = k < end and _is_age(tokens[k])
    k += 1 if aged else 0
    stop = k
    while stop < end and tokens[stop].tag in {"N", "POS", "-"} and not _harmful(tokens[stop]):
        stop += 1
    words = [t for t in tokens[k:stop] if t.tag == "N"]
    if not words:
        return ("person", Span(tokens[begin].start, tokens[k - 1].end), k) if aged else None
    head = singular(words[-1].low)
    common = head in table.persons | _PERSONS
    plural = words[-1].low != head and words[-1].low not in {"boss", "gas"}
    named = all(t.capital for t in words[-2:]) and 2 <= len(words) <= 5
    if (
        plural
        or words[-1].low in {"people", "police", "staff", "crew"}
        or not (common or (named and tokens[begin].tag != "DET") or aged)
    ):
        return None
    if (
        not common
        and named
        and words[0].low not in _TITLES
        and tokens[stop : stop + 1]
        and tokens[stop].tag == "POS"
    ):
        return None
    text = words[-1].text if named and not common else head
    name = " ".join(t.text for t in words) if named and not common else table.subject(text)
    return name, Span(words[0].start, words[-1].end), _past_aside(tokens, stop, end)


def _is_age(token: Token) -> bool:
    return token.quantity is not None and token.quantity.kind == "age"


def _past_aside(tokens: Sequence[Token], k: int, end: int) -> int:
    """After `, 22,` behind a name."""
    if k + 2 < end and tokens[k].tag == "," and tokens[k + 1].tag == "Q" and tokens[k + 2].tag == ",":
        return k + 3
    return k


def _harmful(token: Token) -> bool:
    """Whether a word after a noun begins its predicate."""
    return any(s.measure in _HARM and s.form in {"past", "participle", "third"} for s in token.senses)
