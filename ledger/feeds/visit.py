"""One visit to one feed: the document, its items, and the pages that are due for a look. Nothing is recorded here."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime, timedelta

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import FetchError, InputError, LedgerError
from ledger.feeds.documents import FeedDocument, Item
from ledger.feeds.draft import draft_of, item_digest
from ledger.feeds.extract import EXTRACTOR, Extract, extract_page
from ledger.feeds.fetch import Fetched, Fetcher, UnreachableError
from ledger.feeds.identity import Identity, identify
from ledger.feeds.ingest import Draft
from ledger.feeds.memory import FeedMemory, PageMemory
from ledger.feeds.packing import LARGE, pack, unpack
from ledger.feeds.parse import parse_feed
from ledger.feeds.readers import FindExtractor, extract_with, reader_name
from ledger.feeds.revision import visible_hash
from ledger.store.protocol import Task

__all__ = ["Look", "Page", "PageCache", "Visit", "visit"]

_LOG = logging.getLogger(__name__)
FULL_EVERY = 50
FULL_AFTER = timedelta(days=7)
MAX_LOOKS = 500
PAGES_KEPT = 400
LEASE_SHARE = 0.4
_PAGE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)


class Look(msgspec.Struct, gc=False):
    """One item and what a look at it gave: a draft, nothing new, or a page that failed. `key` is its identity key."""

    key: str
    identity: Identity
    item: Item
    digest: str
    page: Fetched | None = None
    looked: bool = False
    draft: Draft | None = None
    page_digest: str = ""
    problem: str = ""
    gone: bool = False


class Visit(msgspec.Struct):
    """What a visit found. `error` is set when the feed could not be read; `unchanged` when its document is the same."""

    task: Task
    memory: FeedMemory
    at: datetime
    fetched: Fetched | None = None
    document: FeedDocument | None = None
    looks: list[Look] = []
    policy: str = "guid"
    body_hash: str = ""
    packed: bytes = b""
    unchanged: bool = False
    error: LedgerError | None = None
    unreachable: bool = False

    @property
    def body(self) -> bytes:
        """The feed's document as it was fetched; a large one waits `packed`."""
        if self.packed:
            return unpack(self.packed)
        return self.fetched.body if self.fetched is not None else b""


class Page(msgspec.Struct, frozen=True):
    """A page that was fetched and read: the answer without its body, the body packed, the article if there is one."""

    answer: Fetched
    packed: bytes = b""
    extract: Extract | None = None
    extractor: str = EXTRACTOR


class PageCache:
    """Fetches and reads each page once, also when several feeds list it; keeps the last few hundred. Close it at the end.

    `find` gives the reader of a media type that newsledger does not read itself.
    """

    def __init__(self, fetcher: Fetcher, find: FindExtractor | None = None) -> None:
        self._fetcher = fetcher
        self._find = find
        self._pages: dict[tuple[str, str, str], asyncio.Future[Page]] = {}

    async def get(self, url: str, etag: str, modified: str) -> Page:
        """The page. Raises FetchError and InputError."""
        key = (url, etag, modified)
        page = self._pages.get(key)
        if page is None:
            self._forget()
            page = self._pages[key] = asyncio.ensure_future(self._read(url, etag, modified))
        return await asyncio.shield(page)

    async def close(self) -> None:
        """Give up what is still under way."""
        for page in self._pages.values():
            page.cancel()
        await asyncio.gather(*self._pages.values(), return_exceptions=True)

    def _forget(self) -> None:
        """Make room: the oldest pages that were read go first."""
        if len(self._pages) >= PAGES_KEPT:
            over = [key for key, page in self._pages.items() if page.done()][: PAGES_KEPT // 4]
            for key in over:
                self._pages.pop(key).exception()

    async def _read(self, url: str, etag: str, modified: str) -> Page:
        page = await self._fetcher.page(url, etag=etag, last_modified=modified)
        if not page.ok:
            return Page(page)
        reader = self._find(page.media_type) if self._find and page.media_type not in _PAGE_TYPES else None
        if page.media_type not in _PAGE_TYPES and reader is None:
            raise InputError("Not a page", which=f"{url} ({page.media_type})")
        if not page.complete:
            raise FetchError("The page broke off", which=url)
        if reader is not None:
            read = extract_with(reader, page.body, page.final_url)
            bare = msgspec.structs.replace(page, body=b"")
            return Page(bare, pack(page.body), read, reader_name(reader))
        try:
            extract = extract_page(page.body, url=page.final_url, charset=page.charset)
        except (RecursionError, ValueError, AttributeError, TypeError) as error:
            _LOG.debug("Page %s", url, exc_info=True)
            raise InputError(f"The page cannot be read ({type(error).__name__})", which=url) from error
        return Page(msgspec.structs.replace(page, body=b""), pack(page.body), extract)


async def visit(
    task: Task,
    memory: FeedMemory,
    *,
    fetcher: Fetcher,
    pages: PageCache,
    clock: Clock,
    settings: Settings,
    force: bool,
) -> Visit:
    """Visit one feed. Never raises for a bad feed or page: the visit says what went wrong."""
    done = Visit(task=task, memory=memory, at=clock.now(), policy=memory.policy)
    full = (
        memory.polls % FULL_EVERY == FULL_EVERY - 1
        or memory.full_at is None
        or done.at - memory.full_at > FULL_AFTER
    )
    try:
        done.fetched = await fetcher.feed(
            memory.url,
            etag="" if full else memory.etag,
            last_modified="" if full else memory.modified,
        )
        _read_document(done, done.fetched)
        await _look_at_items(done, pages, settings, force=force)
    except LedgerError as error:
        done.error = error
        done.unreachable = isinstance(error, UnreachableError)
    except Exception as error:  # noqa: BLE001 - one feed's surprise must not stop the others
        _LOG.debug("Feed %s", memory.url, exc_info=True)
        done.error = InputError(
            f"The feed cannot be read ({type(error).__name__})", which=memory.url, fix=str(error)
        )
    return done


def _read_document(done: Visit, fetched: Fetched) -> None:
    memory = done.memory
    if fetched.unchanged and memory.success is not None:
        done.unchanged = True
        return
    if not fetched.ok:
        raise FetchError(f"HTTP status {fetched.status}", which=memory.url, fix=_advice(fetched.status))
    done.body_hash = hashlib.sha256(fetched.body).hexdigest()
    if done.body_hash == memory.body and memory.success is not None:
        done.unchanged = True
        return
    done.document = parse_feed(
        fetched.body,
        url=fetched.final_url,
        media_type=fetched.media_type,
        charset=fetched.charset,
        complete=fetched.complete,
    )
    if len(fetched.body) > LARGE:
        done.packed = pack(fetched.body)
        done.fetched = msgspec.structs.replace(fetched, body=b"")


def _advice(status: int) -> str:
    if status in (404, 410):
        return "`newsledger feed discover URL` of the site's front page finds its feeds"
    if status in (401, 402, 403):
        return "The site does not let this feed be read"
    return "It is tried again later"


async def _look_at_items(done: Visit, pages: PageCache, settings: Settings, *, force: bool) -> None:
    """Read every item that is new, changed or due, with its page while time lasts; the rest waits for the next poll."""
    wanted = _wanted(done, force=force, pages=settings.fetch.pages)
    if not wanted:
        return
    budget = _budget(settings) if settings.fetch.pages else 0
    language = done.document.language if done.document is not None else ""
    until = asyncio.get_running_loop().time() + settings.schedule.lease * LEASE_SHARE
    paged = [look.key for look, _ in wanted if look.item.link.startswith(("http://", "https://"))][:budget]
    looking = set(paged)
    for look, known in wanted:
        if look.key not in looking:
            _draft(look, known, done, language, None)
    await asyncio.gather(
        *(
            _look(look, known, done, pages, language, until=until)
            for look, known in wanted
            if look.key in looking
        )
    )


def _wanted(done: Visit, *, force: bool, pages: bool) -> list[tuple[Look, PageMemory | None]]:
    memory = done.memory
    if done.document is not None:
        items = done.document.items
        identities, done.policy = identify(
            items,
            outlet=memory.outlet,
            feed=done.task.key,
            policy=memory.policy,
            feed_link=done.document.link,
        )
        done.looks = [
            Look(key=identity.key, identity=identity, item=item, digest=item_digest(item))
            for item, identity in zip(items, identities, strict=True)
            if identity is not None
        ]
    if done.document is None and not (
        pages and (force or (memory.look is not None and memory.look <= done.at))
    ):
        return []
    listed = {look.key for look in done.looks}
    for key, page in memory.pages.items():
        in_window = page.listed and done.document is None
        if pages and key not in listed and (_due(page, done.at) or (force and in_window)):
            done.looks.append(_only_page(key, page))
    wanted = []
    for look in done.looks:
        known = memory.pages.get(look.key)
        if known is None or known.item != look.digest or force or _due(known, done.at):
            wanted.append((look, known))
    return wanted


def _due(page: PageMemory, now: datetime) -> bool:
    return page.next is not None and page.next <= now


def _budget(settings: Settings) -> int:
    """How many pages one visit may ask for, so that the lease does not run out."""
    if settings.fetch.host_interval <= 0:
        return MAX_LOOKS
    return max(1, min(MAX_LOOKS, int(settings.schedule.lease * LEASE_SHARE / settings.fetch.host_interval)))


def _only_page(key: str, page: PageMemory) -> Look:
    return Look(key=key, identity=Identity(key, page.aliases), item=Item(link=page.url), digest=page.item)


async def _look(
    look: Look, known: PageMemory | None, done: Visit, pages: PageCache, language: str, *, until: float
) -> None:
    same_item = known is not None and known.item == look.digest
    page = await _page(look, known, pages, until, same_item=same_item)
    _draft(look, known, done, language, page)


def _draft(look: Look, known: PageMemory | None, done: Visit, language: str, page: Page | None) -> None:
    """What the item and its page say, as a draft where that may be new."""
    same_item = known is not None and known.item == look.digest
    extract = page.extract if page is not None else None
    if extract is not None:
        look.page_digest = visible_hash(extract.title, extract.text)[:16]
    if known is not None and same_item:
        if extract is None or not extract.text or look.page_digest == known.page:
            return
    elif look.page is not None and look.page.unchanged:
        return
    look.draft = draft_of(
        look.item,
        look.identity,
        feed=done.task.key,
        outlet=done.memory.outlet,
        language=language,
        page=page.answer if page is not None else None,
        packed=page.packed if page is not None else b"",
        extract=extract,
        edited=not same_item,
        article=known.article if known is not None else "",
        extractor=page.extractor if page is not None else EXTRACTOR,
    )
    if look.draft is None and not look.problem:
        look.problem = f"No text in {look.item.link or look.item.guid}"


async def _page(
    look: Look, known: PageMemory | None, pages: PageCache, until: float, *, same_item: bool
) -> Page | None:
    """The item's page, asked for conditionally while its item is as it was; None when it cannot be had."""
    conditional = same_item and known is not None and known.source == "from-page"
    etag, modified = (known.etag, known.modified) if conditional and known is not None else ("", "")
    try:
        async with asyncio.timeout_at(until):
            page = await pages.get(look.item.link, etag, modified)
    except TimeoutError:
        look.problem = f"No time left for {look.item.link}"
        return None
    except LedgerError as error:
        look.looked = True
        look.problem = str(error)
        return None
    look.looked = True
    look.page = page.answer
    look.gone = page.answer.status == 410
    if not page.answer.ok and not page.answer.unchanged:
        look.problem = f"HTTP status {page.answer.status} of {look.item.link}"
    return page
