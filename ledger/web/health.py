"""How feeds and processors fare, now and as of a past moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ledger.clock import format_time
from ledger.events import Redacted, decode
from ledger.events.types import FeedAdded, FeedChanged, FeedFetched, FeedRemoved
from ledger.host.health import read_health
from ledger.host.inventory import PluginInfo
from ledger.web.asof import Moment
from ledger.web.desk import Desk

__all__ = ["FeedLine", "ProcessorLine", "feed_lines", "plugins", "processor_lines"]

_SILENT = timedelta(days=7)
_TYPES = (FeedAdded.TYPE, FeedChanged.TYPE, FeedRemoved.TYPE, FeedFetched.TYPE)


class FeedLine(msgspec.Struct, kw_only=True):
    """One feed. Of a past moment only what is recorded is known: polls that brought nothing leave no trace."""

    feed: str
    url: str
    outlet: str
    title: str = ""
    health: str = "new"
    last_poll: str = ""
    last_success: str = ""
    last_news: str = ""
    next_at: str = ""
    polls: int = 0
    status: int = 0
    error: str = ""
    moved_to: str = ""


class ProcessorLine(msgspec.Struct, frozen=True, kw_only=True):
    """One identity of a processor: what it did, and how long 95 of 100 runs took here (seconds), if known."""

    processor: str
    version: str
    identity: str
    runs: int
    annotations: int
    failures: int
    last_run: str
    p95: float | None
    resting: str


def feed_lines(desk: Desk, moment: Moment) -> list[FeedLine]:
    """Every feed by outlet and address."""
    if moment.recorded is not None:
        return _recorded(desk, moment.recorded)
    return [
        FeedLine(
            feed=feed.feed,
            url=feed.url,
            outlet=feed.outlet,
            title=feed.title,
            health=feed.health,
            last_poll=_text(feed.last_poll),
            last_success=_text(feed.last_success),
            last_news=_text(feed.last_news),
            next_at=_text(feed.next_at),
            polls=feed.polls,
            status=feed.status,
            error=feed.error,
            moved_to=feed.moved_to,
        )
        for feed in desk.ledger.feeds.list()
    ]


def _recorded(desk: Desk, at: datetime) -> list[FeedLine]:
    lines: dict[str, FeedLine] = {}
    for stored in desk.ledger.store.read(types=_TYPES, upto=desk.ledger.store.position_at(at)):
        event = decode(stored)
        when = format_time(stored.recorded_at)
        match event:
            case FeedAdded():
                lines[event.feed] = FeedLine(
                    feed=event.feed, url=event.url, outlet=event.outlet, title=event.title, last_news=when
                )
            case FeedChanged() if event.feed in lines:
                line = lines[event.feed]
                line.url, line.outlet = event.url or line.url, event.outlet or line.outlet
                line.title = event.title or line.title
            case FeedRemoved():
                lines.pop(event.feed, None)
            case FeedFetched() if event.feed in lines:
                _fetched(lines[event.feed], event, when)
            case Redacted():
                continue
    for line in lines.values():
        if line.health == "ok" and format_time(at - _SILENT) > line.last_news:
            line.health = "silent"
        if not line.polls:
            line.last_news = ""
    return sorted(lines.values(), key=lambda line: (line.outlet, line.url))


def _fetched(line: FeedLine, event: FeedFetched, when: str) -> None:
    line.polls += 1
    line.last_poll, line.status, line.error = when, event.status, event.error
    line.health = {"error": "failing", "gone": "gone"}.get(event.outcome, "ok")
    if line.health == "ok":
        line.last_success = when
    if event.new or event.revised:
        line.last_news = when


def _text(value: datetime | None) -> str:
    return format_time(value) if value is not None else ""


def processor_lines(desk: Desk, moment: Moment) -> list[ProcessorLine]:
    """Every identity of every processor that recorded a run, the newest identity of each first."""
    health = read_health(desk.ledger.settings.home)
    lines = []
    for count in desk.browser.run_counts(desk.upto(moment)):
        here = health.get(count.processor)
        known = here if here is not None and here.identity == count.identity else None
        lines.append(
            ProcessorLine(
                processor=count.processor,
                version=count.version,
                identity=count.identity,
                runs=count.runs,
                annotations=count.annotations,
                failures=count.failures,
                last_run=count.last_run_at,
                p95=known.p95 if known is not None else None,
                resting=known.breaker.reason if known is not None and not moment.is_past else "",
            )
        )
    return lines


def plugins(desk: Desk) -> tuple[PluginInfo, ...]:
    """The plugins that are installed here now, with what is wrong with each."""
    return desk.ledger.hooks.inventory.with_health(read_health(desk.ledger.settings.home))
