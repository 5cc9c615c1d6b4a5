"""Feed documents: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed and news sitemaps, as found in the wild.

The fast path is a streaming lxml reader; a document that is not well-formed is repaired and read again, and only what that
cannot read goes to feedparser, in a process of its own with a time limit. A document type with declarations is refused.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from lxml import etree

from ledger.errors import InputError
from ledger.feeds.bounds import ITEM_START, check_attributes, check_depth, shortened, without_giants
from ledger.feeds.documents import MAX_ITEMS, FeedDocument, Item
from ledger.feeds.elements import base_of, feed_facts, item_of, kind_of, local_name
from ledger.feeds.fallback import parse_elsewhere
from ledger.feeds.jsonfeed import parse_json_feed
from ledger.feeds.packing import LARGE
from ledger.feeds.repair import CDATA, repaired
from ledger.feeds.text import as_utf8, is_binary

__all__ = ["parse_feed"]

MAX_ROOT = 8192
LONGEST_PROLOG = 262_144
_DECLARED_ENCODING = re.compile(rb"<\?xml\b[^>]{0,300}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_DOCTYPE = re.compile(rb"<!DOCTYPE\b[^<>\[]{0,2000}(\[)?", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|urlset|channel)\b", re.IGNORECASE)
_INDEX = re.compile(
    rb"<(?:\w+:)?sitemapindex\b.*?<(?:\w+:)?loc>\s*([^<\s]{1,500})", re.IGNORECASE | re.DOTALL
)
_DEFAULT_NAMESPACE = re.compile(rb"\sxmlns\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')")
_KNOWN_NAMESPACE = re.compile(rb"rss|atom|purl|netscape|userland|sitemap|rdf", re.IGNORECASE)
_HTML_ROOT = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_AFTER_ITEM = re.compile(rb"</(?:\w+:)?(?:item|entry|url|channel|rss|feed|rdf|urlset)\b", re.IGNORECASE)


def parse_feed(
    body: bytes, *, url: str = "", media_type: str = "", charset: str = "", complete: bool = True
) -> FeedDocument:
    """Read a feed document. `url` resolves relative links; with `complete=False` the last item is left out.

    Raises InputError for what is no feed: empty, binary, HTML, a document with its own entities, or XML too deep.
    """
    if not body.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise InputError("The document is empty", which=url)
    if is_binary(body):
        raise InputError("The document is binary, not a feed", which=url)
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"[") or ("json" in media_type and start != b"<"):
        document = parse_json_feed(as_utf8(body, (charset,)), url)
    else:
        document = _parse_xml(_as_utf8(body, charset), url)
    flags = document.flags
    items = document.items
    if not complete and "truncated" not in flags:
        items, flags = items[:-1], (*flags, "truncated")
    if len(items) >= MAX_ITEMS:
        flags = (*flags, "too-many-items")
    return msgspec.structs.replace(document, items=items, flags=flags)


def _as_utf8(body: bytes, charset: str) -> bytes:
    declared = _DECLARED_ENCODING.search(body[:1024])
    return as_utf8(body, (charset, declared[1].decode("ascii") if declared else ""))


def _parse_xml(data: bytes, url: str) -> FeedDocument:
    data = _prolog_removed(data, url)
    data, cut_short = shortened(data)
    data, oversized = without_giants(data, url)
    check_attributes(data, url)
    document = _read(data, url, recover=True) if cut_short else _tolerant(data, url)
    if oversized and not document.items:
        raise InputError("The items of the document are too large to be read", which=url)
    if oversized:
        return msgspec.structs.replace(document, flags=(*document.flags, "oversized"))
    return document


def _tolerant(data: bytes, url: str) -> FeedDocument:
    """Read as it is, else repaired, else item by item, else elsewhere."""
    try:
        return _read(data, url, recover=False)
    except etree.XMLSyntaxError as error:
        reason = str(error.msg).partition(", line")[0]
    if "Resource limit" in reason:
        raise InputError(f"The document cannot be read as a feed ({reason})", which=url)
    data = repaired(data)
    expected = min(sum(1 for _ in ITEM_START.finditer(data)), MAX_ITEMS)
    document: FeedDocument | None
    try:
        document = _read(data, url, recover=True)
    except etree.XMLSyntaxError:
        document = None
    if document is None or len(document.items) < expected:
        check_depth(data, url)
        document = _most(document, _read_apart(data, url, document))
    if document is None or len(document.items) < expected:
        document = _most(document, parse_elsewhere(data, url))
    if document is None or not (document.items or (document.title and not expected)):
        raise InputError(f"The document cannot be read as a feed ({reason})", which=url)
    cut = _ends_within_an_item(data, document.items)
    return msgspec.structs.replace(
        document,
        items=document.items[:-1] if cut else document.items,
        flags=(*document.flags, "repaired", *(("truncated",) if cut else ())),
    )


def _most(one: FeedDocument | None, other: FeedDocument | None) -> FeedDocument | None:
    """The document with more items, in doubt the first."""
    if one is None or (other is not None and len(other.items) > len(one.items)):
        return other
    return one


def _read_apart(data: bytes, url: str, whole: FeedDocument | None) -> FeedDocument | None:
    """Each item by itself, so that what is wrong in one does not swallow those behind it."""
    starts = [start.start() for start in ITEM_START.finditer(data)][: MAX_ITEMS + 1]
    head = data[: data.find(b">") + 1]
    if len(head) > MAX_ROOT:
        return None
    items: list[Item] = []
    for start, end in pairwise([*starts, len(data)]):
        with contextlib.suppress(etree.XMLSyntaxError, InputError):
            items += _read(head + data[start:end], url, recover=True, fold=len(data) > LARGE).items[:1]
    if whole is not None:
        return msgspec.structs.replace(whole, items=tuple(items))
    try:
        return (
            msgspec.structs.replace(_read(data[: starts[0]], url, recover=True), items=tuple(items))
            if items
            else None
        )
    except (etree.XMLSyntaxError, InputError):
        return None


def _ends_within_an_item(data: bytes, items: Sequence[Item]) -> bool:
    """Whether the document was cut off within a text of its last item, or before a part that the item before it has."""
    last = max((start.end() for start in ITEM_START.finditer(data)), default=-1)
    if last < 0:
        return False
    tail = data.rstrip()
    if tail.rfind(CDATA, last) > tail.rfind(b"]]>"):
        return True
    if _AFTER_ITEM.search(data, last) is not None:
        return False
    if tail.rfind(b">") > tail.rfind(b"<") and not tail.endswith(b">"):
        return True
    before, cut = (
        ((bool(item.link), bool(item.content or item.summary or item.packed)) for item in items[-2:])
        if len(items) > 1
        else ((), ())
    )
    return cut < before


def _prolog_removed(data: bytes, url: str) -> bytes:
    """The document from its root element on. Refuses HTML pages and document types with declarations of their own."""
    root = _ROOT.search(data, 0, LONGEST_PROLOG)
    if _HTML_ROOT.search(data, 0, root.start() if root is not None else LONGEST_PROLOG):
        raise InputError(
            "An HTML page, not a feed", which=url, fix="`newsledger feed discover URL` looks for its feeds"
        )
    prolog = data[: root.start() if root is not None else 65536]
    prolog = re.sub(rb"<!--.*?-->", b"", prolog, flags=re.DOTALL)
    doctype = _DOCTYPE.search(prolog)
    if b"<!ENTITY" in prolog or (doctype is not None and doctype[1]):
        raise InputError("A document type with its own declarations is refused", which=url)
    if root is None:
        if b"<" not in data:
            raise InputError("The document is not XML", which=url)
        if index := _INDEX.search(data[:65536]):
            first = index[1].decode("utf-8", "replace")
            raise InputError(
                "An index of sitemaps, not a feed", which=url, fix=f"Name one of them, such as {first}"
            )
        raise InputError("Neither RSS, Atom, JSON Feed nor a news sitemap", which=url)
    return _in_no_namespace(data[root.start() :])


def _in_no_namespace(data: bytes) -> bytes:
    """Without a default namespace that nobody knows: what stands in it is read as RSS."""
    end = data.find(b">")
    found = _DEFAULT_NAMESPACE.search(data, 0, end) if end > 0 else None
    if found is None or _KNOWN_NAMESPACE.search(found[1] or found[2] or b""):
        return data
    return data[: found.start()] + data[found.end() :]


def _read(data: bytes, url: str, *, recover: bool, fold: bool = False) -> FeedDocument:
    """Read what libxml2 takes, or recovers. The items of a large document, and those to `fold`, are packed.

    What stands before the first item is kept for what it says of the feed; anything between items goes with them.
    """
    fold = fold or len(data) > LARGE
    items: list[Item] = []
    root: Any = None
    holder: Any = None
    head: Any = None
    base = url
    for element in _elements(data, recover=recover):
        if root is None:
            root = element.getroottree().getroot()
        if element.getparent() is not holder:
            holder, head = element.getparent(), element.getprevious()
            base = base_of(holder, url)
        if len(items) < MAX_ITEMS and (item := item_of(element, base)) is not None:
            items.append(item.folded() if fold else item)
        element.clear()
        while (before := element.getprevious()) is not head and before is not None:
            holder.remove(before)
    if root is None:
        root = etree.fromstring(data, _parser(recover=recover))
    if root is None:
        raise InputError("The document cannot be read as a feed", which=url)
    kind = kind_of(root, url)
    title, link, language, ttl = feed_facts(root, url)
    return FeedDocument(kind=kind, title=title, link=link, language=language, ttl=ttl, items=tuple(items))


def _elements(data: bytes, *, recover: bool) -> Iterator[Any]:
    names = [
        f"{{*}}{form}" for name in ("item", "entry", "url") for form in (name, name.upper(), name.title())
    ]
    stream: Any = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=names,
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
    )
    beside: Any = None
    for _, element in stream:
        parent = element.getparent()
        if local_name(element.tag) == "url":
            if parent is None or local_name(parent.tag) != "urlset":
                continue
        elif parent is not None and parent is beside:
            yield element
            continue
        if any(local_name(a.tag) in ("item", "entry") for a in element.iterancestors()):
            continue
        beside = parent
        yield element


def _parser(*, recover: bool) -> Any:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        encoding="utf-8",
    )
