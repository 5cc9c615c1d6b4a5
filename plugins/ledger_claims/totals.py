"""Figures that a noun announces: tolls, numbers of, magnitudes, prices, levels, shares."""

from __future__ import annotations

from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.scene import REACH, Counted, Figure, Scene, joined
from ledger_claims.subjects import noun_after, subject_before
from ledger_claims.table import Sense

__all__ = ["is_magnitude", "magnitude", "priced", "shared", "shock", "total"]

_LINKS = word_list("links")
_SHOCKS = word_list("shocks")
_WON = word_list("won")
_SELLING = frozenset(["sold", "sells", "selling", "sell", "trades", "trading", "traded", "priced"])
_WATERS = word_list("waters")
CHANGES = word_list("changes")
_NUMBER_OF = frozenset(["number", "total", "count", "tally", "figure", "estimate"])
_LENGTHS = frozenset(["meter", "metre", "foot", "centimeter", "inch"])
_COUNT_ONLY = frozenset(["killed", "injured", "killed or injured", "infected", "turnout", "protesting"])


def total(s: Scene, c: Counted) -> Figure | None:
    """`the death toll stands at 173`, `the number of dead ... to 214`, `a toll of 40`, `the injured number 1,420`."""
    k = s.left_edge(c.at)
    reaching = c.quantity.kind != "ordinal" and s.t[c.at].low.split()[0] in REACH
    given = s.low(k + 1) == "as" and k + 1 < c.at  # "gave the number of missing as 30"
    if k < 0 or not (reaching or given or s.low(k) in _LINKS | REACH or s.t[k].says("total") is not None):
        return None
    for j in range(k, -1, -1):
        token = s.t[j]
        if token.tag in {";", '"', "."} or (
            token.tag == "Q" and s.t[j + 1].tag != "CC" and s.low(j + 1) != "to"
        ):
            return None
        sense = token.says("total")
        counted = token.says("count")
        if j == k - 1 and s.low(k) == "of" and counted is not None:  # "the deaths of 22 people"
            return s.make(c, counted, j, c.noun)
        if sense is not None and not (sense.measure in {"level", "price"} and c.quantity.kind == "cardinal"):
            subject = "" if sense.measure in _COUNT_ONLY else subject_before(s.t, j, s.table)
            return s.make(c, sense, j, subject, total=True)
        if counted is not None and _rising(s, j, k, reaching=reaching):
            people = singular(s.low(j - 1))
            return s.make(c, counted, j, people if people in s.table.persons else "", total=True)
        if token.low in _NUMBER_OF and s.low(j + 1) == "of":
            return _number_of(s, c, j)
        state = token.says("state")
        if state is not None and s.low(j - 1) == "the" and s.low(j + token.width) in REACH | {"now"}:
            return s.make(c, state, j, "", total=True)
        if (
            token.low in _WATERS
            and c.quantity.unit in _LENGTHS
            and (reaching or s.low(k) in REACH or s.low(k) in {"to", "at"})
        ):
            return s.make(c, Sense("level", "total", "level"), j, _water(s, j), total=True)
    return None


def _water(s: Scene, j: int) -> str:
    """`the river Sorn`, `the Sorn river`, or the bare word."""
    names = [t.text for t in (*s.t[j - 1 : j], *s.t[j + 1 : j + 2]) if t.tag == "N" and t.capital]
    return f"{names[0]} {s.low(j)}" if names else s.low(j)


def _number_of(s: Scene, c: Counted, j: int) -> Figure | None:
    """`the number of people killed ...`, `the number of dead`, `the number of cases`."""
    noun = ""
    for k in range(j + 2, c.at):
        token = s.t[k]
        sense = token.says("state", "count") or token.says("object")
        if sense is not None and (sense.role != "object" or sense.form in {"participle", "past"}):
            both = joined(s, k, sense, also="and")
            return s.make(c, both, k, noun if sense.role != "count" else "", total=True)
        if token.tag == "N" and not noun:
            noun, _ = noun_after(s.t, k - 1, s.table)
        elif token.tag not in {"DET", "N", "ADV", "AUX", "SUB"}:
            break
    if noun == "passenger":
        return s.make(c, Sense("aboard", "total", "passenger"), j, "people", total=True)
    return s.make(c, Sense("number", "total", "number"), j, noun, total=True) if noun else None


def _rising(s: Scene, j: int, k: int, *, reaching: bool) -> bool:
    """Whether a counted noun at `j` is the subject whose number is given: `cholera cases rose to 88`."""
    if not s.low(j).endswith("s") or s.t[j].low in {"lives", "bodies"}:
        return False
    between = [t.low for t in s.t[j + 1 : k + 1]]
    moved = any(low in CHANGES for low in between)
    return (moved and s.low(k) in {"to", "at"}) or ((reaching or s.low(k) in REACH) and len(between) <= 8)


def is_magnitude(s: Scene, c: Counted) -> bool:
    """Whether the quantity is a magnitude by its kind or its neighbours."""
    if c.quantity.kind == "magnitude" or s.low(s.left_edge(c.at)) == "magnitude":
        return True
    return "magnitude" in (s.low(c.at + 1), s.low(c.at + 2)) and s.low(c.at + 1) in {"-", "magnitude"}


def magnitude(s: Scene, c: Counted) -> Figure | None:
    """The magnitude of a shock; whose it is stands before the figure, else after it."""
    at = next((j for j in range(c.at - 1, -1, -1) if s.low(j) == "magnitude"), c.at)
    subject = shock(s, c.at) or ("main shock" if at != c.at or c.quantity.kind == "magnitude" else "")
    return s.make(c, Sense("magnitude", "total", "magnitude"), at, subject, total=True) if subject else None


def shock(s: Scene, i: int) -> str:
    """The shock nearest before a token, else the nearest after it, with `largest` and the like kept."""
    for j in [*range(i - 1, -1, -1), *range(i + 1, len(s))]:
        word = s.low(j).split("-")[-1].rstrip("s")
        if s.t[j].tag != "N" or word not in _SHOCKS:
            continue
        words = [word]
        m = j - 1
        while s.low(m) in {"main", "largest", "strongest", "biggest", "second", "first"}:
            words.insert(0, {"strongest": "largest", "biggest": "largest"}.get(s.low(m), s.low(m)))
            m -= 1
        if words[0] == "largest" and words[-1] != "aftershock":
            words = words[1:]
        return " ".join(words)
    return ""


def priced(s: Scene, c: Counted) -> Figure | None:
    """`rice is sold at 4 euros a kilo`, `flour sells for 3 dollars a bag`: the price of what stands before."""
    k = s.left_edge(c.at)
    if c.quantity.kind != "money" or s.low(k) not in {"at", "for"} or s.low(k - 1) not in _SELLING:
        return None
    begin = k - 1
    while begin > 0 and s.t[begin - 1].tag in {"AUX", "ADV"}:
        begin -= 1
    end = begin
    while begin > 0 and s.t[begin - 1].tag == "N":
        begin -= 1
    subject = " ".join(t.low for t in s.t[begin:end])
    return s.make(c, Sense("price", "total", "price"), k - 1, subject, total=True) if subject else None


def shared(s: Scene, c: Counted) -> Figure | None:
    """`won 52 percent of the vote`, `61 seats`, `the fire is 40 percent contained`."""
    follows = [s.low(k) for k in range(c.at + 1, c.at + 5)]
    if s.low(c.at - 1) == "of" and c.at > 1 and s.t[c.at - 2].tag == "Q":
        return None
    if follows[0] == "of" and c.at + 2 < len(s) and s.t[c.at + 2].tag == "Q":
        follows = follows[2:]
    if c.quantity.kind == "percent" and "contained" in follows[:2]:
        k = s.left_edge(c.at)
        subject = s.low(k - 1) if k >= 1 and s.t[k - 1].tag == "N" else ""
        at = c.at + 1 + follows.index("contained")
        return s.make(c, Sense("contained", "total", "contained"), at, subject, total=True)
    measure = ""
    if c.quantity.kind == "percent" and {"vote", "votes", "ballots"} & set(follows):
        measure = "vote share"
    elif c.quantity.kind == "cardinal" and follows[0] in {"seats", "votes", "ballots"}:
        measure = "seats" if follows[0] == "seats" else "votes"
    won = next((k for k in range(c.at - 1, -1, -1) if s.low(k) in _WON), -1)
    if not measure or won < 1:
        return None
    subject = subject_before(s.t, won, s.table, named=True)
    return s.make(c, Sense(measure, "total", s.low(won)), won, subject, total=True) if subject else None
