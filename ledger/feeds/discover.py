"""Which feeds a site has, what a feed would bring, and one article from its URL. Nothing of this writes but `ingest_url`."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urljoin

import lxml.html
import msgspec
from lxml import etree

from ledger.clock import Clock
from ledger.errors import FetchError, InputError, LedgerError
from ledger.feeds.documents import FeedDocument
from ledger.feeds.draft import draft_of
from ledger.feeds.fetch import Fetched, Fetcher
from ledger.feeds.files import Document, IngestReport, ingest_documents
from ledger.feeds.identity import feed_id, host_of, identify
from ledger.feeds.parse import parse_feed
from ledger.feeds.readers import FindExtractor
from ledger.feeds.text import decode_text, single_line
from ledger.store.protocol import Store

__all__ = ["Candidate", "FeedTest", "TrialItem", "discover", "ingest_url", "test_feed"]

_FEED_TYPES = (
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/json",
    "text/xml", "application/xml",
)  # fmt: skip
_WELL_KNOWN = (
    "/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feeds", "/feed.json", "/news-sitemap.xml",
)  # fmt: skip
MAX_CANDIDATES = 12


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that was found and read. `kind` as in FeedDocument; `items` is how many it has now."""

    url: str
    title: str
    kind: str
    items: int


class TrialItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item as it would be recorded from the feed alone; `problem` says what is wrong with it."""

    title: str
    url: str
    identity: str
    published: datetime | None
    modified: datetime | None
    words: int
    language: str
    flags: tuple[str, ...]
    problem: str = ""


class FeedTest(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed would bring. `full_text` is the share of items whose text is in the feed itself."""

    url: str
    final_url: str
    kind: str
    title: str
    etag: bool
    last_modified: bool
    full_text: float
    flags: tuple[str, ...]
    items: tuple[TrialItem, ...]


async def test_feed(fetcher: Fetcher, url: str) -> FeedTest:
    """Fetch and read a feed and say what would be recorded; nothing is written. Raises FetchError and InputError."""
    fetched, document = await _feed_at(fetcher, url)
    outlet = host_of(url)
    identities, policy = identify(document.items, outlet=outlet, feed=feed_id(url), feed_link=document.link)
    items: list[TrialItem] = []
    full = 0
    for item, identity in zip(document.items, identities, strict=True):
        draft = None
        if identity is not None:
            draft = draft_of(item, identity, feed=feed_id(url), outlet=outlet, language=document.language)
        problem = (
            "" if draft is not None else "repeats another item" if identity is None else "no text in the feed"
        )
        full += draft is not None and draft.source == "from-feed"
        items.append(
            TrialItem(
                title=item.title,
                url=item.link,
                identity=identity.key.partition(":")[0] if identity is not None else "",
                published=draft.dates.published if draft is not None else None,
                modified=draft.dates.modified if draft is not None else None,
                words=len(draft.content.split()) if draft is not None else 0,
                language=draft.language if draft is not None else "",
                flags=(draft.source, *draft.dates.flags) if draft is not None else (),
                problem=problem,
            )
        )
    return FeedTest(
        url=url,
        final_url=fetched.final_url,
        kind=document.kind,
        title=document.title,
        etag=bool(fetched.etag),
        last_modified=bool(fetched.last_modified),
        full_text=full / len(items) if items else 0.0,
        flags=(*document.flags, *(("guids-collide",) if policy != "guid" else ())),
        items=tuple(items),
    )


async def _feed_at(fetcher: Fetcher, url: str) -> tuple[Fetched, FeedDocument]:
    fetched = await fetcher.feed(url)
    if not fetched.ok:
        raise FetchError(f"HTTP status {fetched.status}", which=url)
    document = parse_feed(
        fetched.body,
        url=fetched.final_url,
        media_type=fetched.media_type,
        charset=fetched.charset,
        complete=fetched.complete,
    )
    return fetched, document


async def discover(fetcher: Fetcher, url: str) -> list[Candidate]:
    """The feeds of a site: the URL itself when it is one, those its page names, else those at well-known places.

    Each candidate was fetched and read. Raises FetchError when the page itself cannot be had.
    """
    fetched = await fetcher.feed(url)
    if not fetched.ok:
        raise FetchError(f"HTTP status {fetched.status}", which=url)
    try:
        document = parse_feed(
            fetched.body, url=fetched.final_url, media_type=fetched.media_type, charset=fetched.charset
        )
        return [_candidate(fetched.final_url, document)]
    except InputError:
        pass
    named = _named(fetched)
    found = await _try_all(fetcher, named)
    if not found:
        tried = set(named)
        guesses = [urljoin(fetched.final_url, path) for path in _WELL_KNOWN]
        found = await _try_all(fetcher, [guess for guess in guesses if guess not in tried])
    return found


async def _try_all(fetcher: Fetcher, urls: list[str]) -> list[Candidate]:
    found: list[Candidate] = []
    for url in urls[:MAX_CANDIDATES]:
        try:
            fetched, document = await _feed_at(fetcher, url)
        except LedgerError:
            continue
        if all(candidate.url != fetched.final_url for candidate in found):
            found.append(_candidate(fetched.final_url, document))
    return found


def _candidate(url: str, document: FeedDocument) -> Candidate:
    return Candidate(url=url, title=document.title, kind=document.kind, items=len(document.items))


def _named(page: Fetched) -> list[str]:
    """The feeds that a page names: its alternates first, then links that look like feeds."""
    text = decode_text(page.body, (page.charset,))
    try:
        parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True)
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    found: list[str] = []
    for link in tree.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        if "alternate" in relations and kind in _FEED_TYPES and link.get("href"):
            found.append(urljoin(page.final_url, str(link.get("href")).strip()))
    for anchor in tree.iter("a"):
        target = str(anchor.get("href") or "").strip()
        label = single_line(str(anchor.text_content())).lower()
        path = target.lower().partition("?")[0].rstrip("/")
        if label in ("rss", "atom", "rss feed", "feed") or path.endswith(
            (".rss", ".atom", "/rss", "/feed", "rss.xml")
        ):
            found.append(urljoin(page.final_url, target))
    return list(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))


async def ingest_url(
    fetcher: Fetcher,
    store: Store,
    clock: Clock,
    url: str,
    *,
    outlet: str = "",
    published: datetime | str | None = None,
    extractor: FindExtractor | None = None,
) -> IngestReport:
    """Fetch one page or feed document and record the articles in it. Raises FetchError; what is no article is a failure."""
    fetched = await fetcher.page(url)
    if not fetched.ok:
        raise FetchError(f"HTTP status {fetched.status}", which=url)
    document = Document(
        name=url,
        media_type="" if fetched.media_type == "text/plain" else fetched.media_type,
        body=fetched.body,
        url=fetched.final_url,
        charset=fetched.charset,
    )
    return ingest_documents(store, clock, [document], outlet=outlet, published=published, extractor=extractor)
