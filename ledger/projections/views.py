"""The views of a ledger, as the rest of the program uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ledger.clock import Clock, parse_time
from ledger.errors import NotFoundError
from ledger.plugin import Article, Projection
from ledger.projections import catalogue
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.custom import PluginView
from ledger.projections.database import Database
from ledger.projections.facts import View
from ledger.projections.lifetimes import LiveRows
from ledger.projections.results import ArticleView, Failure, Hit, Pending, StoredAnnotation
from ledger.projections.rows import ArticleRow, ClaimRow, FeedRow, ProcessorRow
from ledger.projections.stated import StatedViews
from ledger.state import Parameters
from ledger.store import Store

__all__ = ["Views"]

_HANDLED = 1_000
"""Positions after which it is noted that nothing before waits for a processor."""


class Views(StatedViews):
    """Everything that is asked of a ledger beside its events. Safe to use from any thread; close it once."""

    def __init__(
        self,
        database: Database,
        store: Store,
        views: Sequence[View],
        parameters: Parameters,
        clock: Clock,
        *,
        live: Sequence[LiveRows] = (),
    ) -> None:
        super().__init__(database, store, views, parameters, clock)
        self._live = {rows.projection.name: rows for rows in live}

    # -- articles and annotations ------------------------------------------------------------------------------

    def pending(
        self, processors: Sequence[tuple[str, str]], limit: int | None = None, *, retry_upto: int = 0
    ) -> Iterator[Pending]:
        """Revisions that some of the active `processors` (name, identity) have neither annotated nor failed on.

        Oldest first; of every article every revision, since answers as of the past need them all. Failures recorded at or
        before position `retry_upto` do not count.
        """
        if not processors:
            return
        given = 0
        key, after = self._handled(processors)
        clean = not retry_upto
        upto: int | None = after if clean else 0
        while upto is not None:
            with self._reader() as reader:
                found, upto = reader.pending(processors, retry_upto=retry_upto, after=upto)
            clean = clean and not found
            if clean and upto is not None and upto - after >= _HANDLED:
                with self._database.write() as connection:
                    catalogue.set_handled(connection, key, upto)
                after = upto
            for one in found:
                if given == limit:
                    return
                given += 1
                yield one

    def article(self, article: str) -> ArticleView | None:
        """One article with its revisions, by id, a unique beginning of it, or URL. Raises UsageError when several fit."""
        with self._reader() as reader:
            return reader.article(article)

    def articles(
        self,
        *,
        outlet: str | None = None,
        status: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[ArticleRow]:
        """Articles, the last recorded first. The next page comes with `before` = the last row's `first_position`."""
        with self._reader() as reader:
            return reader.articles(outlet=outlet, status=status, before=before, limit=limit)

    def to_article(self, article: str, revision: int) -> Article | None:
        """One revision as processors see it; None when it has no text (withdrawn or redacted). Raises NotFoundError."""
        with self._reader() as reader:
            row = reader.revision(article, revision)
        if row is None:
            raise NotFoundError(
                "No such revision", which=f"{article} revision {revision}", fix="See newsledger article"
            )
        body = self._store.get_body(row.text) if row.text else None
        if body is None or row.text in self._context.redactions.bodies:
            return None
        return Article(
            id=row.article,
            revision=row.revision,
            hash=row.hash,
            url=row.url,
            outlet=row.outlet,
            title=row.title,
            text=body.decode(),
            language=row.language,
            summary=row.summary,
            byline=row.byline,
            published=datetime.fromisoformat(row.published) if row.published else None,
            modified=parse_time(row.modified) if row.modified else None,
            recorded=parse_time(row.recorded_at),
        )

    def annotations(self, article: str, revision: int) -> Sequence[StoredAnnotation]:
        """The annotations that count now on one revision, by place in the text."""
        with self._reader() as reader:
            return reader.annotations(article, revision)

    def known_layers(self, article: str, revision: int) -> Mapping[str, Sequence[bytes]]:
        """Processor name -> its annotations on one revision, as bytes in the order in which they were recorded."""
        with self._reader() as reader:
            return reader.layers(article, revision)

    def claims(
        self,
        *,
        article: str | None = None,
        measure: str | None = None,
        subject: str | None = None,
        origin: str | None = None,
        newest: bool = False,
        after: tuple[int, int] = (0, 0),
        limit: int = 1000,
    ) -> Sequence[ClaimRow]:
        """Claims that count now, in recorded order; `newest` leaves out those of replaced revisions.

        The next page comes with `after` = the last row's (`position`, `ordinal`).
        """
        with self._reader() as reader:
            return reader.claims(
                article=article,
                measure=measure,
                subject=subject,
                origin=origin,
                newest=newest,
                after=after,
                limit=limit,
            )

    def search(self, query: str, limit: int = 20) -> Sequence[Hit]:
        """Articles that hold all words of `query` in title, text or claims, best first. Raises UsageError for no word."""
        with self._reader() as reader:
            return reader.search(query, limit)

    # -- health ------------------------------------------------------------------------------------------------

    def feeds(self) -> Sequence[FeedRow]:
        """Every feed ever added, by id."""
        with self._reader() as reader:
            return tuple(reader.rows(FeedRow))

    def processors(self) -> Sequence[ProcessorRow]:
        """Every processor identity ever used, by name."""
        with self._reader() as reader:
            return tuple(reader.rows(ProcessorRow))

    def failures(self) -> Sequence[Failure]:
        """Failures of processors that no later run has made good, newest first."""
        with self._reader() as reader:
            return reader.failures()

    # -- views of plugins --------------------------------------------------------------------------------------

    @property
    def projections(self) -> tuple[Projection, ...]:
        """The projections that plugins brought."""
        kept = (view.projection for view in self._views if isinstance(view, PluginView))
        return (*kept, *(rows.projection for rows in self._live.values()))

    def plugin_rows(self, name: str) -> dict[str, object]:
        """The rows of a plugin's view by key. Raises NotFoundError for what is no such view."""
        if name in self._live:
            return self._live[name].content()
        found = next((v for v in self._views if isinstance(v, PluginView) and v.name == name), None)
        if found is None:
            names = ", ".join(one.name for one in self.projections)
            raise NotFoundError("No plugin brings this view", which=name, fix=f"There are: {names or 'none'}")
        with self._reader() as reader:
            return found.content(reader.rows(found.tables[0]))

    def _handled(self, processors: Sequence[tuple[str, str]]) -> tuple[str, int]:
        """Under which key it is kept, and up to which position no revision waits for any of these processors."""
        with self._read() as (connection, pointers):
            key = repr((pointers[Articles.name], pointers[Annotations.name], sorted(processors)))
            return key, catalogue.handled(connection, key)
