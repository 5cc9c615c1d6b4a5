"""Figures that a noun announces: tolls, numbers of, magnitudes, prices, levels, shares."""

from __future__ import annotations

from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.scene import REACH, Counted, Figure, Scene, joined
from ledger_claims.subjects import noun_after, subject_before
from ledger_claims.table import Sense

__all__ = [
    "amount",
    "contained",
    "inflated",
    "is_magnitude",
    "magnitude",
    "priced",
    "raised",
    "shared",
    "shock",
    "total",
]

_LINKS = word_list("links")
_SHOCKS = word_list("shocks")
_WON = word_list("won")
_SELLING = frozenset(
    ["sold", "sells", "selling", "sell", "trades", "trading", "traded", "priced", "closed", "opened"]
)
_TRADED = frozenset(["share", "shares", "price", "prices", "bonds", "stock"])
_BRINGING = word_list("bringing")
_WANTING = word_list("wanting")
_WATERS = word_list("waters")
CHANGES = word_list("changes")
_NUMBER_OF = frozenset(["number", "total", "count", "tally", "figure", "estimate"])
_LENGTHS = frozenset(["meter", "metre", "foot", "centimeter", "inch"])
_COUNT_ONLY = frozenset(
    [
        "wind speed",
        "rainfall",
        "snowfall",
        "wave height",
        "killed",
        "injured",
        "killed or injured",
        "infected",
        "turnout",
        "protesting",
    ]
)


def total(s: Scene, c: Counted) -> Figure | None:
    """`the death toll stands at 173`, `the number of dead ... to 214`, `a toll of 40`, `the injured number 1,420`."""
    k = s.left_edge(c.at)
    if raised(s, c) and (after := _total_after(s, c)) is not None:
        return after
    reaching = c.quantity.kind != "ordinal" and s.t[c.at].low.split()[0] in REACH
    given = s.low(k + 1) == "as" and k + 1 < c.at  # "gave the number of missing as 30"
    passed = s.low(k) in CHANGES and (
        c.quantity.op == "min" or s.low(k + 1).startswith("up")
    )  # "has climbed past 1,100", "gone up to 144"
    summed = _adds_up(s, k)
    known = reaching or given or passed or summed or s.low(k) in _LINKS | REACH
    if k < 0 or not (known or s.t[k].says("total") is not None):
        return None
    reaching = reaching or passed or summed
    for j in range(k, -1, -1):
        token = s.t[j]
        if token.tag in {";", '"', "."} or (
            token.tag == "Q" and s.t[j + 1].tag != "CC" and s.low(j + 1) != "to"
        ):
            return None
        sense = token.says("total") if s.low(j - 1) != "in" or token.low != "force" else None
        counted = token.says("count")
        deed = counted or token.says("act")
        if j + token.width == k and s.low(k) == "of" and deed is not None:  # "the deaths of 22 people"
            return None if _only_wanted(s, j) else s.make(c, deed, j, c.noun)
        if sense is not None and _fits(sense, c):
            subject = "" if sense.measure in _COUNT_ONLY else subject_before(s.t, j, s.table)
            return s.make(c, sense, j, subject, total=True)
        if (
            counted is not None
            and not _numbered(s, j)
            and (_rising(s, j, k, reaching=reaching) or _gapped(s, j, k))
        ):
            people = singular(s.low(j - 1))
            things = c.noun if counted.measure == "supplied" else ""
            return s.make(c, counted, j, people if people in s.table.persons else things, total=True)
        if token.low in _NUMBER_OF and s.low(j + 1) == "of":
            return _number_of(s, c, j, c.at)
        if (
            token.low in _NUMBER_OF | {"area", "territory"}
            and j + 1 < k
            and s.t[j + 1].says("state", "object")
        ):
            return _participle(s, c, j)
        state = token.says("state")
        if state is not None and s.low(j - 1) == "the" and s.low(j + token.width) in REACH | {"now"}:
            return s.make(c, state, j, "", total=True)
        if (
            token.low in _WATERS
            and not (token.capital and s.t[j + 1].capital)
            and c.quantity.unit in _LENGTHS
            and (reaching or s.low(k) in REACH or s.low(k) in {"to", "at"})
        ):
            return s.make(c, Sense("level", "total", "level"), j, _water(s, j), total=True)
    return None


def _numbered(s: Scene, j: int) -> bool:
    """Whether a person at `j` is one of a number whose fate stands beside: `the number of injured protesters rose to 40`."""
    first = j - 1 if s.low(j - 1) != "of" and s.t[j - 1].says("state", "object") else j
    beside = first < j or _fated(s, j + 1)
    person = singular(s.low(j)) in s.table.persons
    return person and beside and s.low(first - 1) == "of" and s.low(first - 2) in _NUMBER_OF


def _adds_up(s: Scene, k: int) -> bool:
    """`deliveries add up to 1.3 million shells`, `donations amount to 40 trucks`, where the words before a number end at `k`."""
    low, before = s.low(k), s.low(k - 1)
    return (low in {"add", "adds", "added"} and s.low(k + 1) == "up") or (
        low == "to" and (before in {"amount", "amounts", "amounted", "comes", "come"} or before == "up")
    )


def _whole_before(s: Scene, at: int) -> bool:
    """Whether the number is the whole of another: `of 120`, `of the 120`."""
    k = at - 1
    k -= 1 if k > 0 and s.t[k].tag == "DET" else 0
    return s.low(k) == "of" and k > 0 and s.t[k - 1].tag == "Q"


def _counts_votes(s: Scene, c: Counted, follows: list[str]) -> bool:
    """Whether a bare percentage is one of votes: the sentence speaks of ballots, and nothing else is counted."""
    bare = follows[0] in {"", ".", ",", ";", "and", "to", "with", "while", "against", "ahead"} and not c.noun
    bare = bare or (follows[0] == "of" and "total" in follows)
    return bare and any(t.low in _BALLOTS for t in s.t)


def _standing(s: Scene, won: int) -> str:
    """Who won: the name before the verb, past `was ahead`, or `the ruling party`."""
    at = won
    if s.low(won) == "with":  # "won the runoff with 52 percent"
        at = next((k for k in range(won - 1, max(0, won - 6), -1) if s.low(k) in _WON | _LEADING), won)
    if s.low(won).endswith("ing") and s.t[at - 1].tag == ",":  # "Mara Dell held a lead, taking 51 percent"
        end = next((k for k in range(at - 1) if s.t[k].tag != "N" or not s.t[k].capital), 0)
        return " ".join(t.text for t in s.t[:end])
    while at > 1 and (s.low(at - 1) in _LEADING or s.t[at - 1].tag in {"AUX", "ADV"}):
        at -= 1
    name = subject_before(s.t, at, s.table, named=True)
    if name or at < 2 or s.low(at - 1) not in _PARTIES:
        return name
    return " ".join(t.low for t in s.t[max(0, at - 3) : at] if t.tag == "N")


_BALLOTS = frozenset(["vote", "votes", "ballots", "ballot", "precincts", "runoff", "run-off"])
_LEADING = frozenset(
    ["ahead", "leading", "leads", "led", "lead", "first", "second", "third", "finished", "came"]
)
_PARTIES = frozenset(
    ["party", "coalition", "alliance", "bloc", "opposition", "incumbent", "challenger", "list"]
)
_AMOUNTS = frozenset(["rainfall", "snowfall"])
_OF_PERSONS = frozenset(["killed", "injured", "killed or injured", "infected", "deployed"])


def _fits(sense: Sense, c: Counted) -> bool:
    """Whether a number of this kind can be what the noun names: levels and prices have units, losses of people have none."""
    plain = c.quantity.kind == "cardinal"
    if sense.measure in _SUMS:
        return c.quantity.kind == "money"
    return not (plain if sense.measure in {"level", "price"} else sense.measure in _OF_PERSONS and not plain)


_SUMS = frozenset(["revenue", "profit", "loss", "fine", "debt", "damage cost"])


def amount(s: Scene, c: Counted) -> Figure | None:
    """`140 millimetres of rain fell`, `30 centimetres of fresh snow`."""
    k = c.at + 1
    if s.low(k) != "of":
        return None
    while k + 1 < len(s) and s.t[k + 1].tag == "N":
        k += 1
        sense = s.t[k].says("total")
        if sense is not None and sense.measure in _AMOUNTS:
            return s.make(c, sense, k, "", total=True)
    return None


def _water(s: Scene, j: int) -> str:
    """`the river Sorn`, `the Sorn river`, or the bare word."""
    names = [t.text for t in (*s.t[j - 1 : j], *s.t[j + 1 : j + 2]) if t.tag == "N" and t.capital]
    return f"{names[0]} {s.low(j)}" if names else s.low(j)


def raised(s: Scene, c: Counted) -> bool:
    """Whether the sentence says that something brings a total to this number: `taking the toll to five`."""
    k = s.left_edge(c.at)
    if s.low(k) != "to":
        return False
    return any(
        s.low(j) in _BRINGING for j in range(k - 1, max(-1, k - 9), -1) if s.t[j].tag not in {";", "."}
    )


def _total_after(s: Scene, c: Counted) -> Figure | None:
    """`bringing to six the number of those killed`, `taking to 40 the death toll`."""
    if s.low(s.left_edge(c.at) - 1) not in _BRINGING or c.end + 1 >= len(s) or s.t[c.end].tag != "DET":
        return None
    j = c.end + 1
    if s.low(j) in {"total", "overall", "official", "confirmed"} and s.t[j + 1 : j + 2]:
        j += 1
    named = s.t[j].says("total")
    if named is not None:
        return s.make(c, named, j, "", total=True)
    return _number_of(s, c, j, len(s)) if s.low(j) in _NUMBER_OF and s.low(j + 1) == "of" else None


def _only_wanted(s: Scene, j: int) -> bool:
    """Whether what a noun for a deed names was only planned or asked for: `demanded the release of 60 hostages`."""
    k = j - 1
    while k >= 0 and (s.t[k].tag in {"DET", "ADV"} or (s.t[k].tag == "N" and not s.t[k].senses)):
        if s.low(k) in _WANTING:
            return True
        k -= 1
    return k >= 0 and (s.low(k) in _WANTING or s.low(k) in {"for", "to"})


def _participle(s: Scene, c: Counted, j: int) -> Figure | None:
    """`the number rescued to 24`, `the area burned has grown to 7,800 hectares`."""
    sense = s.t[j + 1].says("state") or s.t[j + 1].says("object")
    if sense is None or (sense.form and sense.form not in {"participle", "past"}):
        return None
    return s.make(c, joined(s, j + 1, sense, also="and"), j + 1, "", total=True)


def _number_of(s: Scene, c: Counted, j: int, stop: int) -> Figure | None:
    """`the number of people killed ...`, `the number of dead`, `the number of cases`, whose words end before `stop`."""
    noun = ""
    for k in range(j + 2, stop):
        token = s.t[k]
        sense = token.says("state", "count") or token.says("object")
        if (
            sense is not None
            and sense.role == "count"
            and singular(token.low) in s.table.persons
            and _fated(s, k + 1)
        ):
            noun = singular(token.low)  # "the number of protesters injured"
            continue
        if sense is not None and (sense.role != "object" or sense.form in {"participle", "past"}):
            both = joined(s, k, sense, also="and")
            person = singular(s.low(k + 1)) if k + 1 < stop else ""
            if not noun and sense.role == "state" and person in s.table.persons:
                noun = person  # "the number of injured protesters"
            return s.make(c, both, k, noun if sense.role != "count" else "", total=True)
        if token.tag == "N" and not noun:
            noun, _ = noun_after(s.t, k - 1, s.table)
        elif token.low == "to" and s.low(k + 1) == "be":
            continue  # "the number of jobs to be cut"
        elif token.tag not in {"DET", "N", "ADV", "AUX", "SUB"} and token.low not in {
            "in",
            "at",
            "of",
            "from",
        }:
            break
    if stop > c.at:
        return None
    if noun == "passenger":
        return s.make(c, Sense("aboard", "total", "passenger"), j, "people", total=True)
    return s.make(c, Sense("number", "total", "number"), j, noun, total=True) if noun else None


def _fated(s: Scene, k: int) -> bool:
    """Whether what befell those counted stands at `k`."""
    sense = s.t[k].says("state", "object") if k < len(s) else None
    return sense is not None and (sense.role == "state" or sense.form in {"participle", "past"})


def _rising(s: Scene, j: int, k: int, *, reaching: bool) -> bool:
    """Whether a counted noun at `j` is the subject whose number is given: `cholera cases rose to 88`."""
    if not s.low(j).endswith("s") or s.t[j].low in {"lives", "bodies"}:
        return False
    between = [t.low for t in s.t[j + 1 : k + 1]]
    moved = any(low in CHANGES for low in between)
    return (moved and s.low(k) in {"to", "at"}) or ((reaching or s.low(k) in REACH) and len(between) <= 8)


def _gapped(s: Scene, j: int, k: int) -> bool:
    """Whether the verb before is left out: `deaths rose to 24 and suspected cases to 520`."""
    return (
        s.low(k) == "to"
        and j + s.t[j].width == k
        and s.low(j).endswith("s")
        and any(s.low(m) in CHANGES and s.low(m + 1) in {"to", "by"} for m in range(j))
    )


def is_magnitude(s: Scene, c: Counted) -> bool:
    """Whether the quantity is a magnitude by its kind or its neighbours: `magnitude 6`, `measured the quake at 4.1`."""
    if c.quantity.kind == "magnitude" or s.low(s.left_edge(c.at)) == "magnitude":
        return True
    k, value = s.left_edge(c.at), c.quantity.value
    if (
        s.low(k) == "at"
        and value is not None
        and 1 <= value < 10
        and c.quantity.kind == "cardinal"
        and not c.noun
    ):
        return s.low(k - 1) in _SHOCKS
    return "magnitude" in (s.low(c.at + 1), s.low(c.at + 2)) and s.low(c.at + 1) in {"-", "magnitude"}


def magnitude(s: Scene, c: Counted) -> Figure | None:
    """The magnitude of a shock; whose it is stands before the figure, else after it."""
    at = next((j for j in range(c.at - 1, -1, -1) if s.low(j) == "magnitude"), c.at)
    subject = shock(s, c.at) or ("main shock" if at != c.at or c.quantity.kind == "magnitude" else "")
    return s.make(c, Sense("magnitude", "total", "magnitude"), at, subject, total=True) if subject else None


def shock(s: Scene, i: int) -> str:
    """The shock that a number stands before, else the nearest before it, else after it; `largest` and the like are kept."""
    for j in [*range(i + 1, min(i + 3, len(s))), *range(i - 1, -1, -1), *range(i + 3, len(s))]:
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
    """`rice is sold at 4 euros a kilo`, `shares fell 8 percent to 41.50 crowns`: the price of what stands before."""
    k = s.left_edge(c.at)
    if c.quantity.kind != "money":
        return None
    at = k - 1
    if s.low(k) == "to" and at > 0 and s.t[at].tag == "Q":
        at -= 1 if s.low(at - 1) != "by" else 2
    moved = s.low(at) in CHANGES | _SELLING and (s.low(k) == "to" or s.low(at) in _SELLING)
    if not moved or s.low(k) not in {"at", "for", "to"}:
        return None
    begin = at
    while begin > 0 and s.t[begin - 1].tag in {"AUX", "ADV"}:
        begin -= 1
    end = begin
    while begin > 0 and s.t[begin - 1].tag == "N":
        begin -= 1
    if begin > 1 and s.low(begin - 1) in {"of", "in"} and s.low(begin - 2) in _TRADED:  # "shares in Varga"
        end, begin = begin - 1, begin - 2
    words = [t.low for t in s.t[begin:end]]
    if any(
        s.t[j].says("total") is not None for j in range(begin, end) if s.low(j) not in {"price", "prices"}
    ):
        return None  # "profit fell to 340 million"
    subject = " ".join(words[:-1] if words[-1:] in (["price"], ["prices"]) else words)
    return s.make(c, Sense("price", "total", "price"), at, subject, total=True) if subject else None


def inflated(s: Scene, c: Counted) -> Figure | None:
    """`consumer prices rose 3.1 percent`: inflation."""
    k = s.left_edge(c.at)
    k -= 1 if s.low(k) == "by" else 0
    if c.quantity.kind != "percent" or s.low(k) not in CHANGES:
        return None
    named = next(
        (j for j in range(k - 1, max(-1, k - 8), -1) if s.low(j) == "prices" and s.low(j - 1) == "consumer"),
        -1,
    )
    return (
        s.make(c, Sense("inflation", "total", "prices"), named, "consumer prices", total=True)
        if named >= 0
        else None
    )


def contained(s: Scene, c: Counted) -> Figure | None:
    """`the fire is 40 percent contained`, `containment stood at 40 percent`."""
    if c.quantity.kind != "percent":
        return None
    k = s.left_edge(c.at)
    if s.t[c.at + 1 : c.at + 2] and s.low(c.at + 1) in {"contained", "under"}:
        under = s.low(c.at + 1) == "under"
        if under and s.low(c.at + 2) != "control":
            return None
        return s.make(c, Sense("contained", "total", "contained"), c.at + 1, "", total=True)
    if s.low(k) in {"at", "to", "of"} | REACH:
        named = next((j for j in range(k, max(-1, k - 6), -1) if s.low(j) == "containment"), -1)
        if named >= 0:
            return s.make(c, Sense("contained", "total", "containment"), named, "", total=True)
    return None


def shared(s: Scene, c: Counted) -> Figure | None:
    """`won 52 percent of the vote`, `61 of the 120 seats`; where votes are counted, also `was ahead with 51.3 percent`."""
    at = c.at + 1
    follows = [s.low(k) for k in range(at, at + 4)]
    if _whole_before(s, c.at):
        return None
    if follows[0] == "of":
        at += 2 if s.t[at + 1 : at + 2] and s.t[at + 1].tag == "DET" else 1
        if s.t[at : at + 1] and s.t[at].tag == "Q":
            follows = [s.low(k) for k in range(at + 1, at + 4)]
    measure = ""
    if c.quantity.kind == "percent" and (
        {"vote", "votes", "ballots"} & set(follows) or _counts_votes(s, c, follows)
    ):
        measure = "vote share"
    elif c.quantity.kind == "cardinal" and follows[0] in {"seats", "votes", "ballots"}:
        measure = "seats" if follows[0] == "seats" else "votes"
    won = next((k for k in range(c.at - 1, -1, -1) if s.low(k) in _WON), -1)
    if not measure or won < 1:
        return None
    if measure == "vote share" and any(t.tag == "Q" for t in s.t[won + 1 : c.at]):
        return None
    subject = _standing(s, won)
    return s.make(c, Sense(measure, "total", s.low(won)), won, subject, total=True) if subject else None
