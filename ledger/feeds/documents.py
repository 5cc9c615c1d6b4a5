"""What a feed document says, whatever its format."""

from __future__ import annotations

import html
import re

import lxml.html
import msgspec
from lxml import etree

from ledger.feeds.packing import pack, unpack
from ledger.feeds.text import single_line

__all__ = ["MAX_ITEMS", "FeedDocument", "Item", "escape_text", "visible_text"]

MAX_ITEMS = 5000
_MARKUP = re.compile(r"<[A-Za-z/!]|&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item. `title` and `author` are visible text; `summary` and `content` are HTML; dates are verbatim.

    `link` is absolute. `guid` is as the publisher gives it, empty when there is none. The items of a large document have
    summary and content `packed`; `whole` gives them back.
    """

    guid: str = ""
    link: str = ""
    title: str = ""
    author: str = ""
    summary: str = ""
    content: str = ""
    published: str = ""
    updated: str = ""
    language: str = ""
    packed: bytes = b""

    def folded(self) -> Item:
        """The item with its texts packed."""
        texts = pack(f"{self.summary}\x00{self.content}".encode())
        return msgspec.structs.replace(self, summary="", content="", packed=texts)

    def whole(self) -> Item:
        """The item with its texts."""
        if not self.packed:
            return self
        summary, _, content = unpack(self.packed).decode().partition("\x00")
        return msgspec.structs.replace(self, summary=summary, content=content, packed=b"")


class FeedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A feed. `kind`: `rss`, `rdf`, `atom`, `json` or `sitemap`. `ttl` is the wished polling interval in seconds, 0 if none.

    `flags` say what was wrong with it: `repaired`, `fallback`, `truncated`, `too-many-items`, `oversized` (an item
    too large to be read was passed over).
    """

    kind: str
    title: str = ""
    link: str = ""
    language: str = ""
    ttl: float = 0.0
    items: tuple[Item, ...] = ()
    flags: tuple[str, ...] = ()


def escape_text(text: str) -> str:
    """Plain text as HTML, a paragraph for each block between empty lines."""
    blocks = [block for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()]
    return "".join(f"<p>{html.escape(block.strip(), quote=False)}</p>" for block in blocks)


def visible_text(markup: str) -> str:
    """What a reader sees of a short piece that may hold HTML, such as a title: one line, no tags."""
    if not _MARKUP.search(markup):
        return single_line(markup)
    if "<" not in markup:
        return single_line(html.unescape(markup))
    try:
        tree = lxml.html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, ValueError):
        return single_line(re.sub(r"<[^>]*>", " ", markup))
    for hidden in tree.xpath(".//script|.//style"):
        hidden.drop_tree()
    return single_line(str(tree.text_content()))
