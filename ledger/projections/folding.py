"""Batches: events are read once, folded by every view that stands at one position, and committed with its checkpoint.

So each event acts exactly once whatever is killed when. Several processes may do this at once: the write lock lets one of
them at a time take a batch, the others find it done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy as sa

from ledger.errors import StoreUnavailableError
from ledger.events import StoredEvent
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation, Parked
from ledger.projections.drafts import Batch
from ledger.projections.facts import Context, Fact, Redactions, View, read_fact
from ledger.projections.generations import Generations
from ledger.store import Head

__all__ = ["Folder", "Progress"]

log = logging.getLogger(__name__)

Progress = Callable[[int, "int | None"], None]

BATCH_EVENTS = 5_000
BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends at whichever comes first: this many events, or payloads of this many bytes."""


class Folder:
    """Brings generations forward by folding events."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._database = generations.database
        self._store = generations.store
        self._views = generations.views
        self._dense: set[frozenset[str]] = set()

    def advance(
        self, lanes: list[Generation], head: Head, redactions: Redactions, progress: Progress | None
    ) -> int:
        """Fold batch by batch until all of `lanes` are at `head`, or stopped; returns the number of events passed."""
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
            moved, count = self._batch(group, upto, head, redactions)
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
        return applied

    def _batch(
        self, group: list[Generation], upto: int, head: Head, redactions: Redactions
    ) -> tuple[dict[tuple[str, int], Generation], int]:
        """Fold one batch into all of `group`, which stand at one position; returns where they stand now.

        When another process was there first nothing is done but to look again.
        """
        with self._database.write() as connection:
            loaded = {(g.name, g.generation): g for g in catalogue.generations(connection)}
            wanted = {(lane.name, lane.generation) for lane in group}
            now = {key: lane for key, lane in loaded.items() if key in wanted}
            ready = [lane for lane in group if now.get((lane.name, lane.generation)) == lane]
            if not ready:
                return now, 0
            start = ready[0].position
            events, end = self._read(start, upto, ready)
            types = self._types(ready)
            facts = [read_fact(event, redactions) for event in events if event.type in types]
            roots = {head.position: head.root}
            for lane in ready:
                after = self._fold(connection, lane, facts, end, redactions)
                if after.position not in roots:
                    roots[after.position] = self._store.root_at(after.position)
                after = msgspec.structs.replace(
                    after,
                    root=roots[after.position],
                    changed_at=self._generations.now(),
                    fence=lane.fence + 1,
                )
                if not catalogue.advance(connection, lane, after):
                    raise StoreUnavailableError(
                        "A checkpoint changed under the write lock", which=lane.name, fix="Try again"
                    )
                now[lane.name, lane.generation] = after
            return now, end - start

    def _types(self, lanes: list[Generation]) -> frozenset[str]:
        """The types that any of `lanes` wants."""
        return frozenset[str]().union(*(self._views[lane.name].types for lane in lanes))

    def _read(self, after: int, upto: int, lanes: list[Generation]) -> tuple[list[StoredEvent], int]:
        """The events of the next batch, at least those that any of `lanes` wants, and the position at which the batch ends.

        Where the batch before wanted few, the others are not even loaded.
        """
        end = min(upto, after + BATCH_EVENTS)
        types = self._types(lanes)
        every = types in self._dense
        stored = (
            self._store.read(after, types=None if every else sorted(types), upto=end) if types else iter(())
        )
        events: list[StoredEvent] = []
        size = 0
        for event in stored:
            events.append(event)
            if event.payload is not None:
                size += len(event.payload)
                if size >= BATCH_BYTES:
                    end = event.position
                    break
        wanted = sum(1 for event in events if event.type in types) if every else len(events)
        (self._dense.add if wanted * 2 > end - after else self._dense.discard)(types)
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
        view = self._views[lane.name]
        wanted = [fact for fact in facts if fact.envelope.type in view.types]
        context = Context(self._store.get_body, redactions)
        failure = self._fold_halves(connection, lane, view, wanted, context)
        if failure is None:
            return msgspec.structs.replace(lane, position=end, error="")
        fact, error = failure
        text = f"position {fact.position}, {fact.envelope.type}: {_reason(error)}"
        log.warning("View %s stopped at position %d: %s", view.name, fact.position, error)
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
                batch.flush(connection)
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
                error=_reason(error),
            )
            catalogue.park(connection, [entry])
        return None


def _reason(error: Exception) -> str:
    """What went wrong; in the database's own words, without the statement and its values, where that refused something."""
    return str(error.orig) if isinstance(error, sa.exc.DBAPIError) else str(error)
