"""One visit to one feed: the document, its items, and the pages that are due for a look. Nothing is recorded here."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import FetchError, InputError, LedgerError
from ledger.feeds.documents import FeedDocument, Item
from ledger.feeds.draft import draft_of, item_digest
from ledger.feeds.extract import Extract, extract_page
from ledger.feeds.fetch import Fetched, Fetcher, UnreachableError
from ledger.feeds.identity import Identity, identify
from ledger.feeds.ingest import Draft
from ledger.feeds.memory import FeedMemory, PageMemory
from ledger.feeds.parse import parse_feed
from ledger.feeds.revision import visible_hash
from ledger.store.protocol import Task

__all__ = ["Look", "PageCache", "Visit", "visit"]

FULL_EVERY = 50
FULL_AFTER = timedelta(days=7)
MAX_LOOKS = 500


class Look(msgspec.Struct):
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
    unchanged: bool = False
    error: LedgerError | None = None
    unreachable: bool = False


class PageCache:
    """Fetches and reads each page once in a poll, also when several feeds list it."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._pages: dict[tuple[str, str, str], asyncio.Future[tuple[Fetched, Extract | None]]] = {}

    async def get(self, url: str, etag: str, modified: str) -> tuple[Fetched, Extract | None]:
        """The page and the article in it, None without one. Raises FetchError and InputError."""
        key = (url, etag, modified)
        if key not in self._pages:
            self._pages[key] = asyncio.ensure_future(self._read(url, etag, modified))
        return await asyncio.shield(self._pages[key])

    async def _read(self, url: str, etag: str, modified: str) -> tuple[Fetched, Extract | None]:
        page = await self._fetcher.page(url, etag=etag, last_modified=modified)
        if not page.ok:
            return page, None
        if page.media_type not in (
            "",
            "text/html",
            "application/xhtml+xml",
            "text/plain",
            "application/xml",
            "text/xml",
        ):
            raise InputError("Not a page", which=f"{url} ({page.media_type})")
        if not page.complete:
            raise FetchError("The page broke off", which=url)
        return page, extract_page(page.body, url=page.final_url, charset=page.charset)


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
        fetched = await fetcher.feed(
            memory.url,
            etag="" if full else memory.etag,
            last_modified="" if full else memory.modified,
        )
        done.fetched = fetched
        _read_document(done, fetched)
        await _look_at_items(done, pages, settings, force=force)
    except LedgerError as error:
        done.error = error
        done.unreachable = isinstance(error, UnreachableError)
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


def _advice(status: int) -> str:
    if status in (404, 410):
        return "`newsledger feed discover URL` of the site's front page finds its feeds"
    if status in (401, 402, 403):
        return "The site does not let this feed be read"
    return "It is tried again later"


async def _look_at_items(done: Visit, pages: PageCache, settings: Settings, *, force: bool) -> None:
    memory = done.memory
    feed = done.task.key
    if done.document is not None:
        items = list(done.document.items)
        identities, done.policy = identify(
            items, outlet=memory.outlet, feed=feed, policy=memory.policy, feed_link=done.document.link
        )
        done.looks = [
            Look(key=identity.key, identity=identity, item=item, digest=item_digest(item))
            for item, identity in zip(items, identities, strict=True)
            if identity is not None
        ]
    listed = {look.key for look in done.looks}
    for key, page in memory.pages.items():
        window = page.listed if done.document is None else False
        due = page.next is not None and page.next <= done.at
        if key not in listed and (due or (force and window)):
            done.looks.append(_only_page(key, page))
    budget = _budget(settings)
    wanted: list[tuple[Look, PageMemory | None]] = []
    for look in done.looks:
        known = memory.pages.get(look.key)
        if known is None or known.item != look.digest or force or (known.next and known.next <= done.at):
            wanted.append((look, known))
    with_page = [
        n for n, (look, _) in enumerate(wanted)
        if settings.fetch.pages and look.item.link.startswith(("http://", "https://"))
    ][:budget]  # fmt: skip
    looking = set(with_page)
    language = done.document.language if done.document is not None else ""
    await asyncio.gather(
        *(
            _look(look, known, done, pages, language, page=number in looking)
            for number, (look, known) in enumerate(wanted)
        )
    )


def _budget(settings: Settings) -> int:
    """How many pages one visit may ask for, so that the lease does not run out."""
    if settings.fetch.host_interval <= 0:
        return MAX_LOOKS
    return max(1, min(MAX_LOOKS, int(settings.schedule.lease * 0.4 / settings.fetch.host_interval)))


def _only_page(key: str, page: PageMemory) -> Look:
    return Look(key=key, identity=Identity(key, page.aliases), item=Item(link=page.url), digest=page.item)


async def _look(
    look: Look, known: PageMemory | None, done: Visit, pages: PageCache, language: str, *, page: bool
) -> None:
    same_item = known is not None and known.item == look.digest
    extract: Extract | None = None
    if page:
        conditional = same_item and known is not None and known.source == "from-page"
        try:
            look.page, extract = await pages.get(
                look.item.link,
                known.etag if conditional and known is not None else "",
                known.modified if conditional and known is not None else "",
            )
            look.looked = True
            if look.page.unchanged:
                return
            look.gone = look.page.status == 410
            if not look.page.ok:
                look.problem = f"HTTP status {look.page.status} of {look.item.link}"
        except LedgerError as error:
            look.looked = True
            look.problem = str(error)
    if extract is not None:
        look.page_digest = visible_hash(extract.title, extract.text)[:16]
    if (
        known is not None
        and same_item
        and (extract is None or not extract.text or look.page_digest == known.page)
    ):
        return
    look.draft = draft_of(
        look.item,
        look.identity,
        feed=done.task.key,
        outlet=done.memory.outlet,
        language=language,
        page=look.page,
        extract=extract,
        edited=not same_item,
        article=known.article if known is not None else "",
    )
    if look.draft is None and not look.problem:
        look.problem = f"No text in {look.item.link or look.item.guid}"
