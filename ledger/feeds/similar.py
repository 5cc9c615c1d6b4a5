"""Near-duplicates: articles that have much of their text in common, such as wire copy, with the figures in which they differ.

A text is known by a sketch, the 256 smallest hashes of its word 4-grams (Broder 1997). The sixteen smallest of them are lookup keys of the
store, so an article finds its likes without being compared with all; what it finds is compared sketch by sketch. Nothing is
merged and nothing hidden: an `article.matched` event says what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from ledger.clock import parse_time
from ledger.errors import ConflictError, CorruptionError, NotFoundError
from ledger.events import NewEvent, StoredEvent, decode, derived_id, new_event
from ledger.events.types import ArticleIngested, ArticleMatched, ArticleRevised, ArticleRevision
from ledger.feeds.figures import figure_differences
from ledger.feeds.ingest import PRODUCER
from ledger.store.protocol import Store, Task, TaskDone

__all__ = ["containment", "mark_similar", "sketch"]

GRAM = 4
SKETCH = 256
KEYS = 16
SHORTEST = 30
ENOUGH = 0.5
WITHIN = timedelta(days=7)
BATCH = 100
MAX_FOUND = 5
KIND = "similar"
KEY = "articles"
LEASE_SECONDS = 120.0
_WORD = re.compile(r"\w+")
_TYPES = (ArticleIngested.TYPE, ArticleRevised.TYPE)

Sketch = tuple[int, ...]
Progress = Callable[[int, "int | None"], None]


def sketch(text: str) -> Sketch:
    """The 256 smallest 64-bit hashes of the text's word 4-grams, in order; empty for less than thirty words."""
    words = _WORD.findall(text.casefold())
    if len(words) < SHORTEST:
        return ()
    grams = {" ".join(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1)}
    hashes = (int.from_bytes(blake2b(gram.encode(), digest_size=8).digest(), "big") for gram in grams)
    return tuple(sorted(hashes)[:SKETCH])


def containment(one: Sketch, other: Sketch) -> float:
    """Which share of the smaller text's 4-grams the other text has, estimated from below the smaller of the two largest hashes."""
    if not one or not other:
        return 0.0
    limit = min(one[-1] if len(one) == SKETCH else 1 << 64, other[-1] if len(other) == SKETCH else 1 << 64)
    ours, theirs = {h for h in one if h <= limit}, {h for h in other if h <= limit}
    smaller = min(len(ours), len(theirs))
    return len(ours & theirs) / smaller if smaller else 0.0


def mark_similar(store: Store, now: datetime, *, owner: str = "", progress: Progress | None = None) -> int:
    """Look at the revisions recorded since the last call and record what is like an earlier article; gives the number of findings.

    Several processes may call it: one does the work, the others return 0. A crash loses nothing and doubles nothing.
    """
    found = 0
    while (task := _claim(store, now, owner)) is not None:
        after = int(task.data or b"0")
        head = store.head().position
        events = list(store.read(after, types=_TYPES, limit=BATCH, upto=head))
        upto = events[-1].position if len(events) == BATCH else head
        marks, keys = _look(store, events)
        done = TaskDone(
            kind=KIND, key=KEY, fence=task.fence, next_at=task.next_at, data=str(max(after, upto)).encode()
        )
        try:
            found += store.append(marks, keys=keys, tasks=[done]).new
        except ConflictError:
            return found
        if progress is not None:
            progress(upto, None)
        if len(events) < BATCH:
            break
    return found


def _claim(store: Store, now: datetime, owner: str) -> Task | None:
    known = store.tasks(KIND)
    if not known:
        store.put_tasks([Task(kind=KIND, key=KEY, next_at=now)])
    elif not any(True for _ in store.read(int(known[0].data or b"0"), types=_TYPES, limit=1)):
        return None
    claimed = store.claim(KIND, now=now, owner=owner, lease_seconds=LEASE_SECONDS, limit=1, force=True)
    return claimed[0] if claimed else None


def _look(store: Store, events: Sequence[StoredEvent]) -> tuple[list[NewEvent], dict[str, str]]:
    marks: list[NewEvent] = []
    keys: dict[str, str] = {}
    for stored, event in _revisions(events):
        text = _text(store, event)
        mine = sketch(text)
        if not mine:
            continue
        week = int(stored.recorded_at.timestamp()) // int(WITHIN.total_seconds())
        wanted = [f"near:{number}:{h:016x}" for number in (week, week - 1) for h in mine[:KEYS]]
        known = {**store.lookup(wanted), **{key: keys[key] for key in wanted if key in keys}}
        others = sorted({value for value in known.values() if not value.startswith(f"{event.article} ")})
        marks += _compare(store, stored, event, text, mine, others)
        for h in mine[:KEYS]:
            keys.setdefault(f"near:{week}:{h:016x}", f"{event.article} {stored.id}")
    return marks, keys


def _compare(
    store: Store,
    stored: StoredEvent,
    event: ArticleRevision,
    text: str,
    mine: Sketch,
    others: Sequence[str],
) -> Iterator[NewEvent]:
    best: dict[str, tuple[float, StoredEvent, ArticleRevision, str]] = {}
    for name in others:
        try:
            earlier = store.get(name.partition(" ")[2])
            revision = decode(earlier)
        except (NotFoundError, CorruptionError):
            continue
        if not isinstance(revision, ArticleRevision):
            continue
        if parse_time(stored.recorded_at) - parse_time(earlier.recorded_at) > WITHIN:
            continue
        other = _text(store, revision)
        share = containment(mine, sketch(other))
        if share >= ENOUGH and share > best.get(revision.article, (0.0,))[0]:
            best[revision.article] = (share, earlier, revision, other)
    ranked = sorted(best.values(), key=lambda entry: (-entry[0], entry[1].position))
    for share, earlier, revision, other in ranked[:MAX_FOUND]:
        mark = ArticleMatched(
            article=event.article,
            revision=event.revision,
            other=revision.article,
            other_revision=revision.revision,
            containment=round(share, 3),
            figures=figure_differences(other, text),
        )
        yield new_event(
            mark,
            stream=f"similar:{event.article}",
            producer=PRODUCER,
            event_id=derived_id(parse_time(stored.recorded_at), "similar", stored.id, earlier.id),
            causes=(stored.id, earlier.id),
        )


def _revisions(events: Sequence[StoredEvent]) -> Iterator[tuple[StoredEvent, ArticleRevision]]:
    for stored in events:
        event = decode(stored)
        if isinstance(event, ArticleRevision):
            yield stored, event


def _text(store: Store, event: ArticleRevision) -> str:
    return (store.get_body(event.text.key) or b"").decode("utf-8", "replace")
