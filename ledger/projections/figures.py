"""The view `figures`: what is reported now on each slot, and how it came to be.

It folds no events. It is what the pure function `ledger.state.reported_state` makes of the other views, kept as rows
together with the evidence, so that only the slots are evaluated that a changed article can move.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from ledger.clock import format_time
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.decisions import Registries, Reviews
from ledger.projections.drafts import Draft
from ledger.projections.evidence import EVIDENCE, EvidenceTables
from ledger.projections.evidence_rows import DueSlotRow, ProgressRow
from ledger.projections.facts import View
from ledger.projections.rows import FigureHistoryRow, FigureRow, ReviewRow
from ledger.state import (
    Evidence,
    Parameters,
    Review,
    SlotState,
    State,
    Value,
    load_registry,
    reported_state,
)
from ledger.state.best import DEFAULT_POLICY
from ledger.state.decisions import together
from ledger.state.reports import Report
from ledger.state.resolve import Reading, Resolver, resolve

if TYPE_CHECKING:
    from ledger.projections.queries import Reader

__all__ = ["Figures", "state_at", "state_now"]

_JSON = msgspec.json.Encoder(order="sorted")
_SLOT = msgspec.json.Decoder(SlotState)
_EVIDENCE = "evidence"
_ARTICLES, _CHANGES, _SLOTS = 200, 4_000, 64
"""In one step: articles taken in, changes looked at, slots evaluated."""


def state_at(
    reader: Reader,
    defaults: Parameters,
    upto: int,
    recorded_as_of: datetime | None,
    published_as_of: datetime | None,
) -> State:
    """The reported state of what was recorded up to a position, by the registry and the decisions of that time."""
    registry = load_registry(reader.registry(upto) or b"{}", defaults)
    return reported_state(
        resolve(reader.reports(upto, bare=True), registry),
        registry,
        reviews=reader.reviews(upto),
        recorded_as_of=recorded_as_of,
        published_as_of=published_as_of,
    )


def state_now(reader: Reader) -> State:
    """The reported state as the rows of `figures` have it."""
    return State(
        slots=tuple(_SLOT.decode(row.state) for row in reader.rows(FigureRow)), policy=DEFAULT_POLICY
    )


class Figures(View):
    """Tables `figures` and `figure_history`, and the evidence that they are evaluated from."""

    name = "figures"
    types = Articles.types | Annotations.types | Registries.types | Reviews.types
    tables = (FigureRow, FigureHistoryRow, *EVIDENCE, DueSlotRow, ProgressRow)
    sources: ClassVar[tuple[str, ...]] = (Articles.name, Annotations.name, Registries.name, Reviews.name)
    code: ClassVar[tuple[str, ...]] = (
        "ledger.state",
        "ledger.plugin",
        "ledger.projections.articles",
        "ledger.projections.annotations",
        "ledger.projections.decisions",
        "ledger.projections.evidence",
        "ledger.projections.evidence_rows",
        "ledger.projections.queries",
    )

    def __init__(self, defaults: Parameters) -> None:
        self.defaults = defaults
        self._rules = _Rules(b"", defaults)

    def config(self) -> bytes:
        """The parameters that stand where the registry gives none."""
        return _JSON.encode(self.defaults)

    def derive(self, draft: Draft, reader: Reader, after: int, upto: int) -> bool:
        """Take in some of the articles that changed, or evaluate some of the slots that these touched.

        What a step costs depends on what changed, not on how much there is.
        """
        evidence = EvidenceTables(draft)
        now = reader.registry_position(upto)
        progress = draft.of(ProgressRow).get(_EVIDENCE)
        at = progress.position if progress is not None else after
        before = progress.registry if progress is not None else reader.registry_position(after)
        if after == at == 0 or now != before:
            at = 0
            self._begin_anew(draft, evidence)
        rules = self._current(reader.registry(upto))
        at = self._take_in(evidence, reader, rules, at, upto)
        done = at >= upto and self._evaluate(draft, evidence, rules, reader.reviews(upto))
        if done:
            draft.of(ProgressRow).delete(_EVIDENCE)
        else:
            draft.of(ProgressRow).put(ProgressRow(_EVIDENCE, at, now))
        return done

    def _current(self, raw: bytes) -> _Rules:
        if self._rules.raw != raw or self._rules.spent:
            self._rules = _Rules(raw, self.defaults)
        return self._rules

    def _begin_anew(self, draft: Draft, evidence: EvidenceTables) -> None:
        """All evidence is read by another registry: every figure that stands is due."""
        evidence.clear()
        for row in draft.of(FigureRow).all():
            evidence.due(row.slot)

    def _take_in(self, evidence: EvidenceTables, reader: Reader, rules: _Rules, after: int, upto: int) -> int:
        """Take in the next articles that changed after a position; returns the position up to which all are taken in.

        An article is read as it is at `upto`, once, at the last of its changes.
        """
        changes = reader.changed(after, upto, _CHANGES)
        whole = len(changes) < _CHANGES
        last = {article: at for at, article in changes}
        if not whole:
            last = reader.last_changed(last)
        chunk: list[str] = []
        at = upto if whole else changes[-1][0]
        for position, article in changes:
            if position == last[article]:
                chunk.append(article)
                if len(chunk) == _ARTICLES:
                    at = position
                    break
        readings = rules.read(reader, chunk)
        old = evidence.entries(chunk)
        bearing: set[str] = set()
        for key, reading in readings.items():
            entry = reading.entry()
            bearing |= evidence.bearing(old.get(key), entry)
            evidence.put_entry(old.get(key), entry)
        readings |= rules.read(reader, bearing - readings.keys())
        for reading in readings.values():
            evidence.put_document(rules.resolver.document(reading, evidence))
        for row in reader.decided(after, at):
            for slot in _moved_by(row, evidence):
                evidence.due(slot)
        return at

    def _evaluate(
        self, draft: Draft, evidence: EvidenceTables, rules: _Rules, reviews: Sequence[Review]
    ) -> bool:
        """Evaluate the next slots that are due; returns whether none is left."""
        due = draft.of(DueSlotRow).first(_SLOTS + 1)
        wanted = together((row.slot for row in due[:_SLOTS]), reviews)
        state = reported_state(
            Evidence(evidence.behind(wanted)), rules.registry, reviews=reviews, slots=wanted
        )
        figures, history = draft.of(FigureRow), draft.of(FigureHistoryRow)
        kept = {row.slot: row for row in figures.find(slot=wanted)}
        steps = {(row.slot, row.ordinal): row for row in history.find(slot=wanted)}
        for slot in state.slots:
            row = _figure(slot)
            if kept.pop(slot.id, None) != row:
                figures.put(row)
            for step in _history(slot):
                if steps.pop((step.slot, step.ordinal), None) != step:
                    history.put(step)
        for key in kept:
            figures.delete(key)
        for pair in steps:
            history.delete(*pair)
        for slot_id in wanted:
            draft.of(DueSlotRow).delete(slot_id)
        return len(due) <= _SLOTS


def _moved_by(row: ReviewRow, evidence: EvidenceTables) -> set[str]:
    """The slots that a decision can move: where the claims are that it is about, and what rests on their documents."""
    target = msgspec.json.decode(row.target, type=dict[str, str])
    named = {target[key] for key in ("slot", "to", "value") if "slot" in target and key in target}
    if "article" in target:
        return named | evidence.resting_on(evidence.documents([target["article"]]))
    if row.action == "reject":
        return named
    if row.action.startswith("slot-"):
        return named | evidence.resting_on(evidence.behind({target["slot"]}))
    return evidence.slots()


class _Rules:
    """A registry, ready to resolve articles by."""

    def __init__(self, raw: bytes, defaults: Parameters) -> None:
        self.raw = raw
        self.registry = load_registry(raw or b"{}", defaults)
        self.resolver = Resolver(self.registry)
        self._used = 0

    @property
    def spent(self) -> bool:
        """Whether its memory of what it has met is large enough to be dropped."""
        return self._used > _ARTICLES * 50

    def read(self, reader: Reader, articles: Collection[str]) -> dict[str, Reading]:
        """Articles as they are now, each read alone, by id."""
        self._used += len(articles)
        grouped: dict[str, list[Report]] = {}
        for report in reader.reports(articles=articles, bare=True) if articles else ():
            grouped.setdefault(report.article, []).append(report)
        return {key: self.resolver.read(group) for key, group in grouped.items()}


def _figure(slot: SlotState) -> FigureRow:
    return FigureRow(
        slot=slot.id,
        subject=slot.slot.subject,
        measure=slot.slot.measure,
        scope=slot.slot.scope,
        period=slot.slot.period,
        unit=slot.slot.unit,
        best=_wording(slot.best),
        value=_number(slot.best.point) if slot.best is not None else None,
        low=_number(slot.low),
        high=_number(slot.high),
        modality=slot.modality or "",
        disputed=int(slot.disputed),
        reports=slot.reports,
        independent_roots=slot.independent_roots,
        best_independent_roots=slot.best_independent_roots,
        first_seen=_time(slot.first_seen),
        last_change=_time(slot.last_change),
        last_transition=_time(slot.transitions[-1].at) if slot.transitions else None,
        state=_JSON.encode(slot).decode(),
    )


def _history(slot: SlotState) -> list[FigureHistoryRow]:
    return [
        FigureHistoryRow(
            slot=slot.id,
            ordinal=ordinal,
            at=format_time(step.recorded_at),
            best=_wording(step.best),
            value=_number(step.best.point) if step.best is not None else None,
            low=_number(step.low),
            high=_number(step.high),
            modality=step.modality or "",
            disputed=int(step.disputed),
            best_independent_roots=step.best_independent_roots,
            step=_JSON.encode(step).decode(),
        )
        for ordinal, step in enumerate(slot.figure_history)
    ]


def _wording(value: Value | None) -> str:
    """`1000`, `at least 40`, `closed`, `dozens`: the stated value as plain words."""
    if value is None:
        return ""
    if value.op == "vague":
        return value.text or ""
    if value.op == "range":
        return f"{value.lo}-{value.hi}"
    prefix = {"approx": "about ", "min": "at least ", "max": "up to "}.get(value.op, "")
    return f"{prefix}{value.point}"


def _number(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _time(value: datetime | None) -> str | None:
    return None if value is None else format_time(value)
