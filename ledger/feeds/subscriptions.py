"""Which feeds are followed: add, remove, list, and how each has fared."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from ledger.clock import Clock
from ledger.errors import FetchError, NotFoundError, UsageError
from ledger.events import new_event
from ledger.events.types import FeedAdded, FeedChanged, FeedRemoved
from ledger.feeds.guard import check_url, host_and_port
from ledger.feeds.identity import feed_id, host_of
from ledger.feeds.ingest import PRODUCER
from ledger.feeds.memory import FeedMemory, Poll, decode_memory, encode_memory
from ledger.store.protocol import Store, Task

__all__ = [
    "FEED",
    "SOURCE",
    "FeedStatus",
    "add_feed",
    "feed_address",
    "feed_history",
    "followed",
    "is_source",
    "list_feeds",
    "remove_feed",
    "silent_after",
]

FEED = "feed"
SOURCE = "source"
"""The kinds of tasks: feeds over HTTP, and sources of plugins, which are followed in the same way."""

SILENT = timedelta(days=7)
SOONEST_SILENT, LATEST_SILENT = timedelta(days=1), timedelta(days=60)
WAITS = 10
"""A feed is silent when nothing came for ten times as long as it usually takes."""
_SHORTEST = 60
_SOURCE = re.compile(r"(?!https?:)[a-z][a-z0-9_-]+:(?P<location>(?!//).+)", re.DOTALL)


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed fares. `interval` in seconds; `health`: `new`, `ok`, `silent`, `failing`, `stale`, `gone`.

    `silent` means that polls are fine but nothing new came for much longer than usual, by the feed's own rhythm. `moved_to` is a permanent redirect not yet followed
    for good. `items` counts the document's items at the last poll that brought one.
    """

    feed: str
    url: str
    outlet: str
    title: str
    health: str
    interval: float
    fixed: bool
    added: datetime | None
    last_poll: datetime | None
    last_success: datetime | None
    last_news: datetime | None
    next_at: datetime
    outcome: str
    status: int
    error: str
    score: float
    polls: int
    items: int
    moved_to: str = ""
    policy: str = "guid"


def add_feed(
    store: Store,
    clock: Clock,
    url: str,
    outlet: str = "",
    title: str = "",
    interval: int | None = None,
    by: str = "",
) -> str:
    """Follow a feed from now on and give its id; it is due at once. `outlet` is by default the host of the URL.

    `KIND:LOCATION` follows a source of a plugin. Adding a feed again changes its outlet, title or interval where they are
    given and differ. Raises UsageError for what is neither, or an interval below a minute.
    """
    source = _SOURCE.fullmatch(url)
    if source is None:
        url = feed_address(url)
    if interval is not None and interval < _SHORTEST:
        raise UsageError(
            "The interval is too short", which=str(interval), fix=f"At least {_SHORTEST} seconds"
        )
    feed = feed_id(url)
    last = store.last(f"feed:{feed}", (FeedAdded.TYPE, FeedRemoved.TYPE))
    active = last is not None and last.type == FeedAdded.TYPE
    known = next((task for task in followed(store) if task.key == feed), None) if active else None
    if known is not None:
        _change(store, known, outlet=outlet, title=title, interval=interval, by=by)
        return feed
    host = host_of(source["location"] if source is not None else url)
    outlet = outlet or host or "local"
    event = FeedAdded(feed=feed, url=url, outlet=outlet, title=title, interval=interval, by=by)
    if not active:
        store.append([new_event(event, stream=f"feed:{feed}", producer=PRODUCER)])
    memory = FeedMemory(url=url, outlet=outlet, title=title, fixed=float(interval or 0), added=clock.now())
    kind, group = (SOURCE, "") if source is not None else (FEED, host)
    store.put_tasks([Task(kind=kind, key=feed, group=group, next_at=clock.now(), data=encode_memory(memory))])
    return feed


def is_source(url: str) -> bool:
    """Whether this is `KIND:LOCATION`, a source of a plugin."""
    return _SOURCE.fullmatch(url) is not None


def feed_address(url: str) -> str:
    """The URL of a feed, as it is fetched. Raises UsageError for what is none."""
    try:
        return check_url(url, (host_and_port(url),))
    except (FetchError, ValueError) as error:
        fix = "Give one that begins with https:// or http://"
        if isinstance(error, FetchError) and url.startswith(("https://", "http://")):
            fix = error.what
        raise UsageError("Not the address of a feed or site", which=url, fix=fix) from None


def followed(store: Store) -> list[Task]:
    """The tasks of all that is followed, feeds and sources."""
    return [*store.tasks(FEED), *store.tasks(SOURCE)]


def _change(store: Store, task: Task, *, outlet: str, title: str, interval: int | None, by: str) -> None:
    memory = decode_memory(task.data, task.key)
    event = FeedChanged(
        feed=task.key,
        outlet=outlet if outlet and outlet != memory.outlet else None,
        title=title if title and title != memory.title else None,
        interval=interval if interval is not None and interval != memory.fixed else None,
        by=by,
    )
    if event.outlet is None and event.title is None and event.interval is None:
        return
    store.append([new_event(event, stream=f"feed:{task.key}", producer=PRODUCER)])
    memory.outlet = event.outlet or memory.outlet
    memory.title = event.title or memory.title
    memory.fixed = float(event.interval or memory.fixed)
    store.put_tasks(
        [
            Task(
                kind=task.kind,
                key=task.key,
                group=task.group,
                next_at=task.next_at,
                data=encode_memory(memory),
            )
        ]
    )


def remove_feed(store: Store, feed: str, *, reason: str = "", by: str = "") -> str:
    """Stop following a feed, named by id or URL; its articles stay. Raises NotFoundError."""
    known = {task.key: task.kind for task in followed(store)}
    found = feed if feed in known else feed_id(feed)
    if found not in known:
        raise NotFoundError(
            "No such feed", which=feed, fix="`newsledger feed list` shows the feeds and their ids"
        )
    event = FeedRemoved(feed=found, reason=reason, by=by)
    store.append([new_event(event, stream=f"feed:{found}", producer=PRODUCER)])
    store.drop_task(known[found], found)
    return found


def list_feeds(store: Store, now: datetime | None = None) -> list[FeedStatus]:
    """All feeds by outlet and URL. With `now` a feed that brought nothing for much longer than usual is called silent."""
    feeds = [_status(task, decode_memory(task.data, task.key), now) for task in followed(store)]
    return sorted(feeds, key=lambda feed: (feed.outlet, feed.url))


def feed_history(store: Store, feed: str) -> list[Poll]:
    """The newest polls of a feed (id or URL), oldest first. Raises NotFoundError."""
    for task in followed(store):
        if task.key in (feed, feed_id(feed)):
            return list(decode_memory(task.data, task.key).history)
    raise NotFoundError(
        "No such feed", which=feed, fix="`newsledger feed list` shows the feeds and their ids"
    )


def silent_after(memory: FeedMemory) -> timedelta:
    """How long nothing new may come before a feed is called silent: by its rhythm, a week while that is not known."""
    if not memory.rhythm:
        return SILENT
    return min(max(timedelta(seconds=memory.rhythm * WAITS), SOONEST_SILENT), LATEST_SILENT)


def _status(task: Task, memory: FeedMemory, now: datetime | None) -> FeedStatus:
    news = memory.news or memory.added
    silent = now is not None and news is not None and now - news > silent_after(memory)
    health = "new"
    if memory.outcome in ("changed", "unchanged"):
        health = "silent" if silent else "ok"
    elif memory.outcome:
        health = "gone" if memory.outcome == "gone" else "stale" if memory.stale else "failing"
    return FeedStatus(
        feed=task.key,
        url=memory.url,
        outlet=memory.outlet,
        title=memory.title,
        health=health,
        interval=memory.fixed or memory.interval,
        fixed=bool(memory.fixed),
        added=memory.added,
        last_poll=memory.polled,
        last_success=memory.success,
        last_news=memory.news,
        next_at=task.next_at,
        outcome=memory.outcome,
        status=memory.status,
        error=memory.error,
        score=memory.score,
        polls=memory.polls,
        items=next((poll.items for poll in reversed(memory.history) if poll.items), 0),
        moved_to=memory.moved,
        policy=memory.policy,
    )
