"""What keeps the views: catching up, rebuilding, going back."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from ledger.clock import Clock
from ledger.errors import ProjectionError
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation
from ledger.projections.database import Database
from ledger.projections.deriving import Deriver
from ledger.projections.facts import Redactions, View
from ledger.projections.folding import Folder, Progress
from ledger.projections.generations import Generations, read_redactions
from ledger.projections.tables import create_indexes
from ledger.store import Store

__all__ = ["Projector"]


class Projector:
    """Keeps `views` of one ledger in one database. Safe to use from any thread."""

    def __init__(self, database: Database, store: Store, views: Sequence[View], clock: Clock) -> None:
        self._generations = Generations(database, store, views, clock)
        self._folder = Folder(self._generations)
        self._deriver = Deriver(self._generations)
        self._database = database
        self._store = store
        self._lock = threading.RLock()
        self.views = self._generations.views
        self.fingerprints = self._generations.fingerprints

    def catch_up(self, progress: Progress | None = None, *, derive: bool = True) -> tuple[int, Redactions]:
        """Bring every view to the head, derived ones only if `derive`.

        Returns the number of events applied and the redactions that were heeded. Raises ProjectionError when a view cannot
        use an event (the others are at the head nevertheless), and CorruptionError when the log has a gap, or what was sealed of
        it as it grew does not give its root.
        """
        with self._lock:
            done = self._bring_up(progress, derive=derive)
            self._complain(self.views)
            return done

    def follow(self, names: Collection[str]) -> None:
        """Fold what was appended into those of the named views that are in order; the others are left to `catch_up`."""
        with self._lock:
            redactions = read_redactions(self._store)
            head = self._generations.settle(redactions)
            lanes = [
                lane
                for lane in self._generations.due(redactions)
                if lane.name in names and lane.state == "live" and not lane.error
            ]
            self._folder.advance(lanes, head, redactions, None)

    def rebuild(self, names: Collection[str], progress: Progress | None = None) -> int:
        """Build new generations of the named views beside the live ones, then let readers see them.

        A rebuild that was killed goes on where it stopped. Returns the number of events applied. Raises as `catch_up` does,
        for the named views.
        """
        with self._lock:
            _, redactions = self._bring_up(None, derive=True)
            with self._database.write() as connection:
                building = {g.name for g in self._generations.ours(connection, "building")}
                for name in names:
                    if name not in building:
                        self._generations.begin(connection, self.views[name], "building", redactions)
            lanes = [
                lane for lane in self._generations.load() if lane.state == "building" and lane.name in names
            ]
            head = self._store.head()
            applied = self._folder.advance(self._folding(lanes), head, redactions, progress)
            self._finish(redactions)
            self._derive(lanes, redactions)
            self._complain(names)
            return applied

    def _bring_up(self, progress: Progress | None, *, derive: bool) -> tuple[int, Redactions]:
        redactions = read_redactions(self._store)
        head = self._generations.settle(redactions)
        due = self._generations.due(redactions)
        applied = self._folder.advance(self._folding(due), head, redactions, progress)
        self._finish(redactions)
        if derive:
            self._derive(due, redactions)
        return applied, redactions

    def _folding(self, lanes: list[Generation]) -> list[Generation]:
        return [lane for lane in lanes if not self.views[lane.name].sources]

    def _derive(self, lanes: list[Generation], redactions: Redactions) -> None:
        if self._deriver.derive([lane for lane in lanes if self.views[lane.name].sources], redactions):
            self._finish(redactions)

    def rollback(self, name: str) -> int:
        """Let readers of a view see its previous generation again; returns its number. Raises ProjectionError."""
        with self._lock, self._database.write() as connection:
            every = [g for g in catalogue.generations(connection) if g.name == name]
            old = next((g for g in reversed(every) if g.state == "old"), None)
            if old is None:
                raise ProjectionError(
                    "There is no older generation to go back to", which=name, fix="Rebuild the view instead"
                )
            if old.fingerprint != self.fingerprints[name]:
                raise ProjectionError(
                    "The older generation was made by other code",
                    which=f"{name}, generation {old.generation}",
                    fix="Install the release that made it; it then uses this generation by itself",
                )
            self._generations.switch(connection, every, old)
            return old.generation

    def _finish(self, redactions: Redactions) -> None:
        """Index what is loaded, swap in what is built, and leave no trace of what was redacted."""
        with self._database.read() as connection:
            pointers = catalogue.pointers(connection)
            loaded = [g for g in catalogue.generations(connection) if g.name in self.views]
            clean = catalogue.scrubbed(connection) >= redactions.upto
        positions = {g.name: g.position for g in loaded if g.generation == pointers[g.name]}
        ready = [
            g
            for g in loaded
            if not g.error
            and g.state == "building"
            and self._generations.fits(g, redactions)
            and g.position >= positions[g.name]
        ]
        bare = [g for g in loaded if g.state == "live" and not g.indexed]
        if ready or bare:
            with self._database.write() as connection:
                self._swap(connection, ready, bare)
        if not clean and self._all_heed(redactions) and self._database.scrub():
            with self._database.write() as connection:
                catalogue.set_scrubbed(connection, redactions.upto)

    def _swap(self, connection: sa.Connection, ready: list[Generation], bare: list[Generation]) -> None:
        loaded = catalogue.generations(connection)
        for generation in [*bare, *ready]:
            if generation not in loaded:
                continue  # another process moved or dropped it; it will be looked at again
            create_indexes(connection, self.views[generation.name], generation.generation)
            catalogue.stamp(connection, generation, indexed=1)
            if generation.state == "building":
                every = [g for g in catalogue.generations(connection) if g.name == generation.name]
                chosen = next(g for g in every if g.generation == generation.generation)
                self._generations.switch(connection, every, chosen)

    def _all_heed(self, redactions: Redactions) -> bool:
        return all(g.redactions >= redactions.upto for g in self._generations.load())

    def _complain(self, names: Collection[str]) -> None:
        with self._database.read() as connection:
            live = catalogue.pointers(connection)
            stopped = [
                g
                for g in catalogue.generations(connection)
                if g.error
                and g.name in names
                and self.views[g.name].required
                and (g.state == "building" or live.get(g.name) == g.generation)
            ]
        if stopped:
            raise ProjectionError(
                "A view stopped before an event that it cannot use",
                which="; ".join(f"{g.name}: {g.error}" for g in stopped),
                fix="Nothing recorded is lost and the other views are up to date. Upgrade newsledger and run "
                "newsledger process: the event is tried again",
            )
