"""Brings views to the head of the ledger: batches, checkpoints, generations.

A batch is read once and folded by every view that stands at the same position; rows and checkpoints are committed in one
transaction, so each event acts exactly once whatever is killed when. Several processes may do this at once: the
write lock lets one of them at a time take a batch, the others find it done.

A generation is what one code made of the log from its beginning. It is built anew, beside the one that is read, when the
code or the tables changed, when something was redacted, or when an operator asks; then one row is changed and readers see it.
A checkpoint that another history of the ledger made (a restored backup, another ledger) is recognised by its Merkle root, and the view begins
again from nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from ledger.clock import Clock, format_time
from ledger.errors import CorruptionError, ProjectionError, StoreUnavailableError
from ledger.events import StoredEvent
from ledger.events.types import PayloadRedacted
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation, Parked
from ledger.projections.database import Database
from ledger.projections.facts import Context, Fact, Redactions, View, read_fact
from ledger.projections.queries import Reader
from ledger.projections.tables import Batch, create_indexes, create_tables, drop_tables, publish
from ledger.store import Head, Store
from ledger.store.tlog import Frontier

__all__ = ["Progress", "Projector", "read_redactions"]

log = logging.getLogger(__name__)

Progress = Callable[[int, "int | None"], None]
T = TypeVar("T")

BATCH_EVENTS = 5_000
BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends at whichever comes first: this many events, or payloads of this many bytes."""


class Foreign(Exception):  # noqa: N818 - a signal inside this module, not an error of the program
    """A view turned out to be made from another history."""


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


def _corrupt(which: str) -> CorruptionError:
    return CorruptionError(
        "The events do not hash to the ledger's root", which=which, fix="Run newsledger verify"
    )


class Projector:
    """Keeps the generations of `views`, which fold events, in one database."""

    def __init__(self, database: Database, store: Store, views: Sequence[View], clock: Clock) -> None:
        self.database = database
        self.views = {view.name: view for view in views}
        self.fingerprints = {view.name: view.fingerprint() for view in views}
        self._store = store
        self._clock = clock
        self._lock = threading.RLock()

    # -- what operators ask for ----------------------------------------------------------------------------------

    def catch_up(self, progress: Progress | None = None, *, derive: bool = True) -> tuple[int, Redactions]:
        """Bring every view to the head, derived ones only if `derive`.

        Returns the number of events applied and the redactions that were heeded. Raises ProjectionError when a view cannot
        use an event (the others are at the head nevertheless), and CorruptionError when the ledger's events do not hash to
        its root.
        """
        with self._lock:
            done = self._bring_up(progress, derive=derive)
            self._complain(self.views)
            return done

    def rebuild(self, names: Collection[str], progress: Progress | None = None) -> int:
        """Build new generations of the named views beside the live ones, then let readers see them.

        A rebuild that was killed goes on where it stopped. Returns the number of events applied. Raises as `catch_up` does,
        for the named views.
        """
        with self._lock:
            _, redactions = self._bring_up(None, derive=True)
            with self.database.write() as connection:
                building = {g.name for g in self._ours(connection, "building")}
                for name in names:
                    if name not in building:
                        self._begin(connection, self.views[name], "building", redactions)
            lanes = [lane for lane in self._load() if lane.state == "building" and lane.name in names]
            try:
                applied = self._advance(self._folding(lanes), self._store.head(), redactions, progress)
            except Foreign as signal:
                raise _corrupt(str(signal)) from signal
            self._finish(redactions)
            self._derive_all(lanes, redactions)
            self._complain(names)
            return applied

    def _bring_up(self, progress: Progress | None, *, derive: bool) -> tuple[int, Redactions]:
        for _ in range(2):
            redactions = read_redactions(self._store)
            head = self._settle(redactions)
            due = self._due(redactions)
            try:
                applied = self._advance(self._folding(due), head, redactions, progress)
            except Foreign as signal:
                log.warning("%s: made from another history of the ledger, building it anew", signal)
                continue
            self._finish(redactions)
            if derive:
                self._derive_all(due, redactions)
            return applied, redactions
        raise _corrupt(f"position {head.position}")

    def rollback(self, name: str) -> int:
        """Let readers of a view see its previous generation again; returns its number. Raises ProjectionError."""
        with self._lock, self.database.write() as connection:
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
            self._switch(connection, every, old)
            return old.generation

    # -- generations ----------------------------------------------------------------------------------------------

    def _load(self) -> list[Generation]:
        with self.database.read() as connection:
            return [g for g in catalogue.generations(connection) if g.name in self.views]

    def _ours(self, connection: sa.Connection, state: str) -> list[Generation]:
        return [
            g
            for g in catalogue.generations(connection)
            if g.state == state and g.fingerprint == self.fingerprints.get(g.name)
        ]

    def _settle(self, redactions: Redactions) -> Head:
        """See to it that each view has a generation of this code and this history, live or being built."""
        with self.database.read() as connection:
            loaded = catalogue.generations(connection)
            pointers = catalogue.pointers(connection)
        head = self._store.head()
        if all(self._sound(name, loaded, pointers, head, redactions) for name in self.views):
            return head
        with self.database.write() as connection:
            loaded = catalogue.generations(connection)
            pointers = catalogue.pointers(connection)
            head = self._store.head()
            for name, view in self.views.items():
                if not self._sound(name, loaded, pointers, head, redactions):
                    every = [g for g in loaded if g.name == name]
                    self._repair(connection, view, every, pointers.get(name), head, redactions)
        return head

    def _sound(
        self,
        name: str,
        loaded: list[Generation],
        pointers: catalogue.Pointers,
        head: Head,
        redactions: Redactions,
    ) -> bool:
        live = next((g for g in loaded if g.name == name and g.generation == pointers.get(name)), None)
        return live is not None and self._fits(live, redactions) and not self._foreign(live, head)

    def _fits(self, generation: Generation, redactions: Redactions) -> bool:
        """Whether a generation was made by this code and holds nothing that was redacted."""
        return (
            generation.fingerprint == self.fingerprints[generation.name]
            and generation.redactions >= redactions.upto
        )

    def _foreign(self, generation: Generation, head: Head) -> bool:
        """Whether a checkpoint belongs to another history than the ledger's. The full root is compared at the head."""
        if generation.position == 0:
            return False
        if generation.position >= head.position:
            return generation.position > head.position or generation.root != head.root
        leaf = next(iter(self._store.leaf_hashes(generation.position - 1, generation.position)))
        return leaf != generation.leaf

    def _repair(
        self,
        connection: sa.Connection,
        view: View,
        every: list[Generation],
        live: int | None,
        head: Head,
        redactions: Redactions,
    ) -> None:
        kept = []
        for generation in every:
            if self._foreign(generation, head):
                log.warning(
                    "View %s, generation %d, at position %d: made from another history of the ledger, dropped",
                    view.name,
                    generation.generation,
                    generation.position,
                )
                self._drop(connection, generation)
            else:
                kept.append(generation)
        fitting = [g for g in kept if self._fits(g, redactions)]
        if all(g.generation != live for g in kept):
            last = max((g.generation for g in every), default=0)
            begun = self._begin(connection, view, "live", redactions, after=last)
            self._switch(connection, [*kept, begun], begun)
        elif old := next((g for g in reversed(fitting) if g.state == "old"), None):
            self._switch(connection, kept, old)
        elif not any(g.state == "building" for g in fitting):
            for generation in kept:
                if generation.state == "building":
                    self._drop(connection, generation)
            self._begin(connection, view, "building", redactions)

    def _begin(
        self, connection: sa.Connection, view: View, state: str, redactions: Redactions, after: int = 0
    ) -> Generation:
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
            root=Frontier().root().hex(),
            frontier=b"",
            leaf=b"",
            indexed=0,
            fence=0,
            error="",
            tables=" ".join([*(row.TABLE for row in view.tables), *view.fulltext]),
            changed_at=format_time(self._clock.now()),
        )
        catalogue.add(connection, begun)
        create_tables(connection, view, begun.generation)
        return begun

    def _drop(self, connection: sa.Connection, generation: Generation) -> None:
        drop_tables(connection, generation.tables.split(), generation.generation)
        catalogue.forget(connection, generation)

    def _switch(self, connection: sa.Connection, every: list[Generation], chosen: Generation) -> None:
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

    # -- folding --------------------------------------------------------------------------------------------------

    def _due(self, redactions: Redactions) -> list[Generation]:
        """The generations to bring forward: the live one of each view, or the one that has to replace it."""
        with self.database.read() as connection:
            pointers = catalogue.pointers(connection)
            loaded = [g for g in catalogue.generations(connection) if g.name in self.views]
        due = []
        for name in self.views:
            every = [g for g in loaded if g.name == name]
            live = next(g for g in every if g.generation == pointers[name])
            building = [g for g in every if g.state == "building" and self._fits(g, redactions)]
            due.append(live if self._fits(live, redactions) or not building else building[-1])
        return due

    def _advance(
        self, lanes: list[Generation], head: Head, redactions: Redactions, progress: Progress | None
    ) -> int:
        applied = 0
        first = min((lane.position for lane in lanes), default=head.position)
        current = {(lane.name, lane.generation): lane for lane in lanes}
        stopped: set[tuple[str, int]] = set()
        while True:
            behind = {
                key: lane
                for key, lane in current.items()
                if lane.position < head.position and key not in stopped
            }
            if not behind:
                break
            at = min(lane.position for lane in behind.values())
            group = [lane for lane in behind.values() if lane.position == at]
            upto = min(
                (lane.position for lane in behind.values() if lane.position > at), default=head.position
            )
            moved, count = self._batch(group, upto, redactions)
            applied += count
            for lane in group:
                key = (lane.name, lane.generation)
                if key not in moved:
                    del current[key]  # dropped by another process: its successor is found next time
                    continue
                current[key] = moved[key]
                if moved[key].error:
                    stopped.add(key)
            if progress is not None and current:
                slowest = min(lane.position for lane in current.values())
                progress(max(0, min(slowest, head.position) - first), head.position - first)
        for lane in current.values():
            if lane.position == head.position and lane.root != head.root:
                self._disown(lane)
                raise Foreign(lane.name)
        return applied

    def _disown(self, lane: Generation) -> None:
        """Make a generation recognisable as one of another history, also for the next process."""
        with self.database.write() as connection:
            catalogue.stamp(connection, lane, leaf=b"", root="")

    def _batch(
        self, group: list[Generation], upto: int, redactions: Redactions
    ) -> tuple[dict[tuple[str, int], Generation], int]:
        """Fold one batch into all of `group`, which stand at one position; returns where they stand now.

        When another process was there first nothing is done but to look again.
        """
        with self.database.write() as connection:
            loaded = {(g.name, g.generation): g for g in catalogue.generations(connection)}
            wanted = {(lane.name, lane.generation) for lane in group}
            now = {key: lane for key, lane in loaded.items() if key in wanted}
            ready = [lane for lane in group if now.get((lane.name, lane.generation)) == lane]
            if not ready:
                return now, 0
            start = ready[0].position
            events, end = self._read(start, upto, ready)
            facts = [read_fact(event, redactions) for event in events]
            leaves = list(self._store.leaf_hashes(start, end))
            frontiers: dict[tuple[bytes, int], Frontier] = {}
            for lane in ready:
                after = self._fold(connection, lane, facts, end, redactions)
                size = after.position - lane.position
                if (frontier := frontiers.get((lane.frontier, size))) is None:
                    frontier = Frontier.from_bytes(lane.position, lane.frontier).extend(leaves[:size])
                    frontiers[lane.frontier, size] = frontier
                after = msgspec.structs.replace(
                    after,
                    root=frontier.root().hex(),
                    frontier=frontier.to_bytes(),
                    leaf=leaves[size - 1] if size else lane.leaf,
                    changed_at=format_time(self._clock.now()),
                    fence=lane.fence + 1,
                )
                if not catalogue.advance(connection, lane, after):
                    raise StoreUnavailableError(
                        "A checkpoint changed under the write lock", which=lane.name, fix="Try again"
                    )
                now[lane.name, lane.generation] = after
            return now, end - start

    def _read(self, after: int, upto: int, lanes: list[Generation]) -> tuple[list[StoredEvent], int]:
        """The events of the next batch that any of `lanes` wants, and the position at which the batch ends.

        What nobody wants is not even loaded; that none is missing is shown by the root at the head.
        """
        end = min(upto, after + BATCH_EVENTS)
        types = sorted(frozenset[str]().union(*(self.views[lane.name].types for lane in lanes)))
        events: list[StoredEvent] = []
        size = 0
        for event in self._store.read(after, types=types, upto=end) if types else ():
            events.append(event)
            size += len(event.payload or b"")
            if size >= BATCH_BYTES:
                return events, event.position
        return events, end

    def _fold(
        self,
        connection: sa.Connection,
        lane: Generation,
        facts: Sequence[Fact],
        end: int,
        redactions: Redactions,
    ) -> Generation:
        """Fold `facts` into one view, up to position `end` or to just before an event that stops it."""
        view = self.views[lane.name]
        wanted = [fact for fact in facts if fact.envelope.type in view.types]
        context = Context(self._store.get_body, redactions)
        failure = self._fold_halves(connection, lane, view, wanted, context)
        if failure is None:
            return msgspec.structs.replace(lane, position=end, error="")
        fact, error = failure
        text = f"position {fact.position}, {fact.envelope.type}: {error}"
        log.warning("View %s stopped at %s", view.name, text)
        return msgspec.structs.replace(lane, position=fact.position - 1, error=text)

    def _fold_halves(
        self,
        connection: sa.Connection,
        lane: Generation,
        view: View,
        facts: Sequence[Fact],
        context: Context,
    ) -> tuple[Fact, Exception] | None:
        """Fold all, or find the event that cannot be folded by halving; that one is parked or returned."""
        if not facts:
            return None
        try:
            with connection.begin_nested():
                batch = Batch(connection, view, lane.generation)
                view.fold(batch, facts, context)
                batch.flush()
        except (sa.exc.OperationalError, StoreUnavailableError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a fold raises makes the event a poison one
            if len(facts) > 1:
                middle = len(facts) // 2
                for half in (facts[:middle], facts[middle:]):
                    if failure := self._fold_halves(connection, lane, view, half, context):
                        return failure
                return None
            if view.on_error != "park":
                return facts[0], error
            fact = facts[0]
            entry = Parked(
                name=lane.name,
                generation=lane.generation,
                position=fact.position,
                type=fact.envelope.type,
                error=str(error),
            )
            catalogue.park(connection, [entry])
        return None

    # -- deriving -------------------------------------------------------------------------------------------------

    def _folding(self, lanes: list[Generation]) -> list[Generation]:
        return [lane for lane in lanes if not self.views[lane.name].sources]

    def _derive_all(self, lanes: list[Generation], redactions: Redactions) -> None:
        derived = [lane for lane in lanes if self.views[lane.name].sources]
        for lane in derived:
            self._derive(lane, redactions)
        if derived:
            self._finish(redactions)

    def _derive(self, lane: Generation, redactions: Redactions) -> None:
        """Make the rows of a derived view follow from its sources, with their checkpoint, in one transaction.

        The write lock is held throughout, so the sources stand still. When they do not stand at one position (one of
        them stopped), the view stays as it is.
        """
        view = self.views[lane.name]
        with self.database.write() as connection:
            pointers = catalogue.pointers(connection)
            loaded = {(g.name, g.generation): g for g in catalogue.generations(connection)}
            now = loaded.get((lane.name, lane.generation))
            sources = [loaded[name, pointers[name]] for name in view.sources]
            first = sources[0]
            apart = any(g.position != first.position or not self._fits(g, redactions) for g in sources)
            if now is None or apart or (now.position == first.position and not now.error):
                return
            error = ""
            if now.position == 0 or now.error or self._moved(view, now.position, first.position):
                error = self._rows_of(connection, view, now, pointers, redactions)
            after = msgspec.structs.replace(
                first if not error else now, error=error, changed_at=format_time(self._clock.now())
            )
            catalogue.advance(connection, now, after)

    def _moved(self, view: View, after: int, upto: int) -> bool:
        """Whether any event of the wanted types lies in between."""
        return any(True for _ in self._store.read(after, limit=1, types=view.types, upto=upto))

    def _rows_of(
        self,
        connection: sa.Connection,
        view: View,
        lane: Generation,
        pointers: catalogue.Pointers,
        redactions: Redactions,
    ) -> str:
        """Write the rows of a derived view; returns what went wrong, in which case nothing is written."""
        text = Context(self._store.get_body, redactions).text
        try:
            with connection.begin_nested():
                batch = Batch(connection, view, lane.generation)
                view.derive(batch, Reader(connection, pointers, self.views.values(), text))
                batch.flush()
        except (sa.exc.OperationalError, StoreUnavailableError):
            raise
        except Exception as error:
            log.warning("View %s cannot be derived", view.name, exc_info=True)
            return f"{type(error).__name__}: {error}"
        return ""

    # -- after the last batch -------------------------------------------------------------------------------------

    def _finish(self, redactions: Redactions) -> None:
        """Index what is loaded, swap in what is built, and leave no trace of what was redacted."""
        with self.database.read() as connection:
            pointers = catalogue.pointers(connection)
            loaded = [g for g in catalogue.generations(connection) if g.name in self.views]
            clean = catalogue.scrubbed(connection) >= redactions.upto
        positions = {g.name: g.position for g in loaded if g.generation == pointers[g.name]}
        ready = [
            g
            for g in loaded
            if not g.error
            and g.state == "building"
            and self._fits(g, redactions)
            and g.position >= positions[g.name]
        ]
        bare = [g for g in loaded if g.state == "live" and not g.indexed]
        if ready or bare:
            with self.database.write() as connection:
                self._swap(connection, ready, bare)
        if not clean and self._all_heed(redactions) and self.database.scrub():
            with self.database.write() as connection:
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
                self._switch(connection, every, chosen)

    def _all_heed(self, redactions: Redactions) -> bool:
        return all(g.redactions >= redactions.upto for g in self._load())

    def _complain(self, names: Collection[str]) -> None:
        with self.database.read() as connection:
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
