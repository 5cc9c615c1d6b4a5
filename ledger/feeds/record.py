"""Recording a visit: its events and the feed's new memory, in one transaction; and when the feed is due again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import ConflictError, InputError, LedgerError
from ledger.events import NewEvent, new_event
from ledger.events.types import Event, FeedChanged, FeedFetched
from ledger.feeds.due import JITTER, SPREAD, error_delay, jittered, next_interval, next_look
from ledger.feeds.ingest import PRODUCER, Batch, Fetch, Outcome
from ledger.feeds.listing import is_chronological, listed_items, listing_events
from ledger.feeds.memory import FeedMemory, PageMemory, Poll, decode_memory, encode_memory
from ledger.feeds.visit import Look, Visit
from ledger.store.protocol import Store, Task, TaskDone

__all__ = ["POLICY_REASON", "FeedOutcome", "Recorder", "taken", "unfinished"]

POLICY_REASON = "too many guids of one document are the same: items are told apart by their links"
TOGETHER = 1024
"""Drafts that make a transaction."""
MAX_PAGES = 3000
MAX_SKIPPED = 20
MOVED_AFTER = timedelta(hours=48)
MOVED_POLLS = 3
CONFIRM = timedelta(days=1)
STALE = timedelta(days=30)
PROBE = timedelta(days=7)
RETRY_PAGE = timedelta(hours=1)


class FeedOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll of one feed gave. `outcome`: `changed`, `unchanged`, `gone`, `error`, `held` (its host asked
    to be left alone), `taken` (by another process).

    `skipped` says, item by item, what could not be read; `articles` are the ids of new and revised articles.
    """

    feed: str
    url: str
    outlet: str
    outcome: str
    status: int = 0
    items: int = 0
    new: int = 0
    revised: int = 0
    pages: int = 0
    articles: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    error: str = ""
    next_at: datetime | None = None


def unfinished(done: Visit) -> FeedOutcome:
    """The outcome of a visit whose lease was lost: nothing was written."""
    return taken(FeedOutcome(feed=done.task.key, url=done.memory.url, outlet=done.memory.outlet, outcome=""))


def taken(outcome: FeedOutcome) -> FeedOutcome:
    """The same feed, polled by another process meanwhile."""
    return FeedOutcome(
        feed=outcome.feed,
        url=outcome.url,
        outlet=outcome.outlet,
        outcome="taken",
        skipped=("Another process polled this feed meanwhile",),
    )


class Recorder:
    """Writes visits to the store."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._schedule = settings.schedule
        self._pages = settings.fetch.pages
        self._waiting: list[Visit] = []
        self._drafts = 0

    def good(self, done: Visit) -> list[FeedOutcome]:
        """Take a visit whose feed could be read. Gives the outcomes of the visits that were recorded by now.

        Visits are recorded in the order in which they come, several in one transaction: each is wholly recorded or not at all.
        """
        self._waiting.append(done)
        self._drafts += sum(look.draft is not None for look in done.looks)
        return self.flush() if self._drafts >= TOGETHER else []

    def flush(self) -> list[FeedOutcome]:
        """Record the visits that wait. Where one of them lost its lease, each is recorded alone."""
        visits, self._waiting, self._drafts = self._waiting, [], 0
        if not visits:
            return []
        try:
            return self._commit(visits)
        except ConflictError:
            return [self._alone(done) for done in visits]

    def _alone(self, done: Visit) -> FeedOutcome:
        done.memory = decode_memory(done.task.data, done.task.key)
        try:
            return self._commit([done])[0]
        except ConflictError:
            return unfinished(done)

    def _commit(self, visits: Sequence[Visit]) -> list[FeedOutcome]:
        batch = Batch(self._store, self._clock)
        drafted = [[look for look in done.looks if look.draft is not None] for done in visits]
        for done, looks in zip(visits, drafted, strict=True):
            for look in looks:
                assert look.draft is not None
                batch.add(look.draft)
            for look in done.looks:
                known = done.memory.pages.get(look.key) if look.gone else None
                if known is not None and known.gone is not None and done.at - known.gone >= CONFIRM:
                    batch.withdraw(known.article, "gone", f"HTTP status 410 of {known.url}")
        result: list[FeedOutcome] = []

        def finish(outcomes: list[Outcome]) -> tuple[list[NewEvent | Fetch], list[TaskDone]]:
            events: list[NewEvent | Fetch] = []
            tasks: list[TaskDone] = []
            left = iter(outcomes)
            again = bool(result)
            result.clear()
            for done, looks in zip(visits, drafted, strict=True):
                if again:
                    done.memory = decode_memory(done.task.data, done.task.key)
                own = [next(left) for _ in looks]
                by_key = {look.key: outcome for look, outcome in zip(looks, own, strict=True)}
                events += self._feed_events(done, done.memory, own)
                events += listing_events(done, done.memory, by_key)
                next_at = self._remember(done, done.memory, by_key, own)
                result.append(self._outcome(done, done.memory, own, next_at))
                tasks.append(self._done(done, done.memory, next_at))
            return events, tasks

        batch.commit(finish)
        return result

    def give_back(self, task: Task) -> None:
        """Give back a feed that was claimed and not visited."""
        with contextlib.suppress(ConflictError):
            self._store.append(
                [],
                tasks=[
                    TaskDone(
                        kind=task.kind, key=task.key, fence=task.fence, next_at=task.next_at, data=task.data
                    )
                ],
            )

    def bad(self, done: Visit, *, offline: bool) -> FeedOutcome:
        """Record a visit that failed; `offline` says that our own network did. Raises ConflictError as `good`."""
        memory = decode_memory(done.task.data, done.task.key)
        if done.fetched is not None and done.fetched.held:
            return self._held(done, memory, done.fetched.retry_at or done.at)
        status = done.fetched.status if done.fetched is not None and not done.fetched.ok else 0
        error = str(done.error)
        outcome = "gone" if status == 410 else "error"
        events: list[Event] = []
        if (memory.outcome, memory.status, memory.error) != (outcome, status, error):
            events.append(
                FeedFetched(feed=done.task.key, url=memory.url, outcome=outcome, status=status, error=error)
            )
        memory.outcome, memory.status, memory.error = outcome, status, error
        memory.polls += 1
        memory.polled = done.at
        memory.good = 0
        memory.score += 0.0 if offline else _weight(status, done.error, unreachable=done.unreachable)
        memory.gone = (memory.gone or done.at) if status == 410 else None
        last = memory.success or memory.added or done.at
        if not memory.stale and done.at - last >= STALE:
            memory.stale = True
            events.append(
                FeedChanged(feed=done.task.key, reason=f"stale: no good answer since {last:%Y-%m-%d}")
            )
        next_at = self._after_error(done, memory, offline=offline)
        memory.remember(Poll(done.at, outcome, status, error=error[:200]))
        self._store.append(
            [new_event(event, stream=f"feed:{done.task.key}", producer=PRODUCER) for event in events],
            tasks=[self._done(done, memory, next_at)],
        )
        return FeedOutcome(
            feed=done.task.key,
            url=memory.url,
            outlet=memory.outlet,
            outcome=outcome,
            status=status,
            error=error,
            next_at=next_at,
        )

    def _held(self, done: Visit, memory: FeedMemory, until: datetime) -> FeedOutcome:
        """The host wants to be left alone, and was: that is no failure of the feed."""
        self._store.append([], tasks=[self._done(done, memory, until)])
        return FeedOutcome(
            feed=done.task.key,
            url=memory.url,
            outlet=memory.outlet,
            outcome="held",
            status=429,
            next_at=until,
        )

    def _after_error(self, done: Visit, memory: FeedMemory, *, offline: bool) -> datetime:
        schedule = self._schedule
        interval = memory.fixed or memory.interval or schedule.first_interval
        if offline:
            return jittered(done.task.key, done.at, schedule.min_interval)
        next_at = jittered(done.task.key, done.at, error_delay(interval, memory.score, schedule))
        confirmed = memory.gone is not None and done.at - memory.gone >= CONFIRM
        if memory.stale or confirmed:
            next_at = max(next_at, done.at + PROBE)
        elif memory.gone is not None:
            next_at = max(next_at, memory.gone + CONFIRM)
        retry = done.fetched.retry_at if done.fetched is not None else None
        return max(next_at, retry) if retry is not None else next_at

    @staticmethod
    def _feed_events(done: Visit, memory: FeedMemory, outcomes: Sequence[Outcome]) -> list[NewEvent | Fetch]:
        """The feed's own events: a move, a new policy, and the fetch when it brought something or ended differently."""
        changes: list[Event] = []
        if (target := _moved(done, memory)) is not None:
            changes.append(FeedChanged(feed=done.task.key, url=target, reason="moved permanently"))
            memory.url, memory.moved, memory.moved_since, memory.moved_seen = target, "", None, 0
        if done.policy != memory.policy:
            changes.append(FeedChanged(feed=done.task.key, reason=POLICY_REASON))
            memory.policy = done.policy
        events: list[NewEvent | Fetch] = [
            new_event(event, stream=f"feed:{done.task.key}", producer=PRODUCER) for event in changes
        ]
        new, revised = _counts(outcomes)
        if (new or revised or memory.outcome not in ("changed", "unchanged")) and done.fetched is not None:
            fetched, document = done.fetched, done.document
            media_type = fetched.media_type or "application/xml"
            if fetched.charset:
                media_type += f"; charset={fetched.charset}"
            event = FeedFetched(
                feed=done.task.key,
                url=fetched.url,
                outcome="changed" if document is not None else "unchanged",
                status=fetched.status,
                final_url=fetched.final_url if fetched.final_url != fetched.url else "",
                etag=fetched.etag or None,
                last_modified=fetched.last_modified or None,
                items=len(document.items) if document is not None else 0,
                new=new,
                revised=revised,
                skipped=_skipped(done, outcomes),
            )
            events.append(Fetch(event, (done.body, media_type) if document is not None else None))
        return events

    def _remember(
        self, done: Visit, memory: FeedMemory, by_key: dict[str, Outcome], outcomes: Sequence[Outcome]
    ) -> datetime:
        fetched, document = done.fetched, done.document
        assert fetched is not None
        memory.polls += 1
        memory.polled = memory.success = done.at
        memory.outcome = "changed" if document is not None else "unchanged"
        memory.status, memory.error, memory.score = fetched.status, "", 0.0
        memory.gone, memory.stale = None, False
        known = sum(look.key in memory.pages for look in done.looks) if done.looks else 0
        if fetched.ok:
            memory.full_at = done.at
        if fetched.complete:
            memory.etag = fetched.etag or (memory.etag if fetched.unchanged else "")
            memory.modified = fetched.last_modified or (memory.modified if fetched.unchanged else "")
            memory.body = done.body_hash or memory.body
        if document is not None:
            memory.title = memory.title or document.title
            memory.ttl = document.ttl
        if done.looks or document is not None:
            _remember_pages(done, memory, by_key)
        new, revised = _counts(outcomes)
        if new or revised:
            memory.hear(done.at)
        items = len(document.items) if document is not None else 0
        memory.remember(Poll(done.at, memory.outcome, fetched.status, items, new, revised))
        memory.interval = next_interval(
            memory.interval or self._schedule.first_interval,
            items=items,
            known=known,
            changed=document is not None,
            steady=memory.good > 0,
            schedule=self._schedule,
        )
        memory.good += 1
        return self._next_at(done, memory)

    def _next_at(self, done: Visit, memory: FeedMemory) -> datetime:
        schedule = self._schedule
        assert done.fetched is not None
        floor = min(max(memory.ttl, done.fetched.fresh_for), schedule.max_interval)
        first = memory.polls == 1 and not memory.fixed and floor <= memory.interval
        wait = memory.fixed or max(memory.interval, floor)
        next_at = jittered(done.task.key, done.at, wait, SPREAD if first else JITTER)
        if memory.look is None or not self._pages:
            return next_at
        return min(next_at, max(memory.look, done.at + timedelta(seconds=schedule.min_interval)))

    @staticmethod
    def _done(done: Visit, memory: FeedMemory, next_at: datetime) -> TaskDone:
        return TaskDone(
            kind=done.task.kind,
            key=done.task.key,
            fence=done.task.fence,
            next_at=next_at,
            data=encode_memory(memory),
        )

    @staticmethod
    def _outcome(
        done: Visit, memory: FeedMemory, outcomes: Sequence[Outcome], next_at: datetime
    ) -> FeedOutcome:
        new, revised = _counts(outcomes)
        return FeedOutcome(
            feed=done.task.key,
            url=memory.url,
            outlet=memory.outlet,
            outcome=memory.outcome,
            status=memory.status,
            items=len(done.document.items) if done.document is not None else 0,
            new=new,
            revised=revised,
            pages=[look.looked for look in done.looks].count(True),
            articles=tuple([o.article for o in outcomes if o.what in ("new", "revised")]),
            skipped=_skipped(done, outcomes),
            next_at=next_at,
        )


def _counts(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """How many articles are new, and how many revised."""
    kinds = [outcome.what for outcome in outcomes]
    return kinds.count("new"), kinds.count("revised")


def _remember_pages(done: Visit, memory: FeedMemory, by_key: dict[str, Outcome]) -> None:
    for look in done.looks:
        known = memory.pages.get(look.key)
        outcome = by_key.get(look.key)
        touched = look.looked or outcome is not None or known is None
        if touched:
            memory.pages[look.key] = _page_memory(look, known, outcome, done.at)
    listed = listed_items(done)
    if listed is not None:
        chronological = is_chronological([look.item for look in listed.values()])
        places = {key: number for number, key in enumerate(listed, 1)} if chronological else {}
        for key, page in memory.pages.items():
            page.listed = key in listed
            page.place = places.get(key, 0)
    over = [key for key, page in memory.pages.items() if not page.listed and page.next is None]
    for key in over:
        del memory.pages[key]
    if len(memory.pages) > MAX_PAGES:
        oldest = sorted(
            memory.pages, key=lambda key: (memory.pages[key].listed, memory.pages[key].first, key)
        )
        for key in oldest[: len(memory.pages) - MAX_PAGES]:
            del memory.pages[key]
    memory.look = min((page.next for page in memory.pages.values() if page.next is not None), default=None)


def _page_memory(look: Look, known: PageMemory | None, outcome: Outcome | None, now: datetime) -> PageMemory:
    page = PageMemory(article="", url=look.item.link, item=look.digest, first=now)
    if known is not None:
        page = msgspec.structs.replace(known, item=look.digest, url=look.item.link or known.url)
    if outcome is not None and look.draft is not None:
        page.article, page.aliases = outcome.article, ()
        if outcome.what in ("new", "revised", "unchanged"):
            page.source = look.draft.source
    elif not page.article:
        page.aliases = look.identity.aliases
    if look.page is not None and (look.page.ok or look.page.unchanged):
        page.etag, page.modified = look.page.etag, look.page.last_modified
        page.page = look.page_digest or page.page
        page.gone = None
    elif look.gone:
        page.gone = page.gone or now
    page.next = next_look(page.first, now) if page.url.startswith(("http://", "https://")) else None
    if not page.article or (look.problem and page.source != "from-page" and page.next is not None):
        page.next = min(page.next, now + RETRY_PAGE) if page.next is not None else None
    return page


def _skipped(done: Visit, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    problems = [look.problem for look in done.looks if look.problem]
    if done.document is not None and "oversized" in done.document.flags:
        problems.insert(0, "An item that is larger than can be read was passed over")
    problems += [f"{o.article} changes too often" for o in outcomes if o.what == "noisy"]
    more = len(problems) - MAX_SKIPPED
    return (*problems[:MAX_SKIPPED], *((f"and {more} more",) if more > 0 else ()))


def _moved(done: Visit, memory: FeedMemory) -> str | None:
    """The feed's new address, once its permanent redirect has been seen often and long enough."""
    target = done.fetched.permanent_url if done.fetched is not None else ""
    if not target or (done.document is None and not done.unchanged):
        memory.moved, memory.moved_since, memory.moved_seen = "", None, 0
        return None
    old, new = urlsplit(memory.url), urlsplit(target)
    if (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname:
        return target
    if memory.moved != target:
        memory.moved, memory.moved_since, memory.moved_seen = target, done.at, 0
    memory.moved_seen += 1
    assert memory.moved_since is not None
    long_enough = done.at - memory.moved_since >= MOVED_AFTER
    return target if long_enough and memory.moved_seen >= MOVED_POLLS else None


def _weight(status: int, error: LedgerError | None, *, unreachable: bool) -> float:
    if status in (404, 408, 425, 429) or status >= 500:
        return 0.5
    if unreachable:
        return 0.5 if "within" in str(error) else 0.25
    if isinstance(error, InputError) or status:
        return 1.0
    return 1.0
