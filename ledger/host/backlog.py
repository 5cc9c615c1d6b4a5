"""Annotate what is pending: every revision that an active processor has neither annotated nor failed on.

What is pending is derived from the views, never from a checkpoint of its own, and event ids are derived from the revision
and the processor's identity: after a kill at any moment the same work is found again and appended at most once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec

from ledger.errors import DuplicateEventError, NotFoundError
from ledger.events import NewEvent, Producer, derived_id, new_event
from ledger.events.types import AnnotationFailed, ArticleAnnotated, ProcessorRegistered
from ledger.host import Host
from ledger.host.host import Work
from ledger.host.run import Outcome
from ledger.plugin import Article
from ledger.projections import Pending, Views
from ledger.store import Store

__all__ = [
    "Annotated",
    "FailedRun",
    "annotate_pending",
    "outcome_event",
    "record_events",
    "register_processors",
]

BATCH = 50
"""Revisions per append: large enough that the commit costs little, small enough that a kill repeats little."""


class Annotated(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: revisions looked at, results recorded, failures, and runs put off until an input is there."""

    revisions: int = 0
    recorded: int = 0
    failures: tuple[FailedRun, ...] = ()
    deferred: tuple[FailedRun, ...] = ()


class FailedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A processor that gave nothing for a revision, and why, in one sentence."""

    article: str
    revision: int
    processor: str
    message: str


def register_processors(store: Store, host: Host) -> None:
    """Record the identity manifest of each active processor that the ledger does not know yet."""
    events: list[NewEvent] = []
    for active in host.processors:
        stream = f"processor:{active.name}"
        newest = store.last(stream)
        if newest is not None and newest.envelope.producer.identity == active.identity:
            continue
        events.append(
            new_event(
                ProcessorRegistered(
                    processor=active.name,
                    version=active.version,
                    identity=active.identity,
                    manifest=dict(active.manifest),
                ),
                stream=stream,
                producer=Producer(active.name, active.version, active.identity),
            )
        )
    if events:
        store.append(events)


def outcome_event(article: Article, cause: str, outcome: Outcome, attempt: int) -> NewEvent:
    """The event that records one processor's outcome on one revision, with its derived id."""
    assert article.recorded is not None, "a stored revision has a recorded time"
    event: ArticleAnnotated | AnnotationFailed
    if outcome.failure is not None:
        event = AnnotationFailed(
            article=article.id,
            revision=article.revision,
            hash=article.hash,
            processor=outcome.processor,
            kind=outcome.failure.kind,
            message=outcome.failure.message,
            attempt=attempt,
            calls=outcome.calls or msgspec.UNSET,
        )
    else:
        event = ArticleAnnotated(
            article=article.id,
            revision=article.revision,
            hash=article.hash,
            processor=outcome.processor,
            annotations=tuple(msgspec.Raw(raw) for raw in outcome.annotations),
            skipped=outcome.skipped,
            calls=outcome.calls or msgspec.UNSET,
        )
    number = str(attempt) if outcome.failure is not None else ""
    return new_event(
        event,
        stream=f"annotations:{article.id}",
        producer=Producer(outcome.processor, outcome.version, outcome.identity),
        event_id=derived_id(
            article.recorded,
            article.id,
            str(article.revision),
            outcome.processor,
            outcome.identity,
            event.TYPE,
            number,
        ),
        causes=(cause,),
    )


def annotate_pending(
    store: Store,
    views: Views,
    host: Host,
    *,
    retry: bool = False,
    article: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Annotated:
    """Annotate everything pending, with `retry` also what failed before; the views are at the head before and after.

    With `article` (an id) only its revisions. A retry ends the rest of processors that failed too often.
    Safe to run again at any time. A run whose input is missing for now is put off, not recorded.
    """
    register_processors(store, host)
    views.catch_up()
    identities = [(active.name, active.identity) for active in host.processors]
    if retry:
        host.wake()
    retry_upto = store.head().position if retry else 0
    total = sum(1 for _ in _waiting(views, identities, retry_upto, article))
    waiting = _waiting(views, identities, retry_upto, article)
    done = recorded = 0
    failures: list[FailedRun] = []
    deferred: list[FailedRun] = []
    while batch := list(islice(waiting, BATCH)):
        events: list[NewEvent] = []
        for pending, subject, outcomes in _annotate(views, host, batch):
            for outcome in outcomes:
                if outcome.deferred:
                    deferred.append(_failed(pending, outcome.processor, outcome.skipped))
                    continue
                if outcome.failure is not None:
                    message = f"{outcome.failure.kind}: {outcome.failure.message}"
                    failures.append(_failed(pending, outcome.processor, message))
                attempt = pending.attempts.get(outcome.processor, 0) + 1
                events.append(outcome_event(subject, pending.event, outcome, attempt))
            if any(outcome.calls for outcome in outcomes):
                recorded += record_events(store, events)  # answers that were paid for are not left to chance
                events = []
            done += 1
            if progress is not None:
                progress(done, total)
        recorded += record_events(store, events)
    views.catch_up()
    return Annotated(revisions=done, recorded=recorded, failures=tuple(failures), deferred=tuple(deferred))


def record_events(store: Store, events: Sequence[NewEvent]) -> int:
    """Append what nobody else has recorded meanwhile; returns how many.

    Two processes may run one processor on one revision at a time, and what depends on a service may then differ: the first stays.
    """
    try:
        return store.append(events).new
    except DuplicateEventError:
        return store.append([event for event in events if not _recorded(store, event.id)]).new


def _recorded(store: Store, event_id: str) -> bool:
    try:
        store.get(event_id)
    except NotFoundError:
        return False
    return True


def _annotate(
    views: Views, host: Host, batch: Sequence[Pending]
) -> Iterator[tuple[Pending, Article, tuple[Outcome, ...]]]:
    """Each revision of the batch that still has its text, in order, with what its processors gave."""
    pairs = []
    for pending in batch:
        subject = views.to_article(pending.article, pending.revision)
        if subject is not None:  # else it was redacted meanwhile
            known = views.known_layers(pending.article, pending.revision)
            pairs.append((pending, Work(subject, pending.processors, known)))
    for (pending, work), outcomes in zip(pairs, host.annotate_all([work for _, work in pairs]), strict=True):
        yield pending, work.article, outcomes


def _waiting(
    views: Views, identities: Sequence[tuple[str, str]], retry_upto: int, article: str | None
) -> Iterator[Pending]:
    return (
        one
        for one in views.pending(identities, retry_upto=retry_upto)
        if article is None or one.article == article
    )


def _failed(pending: Pending, processor: str, message: str) -> FailedRun:
    return FailedRun(article=pending.article, revision=pending.revision, processor=processor, message=message)
