"""Which quantity of a sentence says how many of what: patterns over tokens around each quantity.

Tried in this order, the first that fits wins: a state or counted noun in the quantity's own phrase ("410 people missing",
"12 deaths"); the predicate after it ("some 600 are missing"); the verb before it ("killing 12 people"); a noun that
names a total ("the death toll has risen to 112"); a phrase that repeats the pattern of the figure before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.plugin import Quantity, Span
from ledger_claims.clauses import BE, HAVE, Token
from ledger_claims.lexicon import word_list
from ledger_claims.subjects import noun_after, subject_before
from ledger_claims.table import Sense, Table

__all__ = ["Figure", "figures"]

_OPERATORS = word_list("operators")
_SUBSET = frozenset(["including", "among", "excluding", "besides"])
_RAISING = word_list("raising")
_LINKS = word_list("links")
_REACH = word_list("reach")
_TOTAL_OF = frozenset(["number", "total", "count", "tally", "figure"])
_PEOPLE_KINDS = frozenset(["cardinal"])


class Figure(NamedTuple):
    """One figure: the quantity, what it measures and of whom, the words that say so, and how the pattern saw it."""

    quantity: Quantity
    measure: str
    subject: str
    lemma: str
    trigger: Span
    at: int
    trigger_at: int
    support: tuple[Span, ...]
    total: bool = False


class _Sentence:
    def __init__(self, tokens: Sequence[Token], table: Table) -> None:
        self.t = tokens
        self.table = table

    # -- the phrase around a quantity --------------------------------------------------------------------------------

    def left_edge(self, i: int) -> int:
        """The index of the token before the quantity and its operator words (-1 at the sentence's start)."""
        k = i - 1
        while k >= 0 and self.t[k].low in _OPERATORS:
            low, before = self.t[k].low, self.t[k - 1].low if k else ""
            if low == "to" and before != "up":
                break
            if low == "of" and before != "total":
                break
            if low in {"at", "over", "about", "around"} and k == i - 1 and low == "at":
                break
            k -= 1
        return k

    def pronoun_part(self, i: int, end: int) -> bool:
        """`3,500 of them`: a part of people named before, which only a predicate of its own makes a figure."""
        return (
            end == i + 1
            and end + 1 < len(self.t)
            and self.t[end].low == "of"
            and self.t[end + 1].low in {"them", "those"}
        )

    def subset(self, i: int, end: int) -> bool:
        """Whether the quantity counts a part of those counted elsewhere: `including 12 children`, `12 of them`."""
        k = self.left_edge(i)
        if k >= 0 and (
            self.t[k].low in _SUBSET
            or (self.t[k].low in {"them", "whom"} and self.t[k - 1].low in {"among", "of"})
        ):
            return True
        if any(self.t[j].low in _SUBSET for j in range(max(0, k - 1), k + 1)):
            return True
        return (
            end + 1 < len(self.t)
            and self.t[end].low == "of"
            and (
                self.t[end + 1].low in {"them", "whom", "those", "these", "which"}
                or (
                    self.t[end + 1].tag == "DET"
                    and end + 2 < len(self.t)
                    and self.t[end + 2].says("state", "count") is not None
                )
            )
        )


def figures(tokens: Sequence[Token], table: Table) -> list[Figure]:
    """The figures of one sentence, in text order."""
    sentence = _Sentence(tokens, table)
    found: list[Figure] = []
    for i, token in enumerate(tokens):
        quantity = token.quantity
        if quantity is None or quantity.kind in {"ordinal", "age", "duration"}:
            continue
        figure = _figure(sentence, i, quantity, found)
        if figure is not None:
            found.append(figure)
    return found


def _figure(s: _Sentence, i: int, quantity: Quantity, earlier: Sequence[Figure]) -> Figure | None:
    noun, end = noun_after(s.t, i, s.table)
    noun = _of_whole(s, i, quantity) or noun
    if s.pronoun_part(i, end):
        return None if _old(s, i) else _predicate_after(s, i, quantity, noun, end + 2)
    if s.subset(i, end) or _old(s, i) or (quantity.kind == "cardinal" and _hour(s, i)):
        return None
    if quantity.kind == "magnitude" or _magnitude_near(s, i):
        return _magnitude(s, i, quantity)
    if quantity.kind in {"percent", "money"}:
        return _total(s, i, quantity) or _share(s, i, quantity)
    made = (
        _own_phrase(s, i, quantity, noun, end)
        or _predicate_after(s, i, quantity, noun, end)
        or _verb_before(s, i, quantity, noun, end)
        or _total(s, i, quantity)
        or _repeated(s, i, quantity, noun, earlier)
    )
    if made is None or quantity.kind == "cardinal" or made.total or made.measure in {"burned", "flooded"}:
        return made
    return made if quantity.kind not in {"measure", "percent", "money", "magnitude"} else None


def _of_whole(s: _Sentence, i: int, quantity: Quantity) -> str:
    """What a bare number counts when it is a part of a whole named before: `of the 11,000 soldiers, around 1,000`."""
    if quantity.whole is None:
        return ""
    for k in range(i):
        other = s.t[k].quantity
        if other is not None and other.value == quantity.whole:
            return noun_after(s.t, k, s.table)[0]
    return ""


def _hour(s: _Sentence, i: int) -> bool:
    return i + 1 < len(s.t) and s.t[i + 1].low in {"am", "pm", "gmt", "utc", "hours'"}


def _old(s: _Sentence, i: int) -> bool:
    """Whether the figure is named as a former or rejected one: `from 6.8`, `not 381`, `by 20`, `compared with 12`."""
    k = s.left_edge(i)
    if k < 0:
        return False
    low = s.t[k].low
    before = s.t[k - 1].low if k else ""
    if low in {"not", "versus"} or (low in {"with", "to"} and before == "compared"):
        return True
    if low == "from":
        return any(
            t.low in _REACH or t.low in _CHANGES or t.tag == "Q"
            for t in s.t[:k]
            if t.tag in {"N", "Q", "ADV"}
        )
    if low == "by":
        return any(t.low in _CHANGES for t in s.t[max(0, k - 4) : k])
    if low in {"figure", "toll", "count", "number", "estimate"} and before in {
        "previous",
        "earlier",
        "initial",
        "former",
        "old",
    }:
        return True
    return low == "of" and any(
        t.low in {"previous", "earlier", "initial", "former"} for t in s.t[max(0, k - 4) : k]
    )


_CHANGES = word_list("changes")


def _make(
    s: _Sentence,
    i: int,
    quantity: Quantity,
    sense: Sense,
    at: int,
    subject: str,
    *,
    total: bool = False,
    noun: Span | None = None,
) -> Figure:
    width = s.t[at].width if sense in s.t[at].senses else 1
    trigger = Span(s.t[at].start, s.t[min(at + width, len(s.t)) - 1].end)
    support = tuple(sorted({quantity.span, trigger, *([noun] if noun is not None else [])}))
    name = s.table.subject(subject) if subject else s.table.defaults.get(sense.measure, "")
    return Figure(quantity, sense.measure, name or "", sense.lemma, trigger, i, at, support, total)


# -- 1. the quantity's own phrase ------------------------------------------------------------------------------------


def _own_phrase(s: _Sentence, i: int, quantity: Quantity, noun: str, end: int) -> Figure | None:
    """`300 dead`, `410 people missing`, `12 confirmed dead`, `40 injured passengers`, `12 deaths`."""
    if quantity.whole is not None and i + 1 < len(s.t) and any(t.tag == "Q" for t in s.t[i + 1 : end + 4]):
        return None
    for k in range(i + 1, end):
        sense = s.t[k].says("state")
        if sense is not None and sense.measure != "closed":
            return _make(s, i, quantity, _joined(s, k, sense), k, noun)
    for k in range(end - 1, i, -1):
        sense = s.t[k].says("count")
        if sense is not None and k + s.t[k].width >= end:
            if sense.lemma in {"life", "body"} and not _taken(s, i):
                continue
            return _make(s, i, quantity, sense, k, "")
    k = end
    while k < len(s.t) and (s.t[k].low in _RAISING or s.t[k].tag == "ADV"):
        k += 1
    if k < len(s.t):
        sense = s.t[k].says("state")
        past = s.t[k].says("agent")
        if sense is not None and not (past is not None and past.form == "past" and not _participial(s, k)):
            return _make(s, i, quantity, _joined(s, k, sense), k, noun)
        passive = s.t[k].says("object")
        following = s.t[k + s.t[k].width] if k + s.t[k].width < len(s.t) else None
        if (
            passive is not None
            and passive.form in {"participle", "past"}
            and noun
            and (following is None or following.tag in {"P", ",", ".", "SUB", "CC", "ADV", ")", ";", "AUX"})
        ):
            return _make(s, i, quantity, _joined(s, k, passive), k, noun)
    return None


def _participial(s: _Sentence, k: int) -> bool:
    return k > 0 and s.t[k - 1].tag in {"N", "Q"}


def _taken(s: _Sentence, i: int) -> bool:
    """Whether lives are taken or lost, or bodies found, before the quantity."""
    return any(
        t.low
        in {
            "claimed",
            "claims",
            "claiming",
            "lost",
            "cost",
            "taken",
            "took",
            "recovered",
            "found",
            "loss",
            "retrieved",
        }
        for t in s.t[max(0, i - 6) : i]
    )


def _joined(s: _Sentence, k: int, sense: Sense, also: str = "or") -> Sense:
    """`killed or injured`, and in a total `killed and wounded`: one figure of both."""
    after = k + max(1, s.t[k].width if sense in s.t[k].senses else 1)
    if after + 1 < len(s.t) and s.t[after].low in {"or", "and"}:
        other = s.t[after + 1].says("state", "object")
        if other is not None and other.measure != sense.measure and s.t[after].low in {"or", also}:
            order = list(s.table.defaults)
            names = sorted((sense.measure, other.measure), key=order.index)
            return sense._replace(measure=" or ".join(names))
    return sense


# -- 2. the predicate after it ---------------------------------------------------------------------------------------


def _predicate_after(s: _Sentence, i: int, quantity: Quantity, noun: str, end: int) -> Figure | None:
    """`some 600 are missing`, `40 people in the valley were killed`, `90 have left`, `12 houses were flooded`."""
    before = s.left_edge(i)
    if before >= 0 and s.t[before].tag == "P" and s.t[before].low != "than":
        return None
    if quantity.whole is not None:
        end = _past_whole(s, i, end)
    k = _skip_modifiers(s, end)
    if k >= len(s.t):
        return None
    if s.t[k].tag != "AUX":
        sense = s.t[k].says("agent")
        if sense is not None and sense.form in {"past", "third", "base"} and k == end:
            return _make(s, i, quantity, sense, k, noun)
        return None
    passive = perfect = False
    while k < len(s.t) and (s.t[k].tag in {"AUX", "ADV"} or s.t[k].low in _RAISING or s.t[k].low == "to"):
        if s.t[k].says("state") and s.t[k].tag != "AUX":
            break
        passive = passive or s.t[k].low in BE or s.t[k].low in {"remain", "remains", "remained", "get", "got"}
        perfect = perfect or s.t[k].low in HAVE
        if s.t[k].low in {"not", "never"}:
            return None
        k += 1
    if k >= len(s.t):
        return None
    return _predicate(s, i, quantity, noun, k, passive=passive, perfect=perfect)


def _past_whole(s: _Sentence, i: int, end: int) -> int:
    """After `of the 11,000 soldiers deployed to the region`, when the whole stands between a part and its predicate."""
    for j in range(i + 1, min(i + 4, len(s.t))):
        if s.t[j].tag == "Q":
            k = noun_after(s.t, j, s.table)[1]
            passive = s.t[k].says("object") if k < len(s.t) else None
            return k + s.t[k].width if passive is not None and passive.form in {"participle", "past"} else k
    return end


def _predicate(
    s: _Sentence, i: int, quantity: Quantity, noun: str, k: int, *, passive: bool, perfect: bool
) -> Figure | None:
    token = s.t[k]
    state, verb, agent = token.says("state"), token.says("object"), token.says("agent")
    if passive and state is not None:
        return _make(s, i, quantity, _joined(s, k, state), k, noun)
    if passive and verb is not None and verb.form in {"participle", "past"}:
        return _make(s, i, quantity, _joined(s, k, verb), k, noun)
    if agent is not None and (agent.form != "ing" or passive):
        return _make(s, i, quantity, agent, k, noun)
    if (
        (passive or perfect)
        and token.tag == "N"
        and noun
        and verb is None
        and token.low.endswith("ed")
        and not token.capital
    ):
        return _make(s, i, quantity, Sense(token.low, "state", token.low), k, noun)
    return None


def _skip_modifiers(s: _Sentence, k: int) -> int:
    """Past prepositional phrases, brackets and a short relative opener between a subject and its predicate."""
    while k < len(s.t):
        token = s.t[k]
        if token.low in {"who", "that", "which"} or (token.tag == "ADV" and token.low != "not"):
            k += 1
        elif token.tag == "P":
            stop = k + 1
            while (
                stop < len(s.t)
                and s.t[stop].tag in {"DET", "N", "POS"}
                and not (stop > k + 1 and s.t[stop].says("agent"))
            ):
                stop += 1
            if stop == k + 1:
                return k
            k = stop
        elif token.tag == "(":
            while k < len(s.t) and s.t[k].tag != ")":
                k += 1
            k += 1
        else:
            return k
    return k


# -- 3. the verb before it -------------------------------------------------------------------------------------------


def _verb_before(s: _Sentence, i: int, quantity: Quantity, noun: str, end: int) -> Figure | None:
    """`killed 40 people`, `injuring at least 12`, `has evacuated 300 residents`, `delivered 40 trucks of aid`."""
    k = s.left_edge(i)
    sense, at = _verb_ending(s, k)
    if sense is None or at < 0:
        return None
    before = s.t[at - 1].low if at else ""
    if before in BE and sense.form != "ing":
        return None
    if sense.form == "base" and before not in {
        "to",
        "will",
        "would",
        "could",
        "may",
        "might",
        "can",
        "did",
        "and",
        "they",
    }:
        return None
    if quantity.kind == "measure" and sense.measure not in {"burned", "flooded", "destroyed"}:
        return None
    subject = noun or ""
    if sense.measure == "burned" and quantity.unit:
        subject = "land"
    return (
        _make(s, i, quantity, sense, at, subject)
        if end > i + 1 or sense.measure in {"killed", "injured"}
        else None
    )


def _verb_ending(s: _Sentence, k: int) -> tuple[Sense | None, int]:
    """A verb of the table whose words end at `k`, as an `object` verb."""
    for start in range(k, max(-1, k - 4), -1):
        token = s.t[start]
        sense = token.says("object")
        if sense is not None and (
            start + token.width - 1 == k or (start == k and len(sense.lemma.split()) == 1)
        ):
            return sense, start
        if token.tag not in {"ADV", "N", "P"}:
            break
    return None, -1


# -- 4. nouns that name a total ---------------------------------------------------------------------------------------


def _total(s: _Sentence, i: int, quantity: Quantity) -> Figure | None:
    """`the death toll stands at 318`, `the number of dead ... to 286`, `a toll of 40`, `the injured number 1,150`."""
    k = s.left_edge(i)
    if k < 0 or not (s.t[k].low in _LINKS or s.t[k].low in _REACH or s.t[k].says("total") is not None):
        return None
    j = k
    while (
        j >= 0
        and s.t[j].tag not in {";", '"', "."}
        and not (s.t[j].tag == "Q" and j < i and s.t[j + 1].tag != "CC")
    ):
        token = s.t[j]
        sense = token.says("total")
        if sense is not None and not (
            sense.measure in {"level", "rate"} and quantity.kind == "cardinal" and not quantity.unit
        ):
            return _make(s, i, quantity, sense, j, _total_subject(s, j, sense), total=True)
        if token.low in _TOTAL_OF and j + 1 < len(s.t) and s.t[j + 1].low == "of":
            return _number_of(s, i, quantity, j)
        state = token.says("state")
        if (
            state is not None
            and j
            and s.t[j - 1].low == "the"
            and s.t[j + token.width].low in _REACH | {"number", "numbers", "now"}
        ):
            return _make(s, i, quantity, state, j, "", total=True)
        j -= 1
    return None


def _total_subject(s: _Sentence, j: int, sense: Sense) -> str:
    if sense.measure in {"killed", "injured", "killed or injured", "infected", "turnout"}:
        return ""
    return subject_before(s.t, j, s.table)


def _number_of(s: _Sentence, i: int, quantity: Quantity, j: int) -> Figure | None:
    """`the number of people killed ...`, `the number of dead`, `the number of cases`."""
    k = j + 2
    noun = ""
    while k < i and s.t[k].tag in {"DET", "N", "ADV", "AUX", "SUB"}:
        token = s.t[k]
        sense = token.says("state", "count") or token.says("object")
        if sense is not None and (sense.role != "object" or sense.form in {"participle", "past"}):
            both = _joined(s, k, sense, also="and")
            return _make(s, i, quantity, both, k, noun if sense.role != "count" else "", total=True)
        if token.tag == "N":
            noun, _ = noun_after(s.t, k - 1, s.table)
        k += 1
    if not noun:
        return None
    return _make(s, i, quantity, Sense("number", "total", "number"), j, noun, total=True)


def _magnitude_near(s: _Sentence, i: int) -> bool:
    k = s.left_edge(i)
    if k >= 0 and s.t[k].low == "magnitude":
        return True
    return i + 1 < len(s.t) and "magnitude" in (
        s.t[i + 1].low,
        s.t[i + 1].text.strip("-").lower(),
        s.t[min(i + 2, len(s.t) - 1)].low,
    )


def _magnitude(s: _Sentence, i: int, quantity: Quantity) -> Figure | None:
    """The magnitude of a shock; whose it is stands after `of`, else before the figure, else after it."""
    at = next((j for j in range(i - 1, -1, -1) if s.t[j].low == "magnitude"), i)
    subject = _shock(s, i, at)
    if subject == "" and at == i and quantity.kind != "magnitude":
        return None
    return _make(s, i, quantity, Sense("magnitude", "total", "magnitude"), at, subject, total=True)


_SHOCKS = word_list("shocks")


def _shock(s: _Sentence, i: int, at: int) -> str:
    """The shock nearest before the figure, or the nearest after it, with `largest` and the like kept."""
    for j in [*range(i - 1, -1, -1), *range(i + 1, len(s.t))]:
        word = s.t[j].low.split("-")[-1]
        if s.t[j].tag == "N" and (word in _SHOCKS or word.rstrip("s") in _SHOCKS):
            words = [word.rstrip("s")]
            m = j - 1
            while (
                m >= 0
                and s.t[m].tag in {"N", "ADV"}
                and s.t[m].low in {"main", "largest", "strongest", "biggest", "second", "first"}
            ):
                words.insert(0, {"strongest": "largest", "biggest": "largest"}.get(s.t[m].low, s.t[m].low))
                m -= 1
            if words[-1] in {"shock", "quake", "earthquake"} and words[0] == "largest":
                words = words[1:]
            return " ".join(words)
        if j < i and s.t[j].tag == ";":
            break
    return "" if at == i else "main shock"


def _share(s: _Sentence, i: int, quantity: Quantity) -> Figure | None:
    """`won 52 percent of the vote`."""
    if quantity.kind != "percent":
        return None
    k = s.left_edge(i)
    follows = [t.low for t in s.t[i + 1 : i + 5]]
    if k < 1 or not ({"vote", "votes", "ballots"} & set(follows) and "of" in follows):
        return None
    if s.t[k].low not in {
        "won",
        "win",
        "wins",
        "with",
        "took",
        "takes",
        "received",
        "got",
        "had",
        "has",
        "on",
        "secured",
        "polled",
    }:
        return None
    subject = subject_before(s.t, k, s.table, named=True)
    return (
        _make(s, i, quantity, Sense("vote share", "total", s.t[k].low), k, subject, total=True)
        if subject
        else None
    )


# -- 5. the same pattern again ------------------------------------------------------------------------------------------


def _repeated(
    s: _Sentence, i: int, quantity: Quantity, noun: str, earlier: Sequence[Figure]
) -> Figure | None:
    """`killed 12 soldiers and 3 civilians`; `revised X to magnitude 6.6 and Y to 5.7`."""
    if not earlier:
        return None
    last = earlier[-1]
    k = s.left_edge(i)
    if last.total and k >= 0 and s.t[k].low in {"to", "at"} and last.measure == "magnitude":
        subject = _shock(s, i, i)
        return last._replace(
            quantity=quantity,
            subject=s.table.subject(subject) or last.subject,
            at=i,
            support=tuple(sorted({quantity.span, last.trigger})),
        )
    joined = (
        k >= 0 and (s.t[k].tag == "CC" or s.t[k].tag == ",") and last.trigger_at < last.at and not last.total
    )
    if joined and noun and quantity.kind == last.quantity.kind and k - last.at <= 4:
        subject = s.table.subject(noun)
        return last._replace(
            quantity=quantity, subject=subject, at=i, support=tuple(sorted({quantity.span, last.trigger}))
        )
    return None
