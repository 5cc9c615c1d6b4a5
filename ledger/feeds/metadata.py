"""What a page declares about itself: title, dates, authors, language, canonical link."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ledger.feeds.dates import parse_declared
from ledger.feeds.documents import visible_text
from ledger.feeds.text import single_line

__all__ = ["PageFacts", "page_facts"]

_ARTICLE_TYPES = frozenset(
    {
        "article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "backgroundnewsarticle",
        "blogposting", "liveblogposting", "report", "webpage", "askpublicnewsarticle", "reviewnewsarticle", "satiricalarticle",
        "scholarlyarticle", "techarticle", "socialmediaposting",
    }
)  # fmt: skip
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article.published", "datepublished", "date_published",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dcterms.date",
    "dc.date.created", "dc.date", "pubdate", "publishdate", "publish-date", "publication_date", "cxenseparse:recs:publishtime",
    "citation_publication_date", "date", "og:published_time", "published_at",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "article:updated_time", "datemodified",
    "dcterms.modified", "dc.date.modified", "lastmod", "last-modified", "article.updated", "modified", "updated_at",
)  # fmt: skip
_AUTHOR = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
)
_LD_DATE = re.compile(r'"(datePublished|dateModified)"\s*:\s*"([^"]{4,60})"')
MAX_LD_BYTES = 1_000_000


class PageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The declarations of one page, dates verbatim; `titles` in the order of trust."""

    titles: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    byline: str = ""
    language: str = ""
    canonical: str = ""
    summary: str = ""


def page_facts(tree: Any) -> PageFacts:
    """Read JSON-LD, meta elements, microdata and time elements of a parsed page, in this order of trust."""
    linked = _json_ld(tree)
    metas = _metas(tree)
    heading = [_visible(h) for h in tree.xpath("//article//h1|//main//h1")] or [
        _visible(h) for h in tree.xpath("//h1")
    ]
    document_title = _visible(next(iter(tree.xpath("//head/title|//title")), None))
    titles = [
        visible_text(metas.get("og:title", "")),
        visible_text(str(linked.get("headline") or "")),
        heading[0] if len(set(heading)) == 1 else "",
        visible_text(metas.get("twitter:title", "")),
        document_title,
    ]
    published = [str(linked.get("datePublished") or ""), *(metas.get(name, "") for name in _PUBLISHED)]
    modified = [str(linked.get("dateModified") or ""), *(metas.get(name, "") for name in _MODIFIED)]
    published += _times(tree, "datepublished")
    modified += _times(tree, "datemodified")
    return PageFacts(
        titles=tuple(title for title in titles if title),
        published=_first_date(published) or _first_date(_times(tree, "")[:1]),
        modified=_first_date(modified),
        byline=_authors(linked.get("author"))
        or next((visible_text(metas[n]) for n in _AUTHOR if _name(metas.get(n))), ""),
        language=(
            tree.get("lang") or metas.get("og:locale", "") or metas.get("content-language", "")
        ).lower()[:2],
        canonical=str(
            next(iter(tree.xpath("//link[@rel='canonical']/@href")), "") or metas.get("og:url", "")
        ).strip(),
        summary=visible_text(metas.get("og:description", "") or metas.get("description", "")),
    )


def _name(value: str | None) -> bool:
    return bool(value) and not str(value).startswith(("http://", "https://", "/"))


def _visible(element: Any) -> str:
    return "" if element is None else single_line(str(element.text_content()))


def _metas(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        content = (meta.get("content") or "").strip()
        for key in (meta.get("property"), meta.get("name"), meta.get("itemprop"), meta.get("http-equiv")):
            if key and content:
                found.setdefault(key.strip().lower(), content)
    return found


def _first_date(texts: list[str]) -> str:
    """The first text that is a date, preferring those that name their zone."""
    dated = [(text, parsed) for text in texts if text and (parsed := parse_declared(text)) is not None]
    return next((text for text, parsed in dated if not parsed.flags), dated[0][0] if dated else "")


def _times(tree: Any, itemprop: str) -> list[str]:
    if itemprop:
        marked = [
            e for e in tree.iter("time", "span", "meta") if (e.get("itemprop") or "").lower() == itemprop
        ]
        return [str(e.get("datetime") or e.get("content") or e.text or "").strip() for e in marked]
    inside = tree.xpath("//article//time[@datetime]|//main//time[@datetime]") or tree.xpath(
        "//time[@datetime]"
    )
    return [str(element.get("datetime")).strip() for element in inside]


def _json_ld(tree: Any) -> dict[str, Any]:
    fallback: dict[str, Any] = {}
    for script in tree.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        text = (script.text or "").strip()[:MAX_LD_BYTES]
        text = re.sub(
            r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$", "", text
        )
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            for key, value in _LD_DATE.findall(text):
                fallback.setdefault(key, value)
            continue
        nodes = [node for node in _nodes(data, 0) if _types(node) & _ARTICLE_TYPES]
        nodes.sort(key=lambda node: "webpage" in _types(node))
        for node in nodes:
            if any(node.get(key) for key in ("headline", "datePublished", "dateModified")):
                return node
    return fallback


def _nodes(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 4:
        return
    if isinstance(data, list):
        for entry in data[:100]:
            yield from _nodes(entry, depth + 1)
    elif isinstance(data, dict):
        yield data
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _nodes(data.get(key), depth + 1)


def _types(node: dict[str, Any]) -> set[str]:
    kind = node.get("@type")
    listed = kind if isinstance(kind, list) else [kind]
    return {str(entry).rpartition("/")[2].lower() for entry in listed if entry}


def _authors(value: Any) -> str:
    names: list[str] = []
    for entry in value if isinstance(value, list) else [value]:
        name = entry.get("name") if isinstance(entry, dict) else entry
        listed = name if isinstance(name, list) else [name]
        names += [single_line(str(n)) for n in listed if isinstance(n, str) and _name(n)]
    return ", ".join(dict.fromkeys(name for name in names if name))
