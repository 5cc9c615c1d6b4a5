"""Figures with their versions: what each slot reads now, and what it read before, kept so that looking back is a look-up.

A version begins where the figure came to read otherwise, at the first event of that instant of recorded time, and ends where
the next one begins. What was recorded in one instant makes one version, in however many pieces it was taken in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from ledger.clock import format_time
from ledger.projections.drafts import Draft
from ledger.projections.packing import base_of, pack, unpack
from ledger.projections.rows import Figure, FigureHistoryRow, FigureRow, FigureVersionRow
from ledger.state import Slot, SlotState, Value
from ledger.state.model import FigureChange, Transition

__all__ = ["FigureTables", "Kept"]

_JSON = msgspec.json.Encoder(order="sorted")


class Told(msgspec.Struct, frozen=True):
    """Of a state what its successor goes on from."""

    slot: Slot
    figure_history: tuple[FigureChange, ...] = ()
    transitions: tuple[Transition, ...] = ()


_TOLD = msgspec.json.Decoder(Told)


class Kept(NamedTuple):
    """The row of a slot and what it tells."""

    row: FigureRow
    told: Told


class FigureTables:
    """The tables of figures in a draft."""

    def __init__(self, draft: Draft) -> None:
        self._figures = draft.of(FigureRow)
        self._versions = draft.of(FigureVersionRow)
        self._history = draft.of(FigureHistoryRow)

    def kept(self, slots: set[str]) -> dict[str, Kept]:
        """What is kept of some slots, by id."""
        return {row.slot: Kept(row, _TOLD.decode(row.state)) for row in self._figures.find(slot=slots)}

    def keep(self, slot: str, kept: Kept | None, state: SlotState | None, first: int) -> None:
        """Let a slot read `state`, None for nothing, from the instant on whose first event is at `first`."""
        text = "" if state is None else _JSON.encode(state).decode()
        row = kept.row if kept is not None else None
        if (row.state if row is not None else "") == text:
            return
        self._keep_history(slot, kept.told.figure_history if kept is not None else (), state)
        if row is not None and row.from_pos < first:
            self._close(row, first)
            version = row.version + 1
        else:
            before = self._before(slot, row)
            if before is not None and before.to_pos == first and self._text(before) == text:
                self._versions.delete(slot, before.version)
                version, first = before.version, before.from_pos
            else:
                version = 1 if before is None else before.version + 1
        if state is None:
            self._figures.delete(slot)
        else:
            self._figures.put(_row(state, text, version, first))

    def _before(self, slot: str, kept: FigureRow | None) -> FigureVersionRow | None:
        """The version before the row that is kept, or the last one where none is."""
        if kept is None:
            return self._versions.last(slot)
        return self._versions.get(slot, kept.version - 1) if kept.version > 1 else None

    def _close(self, kept: FigureRow, first: int) -> None:
        text, base = kept.state.encode(), base_of(kept.version)
        whole = self._versions.get(kept.slot, base) if base != kept.version else None
        columns = {name: getattr(kept, name) for name in Figure.__struct_fields__}
        self._versions.put(
            FigureVersionRow(
                **columns,
                to_pos=first,
                base=base,
                digest=hashlib.sha256(text).hexdigest(),
                packed=pack(text, None if whole is None else unpack(whole.packed)),
            )
        )

    def _text(self, row: FigureVersionRow) -> str:
        base = None if row.base == row.version else self._versions.get(row.slot, row.base)
        return unpack(row.packed, None if base is None else unpack(base.packed)).decode()

    def _keep_history(self, slot: str, before: Sequence[FigureChange], state: SlotState | None) -> None:
        now = () if state is None else state.figure_history
        for ordinal, step in enumerate(now):
            if ordinal >= len(before) or before[ordinal] != step:
                self._history.put(_step(slot, ordinal, step))
        for ordinal in range(len(now), len(before)):
            self._history.delete(slot, ordinal)


def _row(slot: SlotState, text: str, version: int, from_pos: int) -> FigureRow:
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
        version=version,
        from_pos=from_pos,
        state=text,
    )


def _step(slot: str, ordinal: int, step: FigureChange) -> FigureHistoryRow:
    return FigureHistoryRow(
        slot=slot,
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
