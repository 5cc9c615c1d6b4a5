"""What a feed's list says of articles beside their text: that they are in it, and that they were taken out of its midst."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ledger.events import NewEvent, new_event
from ledger.events.types import ArticleSighted, ArticleUnlisted, Event, Sighting
from ledger.feeds.dates import parse_declared
from ledger.feeds.documents import Item
from ledger.feeds.ingest import PRODUCER, Outcome
from ledger.feeds.memory import FeedMemory
from ledger.feeds.visit import Look, Visit

__all__ = ["is_chronological", "listed_items", "listing_events"]


def listed_items(done: Visit) -> dict[str, Look] | None:
    """The items of a complete document in its order, None when there is no such document."""
    if done.document is None or "truncated" in done.document.flags:
        return None
    return {
        look.key: look
        for look in done.looks
        if look.item.guid or look.item.title or look.item.content or look.item.packed
    }


def is_chronological(items: Sequence[Item]) -> bool:
    """Whether items are in the order of their dates, the newest first or last."""
    dates = [declared.at for item in items if (declared := parse_declared(item.published or item.updated))]
    if len(dates) < len(items) or len(dates) < 2:
        return False
    pairs = list(pairwise(dates))
    return all(a >= b for a, b in pairs) or all(a <= b for a, b in pairs)


def listing_events(done: Visit, memory: FeedMemory, by_key: dict[str, Outcome]) -> list[NewEvent]:
    """What the feed lists that was recorded before and it did not list, and what it took out of its midst."""
    listed = listed_items(done)
    if listed is None:
        return []
    stream = f"feed:{done.task.key}"
    articles: dict[str, Look] = {}
    sightings: list[Sighting] = []
    for key, look in listed.items():
        page, outcome = memory.pages.get(key), by_key.get(key)
        article = outcome.article if outcome is not None else page.article if page is not None else ""
        if not article or article in articles:
            continue
        articles[article] = look
        again = page is not None and page.listed
        if not again and (outcome is None or outcome.what != "new"):
            sightings.append(Sighting(article, look.item.guid, look.item.link))
    events: list[Event] = []
    if sightings:
        events.append(ArticleSighted(feed=done.task.key, sightings=tuple(sightings)))
    kept = [page.place for key, page in memory.pages.items() if page.listed and page.place and key in listed]
    for key, page in memory.pages.items():
        gone = page.listed and page.place and key not in listed and page.article not in articles
        if gone and page.article and kept and min(kept) < page.place < max(kept):
            events.append(ArticleUnlisted(feed=done.task.key, article=page.article, url=page.url))
    return [new_event(event, stream=stream, producer=PRODUCER) for event in events]
