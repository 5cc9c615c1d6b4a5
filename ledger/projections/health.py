"""The views `feeds` and `processors`: what works, what does not, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from ledger.events.types import (
    AnnotationFailed,
    ArticleAnnotated,
    FeedAdded,
    FeedChanged,
    FeedFetched,
    FeedRemoved,
    ProcessorRegistered,
)
from ledger.projections.articles import article_of
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import FeedRow, ProcessorRow

__all__ = ["Feeds", "Processors"]

_replace = msgspec.structs.replace


class Feeds(View):
    """Table `feeds`."""

    name = "feeds"
    types = frozenset({FeedAdded.TYPE, FeedChanged.TYPE, FeedRemoved.TYPE, FeedFetched.TYPE})
    tables = (FeedRow,)
    sealed = tables
    code: ClassVar[tuple[str, ...]] = ("ledger.projections.articles",)

    def fold(self, tables: Tables, facts: Sequence[Fact], _context: Context) -> None:
        """Bring each feed's row forward."""
        feeds = tables.of(FeedRow)
        for fact in facts:
            key = article_of(fact)
            row = _feed(feeds.get(key) or _new_feed(key), fact)
            if row is not None:
                feeds.put(row)


def _new_feed(feed: str) -> FeedRow:
    return FeedRow(feed, "", "", "", None, "followed", "", "", 0, "", 0, 0, 0, 0, 0, 0, None, None, None)


def _feed(row: FeedRow, fact: Fact) -> FeedRow | None:
    kind, at = fact.envelope.type, fact.envelope.recorded_at
    if kind == FeedAdded.TYPE:
        added = fact.event(FeedAdded)
        if added is None:
            return _replace(row, added_at=row.added_at or at, status="followed")
        return _replace(
            row,
            url=added.url,
            outlet=added.outlet,
            title=added.title,
            interval=added.interval,
            added_at=row.added_at or at,
            status="followed",
        )
    if kind == FeedChanged.TYPE:
        changed = fact.event(FeedChanged)
        given = (
            {}
            if changed is None
            else {name: getattr(changed, name) for name in ("url", "outlet", "title", "interval")}
        )
        return _replace(row, **{name: value for name, value in given.items() if value is not None})
    if kind == FeedRemoved.TYPE:
        fact.event(FeedRemoved)
        return _replace(row, status="removed")
    fetched = fact.event(FeedFetched)
    if fetched is None:
        return None
    failed = fetched.outcome in ("error", "gone")
    brought = fetched.new + fetched.revised > 0
    return _replace(
        row,
        url=row.url or fetched.url,
        outcome=fetched.outcome,
        http_status=fetched.status,
        error=fetched.error,
        fetches=row.fetches + 1,
        errors=row.errors + failed,
        items=row.items if failed else fetched.items,
        new=row.new + fetched.new,
        revised=row.revised + fetched.revised,
        skipped=row.skipped + len(fetched.skipped),
        last_success_at=row.last_success_at if failed else at,
        last_error_at=at if failed else row.last_error_at,
        last_new_at=at if brought else row.last_new_at,
    )


class Processors(View):
    """Table `processors`, one row per identity."""

    name = "processors"
    types = frozenset({ProcessorRegistered.TYPE, ArticleAnnotated.TYPE, AnnotationFailed.TYPE})
    tables = (ProcessorRow,)
    sealed = tables
    code: ClassVar[tuple[str, ...]] = ("ledger.projections.articles",)

    def fold(self, tables: Tables, facts: Sequence[Fact], _context: Context) -> None:
        """Count runs and failures, identity by identity."""
        processors = tables.of(ProcessorRow)
        grouped: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in facts:
            producer = fact.envelope.producer
            grouped[producer.name, producer.identity].append(fact)
        for key, group in grouped.items():
            row = processors.get(*key) or _new_processor(group[0])
            processors.put(_registered(_failed(_counted(row, group), group), group))


def _new_processor(fact: Fact) -> ProcessorRow:
    producer, at = fact.envelope.producer, fact.envelope.recorded_at
    return ProcessorRow(
        producer.name, producer.identity, producer.version, at, "{}", 0, 0, 0, 0, None, None, "", ""
    )


def _counted(row: ProcessorRow, facts: Sequence[Fact]) -> ProcessorRow:
    """The row with runs and annotations counted."""
    outcomes = [fact for fact in facts if fact.envelope.type != ProcessorRegistered.TYPE]
    if not outcomes:
        return row
    done = [
        event
        for fact in outcomes
        if fact.envelope.type == ArticleAnnotated.TYPE and (event := fact.event(ArticleAnnotated)) is not None
    ]
    return _replace(
        row,
        runs=row.runs + len(outcomes),
        annotations=row.annotations + sum(len(event.annotations) for event in done),
        skipped=row.skipped + sum(1 for event in done if event.skipped),
        last_run_at=outcomes[-1].envelope.recorded_at,
    )


def _failed(row: ProcessorRow, facts: Sequence[Fact]) -> ProcessorRow:
    """The row with failures counted and the last one told."""
    failures = [fact for fact in facts if fact.envelope.type == AnnotationFailed.TYPE]
    if not failures:
        return row
    told = [fact.event(AnnotationFailed) for fact in failures][-1]
    return _replace(
        row,
        failures=row.failures + len(failures),
        last_failure_at=failures[-1].envelope.recorded_at,
        last_error=f"{told.kind}: {told.message}" if told is not None else "",
        last_failed_article=article_of(failures[-1]),
    )


def _registered(row: ProcessorRow, facts: Sequence[Fact]) -> ProcessorRow:
    """The row with the newest manifest that can be read."""
    kinds = (fact for fact in facts if fact.envelope.type == ProcessorRegistered.TYPE)
    known = [event for fact in kinds if (event := fact.event(ProcessorRegistered)) is not None]
    if not known:
        return row
    return _replace(row, manifest=msgspec.json.encode(dict(sorted(known[-1].manifest.items()))).decode())
