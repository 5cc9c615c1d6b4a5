"""Questions about what is reported: the state, what it is computed from, and the figures as rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from ledger.clock import Clock
from ledger.projections import catalogue
from ledger.projections.answers import Asked, from_evidence, from_reports
from ledger.projections.database import Database
from ledger.projections.facts import View
from ledger.projections.figures import Figures
from ledger.projections.keeping import KeptViews
from ledger.projections.past import states_at
from ledger.projections.queries import FOREVER, Reader
from ledger.projections.results import Decision, Standing
from ledger.projections.rows import FigureHistoryRow, FigureRow
from ledger.state import Parameters, Review, SlotState, State
from ledger.state.best import DEFAULT_POLICY
from ledger.state.reports import Report
from ledger.store import Store

__all__ = ["StatedViews"]

_STATES = 8
"""Answers to `state` that are remembered."""
_INSTANTS = 256
"""Recorded times of which the position is remembered."""


class StatedViews(KeptViews):
    """Views that say what is reported. Safe to use from any thread; close it once."""

    def __init__(
        self, database: Database, store: Store, views: Sequence[View], parameters: Parameters, clock: Clock
    ) -> None:
        super().__init__(database, store, views, clock)
        self._parameters = parameters
        self._states: OrderedDict[tuple[object, ...], State] = OrderedDict()
        self._instants: OrderedDict[datetime, int] = OrderedDict()
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

    def sealed(self) -> Iterator[Standing]:
        """The tables that are sealed, of built-in views and of plugins, at one instant and by name."""
        with self._read() as (connection, pointers):
            reader = Reader(connection, pointers, self._views, self._context.text)
            lanes = {(g.name, g.generation): g for g in catalogue.generations(connection)}
            tables = [(row, view) for view in self._views if view.name in pointers for row in view.sealed]
            for row, view in sorted(tables, key=lambda one: one[0].TABLE):
                lane = lanes[view.name, pointers[view.name]]
                yield Standing(
                    name=row.TABLE,
                    position=lane.position,
                    fingerprint=lane.fingerprint,
                    types=view.types,
                    rows=reader.rows(row),
                )

    def figure_history(self, slot: str) -> Sequence[FigureHistoryRow]:
        """The steps of one slot, oldest first."""
        with self._reader() as reader:
            return tuple(reader.rows(FigureHistoryRow, reader.table(FigureHistoryRow).c.slot == slot))

    def state(
        self,
        recorded_as_of: datetime | None = None,
        published_as_of: datetime | None = None,
        *,
        slots: Collection[str] | None = None,
        policy: str = DEFAULT_POLICY,
    ) -> State:
        """The reported state, now or as it was at a recorded time, counting what was published by a published time.

        `slots` limits the answer to those ids, and then nothing else is read; `policy` names another choice of `best`. Raises
        UsageError for an unknown policy.
        """
        with self._read() as (connection, pointers):
            asked = Asked(
                upto=self._upto(recorded_as_of),
                recorded_as_of=recorded_as_of,
                published_as_of=published_as_of,
                slots=None if slots is None else frozenset(slots),
                policy=policy,
            )
            key = (self._positions(connection, pointers), recorded_as_of, published_as_of, policy)
            known = self._remembered(key) if slots is None else None
            if known is not None:
                return known
            reader = Reader(connection, pointers, self._views, self._context.text)
            found = self._answer(connection, reader, pointers, asked)
        state = State(
            slots=found, policy=policy, recorded_as_of=recorded_as_of, published_as_of=published_as_of
        )
        if slots is None:
            self._remember(key, state)
        return state

    def _remembered(self, key: tuple[object, ...]) -> State | None:
        with self._lock:
            if key in self._states:
                self._states.move_to_end(key)
            return self._states.get(key)

    def _remember(self, key: tuple[object, ...], state: State) -> None:
        with self._lock:
            self._states[key] = state
            if len(self._states) > _STATES:
                self._states.popitem(last=False)

    def _upto(self, recorded_as_of: datetime | None) -> int:
        if recorded_as_of is None:
            return FOREVER
        with self._lock:
            known = self._instants.get(recorded_as_of)
        if known is not None:
            return known
        position = self._store.position_at(recorded_as_of)
        if position < self._store.head().position:  # what comes is recorded later: this stays so
            with self._lock:
                self._instants[recorded_as_of] = position
                if len(self._instants) > _INSTANTS:
                    self._instants.popitem(last=False)
        return position

    def _positions(self, connection: sa.Connection, pointers: catalogue.Pointers) -> tuple[object, ...]:
        return tuple(
            (g.name, g.generation, g.position)
            for g in catalogue.generations(connection)
            if g.name in Figures.sources and pointers[g.name] == g.generation
        )

    def _answer(
        self, connection: sa.Connection, reader: Reader, pointers: catalogue.Pointers, asked: Asked
    ) -> tuple[SlotState, ...]:
        kept, settled = self._standing(connection, pointers)
        plain = asked.published_as_of is None and asked.policy == DEFAULT_POLICY
        if plain and (settled or asked.upto <= kept):
            return tuple(states_at(reader, asked.upto, asked.slots))
        if settled and asked.recorded_as_of is None:
            figures = next(view for view in self._views if view.name == Figures.name)
            generation = pointers[Figures.name]
            return from_evidence(connection, reader, figures, generation, self._parameters, asked)
        return from_reports(reader, self._parameters, asked)

    def _standing(self, connection: sa.Connection, pointers: catalogue.Pointers) -> tuple[int, bool]:
        """Up to which position the figures are kept, and whether that is where everything stands that they follow from."""
        live = {
            g.name: g
            for g in catalogue.generations(connection)
            if g.name in (Figures.name, *Figures.sources) and pointers[g.name] == g.generation
        }
        figures = live[Figures.name]
        return figures.position, not figures.error and len({g.position for g in live.values()}) == 1
