"""The views of a ledger kept at its head: brought forward, rebuilt, compared, read in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import cast

import sqlalchemy as sa

from ledger.clock import Clock
from ledger.errors import NotFoundError, ProjectionError
from ledger.projections import catalogue
from ledger.projections.catalogue import Parked
from ledger.projections.compare import compare, count_rows, digest
from ledger.projections.database import Database
from ledger.projections.engine import Projector
from ledger.projections.facts import Context, View
from ledger.projections.folding import Progress
from ledger.projections.generations import read_redactions
from ledger.projections.lifetimes import FollowedStore
from ledger.projections.queries import Reader
from ledger.projections.results import ViewDiff, ViewInfo
from ledger.store import Store

__all__ = ["KeptViews"]


class KeptViews:
    """Views with their generations. Safe to use from any thread; close it once."""

    def __init__(self, database: Database, store: Store, views: Sequence[View], clock: Clock) -> None:
        self._database = database
        self._store = store
        self._views = tuple(views)
        self._projector = Projector(database, store, views, clock)
        self._context = Context(store.get_body, read_redactions(store))

    def catch_up(self, progress: Progress | None = None, *, figures: bool = True) -> int:
        """Bring the views to the head of the ledger; returns the number of events applied.

        Views made by other code, or from another history of the ledger, are built anew first. `figures=False` leaves the
        view `figures` for a later call: within a loop that appends and catches up, evaluating it once at the end is enough.
        `progress(done, total)` counts events. Raises ProjectionError naming the position when a view cannot use an event.
        """
        applied, redactions = self._projector.catch_up(progress, derive=figures)
        self._context = Context(self._store.get_body, redactions)
        return applied

    def followed(self, store: Store) -> Store:
        """The store as it is to be used where a view declares to be brought forward in the call that appends."""
        inline = [view.name for view in self._views if view.inline]
        if not inline:
            return store
        return cast("Store", FollowedStore(store, partial(self._projector.follow, inline)))

    def lag(self) -> int:
        """Events that the slowest view is behind the ledger."""
        with self._database.read() as connection:
            pointers = catalogue.pointers(connection)
            live = [
                g.position for g in catalogue.generations(connection) if pointers.get(g.name) == g.generation
            ]
        return max(0, self._store.head().position - min(live, default=0))

    def rebuild(self, name: str | None = None, progress: Progress | None = None) -> int:
        """Build a view (all without a name) anew beside the live one, then let readers see it.

        A rebuild that was killed goes on where it stopped. Returns the number of events applied. Raises NotFoundError.
        """
        if name is not None:
            self._known(name)
        return self._projector.rebuild([name] if name is not None else tuple(self._projector.views), progress)

    def rollback(self, name: str) -> int:
        """Let readers of a view see its previous generation again; returns its number. Raises ProjectionError, NotFoundError."""
        self._known(name)
        return self._projector.rollback(name)

    def list(self) -> Sequence[ViewInfo]:
        """Every generation of every view."""
        with self._database.read() as connection:
            every = catalogue.generations(connection)
            parked = catalogue.parked(connection)
            counts = {(g.name, g.generation): count_rows(connection, g) for g in every}
        head = self._store.head().position
        return [
            ViewInfo(
                name=g.name,
                generation=g.generation,
                state="stopped" if g.error else g.state,
                position=g.position,
                lag=max(0, head - g.position),
                rows=counts[g.name, g.generation],
                parked=sum((one.name, one.generation) == (g.name, g.generation) for one in parked),
                error=g.error,
                fingerprint=g.fingerprint,
                changed_at=g.changed_at,
            )
            for g in every
        ]

    def parked(self) -> Sequence[Parked]:
        """Events that a view passed over because it could not use them; rebuilding the view tries them again."""
        with self._database.read() as connection:
            return catalogue.parked(connection)

    def diff(self, name: str, old: int, new: int) -> ViewDiff:
        """Compare two generations of a view. Raises NotFoundError for one that is not kept."""
        self._known(name)
        with self._database.read() as connection:
            every = {g.generation: g for g in catalogue.generations(connection) if g.name == name}
            for number in (old, new):
                if number not in every:
                    raise NotFoundError(
                        "No such generation",
                        which=f"{name} {number}",
                        fix=f"Kept ones: {', '.join(map(str, sorted(every)))}",
                    )
            return compare(connection, self._projector.views[name], every[old], every[new])

    def digests(self) -> dict[str, str]:
        """View name -> hex SHA-256 over its rows in the order of their keys, whatever generation holds them."""
        with self._read() as (connection, pointers):
            return {view.name: digest(connection, view, pointers[view.name]) for view in self._views}

    def close(self) -> None:
        """Release everything; idempotent."""
        self._database.close()

    @contextmanager
    def _read(self) -> Iterator[tuple[sa.Connection, catalogue.Pointers]]:
        """A read transaction on live generations that this code made; builds them first when there are none."""
        if self._unusable():
            self.catch_up()
        with self._database.read() as connection:
            pointers = self._check(connection)
            yield connection, pointers

    @contextmanager
    def browsing(self) -> Iterator[tuple[sa.Connection, Reader]]:
        """A read transaction over the live views, and a reader in it, for `ledger.projections.browse`."""
        with self._read() as (connection, pointers):
            yield connection, Reader(connection, pointers, self._views, self._context.text)

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self.browsing() as (_, reader):
            yield reader

    def _unusable(self) -> bool:
        with self._database.read() as connection:
            return bool(self._stale(connection))

    def _stale(self, connection: sa.Connection) -> Sequence[str]:
        pointers = catalogue.pointers(connection)
        made_by = {(g.name, g.generation): g.fingerprint for g in catalogue.generations(connection)}
        return [
            name
            for name, fingerprint in self._projector.fingerprints.items()
            if made_by.get((name, pointers.get(name, 0))) != fingerprint
        ]

    def _check(self, connection: sa.Connection) -> catalogue.Pointers:
        if stale := self._stale(connection):
            raise ProjectionError(
                "A view was made by another release of newsledger",
                which=", ".join(stale),
                fix="Restart this process, or run newsledger projection rebuild",
            )
        return catalogue.pointers(connection)

    def _known(self, name: str) -> None:
        if name not in self._projector.views:
            raise NotFoundError(
                "No such view", which=name, fix=f"Views: {', '.join(sorted(self._projector.views))}"
            )
