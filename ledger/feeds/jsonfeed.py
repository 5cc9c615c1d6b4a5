"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

import msgspec

from ledger.errors import InputError
from ledger.feeds.documents import MAX_ITEMS, FeedDocument, Item, escape_text, visible_text
from ledger.feeds.packing import LARGE
from ledger.feeds.text import clean, single_line

__all__ = ["parse_json_feed"]

MAX_NESTED = 150_000
MAX_PARTS = 500_000
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])', re.DOTALL)
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


class _Feed(msgspec.Struct):
    """The parts of a JSON Feed, each as it stands in the document, so that only one item is read at a time."""

    title: msgspec.Raw = msgspec.Raw(b'""')
    home_page_url: msgspec.Raw = msgspec.Raw(b'""')
    language: msgspec.Raw = msgspec.Raw(b'""')
    items: list[msgspec.Raw] = []


_DECODER = msgspec.json.Decoder(_Feed)


def parse_json_feed(data: bytes, url: str) -> FeedDocument:
    """Read a JSON Feed in UTF-8; fields of a wrong type are passed over. Raises InputError when it is none."""
    if data.count(b"{") + data.count(b"[") > MAX_NESTED or data.count(b",") > MAX_PARTS:
        raise InputError(
            "The document has too many elements", which=url, fix=f"At most {MAX_NESTED:,} objects"
        )
    flags: tuple[str, ...] = ()
    fold = len(data) > LARGE
    head, entries = _well_formed(data)
    if entries is None:
        head, entries, flags = _with_faults(data, url)
    items: list[Item] = []
    for entry in entries[:MAX_ITEMS]:
        read = _decoded(entry) if isinstance(entry, msgspec.Raw) else entry
        item = _item(read, url) if isinstance(read, dict) else Item()
        if item.guid or item.link or item.title or item.content:
            items.append(item.folded() if fold else item)
    return FeedDocument(
        kind="json",
        title=visible_text(_text(head, "title")),
        link=_text(head, "home_page_url"),
        language=_text(head, "language").lower(),
        items=tuple(items),
        flags=flags,
    )


def _well_formed(data: bytes) -> tuple[dict[str, Any], Sequence[Any] | None]:
    """The head and the unread items of a document without faults; None for the items of any other."""
    try:
        feed = _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return {}, None
    if not feed.items:
        return {}, None
    return {
        name: _decoded(getattr(feed, name)) for name in ("title", "home_page_url", "language")
    }, feed.items


def _decoded(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None


def _with_faults(data: bytes, url: str) -> tuple[dict[str, Any], Sequence[Any], tuple[str, ...]]:
    """The head, the items, and the flags of a document that has faults, or another form."""
    text = data.decode("utf-8", "replace").lstrip("\ufeff")
    flags: tuple[str, ...] = ()
    try:
        found = json.loads(text, strict=False)
    except RecursionError:
        raise InputError("The document is not valid JSON (it is nested too deeply)", which=url) from None
    except ValueError as error:
        found, flags = _rescued(text)
        if found is None:
            raise InputError(f"The document is not valid JSON ({error})", which=url) from None
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise InputError("JSON, but not a JSON Feed: there is no list of items", which=url)
    return found, found["items"], flags


def _without_commas(text: str) -> str:
    """The text without commas that nothing follows; texts in quotation marks stay as they are."""
    kept, last = [], 0
    for match in _COMMA.finditer(text):
        if match[1] is None:
            kept.append(text[last : match.start()])
            last = match.end()
    return "".join(kept) + text[last:]


def _rescued(text: str) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """What can be read of JSON with superfluous commas, or that breaks off: its whole items; and flags."""
    text = _without_commas(text)
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text, strict=False), ("repaired",)
    start = _ITEMS.search(text)
    if start is None:
        return None, ()
    data: dict[str, Any] = {}
    with contextlib.suppress(ValueError, RecursionError):
        data = json.loads(text[: start.end()] + "]}", strict=False)
    items: list[Any] = []
    decoder, at = json.JSONDecoder(strict=False), start.end()
    with contextlib.suppress(ValueError, RecursionError):
        while len(items) < MAX_ITEMS:
            item, end = decoder.raw_decode(text, _BETWEEN.match(text, at).end())  # type: ignore[union-attr]
            items.append(item)
            at = end
    return ({**data, "items": items}, ("repaired", "truncated")) if items else (None, ())


def _item(entry: dict[str, Any], url: str) -> Item:
    link = _text(entry, "url") or _text(entry, "external_url")
    content = _text(entry, "content_html") or escape_text(_text(entry, "content_text"))
    return Item(
        guid=_text(entry, "id") or link,
        link=urljoin(url, link) if link else "",
        title=single_line(_text(entry, "title")),
        author=_authors(entry),
        summary=escape_text(_text(entry, "summary")),
        content=content,
        published=_text(entry, "date_published"),
        updated=_text(entry, "date_modified"),
        language=_text(entry, "language").lower(),
    )


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if isinstance(value, bool):
        return ""
    return clean(str(value)).strip() if isinstance(value, str | int | float) else ""


def _authors(entry: dict[str, Any]) -> str:
    listed = entry.get("authors")
    found = listed if isinstance(listed, list) else [entry.get("author")]
    names = [single_line(_text(author, "name")) for author in found if isinstance(author, dict)]
    return ", ".join(name for name in names if name)
