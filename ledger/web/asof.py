"""The two clocks of an address: what had been recorded by `at`, counting what was published by `published`."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from ledger.clock import format_time, parse_time

__all__ = ["NOW", "Moment", "read_moment"]

_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?")


class Moment(msgspec.Struct, frozen=True):
    """An instant on each clock; None means now."""

    recorded: datetime | None = None
    published: datetime | None = None

    @property
    def is_past(self) -> bool:
        """Whether either clock is set back."""
        return self.recorded is not None or self.published is not None

    def parameters(self) -> dict[str, str]:
        """The moment as query parameters; none for now."""
        given = {"at": self.recorded, "published": self.published}
        return {name: format_time(value) for name, value in given.items() if value is not None}

    def link(self, path: str, **others: str | int | None) -> str:
        """`path` with this moment, and other parameters that have a value."""
        given = {name: str(value) for name, value in others.items() if value not in (None, "")}
        query = urlencode({**given, **self.parameters()}, safe=":")
        base, mark, anchor = path.partition("#")
        return f"{base}{'?' if query else ''}{query}{mark}{anchor}"


NOW = Moment()


def read_moment(at: str | None, published: str | None) -> Moment:
    """The moment that two query parameters give. Raises UsageError for what is no time.

    A time without a zone is UTC, as all times on the pages are.
    """
    return Moment(_instant(at), _instant(published))


def _instant(value: str | None) -> datetime | None:
    if value is None or not value.strip():
        return None
    text = value.strip().replace(" ", "+") if re.search(r"\d \d{2}:\d{2}$", value) else value.strip()
    return parse_time(f"{text}Z" if _NAIVE.fullmatch(text) else text)
