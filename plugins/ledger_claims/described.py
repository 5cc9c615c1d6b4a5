"""Figures that no word of the measure table tells of, with the words around them: `offered 40,000 marks to each family`.

They have no measure of their own. Their lemma holds the content words of their clause, by which a reader who looks for a certain
figure may know it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ledger.plugin import Span
from ledger_claims.clauses import Token
from ledger_claims.inflect import singular
from ledger_claims.scene import Counted, Figure, Scene
from ledger_claims.table import Table
from ledger_syntax.inflect import base_form

__all__ = ["MEASURE", "described"]

MEASURE = "number"
_KINDS = frozenset(["cardinal", "money", "percent", "measure", "duration"])
_REACH = 14
_HYPOTHETICAL = frozenset(["if", "unless", "would", "could", "might", "may", "should"])
_BORDERS = frozenset([";", ":", '"', "."])


def described(
    tokens: Sequence[Token], table: Table, taken: Collection[Span], contents: Sequence[Span]
) -> list[Figure]:
    """The figures of a sentence whose quantity is none of `taken`; `contents` are what its sources are said to have said."""
    if any(token.low in _HYPOTHETICAL for token in tokens):
        return []
    scene = Scene(tokens, table)
    found = []
    for i, token in enumerate(tokens):
        quantity = token.quantity
        if (
            quantity is None
            or quantity.kind not in _KINDS
            or quantity.span in taken
            or quantity.value is None
        ):
            continue
        counted = scene.counted(i, quantity)
        whole = scene.is_whole(counted) or any(
            t.quantity and t.quantity.whole == quantity.value for t in tokens[:i]
        )
        if (
            (quantity.kind == "cardinal" and not counted.noun)
            or scene.is_old(i)
            or scene.is_subset(counted)
            or whole
        ):
            continue
        if quantity.kind == "duration" and not _measured(scene, i):
            continue
        figure = _figure(scene, counted, contents)
        if figure is not None:
            found.append(figure)
    return found


def _measured(s: Scene, i: int) -> bool:
    """Whether a duration is itself reported, and no date: `arrived 95 minutes after the call`, `took three hours`."""
    return s.low(i + 1) in {"after", "from", "late", "behind"} or s.low(s.left_edge(i)) in _TAKING


_TAKING = frozenset(["took", "takes", "take", "taken", "lasted", "lasts", "waited", "needed", "spent", "of"])


def _figure(s: Scene, c: Counted, contents: Sequence[Span]) -> Figure | None:
    covering = [span for span in contents if span.covers(c.quantity.span)]
    content = min(covering, key=lambda span: span.end - span.start, default=None)
    begin = end = c.at
    while begin > 0 and c.at - begin < _REACH and not _parts(s, begin - 1, content):
        begin -= 1
    while end + 1 < len(s) and end - c.at < _REACH and not _parts(s, end + 1, content):
        end += 1
    words = [
        base_form(singular(s.low(k)))
        for k in range(begin, end + 1)
        if s.t[k].tag in {"N", "ADV"} and k != c.at and s.low(k).isalpha()
    ]
    if not words:
        return None
    trigger = s.t[c.at].span
    return Figure(
        c.quantity,
        MEASURE,
        s.table.subject(c.noun) if c.noun else "",
        " ".join(dict.fromkeys(words)),
        trigger,
        c.at,
        c.at,
        (trigger,),
    )


def _parts(s: Scene, k: int, content: Span | None) -> bool:
    """Whether the words about a number end before token `k`."""
    token = s.t[k]
    return (
        token.tag in _BORDERS or token.tag == "Q" or (content is not None and not content.covers(token.span))
    )
