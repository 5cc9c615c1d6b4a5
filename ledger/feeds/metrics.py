"""The state of all feeds as numbers: for people in one line, for Prometheus in its text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ledger.feeds.subscriptions import FeedStatus, followed, list_feeds
from ledger.store.protocol import Store

__all__ = ["HEALTH", "Overview", "metrics_text", "overview"]

HEALTH = ("ok", "new", "silent", "failing", "stale", "gone")
"""From the best to the worst; `new` was never polled."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All feeds at one instant. Times in seconds; `late` is how long the most overdue feed has been due.

    `quiet` is how long no feed brought anything new, None when none ever did.
    """

    health: dict[str, int]
    due: int
    leased: int
    late: float
    polls: int
    quiet: float | None
    unwell: tuple[FeedStatus, ...]


def overview(store: Store, now: datetime) -> Overview:
    """Count the feeds by health, and name those that need a look, the worst first."""
    feeds = list_feeds(store, now)
    tasks = followed(store)
    counts = Counter(feed.health for feed in feeds)
    free = [task for task in tasks if task.lease_until is None or task.lease_until <= now]
    waits = [(now - task.next_at).total_seconds() for task in free if task.next_at <= now]
    news = [feed.last_news for feed in feeds if feed.last_news is not None]
    unwell = [feed for feed in feeds if feed.health not in ("ok", "new") or feed.moved_to]
    return Overview(
        health={name: counts[name] for name in HEALTH},
        due=len(waits),
        leased=len(tasks) - len(free),
        late=max(waits, default=0.0),
        polls=sum(feed.polls for feed in feeds),
        quiet=max(0.0, (now - max(news)).total_seconds()) if news else None,
        unwell=tuple(sorted(unwell, key=lambda f: (-HEALTH.index(f.health), f.outlet, f.url))),
    )


def metrics_text(store: Store, now: datetime) -> str:
    """The overview in Prometheus's text format 0.0.4."""
    seen = overview(store, now)
    lines = [
        *_metric("newsledger_events", "counter", "Events in the log.", [("", store.head().position)]),
        *_metric(
            "newsledger_feeds",
            "gauge",
            "Feeds that are followed, by health.",
            [(f'{{health="{name}"}}', seen.health[name]) for name in HEALTH],
        ),
        *_metric("newsledger_feeds_due", "gauge", "Feeds that wait for a poll.", [("", seen.due)]),
        *_metric("newsledger_feeds_leased", "gauge", "Feeds being polled now.", [("", seen.leased)]),
        *_metric(
            "newsledger_feeds_late_seconds",
            "gauge",
            "How long the most overdue feed waits.",
            [("", seen.late)],
        ),
        *_metric(
            "newsledger_feed_polls_total",
            "counter",
            "Polls of the feeds that are followed.",
            [("", seen.polls)],
        ),
    ]
    if seen.quiet is not None:
        lines += _metric(
            "newsledger_feeds_quiet_seconds",
            "gauge",
            "How long no feed has brought anything new.",
            [("", seen.quiet)],
        )
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, what: str, values: Sequence[tuple[str, float]]) -> list[str]:
    return [
        f"# HELP {name} {what}",
        f"# TYPE {name} {kind}",
        *(f"{name}{labels} {n:.15g}" for labels, n in values),
    ]
