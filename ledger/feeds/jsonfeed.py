"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any
from urllib.parse import urljoin

from ledger.errors import InputError
from ledger.feeds.documents import MAX_ITEMS, FeedDocument, Item, escape_text, visible_text
from ledger.feeds.text import clean, single_line

__all__ = ["parse_json_feed"]

_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])', re.DOTALL)
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def parse_json_feed(text: str, url: str) -> FeedDocument:
    """Read a JSON Feed; fields of a wrong type are passed over. Raises InputError when it is none."""
    flags: tuple[str, ...] = ()
    text = text.lstrip("\ufeff")
    try:
        data = json.loads(text, strict=False)
    except RecursionError:
        raise InputError("The document is not valid JSON (it is nested too deeply)", which=url) from None
    except ValueError as error:
        data, flags = _rescued(text)
        if data is None:
            raise InputError(f"The document is not valid JSON ({error})", which=url) from None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise InputError("JSON, but not a JSON Feed: there is no list of items", which=url)
    items = [_item(entry, url) for entry in data["items"][:MAX_ITEMS] if isinstance(entry, dict)]
    return FeedDocument(
        kind="json",
        title=visible_text(_text(data, "title")),
        link=_text(data, "home_page_url"),
        language=_text(data, "language").lower(),
        items=tuple(item for item in items if item.guid or item.link or item.title or item.content),
        flags=flags,
    )


def _rescued(text: str) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """What can be read of JSON with superfluous commas, or that breaks off: its whole items; and flags."""
    text = _COMMA.sub(lambda match: match[1] or "", text)
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
