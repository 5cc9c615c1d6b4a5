"""OPML: lists of feeds, in and out, with their folders."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import msgspec
from lxml import etree

from ledger.errors import InputError
from ledger.feeds.text import decode_text, single_line

__all__ = ["Subscription", "read_opml", "write_opml"]

MAX_BYTES = 16 * 1024 * 1024
MAX_FEEDS = 50_000


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A feed in a list. `folder` is the path of outlines above it, joined by `/`."""

    url: str
    title: str = ""
    folder: str = ""
    site: str = ""


def read_opml(body: bytes) -> list[Subscription]:
    """The feeds of an OPML document, in its order, each URL once. Raises InputError for what is none."""
    if len(body) > MAX_BYTES:
        raise InputError("The OPML document is too large", fix=f"At most {MAX_BYTES:,} bytes")
    if b"<!ENTITY" in body:
        raise InputError("A document type with its own declarations is refused")
    text = decode_text(body).encode("utf-8", "replace")
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise InputError("Not an OPML document", fix=str(error)) from None
    if root is None or str(root.tag).lower() != "opml":
        raise InputError("Not an OPML document")
    found: dict[str, Subscription] = {}
    for outline in root.iter("outline"):
        attributes = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        url = attributes.get("xmlurl", "").strip()
        if url and url not in found and len(found) < MAX_FEEDS:
            found[url] = Subscription(
                url=url,
                title=single_line(attributes.get("title", "") or attributes.get("text", "")),
                folder="/".join(reversed([_label(a) for a in outline.iterancestors("outline")])),
                site=attributes.get("htmlurl", "").strip(),
            )
    return list(found.values())


def _label(outline: Any) -> str:
    return single_line(outline.get("title") or outline.get("text") or "").replace("/", " ")


def write_opml(feeds: Iterable[Subscription], title: str = "newsledger") -> bytes:
    """An OPML 2.0 document of these feeds, folders as outlines, in a fixed order."""
    folders: dict[str, list[Subscription]] = {}
    for feed in feeds:
        folders.setdefault(feed.folder, []).append(feed)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    lines += [f"<head><title>{html.escape(title)}</title></head>", "<body>"]
    for folder in sorted(folders):
        parts = [part for part in folder.split("/") if part]
        lines += [f'<outline text="{html.escape(part)}" title="{html.escape(part)}">' for part in parts]
        for feed in sorted(folders[folder], key=lambda f: f.url):
            label = html.escape(feed.title or feed.url)
            site = f' htmlUrl="{html.escape(feed.site)}"' if feed.site else ""
            lines.append(
                f'<outline type="rss" text="{label}" title="{label}" xmlUrl="{html.escape(feed.url)}"{site}/>'
            )
        lines += ["</outline>"] * len(parts)
    lines += ["</body>", "</opml>", ""]
    return "\n".join(lines).encode()
