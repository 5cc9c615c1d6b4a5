"""The recorded runs of processors, read from the log as they are needed: no list of them is ever held."""

from __future__ import annotations

import functools
import hashlib
import heapq
from collections.abc import Iterable, Iterator
from sys import intern

import msgspec

from ledger.errors import NotFoundError
from ledger.events import Redacted, StoredEvent, decode
from ledger.events.types import (
    AnnotationFailed,
    ArticleAnnotated,
    ArticleRevision,
    ProcessorRegistered,
    ServiceCall,
)
from ledger.store import Store

__all__ = ["Layers", "Past", "Run", "annotations_at", "calls_at", "read_past", "runs_of", "sample_of"]

_RUNS = (ArticleAnnotated.TYPE, AnnotationFailed.TYPE)
_REVISIONS = frozenset({"article.ingested", "article.revised"})
_ARTICLES = 64
"""Articles whose layers are remembered: runs over one article mostly stand side by side."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded run: which event, on what, by whom. What it gave is read from the log when it is needed."""

    position: int
    event: str
    article: str
    revision: int
    processor: str
    version: str
    identity: str
    redacted: bool = False
    failure: str = ""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the runs up to a position before any is repeated.

    `count` of them, the manifests of processors by identity, and by the identities that ran the processor's name and version.
    """

    count: int = 0
    manifests: dict[str, dict[str, str]] = {}
    used: dict[str, tuple[str, str]] = {}

    def processors(self) -> set[str]:
        """The names of the processors that ran."""
        return {name for name, _ in self.used.values()}


def read_past(store: Store) -> Past:
    """Count the recorded runs and read the processors' manifests. Raises CorruptionError."""
    manifests: dict[str, dict[str, str]] = {}
    for stored in store.read(types=(ProcessorRegistered.TYPE,)):
        event = decode(stored)
        if isinstance(event, ProcessorRegistered):
            manifests[event.identity] = event.manifest
    count = 0
    used: dict[str, tuple[str, str]] = {}
    for run in runs_of(store):
        count += 1
        used[run.identity] = run.processor, run.version
    return Past(count=count, manifests=manifests, used=used)


def runs_of(store: Store, stream: str | None = None) -> Iterator[Run]:
    """The recorded runs in the order of the log, of one stream only where it is given. Raises CorruptionError."""
    for stored in store.read(types=_RUNS, stream=stream):
        event = decode(stored)
        if isinstance(event, ArticleAnnotated | AnnotationFailed | Redacted):
            yield _run(store, stored, event)


def _run(store: Store, stored: StoredEvent, event: ArticleAnnotated | AnnotationFailed | Redacted) -> Run:
    producer = stored.envelope.producer
    if isinstance(event, Redacted):
        article, revision = _subject(store, stored)
    else:
        article, revision = event.article, event.revision
    return Run(
        position=stored.position,
        event=stored.id,
        article=article,
        revision=revision,
        processor=intern(producer.name),
        version=intern(producer.version),
        identity=intern(producer.identity),
        redacted=isinstance(event, Redacted),
        failure=f"{event.kind}: {event.message}" if isinstance(event, AnnotationFailed) else "",
    )


def _subject(store: Store, stored: StoredEvent) -> tuple[str, int]:
    """Article and revision of a run whose payload was redacted: those of the event that caused it; revision 0 if none is known."""
    for cause in stored.envelope.causes:
        try:
            revision = store.get(cause)
        except NotFoundError:
            continue
        event = decode(revision)
        if isinstance(event, ArticleRevision):
            return event.article, event.revision
        if isinstance(event, Redacted) and revision.type in _REVISIONS:
            return revision.stream.partition(":")[2], revision.envelope.version
    return stored.stream.partition(":")[2], 0


class Layers:
    """The runs by what they annotated: the last one of an identity on a revision. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of = functools.lru_cache(maxsize=_ARTICLES)(self._read)

    def get(self, article: str, revision: int, identity: str) -> Run | None:
        """The run whose annotations are this layer; None when there is none."""
        return self._of(article).get((revision, identity))

    def _read(self, article: str) -> dict[tuple[int, str], Run]:
        found = runs_of(self._store, stream=f"annotations:{article}")
        return {(run.revision, run.identity): run for run in found}


def annotations_at(store: Store, position: int) -> tuple[bytes, ...]:
    """The annotations that the run at a position recorded; none for a failure or a redacted payload."""
    event = decode(next(iter(store.read(position - 1, limit=1))))
    return tuple(bytes(raw) for raw in event.annotations) if isinstance(event, ArticleAnnotated) else ()


def calls_at(store: Store, position: int) -> tuple[ServiceCall, ...]:
    """What the run at a position asked outside services and was answered; none for a redacted payload."""
    event = decode(next(iter(store.read(position - 1, limit=1))))
    if not isinstance(event, ArticleAnnotated | AnnotationFailed) or event.calls is msgspec.UNSET:
        return ()
    return event.calls


def sample_of(runs: Iterable[Run], count: int | None, seed: str) -> Iterable[Run]:
    """All runs, or `count` of them chosen by a hash over seed and event id, in log order: the same for every auditor."""
    if count is None:
        return runs
    chosen = heapq.nsmallest(
        count, runs, key=lambda run: hashlib.sha256(f"{seed}\n{run.event}".encode()).digest()
    )
    return sorted(chosen, key=lambda run: run.position)
