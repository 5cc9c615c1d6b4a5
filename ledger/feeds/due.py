"""When a feed is due again. All times in seconds; jitter depends on the feed and the time only."""

from __future__ import annotations

import functools
import hashlib
from datetime import datetime, timedelta

from ledger.config import Schedule

__all__ = ["JITTER", "SPREAD", "error_delay", "jittered", "next_interval", "next_look"]

MAX_DOUBLINGS = 6
JITTER = 0.1
SPREAD = 0.5
"""The jitter after a feed's first poll: many feeds are added at one time."""
LOOKS = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)


def next_interval(
    interval: float, *, items: int, known: int, changed: bool, steady: bool, schedule: Schedule
) -> float:
    """The polling interval after a good poll: shorter when most items were new, longer when most were known.

    `items` and `known` count the document's items; `steady` says that the poll before was good, too.
    """
    if steady:
        if not changed:
            interval *= 1.1
        elif items and known / items < 0.33:
            interval /= 2
        elif items and known / items >= 0.67:
            interval *= 1.25
    return min(max(interval, schedule.min_interval), schedule.max_interval)


def error_delay(interval: float, score: float, schedule: Schedule) -> float:
    """The wait after an error: the interval, doubled for every point of the score, at most the longest interval."""
    doublings = min(max(score, 0.0), MAX_DOUBLINGS)
    return min(schedule.max_interval, max(interval, schedule.min_interval) * 2**doublings)


def jittered(feed: str, now: datetime, seconds: float, jitter: float = JITTER) -> datetime:
    """`now` plus `seconds`, give or take a tenth (`jitter`), so that feeds added together do not stay together."""
    own, by_time = _own_share(feed), _share(f"{feed} {now.isoformat()}")
    # Most of it belongs to the feed: feeds of one interval drift apart instead of wavering about one instant.
    share = 2 * (0.7 * own + 0.3 * by_time) - 1
    return now + timedelta(seconds=round(seconds * (1 + jitter * share)))


@functools.lru_cache(16_384)
def _own_share(feed: str) -> float:
    return _share(feed)


def _share(text: str) -> float:
    """A number between 0 and 1 that depends on the text only."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 0xFFFFFFFF


def next_look(first_seen: datetime, now: datetime) -> datetime | None:
    """When an article's page is looked at again for silent edits; None a week after it was first seen."""
    return next((first_seen + wait for wait in LOOKS if first_seen + wait > now), None)
