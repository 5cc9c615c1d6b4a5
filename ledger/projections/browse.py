"""What pages and programming interfaces ask of the views beside the questions of `Views`: many rows, few columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
import sqlalchemy as sa

from ledger.projections import catalogue
from ledger.projections.articles import summary_of
from ledger.projections.past import columns_at, texts_at
from ledger.projections.queries import FOREVER
from ledger.projections.results import StoredAnnotation
from ledger.projections.rows import (
    AnnotationRow,
    ArticleRow,
    ClaimRow,
    FigureHistoryRow,
    RevisionRow,
    RunRow,
)
from ledger.projections.views import Views
from ledger.state.reports import Report

__all__ = ["Browser", "EntityLine", "FigureLine", "Provenance", "RunCount", "Step"]

_CHUNK = 400


class FigureLine(msgspec.Struct, frozen=True):
    """A row of `figures` without the whole state."""

    slot: str
    subject: str
    measure: str
    scope: str
    period: str
    unit: str
    best: str
    value: float | None
    low: float | None
    high: float | None
    modality: str
    disputed: int
    reports: int
    independent_roots: int
    best_independent_roots: int
    first_seen: str | None
    last_change: str | None


class Step(msgspec.Struct, frozen=True):
    """One step of one figure: what it read from `at` (recorded time) on."""

    slot: str
    ordinal: int
    at: str
    best: str
    value: float | None
    low: float | None
    high: float | None
    modality: str
    disputed: int
    best_independent_roots: int


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who read a claim from a revision: the processor's run, and the position of its event."""

    processor: str
    version: str
    identity: str
    position: int
    ordinal: int


class RunCount(msgspec.Struct, frozen=True):
    """What one identity of a processor did up to a position."""

    processor: str
    version: str
    identity: str
    runs: int
    annotations: int
    failures: int
    last_run_at: str


class EntityLine(msgspec.Struct, frozen=True):
    """A name with its label, the number of mentions and of articles that mention it."""

    name: str
    label: str
    mentions: int
    articles: int


_LINE = FigureLine.__struct_fields__
_STEP = Step.__struct_fields__


class Browser:
    """Reads for pages. Safe to use from any thread, as the views are."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def version(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever any view may read otherwise: the live generations and the positions they stand at."""
        with self._views.browsing() as (connection, _):
            live = catalogue.pointers(connection)
            every = catalogue.generations(connection)
        return tuple(
            sorted((g.name, g.generation, g.position) for g in every if live.get(g.name) == g.generation)
        )

    # -- figures -----------------------------------------------------------------------------------------------

    def lines(self, upto: int = FOREVER) -> list[FigureLine]:
        """Every figure at a position by id, without its state."""
        with self._views.browsing() as (_, reader):
            return [FigureLine(*row) for row in columns_at(reader, _LINE, upto)]

    def states(self, slots: Collection[str], upto: int = FOREVER) -> dict[str, str | bytes]:
        """Slot -> its state as JSON at a position, of those of `slots` that there were."""
        with self._views.browsing() as (_, reader):
            return texts_at(reader, upto, slots)

    def steps(self, slots: Collection[str]) -> dict[str, list[Step]]:
        """Slot -> its steps, oldest first."""
        found: dict[str, list[Step]] = defaultdict(list)
        with self._views.browsing() as (connection, reader):
            c = reader.table(FigureHistoryRow).c
            for chunk in _chunks(slots):
                query = sa.select(*(c[name] for name in _STEP)).where(c.slot.in_(chunk))
                for row in connection.execute(query.order_by(c.slot, c.ordinal)):
                    found[row.slot].append(Step(*row))
        return found

    def newest_steps(self, limit: int, *, upto: str | None = None, since: str | None = None) -> list[Step]:
        """The last `limit` steps of all figures, newest first; with times (RFC 3339) only those between the two."""
        with self._views.browsing() as (connection, reader):
            c = reader.table(FigureHistoryRow).c
            query = sa.select(*(c[name] for name in _STEP))
            if upto is not None:
                query = query.where(c.at <= upto)
            if since is not None:
                query = query.where(c.at > since)
            query = query.order_by(c.at.desc(), c.slot, c.ordinal.desc()).limit(limit)
            return [Step(*row) for row in connection.execute(query)]

    def neighbours(self, at: str) -> tuple[str | None, str | None]:
        """The recorded times of the steps just before and just after `at`, None where there is none."""
        with self._views.browsing() as (connection, reader):
            c = reader.table(FigureHistoryRow).c
            before = connection.execute(sa.select(sa.func.max(c.at)).where(c.at < at)).scalar()
            after = connection.execute(sa.select(sa.func.min(c.at)).where(c.at > at)).scalar()
            return before, after

    # -- articles ----------------------------------------------------------------------------------------------

    def articles(
        self,
        *,
        outlet: str | None = None,
        before: int = FOREVER,
        limit: int = 100,
        upto: int = FOREVER,
        published: str | None = None,
    ) -> list[ArticleRow]:
        """Articles as they were known at a position, the last recorded first, from those recorded before `before` on.

        `published` (RFC 3339) leaves out revisions that were published later, and articles without another.
        """
        with self._views.browsing() as (connection, reader):
            a, r = reader.table(ArticleRow), reader.table(RevisionRow)
            known = _there(r, upto, published)
            there = sa.exists().where(r.c.article == a.c.article, known)
            query = sa.select(a.c.article).where(a.c.first_position < before, there)
            if outlet is not None:
                query = query.where(a.c.outlet == outlet)
            wanted = (
                connection.execute(query.order_by(a.c.first_position.desc()).limit(limit)).scalars().all()
            )
            revisions: dict[str, list[RevisionRow]] = defaultdict(list)
            for chunk in _chunks(wanted):
                for row in reader.rows(RevisionRow, r.c.article.in_(chunk), known):
                    revisions[row.article].append(row)
            return [summary_of(revisions[article]) for article in wanted]

    def among(
        self, articles: Collection[str], *, upto: int = FOREVER, published: str | None = None
    ) -> set[str]:
        """Of some articles those that had a revision at a position, published by `published` (RFC 3339) if given."""
        with self._views.browsing() as (connection, reader):
            r = reader.table(RevisionRow)
            found: set[str] = set()
            for chunk in _chunks(articles):
                query = sa.select(r.c.article).where(r.c.article.in_(chunk), _there(r, upto, published))
                found.update(connection.execute(query.distinct()).scalars())
            return found

    # -- claims and annotations --------------------------------------------------------------------------------

    def provenance(
        self, articles: Collection[str], upto: int = FOREVER
    ) -> dict[tuple[str, int, int, int], Provenance]:
        """(article, revision, start, end) of a claim -> who read it, as it counted at a position."""
        found: dict[tuple[str, int, int, int], Provenance] = {}
        with self._views.browsing() as (connection, reader):
            runs, claims = reader.table(RunRow), reader.table(ClaimRow)
            for chunk in _chunks(articles):
                query = (
                    sa.select(
                        claims.c.article,
                        claims.c.revision,
                        claims.c.start,
                        claims.c.end,
                        claims.c.ordinal,
                        runs.c.processor,
                        runs.c.version,
                        runs.c.identity,
                        runs.c.position,
                    )
                    .join(runs, runs.c.position == claims.c.position)
                    .where(claims.c.article.in_(chunk), _counting(runs, upto))
                    .order_by(claims.c.position, claims.c.ordinal)
                )
                for row in connection.execute(query):
                    key = (row.article, row.revision, row.start, row.end)
                    found.setdefault(
                        key,
                        Provenance(
                            processor=row.processor,
                            version=row.version,
                            identity=row.identity,
                            position=row.position,
                            ordinal=row.ordinal,
                        ),
                    )
        return found

    def annotations(self, article: str, revision: int, upto: int = FOREVER) -> list[StoredAnnotation]:
        """The annotations that counted at a position on one revision, by place in the text."""
        with self._views.browsing() as (connection, reader):
            runs, rows = reader.table(RunRow), reader.table(AnnotationRow)
            query = (
                sa.select(rows, runs.c.version, runs.c.identity)
                .join(runs, runs.c.position == rows.c.position)
                .where(rows.c.article == article, rows.c.revision == revision, _counting(runs, upto))
                .order_by(rows.c.start, rows.c.end, rows.c.type, rows.c.position, rows.c.ordinal)
            )
            return [_stored(row) for row in connection.execute(query)]

    def all_annotations(
        self,
        after: tuple[int, int] = (0, -1),
        limit: int = 1000,
        kind: str | None = None,
        *,
        upto: int = FOREVER,
        published: str | None = None,
    ) -> list[tuple[StoredAnnotation, str, int]]:
        """(annotation, article, revision) of those that counted at a position, in recorded order, after a (position, ordinal).

        `published` (RFC 3339) leaves out revisions that were published later.
        """
        with self._views.browsing() as (connection, reader):
            runs, rows = reader.table(RunRow), reader.table(AnnotationRow)
            query = (
                sa.select(rows, runs.c.version, runs.c.identity)
                .join(runs, runs.c.position == rows.c.position)
                .where(
                    _counting(runs, upto),
                    _beyond(rows, after),
                    _published(rows, reader.table(RevisionRow), published),
                )
                .order_by(rows.c.position, rows.c.ordinal)
                .limit(limit)
            )
            if kind is not None:
                query = query.where(rows.c.type == kind)
            return [(_stored(row), row.article, row.revision) for row in connection.execute(query)]

    def claims(
        self,
        after: tuple[int, int] = (0, -1),
        limit: int = 1000,
        *,
        upto: int = FOREVER,
        published: str | None = None,
        **wanted: str | None,
    ) -> list[ClaimRow]:
        """Claims that counted at a position, in recorded order, after a (position, ordinal); `wanted` names columns' values.

        `published` (RFC 3339) leaves out revisions that were published later.
        """
        with self._views.browsing() as (connection, reader):
            runs, rows = reader.table(RunRow), reader.table(ClaimRow)
            query = (
                sa.select(rows)
                .join(runs, runs.c.position == rows.c.position)
                .where(
                    _counting(runs, upto),
                    _beyond(rows, after),
                    _published(rows, reader.table(RevisionRow), published),
                )
                .where(*(rows.c[name] == value for name, value in wanted.items() if value is not None))
                .order_by(rows.c.position, rows.c.ordinal)
                .limit(limit)
            )
            return [ClaimRow(*row) for row in connection.execute(query)]

    def reports_of(self, article: str, upto: int = FOREVER) -> list[Report]:
        """The revisions of one article recorded up to a position, with their claims: what the state reads of it."""
        with self._views.browsing() as (_, reader):
            return reader.reports(upto, articles=[article])

    def entities(
        self, text: str = "", limit: int = 100, *, upto: int = FOREVER, published: str | None = None
    ) -> list[EntityLine]:
        """Names in the articles by number of articles, those that hold `text`; case does not matter.

        Counted is what counted at a position, without revisions published after `published` (RFC 3339).
        """
        with self._views.browsing() as (connection, reader):
            runs, rows = reader.table(RunRow), reader.table(AnnotationRow)
            name, label = (_field(connection, rows.c.body, key) for key in ("name", "label"))
            articles = sa.func.count(sa.distinct(rows.c.article))
            query = (
                sa.select(name, label, sa.func.count(), articles)
                .join(runs, runs.c.position == rows.c.position)
                .where(
                    rows.c.type == "core.entity",
                    _counting(runs, upto),
                    _published(rows, reader.table(RevisionRow), published),
                )
                .group_by(name, label)
                .order_by(articles.desc(), name, label)
                .limit(limit)
            )
            if text:
                query = query.where(name.icontains(text, autoescape=True))
            return [EntityLine(*row) for row in connection.execute(query)]

    # -- health ------------------------------------------------------------------------------------------------

    def run_counts(self, upto: int = FOREVER) -> list[RunCount]:
        """What every processor identity did up to a position, by name, the newest identity first."""
        with self._views.browsing() as (connection, reader):
            c = reader.table(RunRow).c
            failed = sa.func.sum(sa.case((c.status == "failed", 1), else_=0))
            query = (
                sa.select(
                    c.processor,
                    c.version,
                    c.identity,
                    sa.func.count(),
                    sa.func.coalesce(sa.func.sum(c.annotations), 0),
                    failed,
                    sa.func.max(c.recorded_at),
                )
                .where(c.position <= upto)
                .group_by(c.processor, c.version, c.identity)
                .order_by(c.processor, sa.func.max(c.position).desc())
            )
            return [RunCount(*row) for row in connection.execute(query)]

    def failed_runs(self, upto: int = FOREVER, article: str | None = None, limit: int = 200) -> list[RunRow]:
        """Failures up to a position that nothing had made good by then, newest first."""
        with self._views.browsing() as (connection, reader):
            c = reader.table(RunRow).c
            standing = sa.or_(c.superseded.is_(None), c.superseded > upto)
            query = sa.select(reader.table(RunRow)).where(c.status == "failed", c.position <= upto, standing)
            if article is not None:
                query = query.where(c.article == article)
            return [
                RunRow(*row) for row in connection.execute(query.order_by(c.position.desc()).limit(limit))
            ]


def _counting(runs: sa.Table, upto: int = FOREVER) -> sa.ColumnElement[bool]:
    """The condition that a run counts at a position."""
    c = runs.c
    current = sa.or_(c.superseded.is_(None), c.superseded > upto)
    return sa.and_(c.status.in_(("annotated", "skipped")), c.position <= upto, current)


def _beyond(rows: sa.Table, after: tuple[int, int]) -> sa.ColumnElement[bool]:
    """The condition that a row comes after a (position, ordinal)."""
    return sa.tuple_(rows.c.position, rows.c.ordinal) > sa.tuple_(*map(sa.literal, after))


def _there(revisions: sa.Table, upto: int, published: str | None) -> sa.ColumnElement[bool]:
    """The condition that a revision was recorded at a position, and published by a time where one is given."""
    recorded = revisions.c.position <= upto
    return recorded if published is None else sa.and_(recorded, revisions.c.p_time <= published)


def _published(rows: sa.Table, revisions: sa.Table, by: str | None) -> sa.ColumnElement[bool]:
    """The condition that a row belongs to a revision published by a time; None asks nothing."""
    if by is None:
        return sa.true()
    same = sa.and_(revisions.c.article == rows.c.article, revisions.c.revision == rows.c.revision)
    return sa.exists().where(same, revisions.c.p_time <= by)


def _chunks(values: Iterable[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredAnnotation:
    return StoredAnnotation(
        processor=row.processor,
        version=row.version,
        identity=row.identity,
        type=row.type,
        start=row.start,
        end=row.end,
        body=row.body.encode(),
        position=row.position,
        ordinal=row.ordinal,
    )


def _field(connection: sa.Connection, body: sa.ColumnElement[str], name: str) -> sa.ColumnElement[str]:
    """A text field of an annotation kept as JSON."""
    if connection.dialect.name == "postgresql":
        text: sa.ColumnElement[str] = sa.cast(body, sa.JSON)[name].as_string()
        return text
    return sa.func.json_extract(body, f"$.{name}")
