"""The view `articles`: every article and every revision of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import ClassVar

from ledger.clock import format_time
from ledger.events import Event
from ledger.events.types import ArticleIngested, ArticleRevised, ArticleRevision, ArticleWithdrawn
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import ArticleRow, RevisionRow

__all__ = ["Articles", "article_of", "summary_of"]

INGESTED, REVISED, WITHDRAWN = ArticleIngested.TYPE, ArticleRevised.TYPE, ArticleWithdrawn.TYPE


class Articles(View):
    """Tables `articles` and `revisions`. An article's row is a function of the rows of its revisions."""

    name = "articles"
    types = frozenset({INGESTED, REVISED, WITHDRAWN})
    tables = (ArticleRow, RevisionRow)
    sealed = (ArticleRow,)
    code: ClassVar[tuple[str, ...]] = ()

    def fold(self, tables: Tables, facts: Sequence[Fact], context: Context) -> None:
        """Add revisions, then summarise the articles that they belong to."""
        revisions, articles = tables.of(RevisionRow), tables.of(ArticleRow)
        touched = set()
        for fact in facts:
            row = _revision(fact, context)
            revisions.put(row)
            touched.add(row.article)
        for _, rows in groupby(revisions.matching("article", touched), lambda row: row.article):
            articles.put(summary_of(list(rows)))


def article_of(fact: Fact) -> str:
    """The article id that a stream such as `article:a-1` or `annotations:a-1` names."""
    return fact.envelope.stream.partition(":")[2]


def _revision(fact: Fact, context: Context) -> RevisionRow:
    envelope = fact.envelope
    if envelope.type == WITHDRAWN:
        gone = fact.event(ArticleWithdrawn)
        p_time = _text(gone.p_time) if gone is not None else envelope.published_at
        return _blank(fact, "withdrawn", p_time, gone.reason if gone is not None else "")
    kind: type[ArticleRevision] = ArticleIngested if envelope.type == INGESTED else ArticleRevised
    event = fact.event(kind)
    if event is None:
        return _blank(fact, "redacted", envelope.published_at, "")
    removed = event.text.key in context.redactions.bodies
    raw = event.raw.key if event.raw is not None else ""
    return RevisionRow(
        article=event.article,
        revision=event.revision,
        position=fact.position,
        event=envelope.id,
        status="redacted" if removed else "live",
        hash=event.hash,
        url=event.url,
        canonical_url=event.canonical_url,
        outlet=event.outlet,
        title=event.title,
        summary="" if removed else event.summary,
        byline=event.byline,
        language=event.language,
        feed=event.feed,
        published=_declared(event),
        modified=_text(event.modified),
        p_time=_text(event.p_time) or envelope.recorded_at,
        dated="declared" if event.p_time is not None else "recorded",
        recorded_at=envelope.recorded_at,
        silent=int(_is_silent(event)),
        text="" if removed else event.text.key,
        text_size=event.text.size,
        raw="" if raw in context.redactions.bodies else raw,
        extractor=event.extractor,
        flags=" ".join(event.flags),
        reason="",
    )


def _is_silent(event: Event) -> bool:
    return isinstance(event, ArticleRevised) and event.silent


def _blank(fact: Fact, status: str, p_time: str | None, reason: str) -> RevisionRow:
    """A revision without a text: a withdrawal, or what is left of a redacted one. The envelope alone gives its rows."""
    envelope = fact.envelope
    return RevisionRow(
        article=article_of(fact),
        revision=envelope.version,
        position=fact.position,
        event=envelope.id,
        status=status,
        hash="",
        url="",
        canonical_url="",
        outlet="",
        title="",
        summary="",
        byline="",
        language="",
        feed="",
        published=None,
        modified=None,
        p_time=p_time or envelope.recorded_at,
        dated="declared" if p_time else "recorded",
        recorded_at=envelope.recorded_at,
        silent=0,
        text="",
        text_size=0,
        raw="",
        extractor="",
        flags="",
        reason=reason,
    )


def summary_of(revisions: Sequence[RevisionRow]) -> ArticleRow:
    """The row of an article; `revisions` in order, at least one."""
    first, last = revisions[0], revisions[-1]
    shown = next((row for row in reversed(revisions) if row.hash), last)
    return ArticleRow(
        article=last.article,
        outlet=shown.outlet,
        url=shown.url,
        title=shown.title,
        language=shown.language,
        byline=shown.byline,
        feed=next((row.feed for row in revisions if row.feed), ""),
        status=last.status,
        revisions=len(revisions),
        published=next((row.published for row in revisions if row.published), None),
        p_time=last.p_time,
        recorded_at=first.recorded_at,
        changed_at=last.recorded_at,
        hash=shown.hash,
        first_position=first.position,
        last_position=last.position,
    )


def _text(value: datetime | None) -> str | None:
    return None if value is None else format_time(value)


def _declared(event: ArticleRevision) -> str | None:
    """The publication time in the offset in which the publisher wrote it, which the event keeps beside the instant."""
    if event.published is None:
        return None
    try:
        zone = datetime.fromisoformat(f"2000-01-01T00:00{event.claimed_dates.get('offset', '')}").tzinfo
    except ValueError:
        zone = None
    if zone is None or not zone.utcoffset(None):
        return format_time(event.published)
    return event.published.astimezone(zone).isoformat()
