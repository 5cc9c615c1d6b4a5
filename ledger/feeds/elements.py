"""From XML elements to items: the vocabulary of RSS, RDF, Atom, Dublin Core and news sitemaps in one place."""

from __future__ import annotations

import base64
import functools
import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from ledger.errors import InputError
from ledger.feeds.documents import Item, escape_text, visible_text
from ledger.feeds.text import clean, single_line

__all__ = ["base_of", "feed_facts", "item_of", "kind_of", "local_name"]

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_VOCABULARIES = (
    ("purl.org/rss/1.0/modules/content", "content"),
    ("purl.org/dc/terms", "dcterms"),
    ("purl.org/dc/elements", "dc"),
    ("purl.org/rss/1.0/modules/syndication", "sy"),
    ("rssnamespace.org/feedburner", "feedburner"),
    ("schemas/sitemap-news", "news"),
    ("search.yahoo.com/mrss", "media"),
    ("itunes.com", "itunes"),
    ("purl.org/atom", "atom"),
    ("w3.org/2005/Atom", "atom"),
    ("podcast", "podcast"),
)
_NAMES = {
    "guid": "guid id atom:id dc:identifier",
    "origin": "feedburner:origlink",
    "title": "title atom:title dc:title media:title",
    "content": "content:encoded atom:content content other:body body",
    "summary": "description atom:summary summary dc:description itunes:summary media:description",
    "published": "pubdate atom:published published atom:issued issued dc:date dcterms:issued dcterms:created atom:created created date",
    "updated": "atom:updated updated dcterms:modified atom:modified modified lastmod",
    "language": "dc:language language",
}
"""Which elements say what of an item, the best name first."""

_ROLES = {name: (part, rank) for part, names in _NAMES.items() for rank, name in enumerate(names.split())}
_LAST = len(_ROLES)
_LISTED = frozenset({"link", "atom:link", "dc:creator", "atom:author", "author", "itunes:author"})
_TAG_PREFIX = re.compile(r"(</?)[a-zA-Z0-9]+:")
_NAMESPACE = re.compile(r"""\sxmlns(?::[\w.-]+)?=(?:"[^"<>]*"|'[^'<>]*')""")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}


@functools.lru_cache(4096)
def local_name(tag: Any) -> str:
    """A tag's name without namespace or prefix, in lower case; empty for comments and the like."""
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


@functools.lru_cache(4096)
def _name(tag: Any) -> str:
    """`prefix:name` with a well-known prefix, just `name` for RSS and the document's own vocabulary."""
    if not isinstance(tag, str):
        return ""
    namespace, _, name = tag.rpartition("}")
    prefix, _, local = name.rpartition(":")
    if namespace:
        for part, known in _VOCABULARIES:
            if part in namespace:
                return f"{known}:{name.lower()}"
        if "rss" in namespace or "netscape" in namespace or "userland" in namespace or "sitemap" in namespace:
            return name.lower()
        return f"other:{name.lower()}"
    return f"{prefix.lower()}:{local.lower()}" if prefix else local.lower()


def kind_of(root: Any, url: str) -> str:
    """The format by the root element. Raises InputError for anything but a feed."""
    kind = {"rss": "rss", "channel": "rss", "rdf": "rdf", "feed": "atom", "urlset": "sitemap"}.get(
        local_name(root.tag)
    )
    if kind is None:
        raise InputError("Neither RSS, Atom, JSON Feed nor a news sitemap", which=url)
    return kind


def feed_facts(root: Any, url: str) -> tuple[str, str, str, float]:
    """Title, link, language and wished polling interval in seconds of a feed whose items may be gone already."""
    channel = next((child for child in root if local_name(child.tag) == "channel"), root)
    found = _children(channel)
    title = _title(_first(found, "title", "atom:title"))
    link = _link(found, base_of(channel, url))
    language = (
        _text(_first(found, "language", "dc:language")) or channel.get(_LANG, "") or root.get(_LANG, "")
    )
    ttl = 0.0
    minutes = _text(_first(found, "ttl"))
    if minutes.isdigit() and len(minutes) < 7:
        ttl = float(minutes) * 60
    period = _PERIODS.get(_text(_first(found, "sy:updateperiod")).lower())
    if period is not None:
        frequency = _text(_first(found, "sy:updatefrequency"))
        ttl = max(ttl, period / max(1, int(frequency) if frequency.isdigit() and len(frequency) < 6 else 1))
    return title, link, language.lower(), ttl


def item_of(element: Any, base: str) -> Item | None:
    """The item that an `item`, `entry` or `url` element describes; None when there is nothing in it.

    `base` is what relative links around it are resolved by.
    """
    if local_name(element.tag) == "url":
        return _sitemap_item(element, base)
    parts, found = _parts(element)
    base = _own_base(element, base)
    guid_element = parts.get("guid")
    guid = _text(guid_element) or str(element.get(_ABOUT, ""))
    link = _text(parts.get("origin")) or _link(found, base)
    if not link and guid.startswith(("http://", "https://")) and _is_permalink(guid_element):
        link = guid
    item = Item(
        guid=guid,
        link=link,
        title=_title(parts.get("title")),
        author=_author(found),
        summary=_markup(parts.get("summary")),
        content=_markup(parts.get("content")),
        published=_text(parts.get("published")),
        updated=_text(parts.get("updated")),
        language=(_text(parts.get("language")) or element.get(_LANG, "")).lower(),
    )
    return item if item.guid or item.link or item.title or item.content or item.summary else None


def _parts(element: Any) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The element for each part of an item, by the best of its names that says something; and all links and authors."""
    parts: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    found: dict[str, list[Any]] = {}
    named = [(_name(child.tag), child) for child in element]
    for name, child in _with_groups(named) if "media:group" in dict(named) else named:
        if name in _LISTED:
            found.setdefault(name, []).append(child)
        elif (role := _ROLES.get(name)) is not None:
            part, rank = role
            if rank < ranks.get(part, _LAST) and _says(child):
                parts[part], ranks[part] = child, rank
    return parts, found


def _says(element: Any) -> bool:
    """Whether there is anything in an element."""
    if len(element):
        return True
    text = element.text
    return text is not None and text != "" and not text.isspace()


def _with_groups(named: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The named children of an element, and before each media group what is in it."""
    for name, child in named:
        if name == "media:group":
            yield from ((_name(inner.tag), inner) for inner in child)
        yield name, child


def _sitemap_item(element: Any, url: str) -> Item | None:
    found = _children(element)
    link = urljoin(url, _text(_first(found, "loc"))) if "loc" in found else ""
    news = _children(found["news:news"][0]) if "news:news" in found else {}
    if not link:
        return None
    publication = _children(news["news:publication"][0]) if "news:publication" in news else {}
    return Item(
        guid=link,
        link=link,
        title=_title(_first(news, "news:title")),
        published=_text(_first(news, "news:publication_date")),
        updated=_text(_first(found, "lastmod")),
        language=_text(_first(publication, "news:language")).lower(),
    )


def _children(element: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for child in element:
        name = _name(child.tag)
        if name:
            found.setdefault(name, []).append(child)
    return found


def _first(found: dict[str, list[Any]], *names: str) -> Any:
    for name in names:
        for element in found.get(name, ()):
            if _says(element):
                return element
    return None


def _text(element: Any) -> str:
    if element is None:
        return ""
    return single_line("".join(element.itertext()) if len(element) else element.text or "")


def _title(element: Any) -> str:
    if element is None:
        return ""
    if element.get("type") == "xhtml" or len(element):
        return single_line("".join(element.itertext()))
    if _name(element.tag).startswith("atom:") and element.get("type", "text") == "text":
        return single_line(element.text or "")
    return visible_text(element.text or "")


def _markup(element: Any) -> str:
    """The HTML of a content element: escaped, in CDATA, inline as XHTML, or plain text."""
    if element is None:
        return ""
    kind = str(element.get("type", ""))
    if len(element):
        if kind == "xhtml" and len(element) == 1 and local_name(element[0].tag) == "div":
            element = element[0]
        inner = html.escape(element.text or "", quote=False) + "".join(
            etree.tostring(child, encoding="unicode", method="html") for child in element
        )
        inner = _NAMESPACE.sub("", _TAG_PREFIX.sub(r"\1", inner))
        return clean(inner).strip()
    text = clean(_unpacked(element)).strip()
    if _name(element.tag).startswith("atom:") and kind in ("", "text", "text/plain"):
        return escape_text(text)
    return text


def _unpacked(element: Any) -> str:
    """The text of an element; Atom 0.3 allows it in Base64."""
    text = str(element.text or "")
    if element.get("mode") != "base64":
        return text
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except ValueError:
        return text


def base_of(element: Any, url: str) -> str:
    """What relative links within an element are resolved by."""
    bases = [a.get(_BASE) for a in (element, *element.iterancestors()) if a.get(_BASE)]
    for base in reversed(bases):
        url = urljoin(url, base)
    return url


def _link(found: dict[str, list[Any]], base: str) -> str:
    for name in ("link", "atom:link"):
        best = ""
        for element in found.get(name, ()):
            target = str(element.get("href") or element.text or "").strip()
            relation = element.get("rel", "alternate")
            if not target or relation != "alternate":
                continue
            if element.get("type", "text/html") in ("text/html", "application/xhtml+xml"):
                return _joined(_own_base(element, base), target)
            best = best or _joined(_own_base(element, base), target)
        if best:
            return best
    return ""


def _own_base(element: Any, base: str) -> str:
    own = element.get(_BASE)
    return _joined(base, own) if own else base


def _joined(base: str, target: str) -> str:
    target = "".join(target.split())
    if target.startswith(("https://", "http://")):
        return target
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def _is_permalink(element: Any) -> bool:
    return (
        element is not None
        and str(element.get("ispermalink", element.get("isPermaLink", "true"))).lower() != "false"
    )


def _author(found: dict[str, list[Any]]) -> str:
    names: list[str] = []
    for key in ("dc:creator", "atom:author", "author", "itunes:author"):
        for element in found.get(key, ()):
            parts = _children(element) if len(element) else {}
            text = _text(_first(parts, "atom:name", "name")) if parts else visible_text(element.text or "")
            if match := re.fullmatch(r"\S+@\S+\s*\((.+)\)", text):
                text = match[1]
            if text and text not in names:
                names.append(text)
        if names:
            break
    return ", ".join(names)
