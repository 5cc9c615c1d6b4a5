"""What a feed's task remembers between polls. Losing it costs fetches, never facts: the ledger knows the articles."""

from __future__ import annotations

import functools
from datetime import datetime

import msgspec
import zstandard

from ledger.errors import CorruptionError
from ledger.feeds.packing import pack, unpack

__all__ = ["FeedMemory", "PageMemory", "Poll", "decode_memory", "encode_memory"]

HISTORY = 20
RECENT = 0.2
"""How much the last wait counts for the rhythm of a feed."""


class Poll(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One poll of a feed: when, how it ended, the HTTP status, and the counts of items."""

    at: datetime
    outcome: str
    status: int = 0
    items: int = 0
    new: int = 0
    revised: int = 0
    error: str = ""


class PageMemory(msgspec.Struct, omit_defaults=True, gc=False):
    """One item of the feed. `item` is a digest of the item as it stood in the feed, `next` when its page is due again.

    `page` is a digest of the article on its page. `place` counts the items of its feed's last document from 1, where that was in
    the order of dates, else 0. `article` is empty, and `aliases` are kept, while there was no text yet.
    """

    article: str
    url: str
    item: str
    first: datetime
    next: datetime | None = None
    etag: str = ""
    modified: str = ""
    gone: datetime | None = None
    listed: bool = True
    source: str = ""
    page: str = ""
    place: int = 0
    aliases: tuple[str, ...] = ()


class FeedMemory(msgspec.Struct, omit_defaults=True, dict=True):
    """Validators, error score and items of one feed. `interval` in seconds; `fixed` is what a person asked for.

    `rhythm` is how many seconds pass between two polls that bring news, the last ones counting most.
    `look` is when the first of its pages is due for a look. `packed` holds its `pages`, which most polls need not read.
    """

    url: str
    outlet: str = ""
    title: str = ""
    fixed: float = 0.0
    interval: float = 0.0
    etag: str = ""
    modified: str = ""
    body: str = ""
    outcome: str = ""
    status: int = 0
    error: str = ""
    score: float = 0.0
    good: int = 0
    polls: int = 0
    full_at: datetime | None = None
    polled: datetime | None = None
    success: datetime | None = None
    news: datetime | None = None
    rhythm: float = 0.0
    added: datetime | None = None
    moved: str = ""
    moved_since: datetime | None = None
    moved_seen: int = 0
    gone: datetime | None = None
    stale: bool = False
    policy: str = "guid"
    ttl: float = 0.0
    look: datetime | None = None
    packed: bytes = b""
    history: list[Poll] = []

    @functools.cached_property
    def pages(self) -> dict[str, PageMemory]:
        """The items of the feed by identity key. Raises CorruptionError."""
        if not self.packed:
            return {}
        try:
            return _PAGES.decode(unpack(self.packed))
        except (msgspec.DecodeError, zstandard.ZstdError) as error:
            raise CorruptionError(
                "The memory of a feed cannot be read", which=self.url, fix=str(error)
            ) from error

    def hear(self, at: datetime) -> None:
        """Note that a poll at `at` brought news."""
        if self.news is not None:
            gap = (at - self.news).total_seconds()
            self.rhythm = gap if not self.rhythm else self.rhythm + (gap - self.rhythm) * RECENT
        self.news = at

    def remember(self, poll: Poll) -> None:
        """Add to the history, which keeps the newest twenty polls."""
        self.history = [*self.history, poll][-HISTORY:]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(FeedMemory)
_PAGES = msgspec.json.Decoder(dict[str, PageMemory])


def encode_memory(memory: FeedMemory) -> bytes:
    """The bytes for the task's data."""
    if "pages" in memory.__dict__:
        memory.packed = pack(_ENCODER.encode(memory.pages)) if memory.pages else b""
    return _ENCODER.encode(memory)


def decode_memory(data: bytes, feed: str) -> FeedMemory:
    """Read a task's data. Raises CorruptionError naming the feed."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise CorruptionError("The memory of a feed cannot be read", which=feed, fix=str(error)) from error
