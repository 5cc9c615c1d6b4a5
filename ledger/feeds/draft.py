"""From an item and its page to one draft: whose text counts, and which dates."""

from __future__ import annotations

import hashlib

import msgspec

from ledger.feeds.dates import parse_declared
from ledger.feeds.documents import Item
from ledger.feeds.extract import EXTRACTOR, Extract, extract_markup
from ledger.feeds.fetch import Fetched
from ledger.feeds.identity import Identity, page_canonical
from ledger.feeds.ingest import Draft
from ledger.feeds.language import language_of
from ledger.feeds.packing import pack
from ledger.feeds.revision import declared_dates

__all__ = ["draft_of", "item_digest"]

FULL_TEXT = 800


def item_digest(item: Item) -> str:
    """A digest of what an item says, to see whether it changed."""
    item = item.whole()
    said = msgspec.json.encode(
        (item.title, item.content, item.summary, item.published, item.updated, item.link)
    )
    return hashlib.sha256(said).hexdigest()[:16]


def draft_of(
    item: Item,
    identity: Identity,
    *,
    feed: str,
    outlet: str,
    language: str = "",
    page: Fetched | None = None,
    packed: bytes = b"",
    extract: Extract | None = None,
    edited: bool = True,
    article: str = "",
    extractor: str = EXTRACTOR,
) -> Draft | None:
    """One article as its feed and its page give it; None when neither has any text. `packed` is the page's body.

    What comes of a large document waits packed, as its item does.
    """
    large = bool(item.packed)
    item = item.whole()
    title = item.title or (extract.title if extract is not None else "")
    content = extract_markup(item.content, title=title, byline=item.author)
    summary = extract_markup(item.summary, title=title, byline=item.author)
    if not content and len(summary) >= FULL_TEXT:
        content = summary
    text, source = _choose(item, extract, content, summary)
    if not text:
        return None
    from_page = source == "from-page" and extract is not None and page is not None
    if from_page and extract is not None:
        title = extract.title or item.title
    facts = extract if extract is not None else Extract()
    raw = packed
    if not from_page:
        # A feed's own document is kept with its fetch, and holds all of its items.
        raw = b"" if feed else pack((item.content or item.summary).encode("utf-8", "replace"))
    url = item.link or feed
    draft = Draft(
        outlet=outlet,
        key=identity.key,
        aliases=identity.aliases,
        url=url,
        canonical_url=page_canonical(url, facts.canonical_url),
        guid=item.guid,
        feed=feed,
        title=title,
        text=text,
        source=source,
        language=language_of(text, item.language or facts.language or language),
        byline=item.author or facts.byline,
        summary=summary.replace("\n\n", " ") if summary != text else facts.summary,
        dates=declared_dates([facts.published, item.published], [facts.modified, item.updated]),
        packed=raw,
        raw_type=_media_type(page) if from_page and page is not None else "text/html",
        edited=edited,
        article=article,
        extractor=extractor if from_page else EXTRACTOR,
    )
    return draft.folded() if large else draft


def _media_type(page: Fetched) -> str:
    """The page's media type with the charset that its answer named, so that it can be read again."""
    media_type = page.media_type or "text/html"
    return f"{media_type}; charset={page.charset}" if page.charset else media_type


def _choose(item: Item, extract: Extract | None, content: str, summary: str) -> tuple[str, str]:
    """The text that counts: the page's, unless the feed has the same text at more length or a newer one."""
    page = extract.text if extract is not None else ""
    if page and extract is not None:
        if content and (_includes(content, page) or _newer(item, extract, content, page)):
            return content, "from-feed"
        if not content and len(summary) > len(page) and _includes(summary, page):
            return summary, "from-summary"
        return page, "from-page"
    if content and len(content) >= len(summary):
        return content, "from-feed"
    return (summary, "from-summary") if summary else (content, "from-feed")


def _includes(feed: str, page: str) -> bool:
    """Whether the feed's text is longer and holds nearly all of the page's blocks."""
    if len(feed) * 10 <= len(page) * 11:
        return False
    there = sum(len(block) for block in page.split("\n\n") if block in feed)
    return there * 10 >= len(page) * 8


def _newer(item: Item, extract: Extract, content: str, page: str) -> bool:
    """Whether the feed's text was changed after the page's copy, by what both declare."""
    ours, theirs = parse_declared(item.updated), parse_declared(extract.modified)
    if ours is None or theirs is None or ours.flags or theirs.flags or content == page:
        return False
    return ours.at > theirs.at and len(content) * 2 >= len(page)
