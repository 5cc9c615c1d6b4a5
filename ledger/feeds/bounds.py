"""What a feed document may have of anything, so that no document takes more memory or time than there is."""

from __future__ import annotations

import re
from itertools import pairwise

from ledger.errors import InputError
from ledger.feeds.documents import MAX_ITEMS
from ledger.feeds.repair import CDATA, pieces

__all__ = ["ITEM_START", "check_attributes", "check_depth", "shortened", "without_giants"]

MAX_ITEM_BYTES = 2 * 1024 * 1024
MAX_ITEM_TAGS = 50_000
MAX_TAG_BYTES = 256 * 1024
MAX_ATTRIBUTES = 2000
LONG_TAG = 8000
MAX_DEPTH = 200
ITEM_START = re.compile(rb"<((?:\w+:)?(?:item|entry|url))[\s>]", re.IGNORECASE)


def shortened(data: bytes) -> tuple[bytes, bool]:
    """The document without what stands behind the items that are read, and whether something was left out.

    Elements within items may have the names of items, so it is cut later than it would have to be.
    """
    most = MAX_ITEMS * 4
    if data.count(b"<") <= most:
        return data, False
    for number, start in enumerate(ITEM_START.finditer(data)):
        if number == most:
            return data[: start.start()], True
    return data, False


def without_giants(data: bytes, url: str) -> tuple[bytes, bool]:
    """The document without the items that are too large, and whether there are any.

    Raises InputError when too much stands before the first item, or elements are nested too deeply.
    """
    if len(data) <= MAX_ITEM_BYTES and data.count(b"<") <= MAX_ITEM_TAGS:
        return data, False
    starts = [(start.start(), start[1]) for start in ITEM_START.finditer(data)]
    if data.count(b"<", 0, starts[0][0] if starts else len(data)) > MAX_ITEM_TAGS:
        raise InputError(
            "The document has too many elements", which=url, fix=f"At most {MAX_ITEM_TAGS:,} tags to an item"
        )
    kept: list[bytes] = []
    at = 0
    for (start, name), (following, _) in pairwise([*starts, (len(data), b"")]):
        if _is_giant(data, start, following, url):
            kept.append(data[at:start])
            closing = data.rfind(b"</" + name, start, following)
            at = data.find(b">", closing, following) + 1 if closing > 0 else 0
            at = at or following
    return (b"".join((*kept, data[at:])), True) if kept else (data, False)


def _is_giant(data: bytes, start: int, end: int, url: str) -> bool:
    if end - start > MAX_ITEM_BYTES:
        return True
    if data.count(b"<", start, end) <= MAX_ITEM_TAGS:
        return False
    tags = sum(piece.count(b"<") for piece in pieces(data[start:end]) if not piece.startswith(CDATA))
    if tags <= MAX_ITEM_TAGS:
        return False
    check_depth(data[start:end], url)
    return True


def check_attributes(data: bytes, url: str) -> None:
    """Raises InputError when a tag has very many attributes."""
    if not _may_have_a_long_tag(data):
        return
    for piece in pieces(data):
        if not piece.startswith(CDATA):
            for tag in re.finditer(rb"<[A-Za-z][^<>]*", piece):
                if tag.end() - tag.start() > MAX_TAG_BYTES or tag[0].count(b"=") > MAX_ATTRIBUTES:
                    raise InputError("An element has too many attributes", which=url)


def _may_have_a_long_tag(data: bytes) -> bool:
    """Whether there are so many bytes without an angle bracket that they could be a tag with very many attributes."""
    step = LONG_TAG // 2
    return any(
        data.find(b"<", at, at + step) < 0 and data.find(b">", at, at + step) < 0
        for at in range(0, len(data) - step, step)
    )


def check_depth(data: bytes, url: str) -> None:
    """Raises InputError when elements are nested too deeply."""
    depth = 0
    for piece in pieces(data):
        if piece.startswith(CDATA):
            continue
        for tag in re.finditer(rb"<(/?)[A-Za-z][^<>]*?(/?)>", piece):
            depth += -1 if tag[1] else 0 if tag[2] else 1
            if depth > MAX_DEPTH:
                raise InputError(
                    "The elements are nested too deeply", which=url, fix=f"At most {MAX_DEPTH} deep"
                )
