"""Questions to the views, each answered inside one read transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from ledger.clock import parse_time
from ledger.errors import ProjectionError, UsageError
from ledger.plugin import Claim, Notice
from ledger.projections.annotations import CLAIM, NOTICE
from ledger.projections.catalogue import Pointers
from ledger.projections.facts import View
from ledger.projections.fulltext import phrases, search_sql
from ledger.projections.results import ArticleView, Decision, Failure, Hit, Pending, StoredAnnotation
from ledger.projections.rows import (
    AnnotationRow,
    ArticleRow,
    ClaimRow,
    RegistryRow,
    ReviewRow,
    RevisionRow,
    Row,
    RunRow,
    SearchEntryRow,
)
from ledger.projections.search import INDEX
from ledger.projections.tables import mark as parameter_mark
from ledger.projections.tables import table_name, table_of
from ledger.state.model import Review
from ledger.state.reports import Report

__all__ = ["Reader"]

R = TypeVar("R", bound=Row)
PAGE = 1_000
FOREVER = 2**62
_SHOWN = 6
"""Articles that are looked for where one is meant; one less is named when several fit."""
_IDS = 500
"""Article ids in one query."""

_CLAIM = msgspec.json.Decoder(Claim)
_NOTICE = msgspec.json.Decoder(Notice)
_TARGET = msgspec.json.Decoder(dict[str, str])


class Reader:
    """The live generations of the views at one instant. `text` gives the text of a stored body, empty when it is gone."""

    def __init__(
        self,
        connection: sa.Connection,
        pointers: Pointers,
        views: Collection[View],
        text: Callable[[str], str],
    ) -> None:
        self._connection = connection
        self._pointers = pointers
        self._owner = {row: view.name for view in views for row in view.tables}
        self._text = text

    def table(self, row: type[Row]) -> sa.Table:
        """The live table of a row type."""
        return table_of(row, self._pointers[self._owner[row]])

    def rows(self, row: type[R], *where: sa.ColumnElement[bool], limit: int | None = None) -> Iterator[R]:
        """Rows of one table by key."""
        table = self.table(row)
        query = sa.select(table).where(*where).order_by(*(table.c[name] for name in row.KEY)).limit(limit)
        return (row(*found) for found in self._connection.execute(query))

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

    def _counting(self, upto: int = FOREVER) -> sa.ColumnElement[bool]:
        """The condition that a run counts at a position."""
        c = self.table(RunRow).c
        current = (
            c.superseded.is_(None) if upto == FOREVER else sa.or_(c.superseded.is_(None), c.superseded > upto)
        )
        return sa.and_(c.status.in_(("annotated", "skipped")), c.position <= upto, current)

    def annotations(self, article: str, revision: int) -> list[StoredAnnotation]:
        """What counts now on one revision, by position in the text."""
        runs, rows = self.table(RunRow), self.table(AnnotationRow)
        query = (
            sa.select(rows, runs.c.version, runs.c.identity)
            .join(runs, runs.c.position == rows.c.position)
            .where(rows.c.article == article, rows.c.revision == revision, self._counting())
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
        counting = self.rows(RunRow, c.article == article, c.revision == revision, self._counting())
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
                self._counting(),
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
        for some in _in_pieces({row.article for row in page}):
            query = sa.select(table).where(table.c.article.in_(some))
            for row in self._connection.execute(query):
                run = RunRow(*row)
                if identities.get(run.processor) == run.identity:
                    found[events.get((run.article, run.revision), run.cause)].append(run)
        return found

    # -- what the state is computed from ------------------------------------------------------------------------

    def reports(
        self, upto: int = FOREVER, *, articles: Collection[str] | None = None, bare: bool = False
    ) -> list[Report]:
        """Every revision recorded up to a position, with the claims and notices that counted then, by position.

        `articles` (ids) limits the answer. `bare` leaves out the text of revisions that say nothing.
        """
        if articles is not None:
            return [
                report for some in _in_pieces(articles) for report in self._reports(upto, some, bare=bare)
            ]
        return self._reports(upto, None, bare=bare)

    def _reports(self, upto: int, articles: Sequence[str] | None, *, bare: bool) -> list[Report]:
        revisions = self.table(RevisionRow)
        claims, notices = self._statements(upto, articles)
        by_article: dict[str, list[RevisionRow]] = defaultdict(list)
        query = sa.select(revisions).where(revisions.c.position <= upto).order_by(revisions.c.position)
        if articles is not None:
            query = query.where(revisions.c.article.in_(articles))
        ordered = [RevisionRow(*found) for found in self._connection.execute(query)]
        for row in ordered:
            by_article[row.article].append(row)
        shown = {
            article: next((row for row in reversed(rows) if row.hash), None)
            for article, rows in by_article.items()
        }
        first = {
            article: next((row.published for row in rows if row.published), None)
            for article, rows in by_article.items()
        }
        reports = []
        for row in ordered:
            # What a withdrawal or a redaction does not say itself is what the article last said.
            known = row if row.hash else shown[row.article]
            if known is None:
                continue
            key = (row.article, row.revision)
            published = first[row.article]
            said = claims.get(key, ()), notices.get(key, ())
            wanted = row.text and (any(said) or not bare)
            reports.append(
                Report(
                    article=row.article,
                    outlet=known.outlet,
                    url=known.url,
                    revision=row.revision,
                    hash=row.hash,
                    title=known.title,
                    text=self._text(row.text) if wanted else "",
                    recorded_at=parse_time(row.recorded_at),
                    p_time=parse_time(row.p_time),
                    published=_with_offset(published),
                    withdrawn=row.status == "withdrawn",
                    claims=tuple(said[0]),
                    notices=tuple(said[1]),
                )
            )
        return reports

    def _statements(
        self, upto: int, articles: Sequence[str] | None
    ) -> tuple[dict[tuple[str, int], list[Claim]], dict[tuple[str, int], list[Notice]]]:
        runs, rows = self.table(RunRow), self.table(AnnotationRow)
        query = (
            sa.select(rows.c.article, rows.c.revision, rows.c.type, rows.c.body)
            .join(runs, runs.c.position == rows.c.position)
            .where(rows.c.type.in_((CLAIM, NOTICE)), rows.c.problem == "", self._counting(upto))
            .order_by(
                rows.c.article, rows.c.revision, rows.c.start, rows.c.end, runs.c.processor, rows.c.ordinal
            )
        )
        if articles is not None:
            query = query.where(rows.c.article.in_(articles))
        claims: dict[tuple[str, int], list[Claim]] = defaultdict(list)
        notices: dict[tuple[str, int], list[Notice]] = defaultdict(list)
        for article, revision, kind, body in self._connection.execute(query):
            if kind == CLAIM:
                claims[article, revision].append(_CLAIM.decode(body))
            else:
                notices[article, revision].append(_NOTICE.decode(body))
        return claims, notices

    def changed(self, after: int, upto: int, limit: int) -> list[tuple[int, str]]:
        """(position, article) of the first `limit` events after a position that changed what an article states."""
        revisions, runs = self.table(RevisionRow).c, self.table(RunRow).c
        first = (
            sa.select(revisions.position, revisions.article)
            .where(revisions.position > after, revisions.position <= upto)
            .order_by(revisions.position)
            .limit(limit)
        )
        second = (
            sa.select(runs.position, runs.article)
            .where(runs.position > after, runs.position <= upto, runs.status.in_(("annotated", "skipped")))
            .order_by(runs.position)
            .limit(limit)
        )
        found = [
            (at, article) for query in (first, second) for at, article in self._connection.execute(query)
        ]
        return sorted(found)[:limit]

    def last_changed(self, articles: Collection[str]) -> dict[str, int]:
        """Article -> position of the last event that changed what it states."""
        last: dict[str, int] = {}
        for some in _in_pieces(articles):
            for c, wanted in (
                (self.table(RevisionRow).c, ()),
                (self.table(RunRow).c, (self.table(RunRow).c.status.not_in(("failed", "redacted")),)),
            ):
                query = (
                    sa.select(c.article, sa.func.max(c.position))
                    .where(c.article.in_(some), *wanted)
                    .group_by(c.article)
                )
                for article, at in self._connection.execute(query):
                    last[article] = max(at, last.get(article, 0))
        return last

    def registry_position(self, upto: int) -> int:
        """The position of the registry in force at a position, 0 when there was none."""
        table = self.table(RegistryRow)
        query = sa.select(sa.func.max(table.c.position)).where(table.c.position <= upto)
        return int(self._connection.execute(query).scalar() or 0)

    def decided(self, after: int, upto: int) -> list[ReviewRow]:
        """Reviewers' decisions that were taken, or taken back, between two positions."""
        c = self.table(ReviewRow).c
        taken = sa.and_(c.position > after, c.position <= upto)
        undone = sa.and_(c.undone_position > after, c.undone_position <= upto)
        return list(self.rows(ReviewRow, sa.or_(taken, undone)))

    def registry(self, upto: int = FOREVER) -> bytes:
        """The source registry in force at a position, empty when there was none."""
        table = self.table(RegistryRow)
        query = (
            sa.select(table.c.registry)
            .where(table.c.position <= upto)
            .order_by(table.c.position.desc())
            .limit(1)
        )
        return str(self._connection.execute(query).scalar() or "").encode()

    def decisions(self, upto: int = FOREVER) -> list[Decision]:
        """Reviewers' decisions up to a position, in order, with what was taken back by then."""
        found = []
        for row in sorted(self.rows(ReviewRow), key=lambda row: row.position):
            if row.position > upto:
                break
            undone = row.undone_position is not None and row.undone_position <= upto
            found.append(
                Decision(
                    id=row.id,
                    at=parse_time(row.at),
                    action=row.action,
                    target=_TARGET.decode(row.target),
                    by=row.by,
                    reason=row.reason,
                    undone_at=parse_time(row.undone_at) if undone and row.undone_at is not None else None,
                    undone_by=row.undone_by if undone else "",
                    undone_reason=row.undone_reason if undone else "",
                )
            )
        return found

    def reviews(self, upto: int = FOREVER) -> list[Review]:
        """The same in the form that the state reads: undoing is a decision of its own."""
        reviews = []
        for one in self.decisions(upto):
            reviews.append(
                Review(
                    id=one.id, at=one.at, action=one.action, target=one.target, by=one.by, reason=one.reason
                )
            )
            if one.undone_at is not None:
                reviews.append(
                    Review(
                        id=f"{one.id}:undo",
                        at=one.undone_at,
                        action="undo",
                        target={"review": one.id},
                        by=one.undone_by,
                        reason=one.undone_reason,
                    )
                )
        return reviews

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


def _in_pieces(articles: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(articles)
    return (ordered[start : start + _IDS] for start in range(0, len(ordered), _IDS))


def _with_offset(value: str | None) -> datetime | None:
    """The instant in the offset in which it was written."""
    return None if value is None else datetime.fromisoformat(value)
