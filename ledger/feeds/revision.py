"""What makes a revision, and when it was published.

Only the visible title and text count: markup, dates, counters and nonces make no revision. A revision whose declared
dates did not move is a silent edit, dated by the poll that first saw it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import msgspec

from ledger.feeds.dates import Declared, parse_declared
from ledger.feeds.text import single_line

__all__ = ["Dates", "Timing", "declared_dates", "timing", "visible_hash"]

AHEAD = timedelta(minutes=10)


class Dates(msgspec.Struct, frozen=True, gc=False):
    """What a publisher declares, in its own offset, with the texts as they stood. `flags` begin with `published-` or `modified-`."""

    published: datetime | None = None
    modified: datetime | None = None
    claimed: dict[str, str] = {}
    flags: tuple[str, ...] = ()


class Timing(msgspec.Struct, frozen=True, gc=False):
    """The published time of a revision (None: the recorded time stands for it), whether it is a silent edit, and flags."""

    p_time: datetime | None
    silent: bool
    flags: tuple[str, ...] = ()


def visible_hash(title: str, text: str) -> str:
    """Hex SHA-256 of the visible title and text; white space counts as one space."""
    flat = single_line(text.replace("\n\n", " "))
    return hashlib.sha256(f"{single_line(title)}\n{flat}".encode()).hexdigest()


def declared_dates(published: list[str], modified: list[str]) -> Dates:
    """Choose among declared dates, the most trusted first: a full date before one without zone or hour.

    Of several dates of change the latest counts; one before the publication is no change. `claimed` keeps the chosen texts
    and, under `offset`, the UTC offset of the publication.
    """
    first = _best(published)
    changes = [(text, d) for text in modified if (d := parse_declared(text)) is not None]
    changes.sort(key=lambda entry: (not entry[1].flags, entry[1].at))
    last = changes[-1] if changes else None
    claimed: dict[str, str] = {}
    flags: list[str] = []
    for name, chosen, texts in (("published", first, published), ("modified", last, modified)):
        if chosen is not None:
            claimed[name] = single_line(chosen[0])
            flags += [f"{name}-{flag}" for flag in chosen[1].flags]
        elif texts := [text for text in texts if text.strip()]:
            claimed[name] = single_line(texts[0])[:200]
            flags.append(f"{name}-unreadable")
    at = first[1].at if first is not None else None
    changed = last[1].at if last is not None else None
    if at is not None and changed is not None and changed < at:
        changed = None
    zoned = first or last
    if zoned is not None and not zoned[1].flags:
        claimed["offset"] = zoned[1].at.isoformat()[-6:]
    return Dates(at, changed, claimed, tuple(flags))


def _best(texts: list[str]) -> tuple[str, Declared] | None:
    read = [(text, d) for text in texts if (d := parse_declared(text)) is not None]
    return min(read, key=lambda entry: (len(entry[1].flags), "day-only" in entry[1].flags), default=None)


def timing(
    dates: Dates,
    now: datetime,
    *,
    before: tuple[datetime | None, datetime | None] | None,
    fuller: bool = False,
) -> Timing:
    """When a revision was published, by what it declares.

    `before` holds the published and modified times of the revision before it, None for a first revision. `fuller` marks
    text that was had more completely, not edited. A time more than ten minutes ahead of `now` is not believed.
    """
    p_time = dates.modified or dates.published
    if before is not None and not fuller:
        last = max((at for at in (dates.published, dates.modified) if at is not None), default=None)
        known = max((at for at in before if at is not None), default=None)
        moved = last is not None and (last > known if known is not None else dates.modified is not None)
        if not moved:
            return Timing(None, silent=True)
        p_time = last
    if p_time is not None and p_time > now + AHEAD:
        return Timing(None, silent=False, flags=("date-ahead",))
    return Timing(p_time, silent=False)
