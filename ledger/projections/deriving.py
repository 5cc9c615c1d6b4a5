"""Derived views: rows that follow from the rows of other views instead of from events."""

from __future__ import annotations

import logging

import msgspec
import sqlalchemy as sa

from ledger.errors import StoreUnavailableError
from ledger.projections import catalogue
from ledger.projections.catalogue import Generation
from ledger.projections.drafts import Draft
from ledger.projections.facts import Context, Redactions, View
from ledger.projections.generations import Generations
from ledger.projections.queries import Reader

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
        """Take steps until the view stands where its sources do; returns whether anything was written.

        A step reads one snapshot and computes without a lock; it is written, with the checkpoint, only if nobody else moved
        the view meanwhile. A killed process leaves whole steps behind.
        """
        view, written = self._views[lane.name], False
        while True:
            with self._database.read() as connection:
                if (basis := self._basis(connection, view, lane, redactions)) is None:
                    return written
                now, source, pointers = basis
                draft = Draft(connection, view, now.generation)
                reader = self._reader(connection, pointers, redactions)
                done, error = _step(view, draft, reader, source.position)
            reached = source if done and not error else now
            after = msgspec.structs.replace(reached, error=error, changed_at=self._generations.now())
            with self._database.write() as connection:
                if catalogue.advance(connection, now, after):
                    written = True
                    if not error:
                        draft.flush(connection)
                    if done or error:
                        return written

    def _reader(
        self, connection: sa.Connection, pointers: catalogue.Pointers, redactions: Redactions
    ) -> Reader:
        text = Context(self._store.get_body, redactions).text
        return Reader(connection, pointers, self._views.values(), text)

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


def _step(view: View, draft: Draft, reader: Reader, upto: int) -> tuple[bool, str]:
    """One step of a view: whether it was the last, and what went wrong."""
    try:
        return view.derive(draft, reader, upto), ""
    except (sa.exc.OperationalError, StoreUnavailableError):
        raise
    except Exception as error:
        log.warning("View %s cannot be derived", view.name, exc_info=True)
        return False, f"{type(error).__name__}: {error}"
