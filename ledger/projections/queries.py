"""Questions to the views, each answered inside one read transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from ledger.errors import ProjectionError, UsageError
from ledger.projections.fulltext import phrases, search_sql
from ledger.projections.inputs import Inputs
from ledger.projections.live import FOREVER, in_pieces
from ledger.projections.results import ArticleView, Failure, Hit, Pending, StoredAnnotation
from ledger.projections.rows import (
    AnnotationRow,
    ArticleRow,
    ClaimRow,
    RevisionRow,
    RunRow,
    SearchEntryRow,
)
from ledger.projections.search import INDEX
from ledger.projections.tables import mark as parameter_mark
from ledger.projections.tables import table_name

__all__ = ["FOREVER", "Reader"]

PAGE = 1_000
_SHOWN = 6
"""Articles that are looked for where one is meant; one less is named when several fit."""


class Reader(Inputs):
    """The live generations of the views at one instant, and what is asked of them."""

    # -- articles ----------------------------------------------------------------------------------------------

    def article(self, wanted: str) -> ArticleView | None:
        """By id, a unique beginning of it (three characters at least), or URL."""
        if not wanted:
            return None
        c = self.table(ArticleRow).c
        found = list(self.rows(ArticleRow, sa.or_(c.article == wanted, c.url == wanted), limit=_SHOWN))
        if not found and len(wanted) >= 3:
            beginning = c.article.startswith(wanted, autoescape=True)
            found = list(self.rows(ArticleRow, beginning, limit=_SHOWN))
        if not found:
            revised = self.table(RevisionRow).c
            older = sa.or_(revised.url == wanted, revised.canonical_url == wanted)
            ids = {row.article for row in self.rows(RevisionRow, older)}
            found = list(self.rows(ArticleRow, c.article.in_(sorted(ids)), limit=_SHOWN))
        if len(found) > 1:
            shown = [row.article for row in found]
            more = ["..."] if len(shown) == _SHOWN else []
            raise UsageError(
                "More than one article fits",
                which=wanted,
                fix=f"Give one of {', '.join(shown[: _SHOWN - 1] + more)}",
            )
        if not found:
            return None
        key = found[0].article
        revisions = self.rows(RevisionRow, self.table(RevisionRow).c.article == key)
        return ArticleView(article=found[0], revisions=tuple(revisions))

    def revision(self, article: str, revision: int) -> RevisionRow | None:
        """One revision."""
        c = self.table(RevisionRow).c
        return next(self.rows(RevisionRow, c.article == article, c.revision == revision), None)

    def articles(
        self, *, outlet: str | None, status: str | None, before: int | None, limit: int
    ) -> list[ArticleRow]:
        """Articles, the last recorded first; `before` is the `first_position` of the last one of the page before."""
        table = self.table(ArticleRow)
        query = sa.select(table).order_by(table.c.first_position.desc()).limit(limit)
        if outlet is not None:
            query = query.where(table.c.outlet == outlet)
        if status is not None:
            query = query.where(table.c.status == status)
        if before is not None:
            query = query.where(table.c.first_position < before)
        return [ArticleRow(*found) for found in self._connection.execute(query)]

    # -- annotations -------------------------------------------------------------------------------------------

    def annotations(self, article: str, revision: int) -> list[StoredAnnotation]:
        """What counts now on one revision, by position in the text."""
        runs, rows = self.table(RunRow), self.table(AnnotationRow)
        query = (
            sa.select(rows, runs.c.version, runs.c.identity)
            .join(runs, runs.c.position == rows.c.position)
            .where(rows.c.article == article, rows.c.revision == revision, self.counting())
            .order_by(rows.c.start, rows.c.end, rows.c.type, rows.c.position, rows.c.ordinal)
        )
        return [
            StoredAnnotation(
                processor=found.processor,
                version=found.version,
                identity=found.identity,
                type=found.type,
                start=found.start,
                end=found.end,
                body=found.body.encode(),
                position=found.position,
                ordinal=found.ordinal,
            )
            for found in self._connection.execute(query)
        ]

    def layers(self, article: str, revision: int) -> dict[str, list[bytes]]:
        """Processor name -> the annotations of its run that counts, in recorded order; empty when it found nothing."""
        c = self.table(RunRow).c
        counting = self.rows(RunRow, c.article == article, c.revision == revision, self.counting())
        layers: dict[str, list[bytes]] = {run.processor: [] for run in counting if run.status == "annotated"}
        for one in sorted(
            self.annotations(article, revision), key=lambda each: (each.position, each.ordinal)
        ):
            layers.setdefault(one.processor, []).append(one.body)
        return layers

    def claims(
        self,
        *,
        article: str | None,
        measure: str | None,
        subject: str | None,
        origin: str | None,
        newest: bool,
        after: tuple[int, int],
        limit: int,
    ) -> list[ClaimRow]:
        """Claims that count, by position and place."""
        runs, rows, revisions = self.table(RunRow), self.table(ClaimRow), self.table(ArticleRow)
        query = (
            sa.select(rows)
            .join(runs, runs.c.position == rows.c.position)
            .where(
                self.counting(),
                sa.tuple_(rows.c.position, rows.c.ordinal) > sa.tuple_(*map(sa.literal, after)),
            )
            .order_by(rows.c.position, rows.c.ordinal)
            .limit(limit)
        )
        wanted = {"article": article, "measure": measure, "subject": subject, "origin": origin}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(rows.c[name] == value)
        if newest:
            query = query.join(revisions, revisions.c.article == rows.c.article).where(
                rows.c.revision == revisions.c.revisions
            )
        return [ClaimRow(*found) for found in self._connection.execute(query)]

    def failures(self) -> list[Failure]:
        """Failures that no later run of the same processor has made good, newest first."""
        c = self.table(RunRow).c
        rows = self.rows(RunRow, c.status == "failed", c.superseded.is_(None))
        return [
            Failure(
                processor=row.processor,
                version=row.version,
                identity=row.identity,
                article=row.article,
                revision=row.revision,
                kind=row.kind,
                message=row.message,
                attempt=row.attempt,
                recorded_at=row.recorded_at,
            )
            for row in sorted(rows, key=lambda row: -row.position)
        ]

    def pending(
        self, processors: Sequence[tuple[str, str]], *, retry_upto: int, after: int
    ) -> tuple[list[Pending], int | None]:
        """Of the next revisions with a text, those that some of `processors` (name, identity) have no outcome for.

        A failure counts as an outcome unless it was recorded at or before `retry_upto`. Returns them by position, and the
        position to go on after, None at the end.
        """
        page = self._page(after)
        outcomes = self._outcomes(page, dict(processors))
        found = []
        for row in page:
            done: set[str] = set()
            attempts: dict[str, int] = {}
            for run in outcomes[row.event]:
                if run.status != "failed" or run.position > retry_upto:
                    done.add(run.processor)
                if run.status == "failed":
                    attempts[run.processor] = max(run.attempt, attempts.get(run.processor, 0))
            if missing := tuple(name for name, _ in processors if name not in done):
                found.append(
                    Pending(
                        article=row.article,
                        revision=row.revision,
                        event=row.event,
                        processors=missing,
                        attempts=attempts,
                    )
                )
        return found, page[-1].position if page else None

    def _page(self, after: int) -> list[RevisionRow]:
        table = self.table(RevisionRow)
        query = (
            sa.select(table)
            .where(table.c.position > after, table.c.text != "")
            .order_by(table.c.position)
            .limit(PAGE)
        )
        return [RevisionRow(*found) for found in self._connection.execute(query)]

    def _outcomes(self, page: list[RevisionRow], identities: dict[str, str]) -> dict[str, list[RunRow]]:
        """Event id of a revision -> the runs on it by the present identities; a redacted run is known by its cause."""
        table = self.table(RunRow)
        events = {(row.article, row.revision): row.event for row in page}
        found: dict[str, list[RunRow]] = defaultdict(list)
        for some in in_pieces({row.article for row in page}):
            query = sa.select(table).where(table.c.article.in_(some))
            for row in self._connection.execute(query):
                run = RunRow(*row)
                if identities.get(run.processor) == run.identity:
                    found[events.get((run.article, run.revision), run.cause)].append(run)
        return found

    # -- search ------------------------------------------------------------------------------------------------

    def search(self, query: str, limit: int) -> list[Hit]:
        """Articles that hold every word of `query`, best first; words in the title count most."""
        wanted = phrases(query)
        if not wanted:
            raise UsageError(
                "There is no word to search for", which=repr(query), fix="Give at least one word"
            )
        name, mark = table_name(INDEX, self._pointers["search"]), parameter_mark(self._connection)
        entries, articles = self.table(SearchEntryRow).name, self.table(ArticleRow).name
        passage, rank, condition, given = search_sql(self._connection, name, wanted)
        sql = (
            f"SELECT a.article, e.revision, a.outlet, a.title, a.url, a.p_time, {passage}, {rank} AS score "  # noqa: S608
            f"FROM {name} f JOIN {entries} e ON e.position = f.rowid JOIN {articles} a ON a.article = e.article "
            f"WHERE {condition} ORDER BY score, a.article LIMIT {mark}"
        )
        try:
            found = self._connection.exec_driver_sql(sql, (*given, limit)).fetchall()
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            raise ProjectionError("The search cannot be made", which=query, fix=str(error.orig)) from error
        return [Hit(**dict(zip(Hit.__struct_fields__, row, strict=True))) for row in found]
