"""Time: one injected clock, one text form.

All times are aware and UTC. Their text form is RFC 3339 with a `Z`; microseconds appear only when there are any, so
that equal instants have equal texts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from ledger.errors import UsageError

__all__ = ["Clock", "FixedClock", "SystemClock", "format_time", "parse_time"]


class Clock(Protocol):
    """Where "now" comes from. Implementations are safe to call from any thread."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is set or advanced. For tests, demos and replays."""

    def __init__(self, at: str | datetime) -> None:
        self._now = parse_time(at)

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def set(self, at: str | datetime) -> None:
        """Move to `at`, forwards or backwards."""
        self._now = parse_time(at)

    def advance(self, seconds: float) -> None:
        """Move forwards by `seconds`."""
        self._now += timedelta(seconds=seconds)


def parse_time(value: str | datetime) -> datetime:
    """Read an RFC 3339 / ISO 8601 instant; a bare date is midnight UTC.

    Raises UsageError for anything else; a date-time without a zone is refused, since it names no instant.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(
                "A time without a zone names no instant", which=str(value), fix="Add Z or an offset"
            )
        return value.astimezone(UTC)
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        raise UsageError(
            "Not a time", which=value, fix="Write it like 2031-05-04T07:00:00Z or 2031-05-04"
        ) from None
    if parsed.tzinfo is None:
        if "T" in value or " " in value.strip():
            raise UsageError("A time without a zone names no instant", which=value, fix="Add Z or an offset")
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC)


def format_time(value: datetime) -> str:
    """The text form of an instant, such as `2031-05-04T07:00:00Z`. Raises UsageError for a naive one."""
    return parse_time(value).isoformat().replace("+00:00", "Z")
