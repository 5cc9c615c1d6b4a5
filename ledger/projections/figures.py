"""The view `figures`: what is reported now on each slot, and how it came to be.

It folds no events. It is what the pure function `ledger.state.reported_state` makes of the other views, kept as rows. A
keeper remembers the documents between two calls and evaluates only the slots that a changed document can move.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from ledger.clock import format_time
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.decisions import Registries, Reviews
from ledger.projections.facts import Tables, View
from ledger.projections.rows import FigureHistoryRow, FigureRow
from ledger.state import (
    Document,
    Evidence,
    Parameters,
    Review,
    SlotState,
    State,
    Value,
    load_registry,
    reported_state,
)
from ledger.state.resolve import resolve

if TYPE_CHECKING:
    from ledger.projections.queries import Reader

__all__ = ["Figures", "state_at"]

_JSON = msgspec.json.Encoder(order="sorted")


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
        resolve(reader.reports(upto), registry),
        registry,
        reviews=reader.reviews(upto),
        recorded_as_of=recorded_as_of,
        published_as_of=published_as_of,
    )


class Figures(View):
    """Tables `figures` and `figure_history`."""

    name = "figures"
    types = Articles.types | Annotations.types | Registries.types | Reviews.types
    tables = (FigureRow, FigureHistoryRow)
    sources: ClassVar[tuple[str, ...]] = (Articles.name, Annotations.name, Registries.name, Reviews.name)
    code: ClassVar[tuple[str, ...]] = (
        "ledger.state",
        "ledger.plugin",
        "ledger.projections.articles",
        "ledger.projections.annotations",
        "ledger.projections.decisions",
        "ledger.projections.queries",
    )

    def __init__(self, defaults: Parameters) -> None:
        self.defaults = defaults
        self._keeper = _Keeper()

    def config(self) -> bytes:
        """The parameters that stand where the registry gives none."""
        return _JSON.encode(self.defaults)

    def derive(self, tables: Tables, reader: Reader) -> None:
        """Bring the rows to the state that follows from the other views now; unchanged rows are not written."""
        raw = reader.registry()
        registry = load_registry(raw or b"{}", self.defaults)
        reviews = tuple(reader.reviews())
        documents = resolve(reader.reports(), registry)
        figures, history = tables.of(FigureRow), tables.of(FigureHistoryRow)
        kept = {row.slot: row for row in figures.rows()}
        if not kept:
            self._keeper = _Keeper()
        state = self._keeper.state(documents, raw, reviews, self.defaults)
        steps = {(row.slot, row.ordinal): row for row in history.rows()}
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


class _Keeper:
    """The last state with what it was made of, so that the next one costs what changed."""

    def __init__(self) -> None:
        self._made_of: tuple[bytes, tuple[Review, ...]] | None = None
        self._documents: dict[str, Document] = {}
        self._evidence = Evidence()
        self._slots: dict[str, SlotState] = {}
        self._policy = ""

    def state(
        self, documents: Iterable[Document], raw: bytes, reviews: tuple[Review, ...], defaults: Parameters
    ) -> State:
        now = {document.id: document for document in documents}
        touched: set[str] | None = None
        if self._made_of == (raw, reviews) and self._documents.keys() <= now.keys():
            touched = set()
            for key, document in now.items():
                if self._documents.get(key) != document:
                    touched |= self._evidence.put(document)
        else:
            self._evidence = Evidence(now.values())
        self._made_of = None  # until all of it is done: an error in between must not leave half a state
        registry = load_registry(raw or b"{}", defaults)
        state = reported_state(self._evidence, registry, reviews=reviews, slots=touched)
        if touched is None:
            self._slots = {}
        for slot in touched or ():
            self._slots.pop(slot, None)
        self._slots.update({slot.id: slot for slot in state.slots})
        self._documents, self._policy, self._made_of = now, state.policy, (raw, reviews)
        return State(slots=tuple(self._slots[key] for key in sorted(self._slots)), policy=state.policy)


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
        state=_JSON.encode(slot.to_dict()).decode(),
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
