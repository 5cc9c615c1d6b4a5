"""What the articles of a feed changed: each revision against the one before, as text and as figures."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from ledger.events import StoredEvent, decode
from ledger.events.types import ArticleIngested, ArticleRevised, ArticleRevision, FigureDifference
from ledger.feeds.figures import figure_differences
from ledger.store.protocol import Store

__all__ = ["RevisionChange", "revision_changes"]


class RevisionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A revision and what is different in it. `diff` holds the lines of a unified diff over title and blocks.

    `silent` says that the publisher's dates did not move. A text that was removed since counts as empty.
    """

    article: str
    revision: int
    recorded_at: datetime
    title: str
    url: str
    silent: bool
    diff: tuple[str, ...]
    figures: tuple[FigureDifference, ...]


def revision_changes(store: Store, feed: str) -> Iterator[RevisionChange]:
    """The revisions that came by the feed with this id, in the order of the log."""
    for stored in store.read(types=(ArticleRevised.TYPE,)):
        event = decode(stored)
        if isinstance(event, ArticleRevised) and event.feed == feed:
            yield _change(store, stored, event)


def _change(store: Store, stored: StoredEvent, event: ArticleRevised) -> RevisionChange:
    earlier: ArticleRevision | None = None
    types = (ArticleIngested.TYPE, ArticleRevised.TYPE)
    for other in store.read(stream=stored.stream, types=types, upto=stored.position - 1):
        revision = decode(other)
        earlier = revision if isinstance(revision, ArticleRevision) else earlier
    before = _text(store, earlier) if earlier is not None else ""
    after = _text(store, event)
    lines = difflib.unified_diff(
        [earlier.title if earlier is not None else "", *before.split("\n\n")],
        [event.title, *after.split("\n\n")],
        f"revision {event.revision - 1}",
        f"revision {event.revision}",
        lineterm="",
        n=0,
    )
    return RevisionChange(
        article=event.article,
        revision=event.revision,
        recorded_at=stored.recorded_at,
        title=event.title,
        url=event.url,
        silent=event.silent,
        diff=tuple(lines),
        figures=figure_differences(before, after),
    )


def _text(store: Store, event: ArticleRevision) -> str:
    return (store.get_body(event.text.key) or b"").decode("utf-8", "replace")
