"""What a clause says of the state of a thing: `is intact`, `has cracked`, `burst`, `a crack in the wall`, `closed the bridge`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ledger_claims.clauses import BE, HAVE, Token
from ledger_claims.lexicon import word_list
from ledger_syntax.inflect import verb_forms

__all__ = ["PATH", "Condition", "Lexicon", "act", "fault", "lexicon", "place_after", "predicate", "simple"]

PATH = Path(__file__).with_name("states.toml")
_FINDING = word_list("finding")
_BARRED = word_list("barred")
_OPEN_MODALS = frozenset(["may", "might", "could"])
_PASSED = word_list("passed")
_OPEN_STATES = (("under", "control"), ("in", "hands"))
_HOLDING = frozenset(
    [
        "held",
        "controlled",
        "captured",
        "occupied",
        "seized",
        "taken",
        "retaken",
        "recaptured",
        "overrun",
        "liberated",
    ]
)


class Condition(NamedTuple):
    """A state as a clause asserts it: what it measures, its words, the lemma behind them, where they stand, and whether they are denied."""

    measure: str
    state: str
    lemma: str
    at: int
    width: int
    negated: bool


class Lexicon(NamedTuple):
    """The lists of `states.toml`."""

    states: Mapping[tuple[str, ...], str]
    verbs: Mapping[tuple[str, ...], tuple[str, str]]
    parts: frozenset[str]
    things: frozenset[str]
    faults: frozenset[str]
    unique: frozenset[str]
    bare: frozenset[str]
    acts: Mapping[tuple[str, ...], tuple[str, str]]


@cache
def lexicon() -> Lexicon:
    """The lists, read once."""
    lists = tomllib.loads(PATH.read_text("utf-8"))
    states = {tuple(entry.split()): " ".join(entry.split()) for entry in lists["states"].split(",")}
    words = {name: frozenset(lists[name].split()) for name in ("parts", "things", "faults", "unique", "bare")}
    return Lexicon(states=states, verbs=_verbs(lists["verbs"]), acts=_verbs(lists["acts"]), **words)


def _verbs(entries: str) -> dict[tuple[str, ...], tuple[str, str]]:
    """The words of each finite form of the verbs, with lemma and state."""
    verbs: dict[tuple[str, ...], tuple[str, str]] = {}
    for entry in entries.split(","):
        lemma, state = (part.replace("_", " ") for part in entry.split())
        head, _, rest = lemma.partition(" ")
        forms = verb_forms(head)[1:4]
        for form in forms:
            verbs[(form, *rest.split())] = (lemma, state)
    return verbs


def place_after(tokens: Sequence[Token], k: int) -> int:
    """The index after a fault and its verb: of `in` in `a crack in the wall` and `cracks have appeared in the wall`."""
    k += 1
    while k < len(tokens) and (tokens[k].tag in {"AUX", "ADV"} or tokens[k].low in _FINDING):
        k += 1
    return k


def fault(tokens: Sequence[Token], k: int) -> Condition | None:
    """`there is a crack in the wall`, `inspectors found a leak in the Brede dam`, `cracks have appeared in it`."""
    low = tokens[k].low
    before = tokens[k - 1].low if k else ""
    plural = low.endswith("s")
    if not (before in {"a", "an", "no"} or (plural and before not in {"the", "of"})):
        return None
    place = place_after(tokens, k)
    if place + 1 >= len(tokens) or tokens[place].low not in {"in", "through", "along", "across"}:
        return None
    if any(t.low in _BARRED | _OPEN_MODALS for t in tokens[:k]) or not any(t.low in _FINDING for t in tokens):
        return None
    return Condition("status", low, low.rstrip("s"), k, 1, negated=before == "no")


def _at(table: Mapping[tuple[str, ...], object], tokens: Sequence[Token], k: int) -> int:
    """The length of the longest entry of `table` at `k`; 0 when there is none."""
    for length in (4, 3, 2, 1):
        if k + length <= len(tokens) and tuple(t.low for t in tokens[k : k + length]) in table:
            return length
    return 0


def predicate(tokens: Sequence[Token], k: int) -> Condition | None:
    """The state that the verb group from `k` asserts: its words, lemma, index, width, and whether it is negated."""
    known = lexicon()
    group: list[str] = []
    negated = False
    while k < len(tokens):
        low = tokens[k].low
        width = _at(known.states, tokens, k)
        if low in {"back", "again"} and group and _holder(tokens, k + 1):
            k += 1
            break  # "is back under army control"
        if group and width and (tokens[k].tag != "AUX"):
            break
        if low in {"not", "never"} or low.endswith("n't"):
            negated = True
        elif low == "no" and k + 1 < len(tokens) and tokens[k + 1].low == "longer":
            negated = True
            k += 1
        elif tokens[k].tag not in {"AUX", "ADV"} and low not in _PASSED:
            break
        elif low == "to" and (k + 1 == len(tokens) or tokens[k + 1].low not in BE | HAVE):
            return None  # "is to cut 4,200 jobs"
        group.append(low)
        k += 1
    if k >= len(tokens) or not group or any(word in _BARRED for word in group):
        return None
    if any(word in _OPEN_MODALS for word in group) and "have" not in group and "be" not in group:
        return None
    copula = any(word in BE or word.startswith(("remain", "stay")) for word in group)
    perfect = any(word in HAVE for word in group)
    width = _at(known.verbs, tokens, k)
    transitive = not copula and k + width < len(tokens) and tokens[k + width].tag in {"DET", "N", "Q", "PRON"}
    if width and (perfect or copula) and not transitive:
        lemma, state = known.verbs[tuple(t.low for t in tokens[k : k + width])]
        return Condition("status", state, lemma, k, width, negated)
    width = _at(known.states, tokens, k)
    if copula and (holder := _holder(tokens, k)):
        words = tuple(t.low for t in tokens[k : k + holder])
        return Condition("status", " ".join(words), words[0], k, holder, negated)
    if width and copula and not _attributive(tokens, k + width):
        words = tuple(t.low for t in tokens[k : k + width])
        return Condition("status", known.states[words], known.states[words], k, width, negated)
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
    return Condition(happened.measure, state, happened.lemma, k, width, negated)


def _holder(tokens: Sequence[Token], k: int) -> int:
    """The length of `under army control`, `in rebel hands`, `captured by the rebels` at `k`; 0 when nothing like it stands there."""
    lows = [token.low for token in tokens[k : k + 6]]
    for first, last in _OPEN_STATES:
        if lows[:1] == [first] and last in lows[2:5]:
            return lows.index(last) + 1
    if not (lows[:1] and lows[0] in _HOLDING and lows[1:2] == ["by"]):
        return 0
    end = k + 2
    while end < len(tokens) and end < k + 6 and tokens[end].tag in {"DET", "N"}:
        end += 1
    return end - k if end > k + 2 else 0


def _attributive(tokens: Sequence[Token], k: int) -> bool:
    return k < len(tokens) and tokens[k].tag in {"N", "Q"}


def simple(tokens: Sequence[Token], k: int) -> Condition | None:
    """A verb of change in the simple past: `the dam burst on Monday`."""
    known = lexicon()
    width = _at(known.verbs, tokens, k)
    after = k + width
    if not width or (
        after < len(tokens) and tokens[after].tag not in {".", ",", "P", "ADV", "CC", "SUB", ";", '"'}
    ):
        return None
    lemma, state = known.verbs[tuple(t.low for t in tokens[k : k + width])]
    if tokens[k].low in {lemma, lemma + "s"} and lemma != "burst":
        return None
    return Condition("status", state, lemma, k, width, negated=False)


def act(tokens: Sequence[Token], k: int) -> Condition | None:
    """A verb in the past that changes the state of its object: `police have closed the bridge`, `the army retook the town`."""
    known = lexicon()
    width = _at(known.acts, tokens, k)
    if not width or k + width >= len(tokens):
        return None
    lemma, state = known.acts[tuple(t.low for t in tokens[k : k + width])]
    base = lemma.split()[0]
    j = k - 1
    group: list[str] = []
    while j >= 0 and tokens[j].tag in {"AUX", "ADV"}:
        group.append(tokens[j].low)
        j -= 1
    perfect = any(word in HAVE for word in group)
    if any(word in BE | _BARRED | _OPEN_MODALS | {"not", "never"} or word.endswith("n't") for word in group):
        return None
    if tokens[k].low.startswith(base) and tokens[k].low in {base + "s", base + "es"}:
        return None
    if tokens[k].low == base and base not in {"shut", "cut"}:
        return None
    subject = j >= 0 and tokens[j].tag in {"N", "POS", ")", ","}
    opens = tokens[k + width].tag in {"DET", "N"}
    return (
        Condition("status", state, lemma, k, width, negated=False) if opens and (perfect or subject) else None
    )
