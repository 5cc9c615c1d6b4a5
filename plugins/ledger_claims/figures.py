"""Which quantity of a sentence says how many of what: patterns over tokens around each quantity.

Tried in this order, the first that fits wins: a state in the quantity's own phrase ("320 people missing") or a counted noun
("12 deaths"); the predicate after it ("some 700 are missing"); the verb before it ("killing 12 people"); a counted noun for
people ("12 survivors"); a noun that names a total ("the death toll has risen to 131"); a phrase that repeats the pattern of
the figure before it ("... and the largest aftershock to 5.2", "puts the number at 6,000").
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.plugin import Quantity
from ledger_claims.clauses import BE, Token
from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.losses import lost
from ledger_claims.scene import Counted, Figure, Scene, joined
from ledger_claims.subjects import noun_after, subject_before
from ledger_claims.table import Sense, Table
from ledger_claims.totals import (
    amount,
    contained,
    inflated,
    is_magnitude,
    magnitude,
    priced,
    raised,
    shared,
    shock,
    total,
)

__all__ = ["figures"]

_RAISING = word_list("raising")
_TAKEN = word_list("taken")
_COUNTING = frozenset(["counts", "counted", "count", "gives", "gave"])
_EMPTY_VERBS = word_list("empty_verbs")
_TO = word_list("before_to")
_WHOLES = word_list("wholes")
_FINITE = frozenset(["to", "will", "would", "could", "may", "might", "can", "did", "and", "they"])
_COMING = frozenset(["expected", "due", "set", "scheduled"])
_HELD = frozenset(["held", "kept", "seized", "taken", "stationed", "based", "living", "working"])
_ACCUSED = word_list("accused")
_CUTTING = frozenset(["fire", "cut", "axe", "shed", "lose", "loss", "dismiss", "sack"])
_POSTS = frozenset(["job", "post", "position", "role", "workforce", "head"])
_OF_PEOPLE = frozenset(["killed", "injured", "infected", "arrested"])
_CARE = frozenset(["treated", "hospitalised"])
_ALLOWED = frozenset(
    [
        "licensed",
        "certified",
        "permitted",
        "allowed",
        "designed",
        "built",
        "cleared",
        "approved",
        "authorised",
        "authorized",
        "able",
    ]
)
_HOSPITALS = word_list("hospitals")
_GONE = frozenset(["gone", "goes", "went", "going", "moved", "crept", "jumped", "shot"])
_HURT = frozenset(["injuries", "wounds", "burns", "fractures", "injury"])
_HOLDING = frozenset(
    ["hold", "holds", "held", "control", "controls", "controlled", "occupy", "occupies", "occupied"]
)
_AREAS = frozenset(["square_kilometer", "hectare", "square_mile", "acre"])
_OF_AMOUNTS = frozenset(["area held", "burned", "flooded", "destroyed", "supplied", "damaged"])


def figures(
    tokens: Sequence[Token],
    table: Table,
    before: tuple[str, str] | None = None,
    *,
    corrected: bool = False,
) -> list[Figure]:
    """The figures of one sentence, in text order. `before` is measure and subject of the last figure before the sentence.

    With `corrected`, `before` is what a correction note takes back, and a bare number is what it puts in its place.
    """
    scene = Scene(tokens, table)
    found: list[Figure] = []
    for i, token in enumerate(tokens):
        if token.quantity is None or token.quantity.kind in {"ordinal", "age", "duration"}:
            continue
        counted = scene.counted(i, _reached(scene, i, token.quantity))
        figure = _part(scene, counted, found) or _figure(scene, counted, found, before)
        if figure is None and corrected and before is not None and not found:
            figure = _instead(scene, counted, before)
        if figure is None:
            figure = _paired(scene, counted, found)
        if figure is not None and not _countable(figure, table):
            figure = None
        if figure is not None and figure.measure == "aboard" and _holds(scene, figure):
            figure = figure._replace(measure="capacity")
        if figure is not None and figure.measure in _CARE and scene.says_in_clause(figure.trigger_at, _HURT):
            figure = figure._replace(measure="injured")  # "40 people are being treated for their injuries"
        if figure is not None and figure.further and any(f.measure != figure.measure for f in found):
            figure = figure._replace(further=False)  # "33 dead, with another 18 still missing"
        if figure is not None and figure.total and raised(scene, counted):
            found = [f._replace(added=True) if f.measure == figure.measure else f for f in found]
        if figure is not None:
            found.append(figure)
    return found


def _paired(s: Scene, c: Counted, found: Sequence[Figure]) -> Figure | None:
    """What the figure before it says, of another place: `turnout was 67 percent nationally and 73 percent in Montrell`."""
    last, quantity = found[-1] if found else None, c.quantity
    if last is None or c.noun or (quantity.kind, quantity.unit) != (last.quantity.kind, last.quantity.unit):
        return None
    k = s.left_edge(c.at)
    k -= s.low(k) in {"to", "at"}
    alone = not any(t.tag == "Q" or t.senses for t in s.t[last.at + 1 : k])
    if not (quantity.unit and alone and s.low(k) == "and" and s.low(c.at + 1) in _PLACING):
        return None
    return last._replace(
        quantity=quantity, at=c.at, support=tuple(sorted({quantity.span, last.trigger})), further=False
    )


_PLACING = frozenset(["in", "at", "on", "across", "among", "around", "near"])


def _reached(s: Scene, i: int, quantity: Quantity) -> Quantity:
    """The quantity, exact where `up to` belongs to the verb before it: `has gone up to 144`."""
    moved = quantity.op == "max" and s.low(s.left_edge(i)) in _GONE
    return msgspec.structs.replace(quantity, op="exact") if moved else quantity


def _ground(s: Scene, c: Counted) -> Figure | None:
    """`Norland now holds 391 square kilometres`, `the ground held by its forces has shrunk to 385`: who holds how much."""
    k = s.left_edge(c.at)
    if c.quantity.unit not in _AREAS:
        return None
    if s.low(k) in _HOLDING:
        holder = subject_before(s.t, k, s.table, named=True)
        return s.make(c, Sense("area held", "object", s.low(k)), k, holder) if holder else None
    at = next((j for j in range(k) if s.low(j) in _HOLDING and s.low(j + 1) == "by"), -1)
    end = at + 2
    while at >= 0 and end < len(s) and s.t[end].tag in {"DET", "N"}:
        end += 1
    words = [t.text for t in s.t[at + 2 : end] if t.tag == "N"] if at >= 0 else []
    return s.make(c, Sense("area held", "object", s.low(at)), at, " ".join(words)) if words else None


def _holds(s: Scene, figure: Figure) -> bool:
    """Whether a number is what something may carry: `was licensed to carry 180`, `can carry 600`."""
    before = [s.low(k) for k in range(max(0, figure.trigger_at - 4), figure.trigger_at)]
    return "can" in before or (before[-1:] == ["to"] and any(low in _ALLOWED for low in before))


def _countable(figure: Figure, table: Table) -> bool:
    """Whether a number of this kind can count what it is said to: no money and no tonnes are killed, no shots laid off."""
    amount = figure.quantity.kind in {"money", "measure"}
    if amount and table.defaults.get(figure.measure, "") in table.persons:
        return False
    head = figure.subject.rsplit(" ", 1)[-1]
    person = bool({figure.subject, head} & table.persons)
    if figure.measure == "supplied":
        return not person
    if figure.measure == "laid off" and figure.lemma == "to go":
        return head in _POSTS
    if figure.measure == "laid off" and figure.lemma in _CUTTING:
        return person or head in _POSTS
    return True


def _instead(s: Scene, c: Counted, before: tuple[str, str]) -> Figure | None:
    """`the correct figure is 480`, `it should have said 13`, in a note that named the wrong figure."""
    if c.noun or c.quantity.kind != "cardinal" or s.is_old(c.at) or c.at == 0 or s.is_subset(c):
        return None
    k = s.left_edge(c.at)
    if k < 0 or s.t[k].tag not in {"AUX", "N"} | ({"P"} if s.low(k) == "of" else set()):
        return None
    return s.make(c, Sense(before[0], "total", s.low(k)), k, before[1], total=True)


def _part(s: Scene, c: Counted, earlier: Sequence[Figure]) -> Figure | None:
    """`51 dead, 18 of them in the Ober valley`: the same figure of a smaller place or a shorter time."""
    if not earlier or c.quantity.kind != "cardinal" or not s.part_of_place(c):
        return None
    last = earlier[-1]
    if last.at > c.at or c.at - last.at > 20 or last.quantity.kind != "cardinal":
        return None
    support = tuple(sorted({c.quantity.span, last.trigger}))
    return last._replace(
        quantity=c.quantity, at=c.at, trigger_at=c.at, support=support, total=False, further=False, part=True
    )


def _figure(s: Scene, c: Counted, earlier: Sequence[Figure], before: tuple[str, str] | None) -> Figure | None:
    if s.is_old(c.at) or s.is_whole(c):
        return None
    if s.fate_of_part(c, earlier):
        return _predicate_after(s, c._replace(noun=c.noun or earlier[-1].subject), of_whom=True)
    if (
        s.is_pronoun_part(c)
        and s.low(s.left_edge(c.at)) in BE
        and (here := _own_state(s, c._replace(end=c.end + 2)))
    ):
        return here  # "there were 243 of them aboard"
    if s.is_pronoun_part(c):
        return _died_of_hurt(s, c, earlier) or _predicate_after(s, c._replace(end=c.end + 2))
    if s.is_subset(c):
        return _dead_of_casualties(s, c, earlier) or _died_of_hurt(s, c, earlier) or _condition_of_part(s, c)
    if is_magnitude(s, c):
        return magnitude(s, c)
    kind = c.quantity.kind
    if kind in {"percent", "money"}:
        return contained(s, c) or inflated(s, c) or priced(s, c) or total(s, c) or shared(s, c)
    if kind == "measure":
        made = _ground(s, c) or _predicate_after(s, c) or _verb_before(s, c)
        return made if made is not None and made.measure in _OF_AMOUNTS else total(s, c) or amount(s, c)
    if kind != "cardinal":
        return None
    return (
        _of_those(s, c)
        or _own_state(s, c)
        or _counted_noun(s, c, people=False)
        or _predicate_after(s, c)
        or _verb_before(s, c)
        or lost(s, c)
        or _counted_noun(s, c, people=True)
        or total(s, c)
        or shared(s, c)
        or _repeated(s, c, earlier, before)
    )


# -- the quantity's own phrase ---------------------------------------------------------------------------------------


def _own_state(s: Scene, c: Counted) -> Figure | None:
    """`300 dead`, `320 people missing`, `12 confirmed dead`, `40 injured passengers`, `14 people killed in`."""
    if c.quantity.whole is not None and any(t.tag == "Q" for t in s.t[c.at + 1 : c.end + 4]):
        return None
    if s.low(c.at + 1) == "of" and s.low(c.at + 2) in {"the", "those", "these"} and c.quantity.whole is None:
        return None  # "two of the people hurt in the attack have died"
    if sent := _relative(s, c):
        return sent
    for k in range(c.at + 1, c.end):
        sense = s.t[k].says("state")
        if sense is not None and sense.measure != "closed":
            return s.make(c, joined(s, k, sense), k, c.noun)
    k = c.end
    while k < len(s) and (s.low(k) in _RAISING or s.t[k].tag == "ADV") and s.t[k].says("state") is None:
        k += 1
        if s.low(k) == "to" and s.low(k + 1) in {"have", "be"}:  # "now known to have been aboard"
            k += 3 if s.low(k + 2) == "been" else 2
    if s.low(k - 1) == "fatally" and k - 1 >= c.end and not (k < len(s) and s.t[k].senses):
        return s.make(c, Sense("killed", "state", "fatally"), k - 1, c.noun)  # "two were shot, one fatally"
    if k >= len(s):
        return None
    state, active, passive = s.t[k].says("state"), s.t[k].says("agent"), s.t[k].says("object")
    if state is not None and (active is None or active.form != "past" or s.t[k - 1].tag in {"N", "Q"}):
        return s.make(c, joined(s, k, state), k, c.noun)
    after = k + s.t[k].width
    closed = after >= len(s) or s.t[after].tag in {"P", ",", ".", "SUB", "CC", "ADV", ")", ";", "AUX"}
    if passive is not None and passive.form in {"participle", "past"} and c.noun and closed:
        return s.make(c, joined(s, k, passive), k, c.noun)
    return None


def _of_those(s: Scene, c: Counted) -> Figure | None:
    """`Of the jobs to go, 1,900 are at Lunde`: what is said of all is said of the part in one place."""
    if (
        c.noun
        or s.low(0) != "of"
        or s.low(c.at - 1) != ","
        or s.low(c.at + 1) not in BE
        or s.low(c.at + 2) not in {"in", "at"}
    ):
        return None
    for k in range(1, c.at):
        state = s.t[k].says("state", "count")
        if state is not None and not any(t.tag == "Q" for t in s.t[:k]):
            return s.make(c, state, k, noun_after(s.t, 0, s.table)[0])
    return None


def _relative(s: Scene, c: Counted) -> Figure | None:
    """`the 9,000 soldiers whom Norland has sent`: what somebody did to those counted."""
    k = c.end
    if s.low(k) not in {"whom", "that", "which"} or not c.noun:
        return None
    k += 1
    start = k
    while k < len(s) and s.t[k].tag in {"DET", "N", "POS"} and s.t[k].says("object") is None:
        k += 1
    if k == start:
        return None
    while k < len(s) and s.t[k].tag in {"AUX", "ADV"}:
        k += 1
    verb = s.t[k].says("object") if k < len(s) else None
    return s.make(c, verb, k, c.noun) if verb is not None and verb.form in {"past", "participle"} else None


def _counted_noun(s: Scene, c: Counted, *, people: bool) -> Figure | None:
    """`12 deaths`, `48 cases`; with `people`, nouns for persons, which a verb beside them overrules."""
    for k in range(c.end - 1, c.at, -1):
        sense = s.t[k].says("count")
        if sense is None or k + s.t[k].width < c.end:
            continue
        if (singular(sense.lemma) in s.table.persons or "person" in sense.lemma) is not people:
            continue
        if sense.lemma == "survivor" and _stays(s, c.end):
            continue  # "31 survivors remain in hospital" says where they are
        around = {s.low(j) for j in (*range(max(0, c.at - 6), c.at), *range(c.end, c.end + 5))}
        if sense.lemma in {"life", "body", "corpse"} and not around & _TAKEN:
            continue
        whose = singular(s.low(k - 1)) if k - 1 > c.at and sense.measure in _OF_PEOPLE else ""
        return s.make(c, sense, k, whose if whose in s.table.persons else "")
    return None


def _stays(s: Scene, k: int) -> bool:
    """Whether `are still in`, `remain in` follows."""
    while k < len(s) and (s.low(k) in BE or s.low(k).startswith(("remain", "stay")) or s.t[k].tag == "ADV"):
        k += 1
    return s.low(k) in {"in", "at"} and s.t[k - 1].tag in {"AUX", "ADV"}


def _dead_of_casualties(s: Scene, c: Counted, earlier: Sequence[Figure]) -> Figure | None:
    """`4,000 casualties, including 1,000 killed`: what a figure of both holds of one."""
    if not earlier or earlier[-1].measure != "killed or injured" or s.low(s.left_edge(c.at)) == "of":
        return None
    made = _own_state(s, c)
    named = made is not None and made.measure in {"killed", "injured"}
    return made._replace(subject=c.noun or earlier[-1].subject) if made is not None and named else None


def _died_of_hurt(s: Scene, c: Counted, earlier: Sequence[Figure]) -> Figure | None:
    """`16 were shot, four of them fatally`, `12 were hurt, three of whom later died`: who of the hurt are dead."""
    if not earlier or earlier[-1].measure not in {"killed or injured", "injured"}:
        return None
    k = c.end + 2
    if s.low(c.end) != "of" or s.low(c.end + 1) not in {"them", "whom"}:
        return None
    if s.low(k) == "fatally" and not (k + 1 < len(s) and s.t[k + 1].senses):
        return s.make(c, Sense("killed", "state", "fatally"), k, earlier[-1].subject)
    while k < len(s) and s.t[k].tag in {"AUX", "ADV"}:
        k += 1
    verb = s.t[k].says("agent", "object") if k < len(s) else None
    died = verb is not None and verb.measure == "killed" and verb.form in {"past", "participle"}
    return s.make(c, verb, k, earlier[-1].subject) if verb is not None and died else None


def _condition_of_part(s: Scene, c: Counted) -> Figure | None:
    """`twelve of the injured remain in hospital`: how a part of those counted are, never what became of them."""
    at = c.end + 2
    if s.low(c.end) != "of" or at >= len(s) or s.t[at].says("state", "count") is None:
        return None
    made = _predicate_after(s, c._replace(end=at + s.t[at].width))
    known = made is not None and s.t[made.trigger_at].says("state") is not None
    return made if made is not None and known and made.measure != "killed" else None


# -- the predicate after it --------------------------------------------------------------------------------------------


def _predicate_after(s: Scene, c: Counted, *, of_whom: bool = False) -> Figure | None:
    """`some 700 are missing`, `40 people in the valley were killed`, `90 have left`, `12 houses were flooded`."""
    before = s.left_edge(c.at)
    if s.low(before) == "in" and s.low(before + 1) in {"all", "total"}:
        before -= 1  # "in all 5,600 people"
    if not of_whom and before >= 0 and s.t[before].tag == "P" and s.low(before) != "than":
        if s.low(before) != "of" or s.low(before - 1) not in _WHOLES:
            return None
        before -= 1
        while before >= 0 and s.t[before].tag in {"DET", "N"}:
            before -= 1
    end = c.end if c.quantity.whole is None else _past_whole(s, c)
    k = _skip_modifiers(s, end, conjoined=before < 0 or s.t[before].tag != "N")
    if k >= len(s):
        return None
    if s.t[k].tag != "AUX":
        sense = s.t[k].says("agent")
        forms = {"past", "third" if c.quantity.value == 1 else "base"}
        fits = sense is not None and sense.form in forms and s.t[k - 1].tag in {"N", "Q"}
        return s.make(c, sense, k, c.noun) if fits and sense is not None else None
    passive = False
    while k < len(s) and (
        s.t[k].tag in {"AUX", "ADV"}
        or s.low(k) in _RAISING
        or s.low(k) == "to"
        or (s.low(k) in _COMING and s.low(k + 1) == "to")
        or _made(s, k)
    ):
        if s.t[k].says("state") is not None and s.t[k].tag != "AUX":
            break
        passive = passive or s.low(k) in BE or s.low(k).startswith(("remain", "stay", "got"))
        if s.low(k) in {"not", "never"} or s.low(k).endswith("n't"):
            return None
        k += 1
    return _predicate(s, c, k, passive=passive) if k < len(s) else None


def _made(s: Scene, k: int) -> bool:
    """`were left homeless`: a passive that only introduces a state."""
    return (
        s.low(k) in {"left", "rendered", "made", "becoming"}
        and k + 1 < len(s)
        and s.t[k + 1].says("state") is not None
    )


def _past_whole(s: Scene, c: Counted) -> int:
    """After `of the 9,000 soldiers deployed to the region`, when the whole stands between a part and its predicate."""
    for j in range(c.at + 1, min(c.at + 4, len(s))):
        if s.t[j].tag == "Q":
            k = noun_after(s.t, j, s.table)[1]
            passive = s.t[k].says("object") if k < len(s) else None
            return k + s.t[k].width if passive is not None and passive.form in {"participle", "past"} else k
    return c.end


def _predicate(s: Scene, c: Counted, k: int, *, passive: bool) -> Figure | None:
    token = s.t[k]
    state, verb, agent = token.says("state"), token.says("object"), token.says("agent")
    if passive and state is not None:
        return s.make(c, joined(s, k, state), k, c.noun)
    if passive and token.low in {"in", "at"} and _is_hospital(s, k + 1):
        return s.make(c, Sense("hospitalised", "state", "in hospital"), k, c.noun)
    if passive and verb is not None and verb.form in {"participle", "past"}:
        return s.make(c, joined(s, k, verb), k, c.noun)
    counted = token.says("count")
    if passive and counted is not None:
        return s.make(c, counted, k, c.noun)
    if agent is not None and (agent.form != "ing" or passive):
        return s.make(c, agent, k, c.noun)
    unknown = token.tag == "N" and verb is None and token.low.endswith("ed") and not token.capital
    if passive and unknown and c.noun and token.low not in _EMPTY_VERBS and s.low(c.end - 1) != "survivors":
        return s.make(c, Sense(token.low, "state", token.low), k, c.noun)
    return None


def _is_hospital(s: Scene, k: int) -> bool:
    """Whether the name of a hospital begins at `k`: `Mercy Hospital`, `the Lunde General`."""
    end = k
    while end < len(s) and s.t[end].tag in {"DET", "N", "POS"}:
        end += 1
    last = s.t[end - 1] if end > k else None
    return last is not None and (
        last.low in _HOSPITALS or (last.capital and last.low in {"general", "memorial", "medical"})
    )


def _skip_modifiers(s: Scene, k: int, *, conjoined: bool) -> int:
    """Past phrases between a subject and its predicate: `in the valley`, `carrying food`, `, among them X,`, `who`.

    With `conjoined`, also past a second subject: `two officers and five civilians were killed`, `residents and tourists`.
    """
    while k < len(s):
        token = s.t[k]
        if token.low in {"who", "that", "which"} or (token.tag == "ADV" and token.low != "not"):
            k += 1
        elif token.low in _HELD and k + 1 < len(s) and s.t[k + 1].tag == "P":
            k += 1  # "nine hostages held by militiamen were freed"
        elif conjoined and token.tag == "CC" and k + 1 < len(s) and s.t[k + 1].tag == "Q":
            k = noun_after(s.t, k + 1, s.table)[1]
        elif conjoined and (second := _second_subject(s, k)):
            k = second
        elif token.tag == "P" or (token.tag == "N" and token.low.endswith("ing")):
            stop = k + 1
            while (
                stop < len(s)
                and s.t[stop].tag in {"DET", "N", "POS"}
                and not (stop > k + 1 and s.t[stop].says("agent"))
            ):
                stop += 1
            if stop == k + 1:
                return k
            k = stop
        elif token.tag in {"(", ","}:
            close = ")" if token.tag == "(" else ","
            stop = next((j for j in range(k + 1, min(k + 12, len(s))) if s.t[j].tag == close), -1)
            if stop < 0 or any(t.tag == "AUX" for t in s.t[k:stop]):
                return k
            k = stop + 1
        else:
            return k
    return k


def _second_subject(s: Scene, k: int) -> int:
    """The index after `and tourists`, when an auxiliary follows; 0 when nothing like it stands at `k`."""
    end = k + 1
    while end < len(s) and s.t[end].tag == "N":
        end += 1
    bare = s.low(k) == "and" and end > k + 1 and all(t.says("agent") is None for t in s.t[k + 1 : end])
    return end if bare and end < len(s) and s.t[end].tag == "AUX" else 0


# -- the verb before it ------------------------------------------------------------------------------------------------


def _verb_before(s: Scene, c: Counted) -> Figure | None:
    """`killed 40 people`, `injuring at least 12`, `has evacuated 300 residents`, `pulled 140 people from the water`."""
    sense, at = _verb_ending(s, s.left_edge(c.at), c.end)
    if sense is None:
        return None
    before = s.low(at - 1)
    if sense.form == "ing" and before in {"of", "with"} and s.low(at - 2) in _ACCUSED:
        return None  # "charged with killing 3 people"
    if (
        before == "to" and sense.form == "base" and s.low(at - 2) not in _TO | _ALLOWED
    ):  # "give 10 dollars to save 4 children"
        return None
    if (before in BE and sense.form != "ing") or (sense.form == "base" and before not in _FINITE):
        return None
    subject = "land" if sense.measure == "burned" and c.quantity.unit else c.noun
    if not subject and c.end == c.at + 1 and s.table.defaults.get(sense.measure, "") not in s.table.persons:
        return None
    return s.make(c, sense, at, subject)


def _verb_ending(s: Scene, k: int, end: int) -> tuple[Sense | None, int]:
    """A verb of the table whose words end at `k`, or whose further words follow at `end` ("brought out ... alive")."""
    for start in range(k, max(-1, k - 4), -1):
        token = s.t[start]
        if k - start < 2:  # the further words of a verb make another one of it: "pulled ... to safety"
            verb = tuple(s.low(j) for j in range(start, k + 1))
            for further in (4, 3, 2, 1):
                words = (*verb, *(s.low(j) for j in range(end, end + further)))
                split = next((x for x in s.table.phrases.get(words, ()) if x.role == "object"), None)
                if split is not None:
                    return split, start
        sense = token.says("object")
        if sense is not None and start + token.width - 1 == k:
            return sense, start
        if token.tag not in {"ADV", "N", "P"}:
            break
    return None, -1


# -- the same pattern again ----------------------------------------------------------------------------------------------


def _repeated(
    s: Scene, c: Counted, earlier: Sequence[Figure], before: tuple[str, str] | None
) -> Figure | None:
    """`killed 12 soldiers and 3 civilians`; `revised X to magnitude 6.4 and Y to 5.2`; `puts the number at 6,000`."""
    k = s.left_edge(c.at)
    last = earlier[-1] if earlier else None
    known = (last.measure, last.subject) if last is not None else before
    if known is not None and known[0] == "infected" and (at := _confirmed(s, c)):
        return s.make(c, Sense("infected", "state", "case"), at, known[1])
    if known is not None and s.low(k) in _COUNTING and not c.noun and known[0] not in {"magnitude", "price"}:
        return s.make(c, Sense(known[0], "total", s.low(k)), k, known[1], total=True)
    if (
        known is not None
        and s.low(k) in {"is", "stands"}
        and s.low(k - 1) == "it"
        and not c.noun
        and c.at - k > 1
    ):
        return s.make(c, Sense(known[0], "total", "it"), k - 1, known[1], total=True)  # "it is now 112"
    given = s.low(k + 1) == "as" and k + 1 < c.at
    if (given or s.low(k) in {"to", "at"}) and known is not None:
        named = next(
            (
                j
                for j in range(k if given else k - 1, max(-1, k - 5), -1)
                if s.low(j) in {"number", "figure", "total", "count", "it"}
            ),
            -1,
        )
        if named >= 0 and s.low(named + 1) != "of":
            return s.make(c, Sense(known[0], "total", s.low(named)), named, known[1], total=True)
    if last is None:
        return None
    support = tuple(sorted({c.quantity.span, last.trigger}))
    if last.total and last.measure == "magnitude" and s.low(k) in {"to", "at"}:
        subject = s.table.subject(shock(s, c.at)) or last.subject
        return last._replace(quantity=c.quantity, subject=subject, at=c.at, support=support)
    if last.measure == "turnout" and s.low(k) == "and" and c.quantity.kind == "percent" and not c.noun:
        return last._replace(quantity=c.quantity, at=c.at, support=support)
    conjoined = k >= 0 and s.t[k].tag in {"CC", ","} and last.trigger_at < last.at and not last.total
    if conjoined and c.noun and k - last.at <= 4 and c.quantity.kind == last.quantity.kind:
        return last._replace(quantity=c.quantity, subject=s.table.subject(c.noun), at=c.at, support=support)
    return None


def _confirmed(s: Scene, c: Counted) -> int:
    """Where `have been confirmed` ends after a bare number, said of cases; 0 where it does not stand."""
    k = c.end
    while k < len(s) and s.t[k].tag in {"AUX", "ADV"}:
        k += 1
    stated = k > c.end and s.low(k) in {"confirmed", "suspected", "probable"} and not c.noun
    return k if stated and not (k + 1 < len(s) and s.t[k + 1].says("state")) else 0
