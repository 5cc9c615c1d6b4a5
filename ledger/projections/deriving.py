"""Derived views: rows that follow from the rows of other views instead of from events."""

from __future__ import annotations

import logging

import msgspec
import sqlalchemy as sa

from ledger.errors import StoreUnavailableError
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation
from ledger.projections.facts import Context, Redactions, View
from ledger.projections.generations import Generations
from ledger.projections.queries import Reader
from ledger.projections.tables import Batch

__all__ = ["Deriver"]

log = logging.getLogger(__name__)


class Deriver:
    """Brings generations of derived views to where their sources are."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._database = generations.database
        self._store = generations.store
        self._views = generations.views

    def derive(self, lanes: list[Generation], redactions: Redactions) -> bool:
        """Derive those of `lanes` that are behind their sources; returns whether anything was written."""
        written = [self._derive(lane, redactions) for lane in lanes]
        return any(written)

    def _derive(self, lane: Generation, redactions: Redactions) -> bool:
        """Make the rows of a derived view follow from its sources, with their checkpoint, in one transaction.

        The write lock is held throughout, so the sources stand still. Returns whether anything was written.
        """
        view = self._views[lane.name]
        with self._database.read() as connection:
            if self._basis(connection, view, lane, redactions) is None:
                return False
        with self._database.write() as connection:
            if (basis := self._basis(connection, view, lane, redactions)) is None:
                return False
            now, source, pointers = basis
            error = ""
            if now.position == 0 or now.error or self._moved(view, now.position, source.position):
                error = self._rows_of(connection, view, now, pointers, redactions)
            after = msgspec.structs.replace(
                now if error else source, error=error, changed_at=self._generations.now()
            )
            return catalogue.advance(connection, now, after)

    def _basis(
        self, connection: sa.Connection, view: View, lane: Generation, redactions: Redactions
    ) -> tuple[Generation, Generation, catalogue.Pointers] | None:
        """Where a derived view stands, where its sources stand, and what is live.

        None when there is nothing to derive: it stands where they do, or they do not stand at one position since one of
        them stopped.
        """
        pointers = catalogue.pointers(connection)
        loaded = {(g.name, g.generation): g for g in catalogue.generations(connection)}
        now = loaded.get((lane.name, lane.generation))
        sources = [loaded[name, pointers[name]] for name in view.sources]
        source = sources[0]
        apart = any(
            g.position != source.position or not self._generations.fits(g, redactions) for g in sources
        )
        if now is None or apart or (now.position == source.position and not now.error):
            return None
        return now, source, pointers

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
                view.derive(batch, Reader(connection, pointers, self._views.values(), text))
                batch.flush()
        except (sa.exc.OperationalError, StoreUnavailableError):
            raise
        except Exception as error:
            log.warning("View %s cannot be derived", view.name, exc_info=True)
            return f"{type(error).__name__}: {error}"
        return ""
