"""Documents that nothing else can read: feedparser, in a process of its own with limits on time and memory."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any
from urllib.parse import urljoin

import msgspec

from ledger.feeds.documents import MAX_ITEMS, FeedDocument, Item, visible_text
from ledger.feeds.text import clean, single_line

__all__ = ["parse_elsewhere"]

SECONDS = 10.0
MEMORY = 1024 * 1024 * 1024
MAX_BYTES = 4 * 1024 * 1024


def parse_elsewhere(data: bytes, url: str) -> FeedDocument | None:
    """What feedparser finds in these UTF-8 bytes; None when it finds nothing, fails, or takes too long."""
    if len(data) > MAX_BYTES:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "ledger.feeds.fallback", url],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        document = msgspec.json.decode(done.stdout, type=FeedDocument) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, OSError, msgspec.DecodeError):
        return None
    return document if document is not None and document.items else None


def _read(data: bytes, url: str) -> FeedDocument:
    import feedparser

    found = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
    version = str(found.get("version", ""))
    kind = "atom" if version.startswith("atom") else "rdf" if version in ("rss10", "rss090") else "rss"
    feed = found.feed
    items = [_item(entry, url) for entry in found.entries[:MAX_ITEMS]]
    return FeedDocument(
        kind=kind,
        title=visible_text(str(feed.get("title", ""))),
        link=str(feed.get("link", "")),
        language=str(feed.get("language", "")).lower(),
        items=tuple(
            item for item in items if item.guid or item.link or item.title or item.content or item.summary
        ),
        flags=("fallback",),
    )


def _item(entry: Any, url: str) -> Item:
    contents = [str(part.get("value", "")) for part in entry.get("content", ())]
    return Item(
        guid=single_line(str(entry.get("id", ""))),
        link=_joined(url, str(entry.get("link", ""))),
        title=visible_text(str(entry.get("title", ""))),
        author=single_line(str(entry.get("author", ""))),
        summary=clean(str(entry.get("summary", ""))),
        content=clean(max(contents, key=len, default="")),
        published=single_line(str(entry.get("published", "") or entry.get("created", ""))),
        updated=single_line(str(entry.get("updated", "") if "updated" in entry.keys() else "")),  # noqa: SIM118
    )


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target) if target else ""
    except ValueError:
        return target


def _main() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    document = _read(sys.stdin.buffer.read(), sys.argv[1] if len(sys.argv) > 1 else "")
    sys.stdout.buffer.write(msgspec.json.encode(document))


if __name__ == "__main__":
    _main()
