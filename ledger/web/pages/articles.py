"""Articles: the list, one article with its marks, search, and single events."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.params import FromQuery

from ledger.errors import NotFoundError
from ledger.projections.queries import FOREVER
from ledger.web.articles import article_page, revision_differences
from ledger.web.asking import Count, GivenDesk, GivenMoment, Name, Text
from ledger.web.marks import LAYERS
from ledger.web.rendering import Page, bare, page_response
from ledger.web.routes import page
from ledger.web.searching import find_articles

__all__ = ["article", "articles", "event", "search"]

_SHOWN = ("claim", "source", "number")
_LIST = 100


@page("/articles", "/articles.json", "/articles.csv")
def articles(
    request: Request[Any, Any, Any],
    desk: GivenDesk,
    moment: GivenMoment,
    outlet: Text = "",
    before: Count = 0,
) -> Response[bytes]:
    """Articles, the last recorded first."""
    found = desk.browser.articles(
        outlet=outlet or None, before=before or FOREVER, limit=_LIST, **desk.known(moment)
    )
    more = found[-1].first_position if len(found) == _LIST else 0
    return page_response(
        request,
        desk,
        Page(
            template="articles.html",
            title="Articles",
            data={"articles": found, "next": more or None},
            rows=[msgspec.structs.asdict(row) for row in found],
            moment=moment,
            section="articles",
            context={"found": found, "outlet": outlet, "more": more},
        ),
    )


@page("/articles/{name:str}")
def article(
    request: Request[Any, Any, Any],
    desk: GivenDesk,
    moment: GivenMoment,
    name: Name,
    revision: FromQuery[int | None] = None,
    layers: FromQuery[list[str] | None] = None,
    show: Text = "",
) -> Response[bytes]:
    """One article: its text with marks, its claims in the margin, its revisions and what changed between them."""
    chosen = [layer for layer in (layers or _SHOWN) if layer in LAYERS]
    found = article_page(desk, bare(name), moment, revision, chosen)
    data = {
        "article": found.article,
        "revisions": found.revisions,
        "revision": found.revision,
        "text": found.text.text if found.text is not None else None,
        "claims": found.claims,
        "annotations": [
            {
                **msgspec.json.decode(one.body),
                "processor": one.processor,
                "version": one.version,
                "event": one.position,
            }
            for one in found.annotations
        ],
        "failures": found.failures,
    }
    rows = []
    for card in found.claims:
        row = msgspec.structs.asdict(card)
        by = row.pop("provenance")
        row["chain"] = " < ".join(card.chain)
        row |= {"processor": by.processor, "version": by.version, "event": by.position} if by else {}
        rows.append(row)
    return page_response(
        request,
        desk,
        Page(
            template="article.html",
            title=found.text.title
            if found.text is not None
            else found.article.title or found.article.article,
            data=data,
            rows=rows,
            moment=moment,
            section="articles",
            context={
                "found": found,
                "layers": LAYERS,
                "chosen": chosen,
                "comparing": show == "diff",
                "differences": revision_differences(desk, found) if show == "diff" else [],
            },
        ),
    )


@page("/search", "/search.json", "/search.csv")
def search(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, q: Text = "", outlet: Text = ""
) -> Response[bytes]:
    """Articles, figures and names that hold all words of the query."""
    found = find_articles(desk, moment, q, outlet)
    figures = desk.figures(moment, text=q, size=10).figures if q.strip() else ()
    names = desk.browser.entities(q, 10, **desk.known(moment)) if q.strip() else []
    return page_response(
        request,
        desk,
        Page(
            template="search.html",
            title=f"Search: {q}" if q else "Search",
            data={
                "query": q,
                "articles": found.hits,
                "outlets": found.outlets,
                "figures": figures,
                "entities": names,
            },
            rows=[msgspec.structs.asdict(hit) for hit in found.hits],
            moment=moment,
            section="search",
            context={
                "q": q,
                "hits": [(hit, _pieces(hit.snippet)) for hit in found.hits],
                "outlets": found.outlets,
                "outlet": outlet,
                "figures": figures,
                "names": names,
            },
        ),
    )


def _pieces(snippet: str) -> list[tuple[str, bool]]:
    """A passage in pieces, with whether each was looked for."""
    pieces = []
    for part in snippet.split("\x02"):
        inside, mark, outside = part.partition("\x03")
        pieces += [(inside, True), (outside, False)] if mark else [(part, False)]
    return [(text, found) for text, found in pieces if text]


@page("/events/{name:str}")
def event(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, name: Name
) -> Response[bytes]:
    """One event of the ledger: its envelope and its payload, as recorded."""
    wanted = bare(name)
    store = desk.ledger.store
    if wanted.isdecimal() and len(wanted) < 18:
        found = next(iter(store.read(after=int(wanted) - 1, limit=1)), None) if int(wanted) else None
    else:
        found = store.get(wanted)
    if found is None or found.position > desk.upto(moment):
        raise NotFoundError("No such event", which=wanted, fix="Positions count from 1")
    payload = None if found.payload is None else msgspec.Raw(found.payload)
    data = {"position": found.position, "envelope": msgspec.Raw(found.raw), "payload": payload}
    row = {"position": found.position, **msgspec.to_builtins(found.envelope)}
    row["payload"] = found.payload.decode() if found.payload is not None else None
    return page_response(
        request,
        desk,
        Page(
            template="event.html",
            title=f"Event {found.position}: {found.type}",
            data=data,
            rows=[row],
            moment=moment,
            section="audit",
            context={
                "event": found,
                "envelope": msgspec.json.format(found.raw, indent=2).decode(),
                "payload": msgspec.json.format(found.payload, indent=2).decode() if found.payload else "",
            },
        ),
    )
