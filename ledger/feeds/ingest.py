"""From drafts to events: new articles, revisions, and what is only known again.

A `Batch` plans the events of one append. Its expected versions make a race harmless: who comes second plans again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from ledger.clock import Clock
from ledger.errors import ConflictError
from ledger.events import NewEvent, Producer, Redacted, Unknown, decode, new_event
from ledger.events.types import (
    ArticleIngested,
    ArticleRevised,
    ArticleRevision,
    ArticleWithdrawn,
    BodyRef,
    FeedFetched,
)
from ledger.feeds.extract import EXTRACTOR
from ledger.feeds.fetch import VERSION
from ledger.feeds.identity import article_id, canonical_url, names_an_article, url_alias
from ledger.feeds.packing import pack, unpack
from ledger.feeds.revision import Dates, timing, visible_hash
from ledger.store.protocol import Store, TaskDone

__all__ = ["PRODUCER", "Batch", "Draft", "Fetch", "Outcome"]

PRODUCER = Producer("newsledger", VERSION)
REVISIONS_A_DAY = 24
BYTES_TOGETHER = 4 * 1024 * 1024
"""Bytes of bodies that are kept in one transaction."""
_TRIES = 5
_RANK = {"from-summary": 0, "from-feed": 1, "from-page": 2, "from-file": 2}


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One article as it was just read. `source`: `from-page`, `from-feed`, `from-summary` or `from-file`.

    `article` is its id where it is known already; `edited` says whether the feed's own text changed; `packed` is the raw
    document by `pack`, since many drafts wait in memory for their turn. Of a large document the texts wait packed too,
    as `packed_text`, with their `digest`.
    """

    outlet: str
    key: str
    url: str
    title: str
    text: str
    source: str
    packed_text: bytes = b""
    digest: str = ""
    aliases: tuple[str, ...] = ()
    canonical_url: str = ""
    guid: str = ""
    feed: str = ""
    language: str = ""
    byline: str = ""
    summary: str = ""
    dates: Dates = Dates()
    packed: bytes = b""
    raw_type: str = ""
    flags: tuple[str, ...] = ()
    edited: bool = True
    article: str = ""
    extractor: str = EXTRACTOR

    @property
    def hash(self) -> str:
        """The hash of the visible title and text."""
        return self.digest or visible_hash(self.title, self.text)

    @property
    def content(self) -> bytes:
        """The text as it is kept."""
        return unpack(self.packed_text) if self.packed_text else self.text.encode()

    def folded(self) -> Draft:
        """The draft with its text packed."""
        return msgspec.structs.replace(self, text="", packed_text=pack(self.content), digest=self.hash)


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a draft: `new`, `revised`, `unchanged`, `kept` (a fuller text stays), `noisy` or `redacted`."""

    article: str
    what: str
    revision: int = 0
    hash: str = ""
    silent: bool = False


class Fetch(msgspec.Struct, frozen=True, gc=False):
    """A fetch to record, and the document that it brought, as bytes and media type; None when it brought none."""

    event: FeedFetched
    document: tuple[bytes, str] | None = None


Finish = Callable[[list[Outcome]], tuple[Sequence[NewEvent | Fetch], Sequence[TaskDone]]]


class _Known(msgspec.Struct, gc=False):
    """The newest revision of an article, as recorded or as planned in this batch."""

    version: int
    revision: int = 0
    hash: str = ""
    title: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    source: str = ""
    redacted: bool = False
    withdrawn: bool = False


class Batch:
    """The events of one append. Give it drafts, then commit; plans are made again when another writer was faster."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._drafts: list[Draft] = []
        self._withdrawn: list[tuple[str, str, str]] = []

    def add(self, draft: Draft) -> None:
        """Record this article, if it is new or changed."""
        self._drafts.append(draft)

    def withdraw(self, article: str, reason: str, note: str = "") -> None:
        """Record that the publisher took an article back, unless that is the last that is known of it."""
        self._withdrawn.append((article, reason, note))

    def commit(self, finish: Finish | None = None) -> list[Outcome]:
        """Append everything in one transaction and say what became of each draft, in order.

        `finish` gets the outcomes and gives events to append before the articles', and tasks to finish with them. Raises
        ConflictError when a task's lease was lost, and whatever the store raises.
        """
        for attempt in range(_TRIES):
            plan = _Plan(self._store, self._clock.now(), careful=attempt > 0)
            outcomes = plan.add(self._drafts)
            for article, reason, note in self._withdrawn:
                plan.withdraw(article, reason, note)
            before, tasks = finish(outcomes) if finish is not None else ((), ())
            events = plan.events(before)
            if not events and not tasks and not plan.keys:
                return outcomes
            try:
                self._store.append(events, plan.expected, keys=plan.keys, tasks=tasks)
            except ConflictError:
                if attempt == _TRIES - 1:
                    raise
                continue
            return outcomes
        raise AssertionError


class _Plan:
    """The events of one try. A `careful` plan looks up each article's stream, also where no alias is known.

    Every article is recorded with its aliases, so one without is nearly always new; if not, its expected version says so.
    """

    def __init__(self, store: Store, now: datetime, *, careful: bool) -> None:
        self._store = store
        self._now = now
        self._careful = careful
        self._known: dict[str, _Known] = {}
        self._revisions: list[tuple[Draft, ArticleRevision]] = []
        self._withdrawals: list[ArticleWithdrawn] = []
        self.expected: dict[str, int] = {}
        self.keys: dict[str, str] = {}

    def add(self, drafts: Sequence[Draft]) -> list[Outcome]:
        aliases = [_aliases(draft) for draft in drafts]
        known = self._store.lookup({name for names in aliases for name in names})
        outcomes = []
        for draft, names in zip(drafts, aliases, strict=True):
            owners = [self.keys.get(name) or known.get(name, "") for name in names]
            strong = next((owner for owner in owners[: len(draft.aliases)] if owner), "")
            article = draft.article or strong
            if not article:
                weak = next((owner for owner in owners if owner), "")
                article = weak if weak and self._alike(weak, draft) else article_id(draft.outlet, draft.key)
                if draft.aliases and not weak and not self._careful:
                    self._known.setdefault(article, _Known(version=0))
            for name in names:
                if name not in known:
                    self.keys.setdefault(name, article)
            outcomes.append(self._decide(article, draft))
        return outcomes

    def _alike(self, article: str, draft: Draft) -> bool:
        """Whether a page's own word for its address may be taken: many sites name one address on all their pages."""
        state = self._state(article)
        return state.title.casefold() == draft.title.casefold() or state.hash == draft.hash

    def _decide(self, article: str, draft: Draft) -> Outcome:
        state = self._state(article)
        digest = draft.hash
        what = ""
        if state.redacted:
            what = "redacted"
        elif state.revision and digest == state.hash and not state.withdrawn:
            what = "unchanged"
        elif state.revision and _poorer(draft, state):
            what = "kept"
        elif state.revision >= REVISIONS_A_DAY and self._noisy(article):
            what = "noisy"
        if what:
            return Outcome(article=article, what=what, revision=state.revision, hash=state.hash)
        fuller = bool(state.revision) and _RANK[draft.source] > _RANK.get(state.source, 2)
        before = (state.published, state.modified) if state.revision else None
        when = timing(draft.dates, self._now, before=before, fuller=fuller)
        flags = (
            draft.source,
            *draft.flags,
            *draft.dates.flags,
            *when.flags,
            *(("fuller",) if fuller else ()),
        )
        published = draft.dates.published or state.published or draft.dates.modified
        event = _revision_event(article, draft, state, digest, published, when.p_time, when.silent, flags)
        self.expected.setdefault(f"article:{article}", state.version)
        self._revisions.append((draft, event))
        self._known[article] = _Known(
            version=state.version + 1,
            revision=state.revision + 1,
            hash=digest,
            title=draft.title,
            published=published,
            modified=draft.dates.modified,
            source=draft.source,
        )
        return Outcome(
            article=article,
            what="revised" if state.revision else "new",
            revision=event.revision,
            hash=digest,
            silent=when.silent,
        )

    def withdraw(self, article: str, reason: str, note: str) -> None:
        state = self._state(article)
        if not state.revision or state.withdrawn:
            return
        self.expected.setdefault(f"article:{article}", state.version)
        self._withdrawals.append(ArticleWithdrawn(article=article, reason=reason, note=note))
        state.withdrawn = True
        state.version += 1

    def events(self, before: Sequence[NewEvent | Fetch] = ()) -> list[NewEvent]:
        """What came `before` and the planned events; keeps their bodies first."""
        refs = iter(self._kept(before))
        events = [_fetched(one, refs) if isinstance(one, Fetch) else one for one in before]
        for draft, event in self._revisions:
            text = next(refs)
            raw = next(refs) if draft.packed else None
            events.append(
                new_event(
                    msgspec.structs.replace(event, text=text, raw=raw),
                    stream=f"article:{event.article}",
                    producer=PRODUCER,
                    published_at=event.p_time,
                )
            )
        events += [
            new_event(event, stream=f"article:{event.article}", producer=PRODUCER)
            for event in self._withdrawals
        ]
        return events

    def _kept(self, before: Sequence[NewEvent | Fetch]) -> list[BodyRef]:
        """Keep the bodies of the events, in their order, no more at once than fits in memory."""
        refs: list[BodyRef] = []
        waiting: list[tuple[bytes, str]] = []
        size = 0
        for body in self._bodies(before):
            waiting.append(body)
            size += len(body[0])
            if size > BYTES_TOGETHER:
                refs += self._store.put_bodies(waiting)
                waiting, size = [], 0
        return refs + self._store.put_bodies(waiting) if waiting else refs

    def _bodies(self, before: Sequence[NewEvent | Fetch]) -> Iterator[tuple[bytes, str]]:
        for one in before:
            if isinstance(one, Fetch) and one.document is not None:
                yield one.document
        for draft, _ in self._revisions:
            yield draft.content, "text/plain; charset=utf-8"
            if draft.packed:
                yield unpack(draft.packed), draft.raw_type or "application/octet-stream"

    def _state(self, article: str) -> _Known:
        if article not in self._known:
            self._known[article] = self._recorded(article)
        return self._known[article]

    def _recorded(self, article: str) -> _Known:
        stream = f"article:{article}"
        version = self._store.stream_version(stream)
        if version == 0:
            return _Known(version=0)
        newest = self._store.last(stream)
        stored = self._store.last(stream, (ArticleIngested.TYPE, ArticleRevised.TYPE))
        event = decode(stored) if stored is not None else None
        if not isinstance(event, ArticleRevision):
            return _Known(version=version, redacted=isinstance(event, Redacted | Unknown))
        return _Known(
            version=version,
            revision=event.revision,
            hash=event.hash,
            title=event.title,
            published=event.published,
            modified=event.modified,
            source=next((flag for flag in event.flags if flag in _RANK), "from-page"),
            withdrawn=newest is not None and newest.type == ArticleWithdrawn.TYPE,
        )

    def _noisy(self, article: str) -> bool:
        """Whether the publisher changed this article too often within a day."""
        since = [e.recorded_at for e in self._store.read(stream=f"article:{article}")][-REVISIONS_A_DAY:]
        return len(since) == REVISIONS_A_DAY and (self._now - since[0]).total_seconds() < 86400


def _fetched(fetch: Fetch, refs: Iterator[BodyRef]) -> NewEvent:
    event = fetch.event
    if fetch.document is not None:
        event = msgspec.structs.replace(event, body=next(refs))
    return new_event(event, stream=f"feed:{event.feed}", producer=PRODUCER)


def _aliases(draft: Draft) -> tuple[str, ...]:
    """The draft's lookup keys: its own, then the weaker one that only its page names."""
    where = draft.canonical_url
    if where == canonical_url(draft.url):
        where = draft.url
    extra = (url_alias(draft.outlet, where),) if names_an_article(where) else ()
    return tuple(dict.fromkeys((*draft.aliases, *extra)))


def _poorer(draft: Draft, state: _Known) -> bool:
    """Whether the draft has less of the article than is recorded, so that recording it would lose text."""
    if _RANK[draft.source] >= _RANK.get(state.source, 2):
        return False
    return draft.source == "from-summary" or not draft.edited


def _revision_event(
    article: str,
    draft: Draft,
    state: _Known,
    digest: str,
    published: datetime | None,
    p_time: datetime | None,
    silent: bool,  # noqa: FBT001
    flags: tuple[str, ...],
) -> ArticleRevision:
    event = ArticleIngested(
        article=article,
        revision=state.revision + 1,
        hash=digest,
        url=draft.url,
        outlet=draft.outlet,
        title=draft.title,
        text=BodyRef("", "", 0),
        canonical_url=draft.canonical_url,
        guid=draft.guid,
        feed=draft.feed,
        language=draft.language,
        byline=draft.byline,
        summary=draft.summary,
        published=published,
        modified=draft.dates.modified,
        p_time=p_time,
        claimed_dates=draft.dates.claimed,
        flags=flags,
        extractor=draft.extractor,
    )
    if not state.revision:
        return event
    return ArticleRevised(**msgspec.structs.asdict(event), previous_hash=state.hash, silent=silent)
