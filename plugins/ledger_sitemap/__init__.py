"""First-party plugin: `newsledger ingest sitemap:URL` reads the pages that a news sitemap lists and that are new.

Sitemaps 0.9 (https://www.sitemaps.org/protocol.html) with the news extension 0.9; an index of sitemaps is followed one level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ledger.plugin import SourceContext, SourceItem, SourceKind, hookimpl

__all__ = ["ledger_sources"]

MOST_PAGES = 1000
MOST_SITEMAPS = 20


class _Listed(msgspec.Struct, frozen=True):
    """A page as the sitemap lists it; dates are verbatim."""

    url: str
    changed: str
    published: str


@hookimpl
def ledger_sources() -> Iterable[SourceKind]:
    """The news sitemap."""
    yield SourceKind(
        name="sitemap",
        open=_open,
        summary="Pages that a news sitemap lists, new or changed since it was last read",
    )


def _open(location: str, context: SourceContext) -> Iterator[SourceItem]:
    url = location if "://" in location else f"https://{location}"
    kind, listed = _parse(context.fetch(url).body, url)
    pages = list(listed)
    if kind == "sitemapindex":
        pages = []
        for one in listed[:MOST_SITEMAPS]:
            try:
                pages += _parse(context.fetch(one.url).body, one.url)[1]
            except (OSError, ValueError) as error:
                yield SourceItem(name=one.url, error=str(error))
    for page in pages[:MOST_PAGES]:
        mark = f"{page.url} {page.changed or page.published}"
        if context.seen(mark):
            continue
        try:
            yield msgspec.structs.replace(context.fetch(page.url), mark=mark, published=page.published)
        except OSError as error:
            yield SourceItem(name=page.url, error=str(error))
    if len(pages) > MOST_PAGES:
        yield SourceItem(
            name=url, error=f"It lists {len(pages):,} pages; the first {MOST_PAGES:,} were looked at"
        )


def _parse(body: bytes, url: str) -> tuple[str, list[_Listed]]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        root = None
    kind = "" if root is None else etree.QName(root).localname
    if root is None or kind not in {"urlset", "sitemapindex"}:
        raise ValueError(f"Not a sitemap: {url}")
    listed = []
    for entry in root:
        fields = {
            etree.QName(child).localname: (child.text or "").strip()
            for child in entry.iter()
            if isinstance(child.tag, str)
        }
        if fields.get("loc", "").startswith(("http://", "https://")):
            listed.append(
                _Listed(fields["loc"], fields.get("lastmod", ""), fields.get("publication_date", ""))
            )
    return kind, listed
