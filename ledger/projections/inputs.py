"""What the state is computed from: revisions with what was read from them, registries, decisions, at any position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from ledger.clock import parse_time
from ledger.plugin import Claim, Notice
from ledger.projections.annotations import CLAIM, DONE, NOTICE
from ledger.projections.live import FOREVER, LiveTables, in_pieces
from ledger.projections.results import Decision
from ledger.projections.rows import AnnotationRow, RegistryRow, ReviewRow, RevisionRow, RunRow
from ledger.state.model import Review
from ledger.state.reports import Report

__all__ = ["Change", "Inputs", "reviews_at"]

_CLAIM = msgspec.json.Decoder(Claim)
_NOTICE = msgspec.json.Decoder(Notice)
_TARGET = msgspec.json.Decoder(dict[str, str])


class Change(NamedTuple):
    """An event that can move a figure: of an article (with its id), of the registry, or a decision."""

    position: int
    at: str
    article: str
    kind: str


class Inputs(LiveTables):
    """Questions for the state's inputs."""

    def reports(
        self, upto: int = FOREVER, *, articles: Collection[str] | None = None, bare: bool = False
    ) -> list[Report]:
        """Every revision recorded up to a position, with the claims and notices that counted then, by position.

        `articles` (ids) limits the answer. `bare` leaves out the text of revisions that say nothing.
        """
        if articles is not None:
            return [report for some in in_pieces(articles) for report in self._reports(upto, some, bare=bare)]
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
            .where(rows.c.type.in_((CLAIM, NOTICE)), rows.c.problem == "", self.counting(upto))
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

    def changes(self, after: int, upto: int, limit: int) -> list[Change]:
        """The first `limit` events after a position that can move a figure, by position."""
        revisions, runs = self.table(RevisionRow).c, self.table(RunRow).c
        registries, reviews = self.table(RegistryRow).c, self.table(ReviewRow).c
        found: list[Change] = []
        for kind, at, position, article, *where in (
            ("article", revisions.recorded_at, revisions.position, revisions.article),
            ("article", runs.recorded_at, runs.position, runs.article, runs.status.in_(DONE)),
            ("registry", registries.at, registries.position, sa.literal("")),
            ("decision", reviews.at, reviews.position, sa.literal("")),
            ("decision", reviews.undone_at, reviews.undone_position, sa.literal("")),
        ):
            query = (
                sa.select(position, at, article)
                .where(position > after, position <= upto, *where)
                .order_by(position)
                .limit(limit)
            )
            found += [Change(*row, kind) for row in self._connection.execute(query)]
        return sorted(found)[:limit]

    def last_changed(self, articles: Collection[str], upto: int) -> dict[str, int]:
        """Article -> position of the last event up to `upto` that changed what it states."""
        last: dict[str, int] = {}
        revisions, runs = self.table(RevisionRow).c, self.table(RunRow).c
        for some in in_pieces(articles):
            for c, *where in ((revisions,), (runs, runs.status.in_(DONE))):
                query = (
                    sa.select(c.article, sa.func.max(c.position))
                    .where(c.article.in_(some), c.position <= upto, *where)
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

    def decided(self) -> list[ReviewRow]:
        """Reviewers' decisions by position, those taken back included."""
        return sorted(self.rows(ReviewRow), key=lambda row: row.position)

    def decisions(self, upto: int = FOREVER) -> list[Decision]:
        """Reviewers' decisions up to a position, in order, with what was taken back by then."""
        return [_decision(row, upto) for row in self.decided() if row.position <= upto]

    def reviews(self, upto: int = FOREVER) -> list[Review]:
        """The same in the form that the state reads: undoing is a decision of its own."""
        return reviews_at(self.decided(), upto)


def reviews_at(rows: Iterable[ReviewRow], upto: int) -> list[Review]:
    """Decisions as the state reads them, of those `rows` that were there at a position."""
    reviews = []
    for one in (_decision(row, upto) for row in rows if row.position <= upto):
        reviews.append(
            Review(id=one.id, at=one.at, action=one.action, target=one.target, by=one.by, reason=one.reason)
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


def _decision(row: ReviewRow, upto: int) -> Decision:
    undone = row.undone_position is not None and row.undone_position <= upto
    return Decision(
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


def _with_offset(value: str | None) -> datetime | None:
    """The instant in the offset in which it was written."""
    return None if value is None else datetime.fromisoformat(value)
