"""Documents from files and folders: text, HTML, JSON, mail, WARC archives and saved feeds.

What cannot be read becomes a document with its `error` set, so that one bad file never stops a folder.
"""

from __future__ import annotations

import email
import email.policy
import json
import mimetypes
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec

from ledger.clock import Clock
from ledger.errors import InputError, LedgerError
from ledger.feeds.documents import Item, escape_text
from ledger.feeds.draft import draft_of
from ledger.feeds.extract import Extract, extract_page, extract_plain
from ledger.feeds.fetch import Fetched
from ledger.feeds.identity import Identity, canonical_url, host_of, identify, page_canonical, url_alias
from ledger.feeds.ingest import Batch, Draft
from ledger.feeds.language import language_of
from ledger.feeds.packing import pack
from ledger.feeds.parse import parse_feed
from ledger.feeds.readers import FindExtractor, extract_with, reader_name
from ledger.feeds.revision import declared_dates, visible_hash
from ledger.feeds.text import decode_text, is_binary, single_line
from ledger.feeds.warc import read_warc
from ledger.plugin import Extractor
from ledger.store.protocol import Store

__all__ = ["Document", "Failure", "IngestReport", "drafts_of", "ingest_documents", "read_path"]

MAX_FILE = 32 * 1024 * 1024
BATCH = 50
LOCAL = "local"
ACCEPTED = "Read are texts, HTML, JSON, mail, WARC, and feed documents that are complete"
_TYPES = {
    ".txt": "text/plain", ".text": "text/plain", ".md": "text/plain", ".html": "text/html", ".htm": "text/html",
    ".xhtml": "text/html", ".json": "application/json", ".jsonl": "application/jsonl", ".eml": "message/rfc822",
    ".xml": "application/xml", ".rss": "application/xml", ".atom": "application/xml", ".rdf": "application/xml",
}  # fmt: skip
_OWN_TYPES = frozenset(
    {*_TYPES.values(), "", "application/xhtml+xml", "application/atom+xml", "application/rss+xml"}
)
_MEDIA_TYPES = mimetypes.MimeTypes(filenames=())
"""Endings and media types as Python knows them, whatever the machine's own tables say."""

_TITLES = ("title", "headline", "name")
_TEXTS = ("text", "body", "content", "article", "maintext", "articleBody", "description")
_PUBLISHED = ("published", "date", "date_publish", "datePublished", "published_at", "pubDate", "created")
_MODIFIED = ("modified", "updated", "dateModified", "date_modify", "updated_at")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that may hold an article. `name` is the path or URL they came from; `error` says why there are none.

    `published` is what is known of its date beside what it says itself. `mark` is the source's own name for this version.
    """

    name: str
    media_type: str = ""
    body: bytes = b""
    url: str = ""
    charset: str = ""
    published: str = ""
    mark: str = ""
    error: str = ""


class Failure(msgspec.Struct, frozen=True):
    """A document that gave no article, and why."""

    name: str
    error: str


class IngestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ingesting gave. `articles` are the ids in the order of the documents, of unchanged ones, too."""

    documents: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    articles: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def read_path(path: str | Path) -> Iterator[Document]:
    """The documents of a file, or of all files below a folder in the order of their names; hidden files are left out.

    Never raises for what cannot be read: the document's `error` says so.
    """
    root = Path(path)
    if root.is_dir():
        files = sorted(p for p in root.rglob("*") if p.is_file() and not _hidden(p, root))
        if not files:
            yield Document(name=str(path), error="The folder holds no files")
        for file in files:
            yield from _read_file(file)
    else:
        yield from _read_file(root)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _read_file(path: Path) -> Iterator[Document]:
    name = str(path)
    if path.name.endswith((".warc", ".warc.gz")):
        try:
            for page in read_warc(path):
                yield Document(
                    name=f"{name}: {page.url}",
                    media_type=page.media_type,
                    body=page.body,
                    url=page.url,
                    charset=page.charset,
                )
        except LedgerError as error:
            yield Document(name=name, error=str(error))
        return
    try:
        if path.stat().st_size > MAX_FILE:
            yield Document(name=name, error=f"The file is too large: at most {MAX_FILE:,} bytes are read")
            return
        body = path.read_bytes()
    except FileNotFoundError:
        yield Document(name=name, error="There is no such file")
        return
    except OSError as error:
        yield Document(name=name, error=f"The file cannot be read: {error.strerror or error}")
        return
    yield Document(name=name, media_type=_TYPES.get(path.suffix.lower(), ""), body=body)


def ingest_documents(
    store: Store,
    clock: Clock,
    documents: Iterable[Document],
    *,
    outlet: str = "",
    url: str = "",
    published: datetime | str | None = None,
    extractor: FindExtractor | None = None,
) -> IngestReport:
    """Record the articles in these documents, fifty documents to an append.

    `extractor` finds the reader of a media type that newsledger does not read itself.

    `outlet`, `url` and `published` apply where a document does not say better: the outlet is by default the host of the
    article's URL, else `local`. What is no article is listed in `failures`; only errors of the store are raised.
    """
    at = published.isoformat() if isinstance(published, datetime) else (published or "")
    count = new = revised = unchanged = 0
    articles: list[str] = []
    failures: list[Failure] = []
    pending: list[Draft] = []

    def flush() -> None:
        nonlocal new, revised, unchanged
        batch = Batch(store, clock)
        for draft in pending:
            batch.add(draft)
        for outcome in batch.commit():
            new += outcome.what == "new"
            revised += outcome.what == "revised"
            unchanged += outcome.what not in ("new", "revised")
            articles.append(outcome.article)
        pending.clear()

    for document in documents:
        count += 1
        try:
            if document.error:
                raise InputError(document.error)
            drafts = drafts_of(document, outlet, url, document.published or at, extractor)
            if not drafts:
                raise InputError("No article text in it", fix=ACCEPTED)
            pending += drafts
        except LedgerError as error:
            failures.append(Failure(document.name, str(error)))
        if len(pending) >= BATCH:
            flush()
    flush()
    return IngestReport(
        documents=count,
        new=new,
        revised=revised,
        unchanged=unchanged,
        articles=tuple(articles),
        failures=tuple(failures),
    )


def drafts_of(
    document: Document, outlet: str, url: str, published: str, find: FindExtractor | None
) -> list[Draft]:
    """The articles in one document. Raises InputError for what holds none that can be read."""
    body = document.body
    if not body.strip():
        raise InputError("The file is empty", fix="Leave it out")
    media_type = document.media_type or _MEDIA_TYPES.guess_type(document.name)[0] or ""
    if find is not None and media_type not in _OWN_TYPES and (extractor := find(media_type)) is not None:
        return _from_extractor(extractor, document, media_type, outlet, document.url or url, published)
    if is_binary(body):
        raise InputError("The file is binary", fix=ACCEPTED)
    kind = _kind(document)
    where = document.url or url
    drafts: Sequence[Draft | None]
    if kind == "html":
        page = Fetched(
            url=where,
            final_url=where,
            status=200,
            body=body,
            media_type="text/html",
            charset=document.charset,
        )
        extract = extract_page(body, url=where, charset=document.charset)
        drafts = [_from_extract(extract, page.body, "text/html", where, outlet, published)]
    elif kind == "json":
        drafts = _from_json(decode_text(body, (document.charset,)), body, document, outlet, where, published)
    elif kind == "mail":
        drafts = [_from_mail(body, outlet, where, published)]
    elif kind == "feed":
        drafts = _from_feed(document, outlet, where)
    else:
        title, text = extract_plain(decode_text(body, (document.charset,)))
        extract = Extract(title=title, text=text, language=language_of(text))
        drafts = [_from_extract(extract, body, "text/plain", where, outlet, published)]
    return [draft for draft in drafts if draft is not None and draft.content]


def _kind(document: Document) -> str:
    start = document.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    media_type = document.media_type
    if media_type == "message/rfc822":
        return "mail"
    if "json" in media_type or (not media_type and start[:1] in (b"{", b"[")):
        return "json"
    if start.startswith((b"<!doctype html", b"<html")) or media_type == "text/html":
        return "html"
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"<urlset")) or media_type.endswith("xml"):
        return "html" if b"<html" in start else "feed"
    return "text"


def _from_extract(
    extract: Extract, raw: bytes, raw_type: str, url: str, outlet: str, published: str
) -> Draft | None:
    if not extract.text:
        return None
    where = page_canonical(url, extract.canonical_url) if url else _own_address(extract.canonical_url)
    dates = declared_dates([extract.published, published], [extract.modified])
    key = f"link:{url_alias('', where)}" if where else f"text:{visible_hash(extract.title, extract.text)}"
    owner = outlet or host_of(where) or LOCAL
    return Draft(
        outlet=owner,
        key=key,
        aliases=(url_alias(owner, where),) if where else (),
        url=url or where,
        canonical_url=where,
        title=extract.title,
        text=extract.text,
        source="from-file",
        language=extract.language,
        byline=extract.byline,
        summary=extract.summary,
        dates=dates,
        packed=pack(raw),
        raw_type=raw_type,
    )


def _from_extractor(
    extractor: Extractor, document: Document, media_type: str, outlet: str, url: str, published: str
) -> list[Draft]:
    extract = extract_with(extractor, document.body, url)
    draft = _from_extract(extract, document.body, media_type, url, outlet, published)
    if draft is None:
        return []
    return [msgspec.structs.replace(draft, extractor=reader_name(extractor))]


def _own_address(declared: str) -> str:
    return canonical_url(declared) if declared.startswith(("http://", "https://")) else ""


def _from_json(
    text: str, raw: bytes, document: Document, outlet: str, url: str, published: str
) -> list[Draft]:
    try:
        lines = text.strip().splitlines()
        many = document.media_type == "application/jsonl"
        data: Any = [json.loads(line) for line in lines if line.strip()] if many else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("Not valid JSON", fix=str(error)[:200]) from None
    if isinstance(data, dict) and isinstance(data.get("items"), list):
        return _from_feed(document, outlet, url)
    if isinstance(data, dict) and isinstance(data.get("articles"), list):
        data = data["articles"]
    entries = data if isinstance(data, list) else [data]
    drafts = [
        _from_entry(entry, raw if len(entries) == 1 else b"", outlet, url, published) for entry in entries
    ]
    return [draft for draft in drafts if draft is not None]


def _from_entry(entry: Any, raw: bytes, outlet: str, url: str, published: str) -> Draft | None:
    if not isinstance(entry, dict):
        return None
    item = Item(
        title=single_line(_field(entry, _TITLES)),
        author=single_line(_field(entry, ("author", "byline", "authors"))),
        content=_markup(_field(entry, _TEXTS)),
        published=_field(entry, _PUBLISHED) or published,
        updated=_field(entry, _MODIFIED),
        link=_field(entry, ("url", "link", "canonical_url")) or url,
        language=_field(entry, ("language", "lang")),
    )
    owner = outlet or _field(entry, ("outlet", "publisher", "source")) or host_of(item.link) or LOCAL
    key = f"link:{url_alias('', item.link)}" if item.link else ""
    aliases = (url_alias(owner, item.link),) if item.link else ()
    draft = draft_of(item, Identity(key, aliases), feed="", outlet=owner)
    if draft is None:
        return None
    return msgspec.structs.replace(
        draft,
        key=key or f"text:{draft.hash}",
        source="from-file",
        canonical_url=canonical_url(item.link) if item.link else "",
        packed=pack(raw or msgspec.json.encode(entry, order="sorted")),
        raw_type="application/json",
    )


def _field(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = entry.get(name)
        if isinstance(value, list):
            value = ", ".join(str(v) for v in value if isinstance(v, str))
        if isinstance(value, dict):
            value = value.get("name") or value.get("id")
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""


def _markup(text: str) -> str:
    return text if "<p" in text or "<div" in text or "<br" in text else escape_text(text)


def _from_mail(body: bytes, outlet: str, url: str, published: str) -> Draft | None:
    message = email.message_from_bytes(body, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    try:
        part = message.get_body(preferencelist=("plain", "html"))
        content = part.get_content() if part is not None else ""
        kind = part.get_content_type() if part is not None else ""
        subject, sender = str(message.get("subject", "")), message.get("from")
        sent = str(message.get("date", ""))
    except (LookupError, ValueError, AttributeError, IndexError) as error:
        raise InputError("The mail cannot be read", fix=str(error)[:200]) from None
    if not isinstance(content, str) or not content.strip():
        return None
    if kind == "text/html":
        text = extract_page(content.encode(), url=url, charset="utf-8").text
    else:
        text = extract_plain(f"{subject}\n\n{content}")[1]
    addresses = getattr(sender, "addresses", ())
    extract = Extract(
        title=single_line(subject),
        text="\n\n".join(block for block in text.split("\n\n") if block != single_line(subject)),
        published=sent,
        byline=single_line(addresses[0].display_name) if addresses else "",
        language=language_of(text),
    )
    owner = outlet or (addresses[0].domain.lower() if addresses and addresses[0].domain else "")
    return _from_extract(extract, body, "message/rfc822", url, owner, published)


def _from_feed(document: Document, outlet: str, url: str) -> list[Draft]:
    base = document.url or url
    feed = parse_feed(document.body, url=base, media_type=document.media_type, charset=document.charset)
    owner = outlet or host_of(feed.link) or host_of(base) or LOCAL
    items = list(feed.items)
    identities, _ = identify(items, outlet=owner, feed="", feed_link=feed.link)
    drafts = [
        draft_of(item, identity, feed="", outlet=owner, language=feed.language)
        for item, identity in zip(items, identities, strict=True)
        if identity is not None
    ]
    return [draft for draft in drafts if draft is not None]
