"""Questions about what is reported: the state, what it is computed from, and the figures as rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from ledger.clock import Clock
from ledger.projections import catalogue
from ledger.projections.database import Database
from ledger.projections.facts import View
from ledger.projections.figures import Figures, state_at, state_now
from ledger.projections.keeping import KeptViews
from ledger.projections.queries import FOREVER, Reader
from ledger.projections.results import Decision
from ledger.projections.rows import FigureHistoryRow, FigureRow
from ledger.state import Parameters, Review, State
from ledger.state.reports import Report
from ledger.store import Store

__all__ = ["StatedViews"]

_STATES = 8
"""Answers to `state` that are remembered."""


class StatedViews(KeptViews):
    """Views that say what is reported. Safe to use from any thread; close it once."""

    def __init__(
        self, database: Database, store: Store, views: Sequence[View], parameters: Parameters, clock: Clock
    ) -> None:
        super().__init__(database, store, views, clock)
        self._parameters = parameters
        self._states: OrderedDict[tuple[object, ...], State] = OrderedDict()
        self._lock = threading.Lock()

    def reports(self, recorded_as_of: datetime | None = None) -> Sequence[Report]:
        """What the state is computed from: every revision recorded by then, with the claims that counted then."""
        with self._reader() as reader:
            return reader.reports(self._upto(recorded_as_of))

    def registry(self, recorded_as_of: datetime | None = None) -> bytes:
        """The source registry of that time as JSON, exactly as recorded; empty when there was none."""
        with self._reader() as reader:
            return reader.registry(self._upto(recorded_as_of))

    def reviews(self, recorded_as_of: datetime | None = None) -> Sequence[Decision]:
        """Reviewers' decisions by then, in order, those taken back included."""
        with self._reader() as reader:
            return reader.decisions(self._upto(recorded_as_of))

    def state_reviews(self, recorded_as_of: datetime | None = None) -> Sequence[Review]:
        """The same decisions as input of `ledger.state.reported_state`: an undoing is a decision of its own."""
        with self._reader() as reader:
            return reader.reviews(self._upto(recorded_as_of))

    def figures(self) -> Sequence[FigureRow]:
        """The current state of every slot, by id."""
        with self._reader() as reader:
            return tuple(reader.rows(FigureRow))

    def figures_at(self) -> tuple[int, str, Sequence[FigureRow]]:
        """The same rows with the position that they stand at and the fingerprint of what made them, at one instant."""
        with self._read() as (connection, pointers):
            lane = next(
                g
                for g in catalogue.generations(connection)
                if g.name == Figures.name and g.generation == pointers[Figures.name]
            )
            reader = Reader(connection, pointers, self._views, self._context.text)
            return lane.position, lane.fingerprint, tuple(reader.rows(FigureRow))

    def figure_history(self, slot: str) -> Sequence[FigureHistoryRow]:
        """The steps of one slot, oldest first."""
        with self._reader() as reader:
            return tuple(reader.rows(FigureHistoryRow, reader.table(FigureHistoryRow).c.slot == slot))

    def state(self, recorded_as_of: datetime | None = None, published_as_of: datetime | None = None) -> State:
        """The reported state, now or as it was at a recorded time, counting what was published by a published time."""
        with self._read() as (connection, pointers):
            positions = self._positions(connection, pointers)
            key = (positions, recorded_as_of, published_as_of)
            with self._lock:
                if key in self._states:
                    self._states.move_to_end(key)
                    return self._states[key]
            reader = Reader(connection, pointers, self._views, self._context.text)
            if recorded_as_of is None and published_as_of is None and self._settled(connection, pointers):
                state = state_now(reader)
            else:
                state = state_at(
                    reader, self._parameters, self._upto(recorded_as_of), recorded_as_of, published_as_of
                )
        with self._lock:
            self._states[key] = state
            if len(self._states) > _STATES:
                self._states.popitem(last=False)
        return state

    def _upto(self, recorded_as_of: datetime | None) -> int:
        return FOREVER if recorded_as_of is None else self._store.position_at(recorded_as_of)

    def _positions(self, connection: sa.Connection, pointers: catalogue.Pointers) -> tuple[object, ...]:
        return tuple(
            (g.name, g.generation, g.position)
            for g in catalogue.generations(connection)
            if g.name in Figures.sources and pointers[g.name] == g.generation
        )

    def _settled(self, connection: sa.Connection, pointers: catalogue.Pointers) -> bool:
        """Whether the figures stand where everything stands that they follow from."""
        live = {
            g.name: g
            for g in catalogue.generations(connection)
            if g.name in (Figures.name, *Figures.sources) and pointers[g.name] == g.generation
        }
        return not live[Figures.name].error and len({g.position for g in live.values()}) == 1
