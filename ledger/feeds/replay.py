"""Ingestion again, from the raw documents that were kept: parsed, identified and extracted anew, and compared with the record.

Of each revision the visible text and title, the publisher's dates and the identity are compared. The outcome is

    identical     the same again
    differs       something is different now; `detail` names it
    not kept      the raw document was not kept, or no longer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ledger.errors import LedgerError, NotFoundError
from ledger.events import StoredEvent, decode
from ledger.events.types import (
    ArticleIngested,
    ArticleRevised,
    ArticleRevision,
    BodyRef,
    FeedChanged,
    FeedFetched,
)
from ledger.feeds.documents import FeedDocument, Item
from ledger.feeds.draft import draft_of
from ledger.feeds.extract import EXTRACTOR, Extract, extract_page
from ledger.feeds.fetch import Fetched
from ledger.feeds.files import Document, drafts_of
from ledger.feeds.identity import Identity, article_id, identify
from ledger.feeds.ingest import Draft
from ledger.feeds.parse import parse_feed
from ledger.feeds.readers import FindExtractor, extract_with
from ledger.feeds.record import POLICY_REASON
from ledger.store.protocol import Store

__all__ = ["IngestionReplay", "Reingested", "replay_ingestion"]

Progress = Callable[[int, "int | None"], None]
_TYPES = (FeedChanged.TYPE, FeedFetched.TYPE, ArticleIngested.TYPE, ArticleRevised.TYPE)


class Reingested(msgspec.Struct, frozen=True, kw_only=True):
    """One revision, then and now."""

    article: str
    revision: int
    position: int
    outcome: str
    detail: str = ""


class IngestionReplay(msgspec.Struct, frozen=True, kw_only=True):
    """What the replay found: counts by outcome, and every revision that is not identical."""

    position: int
    counts: dict[str, int]
    others: tuple[Reingested, ...]

    @property
    def holds(self) -> bool:
        """Whether every revision whose document was kept came out the same."""
        return not self.counts.get("differs")


class _Listing(msgspec.Struct, frozen=True):
    """A feed's document as it was fetched, with the identities of its items."""

    feed: str
    outlet: str
    document: FeedDocument
    identities: tuple[Identity | None, ...]


def replay_ingestion(
    store: Store, *, extractor: FindExtractor | None = None, progress: Progress | None = None
) -> IngestionReplay:
    """Ingest every kept document again and compare; nothing is written. `extractor` finds the readers of plugins."""
    counts: dict[str, int] = {"identical": 0, "differs": 0, "not kept": 0}
    others: list[Reingested] = []
    head = store.head().position
    policies: dict[str, str] = {}
    listing: tuple[str, FeedFetched] | None = None
    read: _Listing | None = None
    for stored in store.read(types=_TYPES, upto=head):
        event = decode(stored)
        if isinstance(event, FeedChanged) and event.reason == POLICY_REASON:
            policies[event.feed] = "link"
        elif isinstance(event, FeedFetched):
            listing, read = (event.feed, event), None
        elif isinstance(event, ArticleRevision):
            if listing is not None and listing[0] == event.feed and read is None:
                read = _listing(store, listing[1], event.outlet, policies.get(event.feed, "guid"))
            one = _again(store, stored, event, read, extractor)
            counts[one.outcome] += 1
            if one.outcome != "identical":
                others.append(one)
        if progress is not None:
            progress(stored.position, head)
    return IngestionReplay(position=head, counts=counts, others=tuple(others))


def _again(
    store: Store,
    stored: StoredEvent,
    event: ArticleRevision,
    listing: _Listing | None,
    find: FindExtractor | None,
) -> Reingested:
    outcome, detail = "identical", ""
    try:
        drafts = list(_drafts(store, event, listing, find))
    except LedgerError as error:
        drafts, outcome, detail = [], "differs", str(error)
    if not drafts and not detail:
        outcome, detail = "not kept", "The document that it was read from is not there"
    elif drafts:
        differences = min((_differences(draft, event) for draft in drafts), key=len)
        if differences:
            outcome, detail = "differs", ", ".join(differences)
    return Reingested(
        article=event.article,
        revision=event.revision,
        position=stored.position,
        outcome=outcome,
        detail=detail,
    )


def _drafts(
    store: Store, event: ArticleRevision, listing: _Listing | None, find: FindExtractor | None
) -> Iterator[Draft]:
    """What the kept documents give for this revision; nothing when one of them is missing."""
    raw = _body(store, event.raw)
    if not event.feed:
        if raw is not None and event.raw is not None:
            media_type, charset = _media(event.raw)
            document = Document(
                name=event.url, media_type=media_type, body=raw, url=event.url, charset=charset
            )
            yield from drafts_of(
                document, event.outlet, event.url, event.claimed_dates.get("published", ""), find
            )
        return
    item, identity = _item(event, listing)
    page, extract = None, None
    if event.raw is not None:
        if raw is None:
            return
        media_type, charset = _media(event.raw)
        page = Fetched(url=event.url, final_url=event.url, status=200, media_type=media_type, charset=charset)
        extract = _extract(event, raw, page, find)
    elif item is None:
        return
    draft = draft_of(
        item or Item(link=event.url, guid=event.guid),
        identity or Identity("", ()),
        feed=event.feed,
        outlet=event.outlet,
        language=listing.document.language if listing is not None and item is not None else "",
        page=page,
        extract=extract,
        extractor=event.extractor,
    )
    if draft is not None:
        yield draft


def _extract(event: ArticleRevision, raw: bytes, page: Fetched, find: FindExtractor | None) -> Extract:
    if event.extractor == EXTRACTOR:
        return extract_page(raw, url=event.url, charset=page.charset)
    reader = find(page.media_type) if find is not None else None
    if reader is None:
        raise NotFoundError("Its extractor is not there", which=event.extractor)
    return extract_with(reader, raw, event.url)


def _differences(draft: Draft, event: ArticleRevision) -> list[str]:
    pairs: Sequence[tuple[str, object, object]] = (
        ("title or text", draft.hash, event.hash),
        ("guid", draft.guid, event.guid),
        ("date of change", draft.dates.modified, event.modified),
        ("declared dates", draft.dates.claimed, event.claimed_dates),
        ("language", draft.language, event.language),
        ("byline", draft.byline, event.byline),
    )
    return [name for name, now, then in pairs if now != then]


def _listing(store: Store, fetched: FeedFetched, outlet: str, policy: str) -> _Listing | None:
    body = _body(store, fetched.body)
    if body is None or fetched.body is None:
        return None
    media_type, charset = _media(fetched.body)
    where = fetched.final_url or fetched.url
    document = parse_feed(body, url=where, media_type=media_type, charset=charset)
    identities, _ = identify(
        document.items, outlet=outlet, feed=fetched.feed, policy=policy, feed_link=document.link
    )
    return _Listing(fetched.feed, outlet, document, tuple(identities))


def _item(event: ArticleRevision, listing: _Listing | None) -> tuple[Item | None, Identity | None]:
    """The item of the feed's document that this revision was read from."""
    if listing is None or listing.feed != event.feed:
        return None, None
    pairs = list(zip(listing.document.items, listing.identities, strict=True))
    for item, identity in pairs:
        if identity is not None and article_id(event.outlet, identity.key) == event.article:
            return item, identity
    for item, identity in pairs:
        if identity is not None and item.guid == event.guid and item.link == event.url:
            return item, identity
    return None, None


def _media(body: BodyRef) -> tuple[str, str]:
    media_type, _, charset = body.media_type.partition("; charset=")
    return media_type, charset


def _body(store: Store, ref: BodyRef | None) -> bytes | None:
    if ref is None:
        return None
    try:
        return store.get_body(ref.key)
    except NotFoundError:
        return None
