"""The track record of sources, from what the ledger holds: evidence for a grade, which only people set.

A source is whoever stands at the end of a chain, and every outlet. What is counted can be looked up: each number comes with the
articles behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ledger.errors import NotFoundError
from ledger.state.best import comparison_of
from ledger.state.graph import CORRECTED, LOOP, MISQUOTE, RETRACTED, SUPERSEDED, UNCITED, UNECHOED
from ledger.state.model import COUNTED_KINDS, ClaimState, Figure, FigureChange, SlotState, Value
from ledger.state.registry import Registry

__all__ = ["Case", "Record", "find_record", "records"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in one article that counts in a record."""

    slot: str
    article: str
    value: Value | None
    sentence: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger knows of one source.

    `figures`: values stated, one per slot and article. As an outlet: `corrected` (its article took the figure back, by a new version
    or a correction item), `retracted` (the article was withdrawn), `misquoting` (it cites an article that does not say so),
    `circular` (it cites who cites it), `not_followed` (it goes on carrying what was taken back). As a source: `misquoted` by others,
    `outliers` (its figure excluded the one that was and stayed the best when it came) and, of these, `became_consensus` (the best figure now, with a
    second independent root).
    """

    source: str
    name: str
    grade: str
    figures: int
    corrected: tuple[Case, ...] = ()
    retracted: tuple[Case, ...] = ()
    misquoting: tuple[Case, ...] = ()
    misquoted: tuple[Case, ...] = ()
    circular: tuple[Case, ...] = ()
    not_followed: tuple[Case, ...] = ()
    outliers: tuple[Case, ...] = ()
    became_consensus: tuple[Case, ...] = ()


class _Notes:
    def __init__(self) -> None:
        self.figures: dict[str, set[tuple[str, str]]] = {}
        self.cases: dict[str, dict[str, dict[tuple[str, str, Value | None], Case]]] = {}

    def figure(self, source: str, slot: str, article: str) -> None:
        self.figures.setdefault(source, set()).add((slot, article))

    def case(self, source: str, what: str, slot: str, claim: ClaimState) -> None:
        found = Case(slot=slot, article=claim.document, value=claim.stated, sentence=claim.sentence)
        kinds = self.cases.setdefault(source, {})
        kinds.setdefault(what, {}).setdefault((slot, claim.document, claim.stated), found)


def records(slots: Iterable[SlotState], registry: Registry) -> tuple[Record, ...]:
    """The record of every source on these slots, by id. Slots need their history."""
    notes = _Notes()
    for slot in slots:
        _of_slot(slot, registry, notes)
    return tuple(
        Record(
            source=source,
            name=_name(source, registry),
            grade=registry.grade(source),
            figures=len(notes.figures.get(source, ())),
            **{
                what: tuple(
                    cases[key] for key in sorted(cases, key=lambda key: (key[0], key[1], str(key[2])))
                )
                for what, cases in notes.cases.get(source, {}).items()
            },
        )
        for source in sorted({*notes.figures, *notes.cases})
    )


def find_record(found: Iterable[Record], registry: Registry, name: str) -> Record:
    """The record of a source by id, name or alias. Raises NotFoundError."""
    wanted = name.casefold()
    by_id = {each.source: each for each in found}
    for each in by_id.values():
        source, outlet = registry.sources.get(each.source), registry.outlets.get(each.source)
        aliases = (
            *(source.aliases if source is not None else ()),
            *(outlet.aliases if outlet is not None else ()),
        )
        if wanted in {each.source.casefold(), each.name.casefold(), *(alias.casefold() for alias in aliases)}:
            return each
    near = [key for key in by_id if wanted in key.casefold()] or list(by_id)
    raise NotFoundError("No such source", which=name, fix=f"Sources: {', '.join(near[:8]) or 'none yet'}")


_AS_OUTLET = {
    RETRACTED: "retracted",
    SUPERSEDED: "corrected",
    MISQUOTE: "misquoting",
    UNCITED: "not_followed",
    UNECHOED: "not_followed",
    LOOP: "circular",
}


def _of_slot(slot: SlotState, registry: Registry, notes: _Notes) -> None:
    comparison = comparison_of(slot.slot, registry.parameters_of(slot.id))
    holding = {figure.root: figure for figure in slot.figures}
    for claim in slot.claims:
        if claim.kind not in COUNTED_KINDS:
            continue
        notes.figure(claim.outlet, slot.id, claim.document)
        reason = claim.reason or ""
        what = "corrected" if reason.startswith(CORRECTED) else _AS_OUTLET.get(reason)
        if what is not None:
            notes.case(claim.outlet, what, slot.id, claim)
        if reason == MISQUOTE and len(claim.chain) > 1:
            notes.case(claim.chain[1], "misquoted", slot.id, claim)
        if not claim.alive or claim.root is None or claim.root == claim.outlet or claim.kind != "primary":
            continue
        notes.figure(claim.root, slot.id, claim.document)
        then = _best_at(slot.figure_history, claim.recorded_at)
        if then is None or claim.value is None or comparison.compatible(claim.value, then):
            continue
        notes.case(claim.root, "outliers", slot.id, claim)
        if (
            slot.best is not None
            and comparison.near(claim.value, slot.best)
            and _shared(slot, holding.get(claim.root))
        ):
            notes.case(claim.root, "became_consensus", slot.id, claim)


def _best_at(history: Iterable[FigureChange], at: datetime) -> Value | None:
    """The best figure once what was recorded at `at` was counted."""
    found = None
    for step in history:
        if step.recorded_at > at:
            break
        found = step.best
    return found


def _shared(slot: SlotState, figure: Figure | None) -> bool:
    return figure is not None and figure.root in slot.best_roots and slot.best_independent_roots >= 2


def _name(source: str, registry: Registry) -> str:
    if (found := registry.sources.get(source)) is not None and found.name:
        return found.name
    outlet = registry.outlets.get(source)
    return outlet.name if outlet is not None and outlet.name else source
