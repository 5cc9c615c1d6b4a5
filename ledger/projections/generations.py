"""The generations of the views: beginning, judging, replacing and dropping them.

A generation is what one code made of the log from its beginning. It is built anew, beside the one that is read, when the
code or the tables changed, when something was redacted, or when an operator asks; then one row is changed and readers see it.
A checkpoint that another history of the ledger made (a restored backup, another ledger) is recognised by its Merkle root, and
the view begins again from nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from ledger.clock import Clock, format_time
from ledger.errors import CorruptionError
from ledger.events.types import PayloadRedacted
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation
from ledger.projections.database import Database
from ledger.projections.facts import Redactions, View
from ledger.projections.tables import create_tables, drop_tables, publish
from ledger.store import Head, Store
from ledger.store.tlog import EMPTY_ROOT

__all__ = ["Generations", "read_redactions"]

log = logging.getLogger(__name__)


def read_redactions(store: Store) -> Redactions:
    """Everything that was ordered to be removed so far."""
    upto, positions, bodies = 0, set[int](), set[str]()
    for stored in store.read(types=(PayloadRedacted.TYPE,)):
        upto = stored.position
        if stored.payload is not None:
            order = msgspec.json.decode(stored.payload, type=PayloadRedacted)
            positions.update(order.positions)
            bodies.update(order.bodies)
    return Redactions(upto, frozenset(positions), frozenset(bodies))


class _Roots:
    """The ledger's roots at the positions that are asked for, each found once."""

    def __init__(self, store: Store, head: Head) -> None:
        self._store = store
        self._head = head
        self._known = {0: EMPTY_ROOT.hex(), head.position: head.root}

    def differ(self, generation: Generation) -> bool:
        """Whether a checkpoint belongs to another history than the ledger's."""
        position = generation.position
        if position > self._head.position:
            return True
        if position not in self._known:
            self._known[position] = self._store.root_at(position)
        return self._known[position] != generation.root

    def check(self) -> None:
        """Raises CorruptionError where past roots cannot be trusted: they would make every checkpoint one of another history."""
        if self._store.root_at(self._head.position) != self._head.root:
            raise CorruptionError(
                "What was sealed of the log does not give its root",
                which=f"position {self._head.position}",
                fix="Run newsledger verify",
            )


class Generations:
    """What is kept of `views` in one database."""

    def __init__(self, database: Database, store: Store, views: Sequence[View], clock: Clock) -> None:
        self.database = database
        self.store = store
        self.views = {view.name: view for view in views}
        self.fingerprints = {view.name: view.fingerprint() for view in views}
        self._clock = clock

    def now(self) -> str:
        """The present instant, for the catalogue."""
        return format_time(self._clock.now())

    def load(self) -> list[Generation]:
        """All generations of the views that this program knows."""
        with self.database.read() as connection:
            return [g for g in catalogue.generations(connection) if g.name in self.views]

    def ours(self, connection: sa.Connection, state: str) -> list[Generation]:
        """Those in one state that this code made."""
        return [
            g
            for g in catalogue.generations(connection)
            if g.state == state and g.fingerprint == self.fingerprints.get(g.name)
        ]

    def settle(self, redactions: Redactions) -> Head:
        """See to it that each view has a generation of this code and this history, live or being built."""
        with self.database.read() as connection:
            loaded = catalogue.generations(connection)
            pointers = catalogue.pointers(connection)
        head = self.store.head()
        roots = _Roots(self.store, head)
        if all(self._sound(name, loaded, pointers, roots, redactions) for name in self.views):
            return head
        roots.check()
        with self.database.write() as connection:
            loaded = catalogue.generations(connection)
            pointers = catalogue.pointers(connection)
            head = self.store.head()
            roots = _Roots(self.store, head)
            for name, view in self.views.items():
                if not self._sound(name, loaded, pointers, roots, redactions):
                    every = [g for g in loaded if g.name == name]
                    self._repair(connection, view, every, pointers.get(name), roots, redactions)
        return head

    def _sound(
        self,
        name: str,
        loaded: list[Generation],
        pointers: catalogue.Pointers,
        roots: _Roots,
        redactions: Redactions,
    ) -> bool:
        live = next((g for g in loaded if g.name == name and g.generation == pointers.get(name)), None)
        return live is not None and self.fits(live, redactions) and not roots.differ(live)

    def fits(self, generation: Generation, redactions: Redactions) -> bool:
        """Whether a generation was made by this code and holds nothing that was redacted."""
        return (
            generation.fingerprint == self.fingerprints[generation.name]
            and generation.redactions >= redactions.upto
        )

    def _repair(
        self,
        connection: sa.Connection,
        view: View,
        every: list[Generation],
        live: int | None,
        roots: _Roots,
        redactions: Redactions,
    ) -> None:
        kept = []
        for generation in every:
            if roots.differ(generation):
                log.warning(
                    "View %s, generation %d, at position %d: made from another history of the ledger, dropped",
                    view.name,
                    generation.generation,
                    generation.position,
                )
                self._drop(connection, generation)
            else:
                kept.append(generation)
        fitting = [g for g in kept if self.fits(g, redactions)]
        if all(g.generation != live for g in kept):
            last = max((g.generation for g in every), default=0)
            begun = self.begin(connection, view, "live", redactions, after=last)
            self.switch(connection, [*kept, begun], begun)
        elif old := next((g for g in reversed(fitting) if g.state == "old"), None):
            self.switch(connection, kept, old)
        elif not any(g.state == "building" for g in fitting):
            for generation in kept:
                if generation.state == "building":
                    self._drop(connection, generation)
            self.begin(connection, view, "building", redactions)

    def begin(
        self, connection: sa.Connection, view: View, state: str, redactions: Redactions, after: int = 0
    ) -> Generation:
        """Begin a generation with empty tables, numbered above every other one and above `after`."""
        last = max(
            (g.generation for g in catalogue.generations(connection) if g.name == view.name), default=0
        )
        begun = Generation(
            name=view.name,
            generation=max(last, after) + 1,
            state=state,
            fingerprint=self.fingerprints[view.name],
            redactions=redactions.upto,
            position=0,
            root=EMPTY_ROOT.hex(),
            indexed=0,
            fence=0,
            error="",
            tables=" ".join([*(row.TABLE for row in view.tables), *view.fulltext]),
            changed_at=self.now(),
        )
        catalogue.add(connection, begun)
        create_tables(connection, view, begun.generation)
        return begun

    def _drop(self, connection: sa.Connection, generation: Generation) -> None:
        drop_tables(connection, generation.tables.split(), generation.generation)
        catalogue.forget(connection, generation)

    def switch(self, connection: sa.Connection, every: list[Generation], chosen: Generation) -> None:
        """Let readers see `chosen`. The one that it replaces is kept, unless it holds what was redacted; older ones go."""
        view = self.views[chosen.name]
        publish(connection, view, chosen.generation)
        catalogue.point(connection, chosen.name, chosen.generation)
        for generation in every:
            if generation.generation == chosen.generation:
                catalogue.stamp(connection, generation, state="live")
            elif generation.state == "live" and generation.redactions >= chosen.redactions:
                catalogue.stamp(connection, generation, state="old")
            elif generation.state != "building":
                self._drop(connection, generation)

    def due(self, redactions: Redactions) -> list[Generation]:
        """The generations to bring forward: the live one of each view, or the one that has to replace it."""
        with self.database.read() as connection:
            pointers = catalogue.pointers(connection)
            loaded = [g for g in catalogue.generations(connection) if g.name in self.views]
        due = []
        for name in self.views:
            every = [g for g in loaded if g.name == name]
            live = next(g for g in every if g.generation == pointers[name])
            building = [g for g in every if g.state == "building" and self.fits(g, redactions)]
            due.append(live if self.fits(live, redactions) or not building else building[-1])
        return due
