"""Feed documents: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed and news sitemaps, as found in the wild.

The fast path is a streaming lxml reader; a document that is not well-formed is repaired and read again, and only what that
cannot read goes to feedparser, in a process of its own with a time limit. A document type with declarations is refused.
"""

from __future__ import annotations

import codecs
import contextlib
import html.entities
import io
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from lxml import etree

from ledger.errors import InputError
from ledger.feeds.documents import MAX_ITEMS, FeedDocument, Item
from ledger.feeds.elements import base_of, feed_facts, item_of, kind_of, local_name
from ledger.feeds.fallback import parse_elsewhere
from ledger.feeds.jsonfeed import parse_json_feed
from ledger.feeds.text import decode_text, is_binary

__all__ = ["parse_feed"]

MAX_TAGS = 1_000_000
MAX_TAG_BYTES = 256 * 1024
LONG_TAG = 8000
MAX_DEPTH = 200
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
_ITEM_START = re.compile(rb"<(?:\w+:)?(?:item|entry|url)[\s>]", re.IGNORECASE)
_AFTER_ITEM = re.compile(rb"</(?:\w+:)?(?:item|entry|url|channel|rss|feed|rdf|urlset)\b", re.IGNORECASE)
_CDATA = b"<![CDATA["
_ENTITY = re.compile(rb"&(?:#(\d{1,8})|#[xX]([0-9A-Fa-f]{1,7})|([A-Za-z][A-Za-z0-9]{0,31}));|&")
_STRAY = re.compile(rb"<(?![A-Za-z_/!?])")
_OPENING_TAG = re.compile(rb"<[A-Za-z][^<>]*>")
_BARE_VALUE = re.compile(rb"""("[^"]*"?|'[^']*'?)|=\s*([^\s"'<>=]+)(?=[\s/>])""")
_SURROGATES = re.compile(rb"&#x(d[89ab][0-9a-f]{2});&#x(d[c-f][0-9a-f]{2});", re.IGNORECASE)
_XML_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
_XML_NAMES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})


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
    if start in (b"{", b"[") or "json" in media_type:
        document = parse_json_feed(decode_text(body, (charset,)), url)
    else:
        document = _parse_xml(_as_utf8(body, charset), url)
    flags = list(document.flags)
    items = document.items
    if not complete and "truncated" not in flags:
        items = items[:-1]
        flags.append("truncated")
    if len(items) >= MAX_ITEMS:
        flags.append("too-many-items")
    return FeedDocument(
        kind=document.kind,
        title=document.title,
        link=document.link,
        language=document.language,
        ttl=document.ttl,
        items=items,
        flags=tuple(flags),
    )


def _as_utf8(body: bytes, charset: str) -> bytes:
    if b"\x1b" not in body and body[:1] != b"\x00" and body[1:2] != b"\x00" and _is_utf8(body):
        return body.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED_ENCODING.search(body[:1024])
    name = declared[1].decode("ascii") if declared else ""
    return decode_text(body, (charset, name)).encode("utf-8", "replace")


def _is_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8, without making one large text of them."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), 1 << 20):
            decoder.decode(body[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _parse_xml(data: bytes, url: str) -> FeedDocument:
    data = _prolog_removed(data, url)
    data, shortened = _shortened(data)
    _check_shape(data, url)
    if shortened:
        return _read(data, url, recover=True)
    try:
        return _read(data, url, recover=False)
    except etree.XMLSyntaxError as error:
        reason = str(error.msg).partition(", line")[0]
    data = _repaired(data)
    expected = min(len(_ITEM_START.findall(data)), MAX_ITEMS)
    document: FeedDocument | None
    try:
        document = _read(data, url, recover=True)
    except etree.XMLSyntaxError:
        document = None
    if document is None or len(document.items) < expected:
        _check_depth(data, url)
        document = _most(document, _read_apart(data, url, document))
    if document is None or len(document.items) < expected:
        document = _most(document, parse_elsewhere(data, url))
    if document is None or not (document.items or (document.title and not expected)):
        raise InputError(f"The document cannot be read as a feed ({reason})", which=url)
    cut = _ends_within_an_item(data, document.items)
    return FeedDocument(
        kind=document.kind,
        title=document.title,
        link=document.link,
        language=document.language,
        ttl=document.ttl,
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
    starts = [start.start() for start in _ITEM_START.finditer(data)][: MAX_ITEMS + 1]
    head = data[: data.find(b">") + 1]
    if len(head) > MAX_ROOT:
        return None
    items: list[Item] = []
    for start, end in pairwise([*starts, len(data)]):
        with contextlib.suppress(etree.XMLSyntaxError, InputError):
            items += _read(head + data[start:end], url, recover=True).items[:1]
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
    last = max((start.end() for start in _ITEM_START.finditer(data)), default=-1)
    if last < 0:
        return False
    tail = data.rstrip()
    if tail.rfind(_CDATA, last) > tail.rfind(b"]]>"):
        return True
    if _AFTER_ITEM.search(data, last) is not None:
        return False
    if tail.rfind(b">") > tail.rfind(b"<") and not tail.endswith(b">"):
        return True
    before, cut = (
        ((bool(item.link), bool(item.content or item.summary)) for item in items[-2:])
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


def _shortened(data: bytes) -> tuple[bytes, bool]:
    """The document without what stands behind the items that are read, and whether something was left out.

    Elements within items may have the names of items, so it is cut later while it has no more tags than may be read.
    """
    tags = data.count(b"<")
    most = MAX_ITEMS if tags > MAX_TAGS else MAX_ITEMS * 4
    if tags <= most:
        return data, False
    for number, start in enumerate(_ITEM_START.finditer(data)):
        if number == most:
            return data[: start.start()], True
    return data, False


def _check_shape(data: bytes, url: str) -> None:
    if data.count(b"<") > MAX_TAGS:
        raise InputError("The document has too many elements", which=url, fix=f"At most {MAX_TAGS:,} tags")
    if not _may_have_a_long_tag(data):
        return
    for piece in _pieces(data):
        if not piece.startswith(_CDATA):
            for tag in re.finditer(rb"<[A-Za-z][^<>]*", piece):
                if tag.end() - tag.start() > MAX_TAG_BYTES or tag[0].count(b"=") > 2000:
                    raise InputError("An element has too many attributes", which=url)


def _may_have_a_long_tag(data: bytes) -> bool:
    """Whether there are so many bytes without an angle bracket that they could be a tag with very many attributes."""
    return any(
        data.find(b"<", at, at + LONG_TAG // 2) < 0 and data.find(b">", at, at + LONG_TAG // 2) < 0
        for at in range(0, len(data) - LONG_TAG // 2, LONG_TAG // 2)
    )


def _check_depth(data: bytes, url: str) -> None:
    depth = 0
    markup = b"".join(piece for piece in _pieces(data) if not piece.startswith(_CDATA))
    for tag in re.finditer(rb"<(/?)[A-Za-z][^<>]*?(/?)>", markup):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if depth > MAX_DEPTH:
            raise InputError("The elements are nested too deeply", which=url, fix=f"At most {MAX_DEPTH} deep")


def _repaired(data: bytes) -> bytes:
    """Without controls, HTML entities as characters, lone ampersands and less-than signs escaped, attributes quoted.

    CDATA sections keep their text.
    """
    pieces = _pieces(_XML_CONTROL.sub(b"", data))
    return b"".join(piece if piece.startswith(_CDATA) else _mended(piece) for piece in pieces)


def _pieces(data: bytes) -> Iterator[bytes]:
    """The whole CDATA sections, and what stands between them."""
    at = 0
    while (start := data.find(_CDATA, at)) >= 0 and (end := data.find(b"]]>", start)) >= 0:
        yield data[at:start]
        yield data[start : end + 3]
        at = end + 3
    yield data[at:]


def _mended(markup: bytes) -> bytes:
    markup = _SURROGATES.sub(_character, markup)
    markup = _STRAY.sub(b"&lt;", _ENTITY.sub(_entity, markup))
    return _OPENING_TAG.sub(_quoted, markup)


def _quoted(tag: re.Match[bytes]) -> bytes:
    if b"=" not in tag[0]:
        return tag[0]
    return _BARE_VALUE.sub(lambda value: value[1] or b'="' + value[2] + b'"', tag[0])


def _character(pair: re.Match[bytes]) -> bytes:
    """The character for which two references to surrogates stand."""
    high, low = (int(part, 16) for part in pair.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).encode()


def _entity(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = match.groups()
    if name is not None:
        if name in _XML_NAMES:
            return match[0]
        known = html.entities.html5.get(name.decode("ascii") + ";")
        return known.encode() if known else b"&amp;" + name + b";"
    if decimal is None and hexadecimal is None:
        return b"&amp;"
    code = int(decimal) if decimal is not None else int(hexadecimal, 16)
    valid = (
        code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return match[0] if valid else b""


def _read(data: bytes, url: str, *, recover: bool) -> FeedDocument:
    items: list[Item] = []
    root: Any = None
    holder: Any = None
    base = url
    for element in _elements(data, recover=recover):
        if root is None:
            root = element.getroottree().getroot()
        if element.getparent() is not holder:
            holder = element.getparent()
            base = base_of(holder, url)
        if len(items) < MAX_ITEMS and (item := item_of(element, base)) is not None:
            items.append(item)
        element.clear()
        while (before := element.getprevious()) is not None and local_name(before.tag) == local_name(
            element.tag
        ):
            element.getparent().remove(before)
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
