"""Events that a sentence reports without a figure: who did what, what goes on, and how.

An event is a verb with an object that together name one ("launched an offensive", "have not encountered soldiers"), the
course of something ("casualties are mounting", "shows no sign of ending"), the manner of an undertaking ("the withdrawal
may be temporary"), or harm without a number ("heavy losses among the marines"). Everything else makes no claim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ledger.plugin import Span
from ledger_claims.clauses import BE, HAVE, Token
from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.table import Table
from ledger_syntax.inflect import verb_forms
from ledger_syntax.lexicon import word_lists

__all__ = ["PATH", "Event", "events"]

PATH = Path(__file__).with_name("events.toml")
_BARRED = word_list("barred") - {"will", "won't"}
_HYPOTHETICAL = frozenset(["if", "unless", "whether"])
_REACH = 8


class Event(NamedTuple):
    """One event: of whom, its words ("launch offensive"), the verb's lemma, where it stands, and whether it is negated.

    `level` is the modality that its own words give it ("a potential withdrawal"); empty when they give none.
    """

    subject: str
    words: str
    lemma: str
    trigger: Span
    thing: Span
    at: int
    negated: bool
    level: str = ""


class _Lists(NamedTuple):
    actions: dict[str, tuple[str, str]]
    moves: dict[str, tuple[str, str]]
    words: Mapping[str, frozenset[str]]


@cache
def _lists() -> _Lists:
    words = word_lists(PATH)
    return _Lists(_forms(words["actions"]), _forms(words["moves"]), words)


def _forms(lemmas: Collection[str]) -> dict[str, tuple[str, str]]:
    """Every form of the verbs, with its lemma and the name of the form; a past form that is also a base is past."""
    found: dict[str, tuple[str, str]] = {}
    for lemma in sorted(lemmas):
        base, third, past, participle, ing = verb_forms(lemma)
        for form, name in (
            (past, "past"),
            (participle, "participle"),
            (third, "third"),
            (ing, "ing"),
            (base, "base"),
        ):
            found.setdefault(form, (lemma, name))
    return found


def events(tokens: Sequence[Token], table: Table, stated: Sequence[tuple[str, Span]] = ()) -> list[Event]:
    """The events of one sentence, in text order; at most one begins at a token.

    `stated` are the subjects of the other claims of the sentence, each with the span that carries it.
    """
    if any(token.low in _HYPOTHETICAL for token in tokens):
        return []
    found: list[Event] = []
    for k, token in enumerate(tokens):
        if token.tag != "N" or (token.capital and k > 0):
            continue
        before = found[-1] if found else None
        known = [*stated, *((event.subject, event.thing) for event in found)]
        made = (
            _action(tokens, k, table, before, stated)
            or _course(tokens, k)
            or _manner(tokens, k)
            or _harm(tokens, k, table, known)
            or _undertaking(tokens, k, table)
        )
        if made is not None:
            found.append(made)
    return found


def _action(
    tokens: Sequence[Token], k: int, table: Table, before: Event | None, stated: Sequence[tuple[str, Span]]
) -> Event | None:
    """A verb and its object, with the subject before it.

    A participle after a comma has the subject of the last event or statement, `it` that of the undertaking named before.
    """
    lists = _lists()
    verb = lists.actions.get(tokens[k].low)
    if verb is None:
        return None
    low, head = _group(tokens, k)
    words = {t.low for t in tokens[low:k]}
    if verb[1] == "base" and not words & {"will", "won't"}:
        return None
    if words & (BE | _BARRED) or (verb[1] == "participle" and not words & HAVE):
        return None
    end = _phrase_end(tokens, k + 1)
    nouns = [t for t in tokens[k + 1 : end] if t.tag == "N"]
    if not nouns or any(t.tag == "Q" for t in tokens[k + 1 : end]):
        return None
    if verb[0] in {"supply", "provide"} and end + 1 < len(tokens) and tokens[end].low == "with":
        nouns = [t for t in tokens[end + 1 : _phrase_end(tokens, end + 1)] if t.tag == "N"] or nouns
    noun = nouns[-1]
    person = verb[0] in {"encounter", "attack", "capture", "repel"} and singular(
        noun.low
    ) in table.persons | {"troop"}
    if noun.low not in lists.words["objects"] and not person:
        return None
    thing = _subject(tokens, head, table) or _intent(tokens, head, table)
    if person and thing is None and verb[0] == "encounter" and (met := _name(nouns, table)) is not None:
        negated = any(low == "not" or low.endswith("n't") for low in words)
        return Event(met[0], "encountered", verb[0], Span(tokens[k].start, noun.end), met[1], k, negated)
    if thing is None and verb[1] == "ing" and head >= 0 and tokens[head].tag == ",":
        told = [each for each in stated if each[1].end <= tokens[head].start]
        thing = (before.subject, before.thing) if before is not None else told[-1] if told else None
    if thing is None and head >= 0 and tokens[head].low == "it":
        named = [t for t in tokens[:head] if t.low in lists.words["undertakings"]]
        thing = (named[-1].low, named[-1].span) if named else None
    if thing is None:
        return None
    negated = any(low in {"not", "never"} or low.endswith("n't") for low in words)
    what = f"{verb[0]} {table.subject(singular(noun.low)) if person else noun.low}"
    return Event(thing[0], what, verb[0], Span(tokens[k].start, noun.end), thing[1], k, negated)


def _course(tokens: Sequence[Token], k: int) -> Event | None:
    """`casualties are mounting`, `the talks have stalled`, `the war shows no signs of ending`."""
    lists = _lists()
    if tokens[k].low in {"sign", "signs"} and k + 2 < len(tokens) and tokens[k + 1].low == "of":
        low, head = _group(tokens, k - 1 if tokens[k - 1].low in {"no", "few", "little"} else k)
        shown = (
            tokens[low - 1] if low and tokens[low - 1].low in {"shows", "showed", "shown", "show"} else None
        )
        if shown is None or tokens[k + 2].tag != "N":
            return None
        thing = _opening(tokens, low - 1)
        words = f"sign of {tokens[k + 2].low}"
        negated = tokens[k - 1].low == "no"
        return (
            Event(thing[0], words, "show", Span(shown.start, tokens[k + 2].end), thing[1], k, negated)
            if thing
            else None
        )
    verb = lists.moves.get(tokens[k].low)
    if verb is None or verb[1] == "base":
        return None
    low, head = _group(tokens, k)
    if any(t.tag == "SUB" and t.low not in {"which", "that"} for t in tokens[:low]):
        return None
    if head > 1 and tokens[head].low == "which":
        head -= 2 if tokens[head - 1].tag == "," else 1
    if head < 0 or tokens[head].low not in lists.words["courses"] or {t.low for t in tokens[low:k]} & _BARRED:
        return None
    negated = any(t.low == "not" or t.low.endswith("n't") for t in tokens[low:k])
    name = tokens[head].low
    return Event(name, verb[0], verb[0], tokens[k].span, tokens[head].span, k, negated)


def _manner(tokens: Sequence[Token], k: int) -> Event | None:
    """`the withdrawal could be temporary`."""
    words = _lists().words
    if tokens[k].low not in words["manners"]:
        return None
    low, head = _group(tokens, k)
    group = {t.low for t in tokens[low:k]}
    if (
        head < 0
        or not group & BE
        or group & (_BARRED - {"will"})
        or tokens[head].low not in words["undertakings"]
    ):
        return None
    negated = "not" in group or any(word.endswith("n't") for word in group)
    return Event(
        tokens[head].low, tokens[k].low, tokens[k].low, tokens[k].span, tokens[head].span, k, negated
    )


def _undertaking(tokens: Sequence[Token], k: int, table: Table) -> Event | None:
    """`report a potential withdrawal of soldiers`: an undertaking that somebody reports, and of whom."""
    words = _lists().words
    if (
        tokens[k].low not in words["undertakings"]
        or k < 2
        or k + 2 >= len(tokens)
        or tokens[k + 1].low != "of"
    ):
        return None
    low = k
    while low > 0 and tokens[low - 1].tag in {"N", "DET"} and tokens[low - 1].low not in words["reporting"]:
        low -= 1
    if low in {0, k} or tokens[low - 1].low not in words["reporting"]:
        return None
    thing = _name(tokens[k + 2 : _phrase_end(tokens, k + 2)], table)
    if thing is None:
        return None
    open_ = any(t.low in words["open"] for t in tokens[low:k])
    return Event(
        thing[0],
        tokens[k].low,
        tokens[k].low,
        tokens[k].span,
        thing[1],
        k,
        negated=False,
        level="possible" if open_ else "",
    )


def _harm(tokens: Sequence[Token], k: int, table: Table, stated: Sequence[tuple[str, Span]]) -> Event | None:
    """`heavy losses among the marines`, `they withdrew after suffering heavy losses`: harm whose extent is told in a word."""
    words = _lists().words
    if tokens[k].low not in words["harm"] or k == 0 or tokens[k - 1].low not in words["grave"]:
        return None
    thing: tuple[str, Span] | None = None
    if k + 2 < len(tokens) and tokens[k + 1].low in {"among", "to"}:
        thing = _name(tokens[k + 2 : _phrase_end(tokens, k + 2)], table)
    elif k > 1 and tokens[k - 2].low in words["borne"]:
        thing = next((each for each in reversed(stated) if each[1].start < tokens[k].start), None)
    if thing is None:
        return None
    what = f"{tokens[k - 1].low} {tokens[k].low}"
    return Event(
        thing[0], what, tokens[k].low, Span(tokens[k - 1].start, tokens[k].end), thing[1], k, negated=False
    )


def _group(tokens: Sequence[Token], k: int) -> tuple[int, int]:
    """Where the verb group that ends at `k` begins, and the index of the token before it (-1: the sentence begins)."""
    low = k
    while low > 0 and (tokens[low - 1].tag in {"AUX", "ADV"} or tokens[low - 1].low in {"not", "no"}):
        low -= 1
    return low, low - 1


def _phrase_end(tokens: Sequence[Token], k: int) -> int:
    stop = min(len(tokens), k + _REACH)
    while k < stop and tokens[k].tag in {"DET", "N", "POS", "Q", "ADV"}:
        k += 1
    return k


def _subject(tokens: Sequence[Token], head: int, table: Table) -> tuple[str, Span] | None:
    """The noun phrase that ends at `head`: a name, or people under a name."""
    begin = head
    while begin >= 0 and tokens[begin].tag in {"N", "POS"} and head - begin < _REACH:
        begin -= 1
    return _name(tokens[begin + 1 : head + 1], table)


def _intent(tokens: Sequence[Token], head: int, table: Table) -> tuple[str, Span] | None:
    """The subject of `NAME is focused on holding ...`."""
    if (
        head < 2
        or tokens[head].low != "on"
        or tokens[head - 1].low not in {"focused", "intent", "concentrating"}
    ):
        return None
    return _subject(tokens, _group(tokens, head - 1)[1], table)


def _opening(tokens: Sequence[Token], before: int) -> tuple[str, Span] | None:
    """The thing with which a sentence opens, when nothing but an aside stands between it and its verb."""
    begin = 1 if tokens and tokens[0].tag == "DET" else 0
    end = begin
    while end < before and tokens[end].tag == "N":
        end += 1
    if end == begin or (end < before and tokens[end].tag != ",") or end > before:
        return None
    words = tokens[begin:end]
    return " ".join(t.text if t.capital and t is not tokens[0] else t.low for t in words), Span(
        words[0].start, words[-1].end
    )


def _name(words: Sequence[Token], table: Table) -> tuple[str, Span] | None:
    """The name in a phrase, from its first capital letter on; nothing for a phrase without one."""
    nouns = [t for t in words if t.tag in {"N", "POS"}]
    first = next((i for i, t in enumerate(nouns) if t.capital), -1)
    if first < 0:
        return None
    named = nouns[first:]
    text = "".join(t.text if t.tag == "POS" else " " + t.text for t in named).strip()
    return table.description(text), Span(named[0].start, named[-1].end)
