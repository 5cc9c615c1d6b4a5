"""The programming interface, `/api/v1`: the same answers as the pages, for programs. Described by OpenAPI 3.1."""

# ruff: noqa: ARG001 - every endpoint is given the request, to which its wrapper replies
from __future__ import annotations

from typing import Annotated as With
from typing import Any

import msgspec
from litestar import Request
from litestar.params import FromQuery, JSONBody, QueryParameter

from ledger.clock import format_time
from ledger.errors import NotFoundError, UsageError
from ledger.feeds.files import Document
from ledger.projections.places import places
from ledger.projections.queries import FOREVER
from ledger.projections.results import Decision
from ledger.web import interface as shape
from ledger.web.access import Caller
from ledger.web.articles import article_page
from ledger.web.asking import Cursor, GivenDesk, GivenMoment, Instant, Name, PairCursor, Text
from ledger.web.asof import read_moment
from ledger.web.effects import shifts
from ledger.web.gate import caller_of, require
from ledger.web.health import feed_lines, processor_lines
from ledger.web.pages.reviews import target_of
from ledger.web.problems import ForbiddenError
from ledger.web.routes import endpoint
from ledger.web.searching import find_articles

__all__ = ["ROUTES"]

Asked = Request[Any, Any, Any]
Limit = With[int, QueryParameter(ge=1, le=1000)]
_BASE = "/api/v1"


@endpoint(f"{_BASE}/state", summary="The whole reported state at a moment")
def state(request: Asked, desk: GivenDesk, moment: GivenMoment) -> shape.StateAnswer:
    """Every slot with everything known of it. Large: `/figures` gives pages."""
    return shape.StateAnswer(**desk.state(moment).to_dict())


@endpoint(f"{_BASE}/figures", summary="Figures, disputed ones first")
def figures(
    request: Asked,
    desk: GivenDesk,
    moment: GivenMoment,
    q: Text = "",
    measure: Text = "",
    *,
    disputed: FromQuery[bool] = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> shape.Figures:
    """One line per figure, as on the start page."""
    page = _number(cursor, 1)
    found = desk.figures(moment, text=q, measure=measure, disputed=disputed, page=max(page, 1), size=limit)
    following = str(found.page + 1) if found.page < found.pages else None
    shown = found.figures if page == found.page else ()
    return shape.Figures(figures=shown, total=found.total, next=following if shown else None)


@endpoint(f"{_BASE}/figures/{{slot:path}}", summary="One figure with every report")
def figure(request: Asked, desk: GivenDesk, moment: GivenMoment, slot: Name) -> dict[str, Any]:
    """Everything known of one figure, why it reads as it does, and where sentences of replaced revisions stand now."""
    found = desk.figure(slot.removeprefix("/"), moment)
    return {
        **found.to_dict(),
        "why": desk.explanation(found, desk.registry(moment).name).why,
        "places": msgspec.to_builtins(places(desk.ledger.views, found.claims, moment.recorded)),
    }


@endpoint(f"{_BASE}/claims", summary="Claims that count")
def claims(
    request: Asked,
    desk: GivenDesk,
    moment: GivenMoment,
    article: Text = "",
    measure: Text = "",
    subject: Text = "",
    cursor: PairCursor = "",
    limit: Limit = 100,
) -> shape.ClaimPage:
    """Claims as they were read, in recorded order."""
    rows = desk.browser.claims(
        _pair(cursor),
        limit,
        **desk.known(moment),
        article=article or None,
        measure=measure or None,
        subject=subject or None,
    )
    following = f"{rows[-1].position}.{rows[-1].ordinal}" if len(rows) == limit else None
    return shape.ClaimPage(claims=tuple(rows), next=following)


@endpoint(f"{_BASE}/articles", summary="Articles, the last recorded first")
def articles(
    request: Asked,
    desk: GivenDesk,
    moment: GivenMoment,
    outlet: Text = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> shape.ArticlePage:
    """Articles as the newest revision of the moment shows them."""
    before = _number(cursor, FOREVER)
    rows = desk.browser.articles(outlet=outlet or None, before=before, limit=limit, **desk.known(moment))
    following = str(rows[-1].first_position) if len(rows) == limit else None
    return shape.ArticlePage(articles=tuple(rows), next=following)


@endpoint(f"{_BASE}/articles", "POST", summary="Record an article", status_code=200)
def add_article(request: Asked, desk: GivenDesk, data: JSONBody[shape.NewArticle]) -> shape.Recorded:
    """Scope `ingest`. The same text again changes nothing; another text at the same address is a revision."""
    _writer(request, "ingest")
    with desk.writing:
        (report,) = desk.ledger.ingest(_document(data), outlet=data.outlet, process=False)
        for article in report.articles:
            desk.ledger.process(article=article)
    if report.failures:
        return shape.Recorded(outcome="refused", reason=report.failures[0].error)
    (article,) = report.articles
    return shape.Recorded(
        outcome="new" if report.new else "revised" if report.revised else "unchanged",
        article=article,
        dated=desk.ledger.article(article).revisions[-1].dated,
    )


@endpoint(f"{_BASE}/articles/{{name:str}}", summary="One article with its revisions and text")
def article(
    request: Asked,
    desk: GivenDesk,
    moment: GivenMoment,
    name: Name,
    revision: FromQuery[int | None] = None,
) -> shape.ArticleAnswer:
    """By id, the beginning of one, or URL."""
    found = article_page(desk, name, moment, revision)
    return shape.ArticleAnswer(
        article=found.article,
        revisions=found.revisions,
        revision=found.revision,
        text=found.text.text if found.text is not None else None,
    )


@endpoint(f"{_BASE}/annotations", summary="Annotations that count")
def annotation_page(
    request: Asked,
    desk: GivenDesk,
    moment: GivenMoment,
    kind: With[str, QueryParameter(name="type", max_length=200)] = "",
    cursor: PairCursor = "",
    limit: Limit = 100,
) -> shape.AnnotationPage:
    """Annotations of all articles in recorded order, of one type if given."""
    found = desk.browser.all_annotations(_pair(cursor), limit, kind or None, **desk.known(moment))
    rows = tuple(
        shape.Annotated(
            article=article,
            revision=revision,
            processor=one.processor,
            version=one.version,
            identity=one.identity,
            event=one.position,
            body=msgspec.Raw(one.body),
        )
        for one, article, revision in found
    )
    last = found[-1][0] if found else None
    following = f"{last.position}.{last.ordinal}" if last is not None and len(found) == limit else None
    return shape.AnnotationPage(annotations=rows, next=following)


@endpoint(f"{_BASE}/entities", summary="Names by number of articles")
def entities(
    request: Asked, desk: GivenDesk, moment: GivenMoment, q: Text = "", limit: Limit = 100
) -> shape.Entities:
    """Names that hold a text, case aside."""
    return shape.Entities(entities=tuple(desk.browser.entities(q, limit, **desk.known(moment))))


@endpoint(f"{_BASE}/search", summary="Articles, figures and names with all words")
def search(
    request: Asked, desk: GivenDesk, moment: GivenMoment, q: Text, outlet: Text = "", limit: Limit = 20
) -> shape.SearchAnswer:
    """Articles best first, with the outlets of all that were found. Texts are searched as they are now."""
    found = find_articles(desk, moment, q, outlet)
    return shape.SearchAnswer(
        articles=tuple(found.hits[:limit]),
        outlets=found.outlets,
        figures=desk.figures(moment, text=q, size=limit).figures,
        entities=tuple(desk.browser.entities(q, limit, **desk.known(moment))),
    )


@endpoint(f"{_BASE}/events", summary="Events by position")
def events(
    request: Asked,
    desk: GivenDesk,
    kind: With[str, QueryParameter(name="type", max_length=200)] = "",
    stream: Text = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> shape.EventPage:
    """The log itself; a cursor stays good, so a program can come back for the events to come."""
    after = _number(cursor, 0)
    found = list(
        desk.ledger.store.read(after, limit=limit, types=(kind,) if kind else None, stream=stream or None)
    )
    rows = tuple(_event(one) for one in found)
    return shape.EventPage(events=rows, next=str(found[-1].position if found else after))


@endpoint(f"{_BASE}/events/{{name:str}}", summary="One event")
def event(request: Asked, desk: GivenDesk, name: Name) -> shape.EventAnswer:
    """By position or id."""
    if not name.isdecimal() or len(name) > 18:
        return _event(desk.ledger.store.get(name))
    position = int(name)
    found = next(iter(desk.ledger.store.read(position - 1, limit=1)), None) if position else None
    if found is None:
        raise NotFoundError("No such event", which=name, fix="Positions count from 1")
    return _event(found)


@endpoint(f"{_BASE}/changes", summary="Steps of all figures, the newest first")
def changes(
    request: Asked, desk: GivenDesk, moment: GivenMoment, since: Instant = "", limit: Limit = 100
) -> shape.StepPage:
    """What figures read, from when (recorded time) on. `/changes/stream` tells them as they come."""
    start = read_moment(since, None).recorded
    steps = desk.browser.newest_steps(
        limit,
        upto=format_time(moment.recorded) if moment.recorded is not None else None,
        since=format_time(start) if start is not None else None,
    )
    return shape.StepPage(changes=tuple(steps))


@endpoint(f"{_BASE}/feeds", summary="Feeds and processors with their health")
def feeds(request: Asked, desk: GivenDesk, moment: GivenMoment) -> shape.FeedPage:
    """Of a past moment only what was recorded is known."""
    return shape.FeedPage(
        feeds=tuple(feed_lines(desk, moment)), processors=tuple(processor_lines(desk, moment))
    )


@endpoint(f"{_BASE}/feeds", "POST", summary="Follow a feed", status_code=201)
def add_feed(request: Asked, desk: GivenDesk, data: JSONBody[shape.NewFeed]) -> shape.FeedAnswer:
    """Scope `ingest`. Adding a feed again changes only what is given and differs."""
    caller = _writer(request, "ingest")
    with desk.writing:
        found = desk.ledger.feeds.add(
            data.url, outlet=data.outlet, title=data.title, interval=data.interval, by=caller.name
        )
        desk.ledger.views.catch_up()
    return shape.FeedAnswer(feed=found)


@endpoint(f"{_BASE}/feeds/{{name:str}}", "DELETE", summary="Follow a feed no longer", status_code=200)
def remove_feed(request: Asked, desk: GivenDesk, name: Name, reason: Text = "") -> shape.FeedAnswer:
    """Scope `ingest`. Its articles stay."""
    caller = _writer(request, "ingest")
    with desk.writing:
        found = desk.ledger.feeds.remove(name, reason=reason, by=caller.name)
        desk.ledger.views.catch_up()
    return shape.FeedAnswer(feed=found)


@endpoint(f"{_BASE}/reviews", summary="Every decision, oldest first")
def reviews(request: Asked, desk: GivenDesk) -> shape.ReviewPage:
    """Those taken back included."""
    return shape.ReviewPage(
        reviews=tuple(_review(one.decision, one.status) for one in desk.ledger.reviews.standing())
    )


@endpoint(f"{_BASE}/reviews", "POST", summary="Take a decision", status_code=201)
def decide(request: Asked, desk: GivenDesk, data: JSONBody[shape.NewDecision]) -> shape.Decided:
    """Scope `review`."""
    caller = _writer(request, "review")
    with desk.writing:
        found = desk.ledger.reviews
        target = target_of(found, data.action, data.target)
        return shape.Decided(review=found.desk.decide(data.action, target, caller.name, data.reason))


@endpoint(f"{_BASE}/reviews/preview", "POST", summary="What a decision would change", status_code=200)
def preview(request: Asked, desk: GivenDesk, data: JSONBody[shape.NewDecision]) -> shape.Preview:
    """Scope `review`. Records nothing."""
    _writer(request, "review")
    found = desk.ledger.reviews
    return shape.Preview(
        effects=tuple(shifts(found.preview(data.action, target_of(found, data.action, data.target)), str))
    )


@endpoint(f"{_BASE}/reviews/{{name:str}}/undo", "POST", summary="Take a decision back", status_code=200)
def undo(request: Asked, desk: GivenDesk, name: Name, data: JSONBody[shape.Reason]) -> shape.Decided:
    """Scope `review`. It stays in the log."""
    caller = _writer(request, "review")
    with desk.writing:
        desk.ledger.reviews.undo(name, by=caller.name, reason=data.reason)
    return shape.Decided(review=name)


@endpoint(f"{_BASE}/audit", summary="The log's root, and whether it is what it committed to")
def audit(request: Asked, desk: GivenDesk) -> shape.AuditAnswer:
    """A log of up to 20,000 events is checked while the caller waits; a larger one when somebody asked for it on the page."""
    head = desk.ledger.store.head()
    found = desk.verified(wait=head.position <= 20_000)
    return shape.AuditAnswer(
        position=head.position,
        root=head.root,
        ledger=head.ledger,
        holds=found.holds if found is not None else None,
        problems=tuple(f"{one.what} (position {one.position})" for one in found.problems) if found else (),
    )


ROUTES = (
    state, figures, figure, claims, articles, add_article, article, annotation_page, entities, search, events, event, changes,
    feeds, add_feed, remove_feed, reviews, decide, preview, undo, audit,
)  # fmt: skip


def _document(data: shape.NewArticle) -> Document:
    media_type, body = "text/html", data.content.encode()
    if data.format == "text":
        entry = {"title": data.title, "text": data.content}
        media_type, body = "application/json", msgspec.json.encode(entry)
    return Document(
        name=data.url or "the article that was sent",
        media_type=media_type,
        body=body,
        url=data.url,
        charset="utf-8",
        published=data.published,
    )


def _writer(request: Asked, scope: str) -> Caller:
    """Who writes: by a token in the header, never by a browser's session, which only forms may use."""
    caller = caller_of(request.scope)
    require(caller, scope)
    if caller.session:
        raise ForbiddenError("A session is for the pages only", fix="Send Authorization: Bearer TOKEN")
    return caller


def _event(stored: Any) -> shape.EventAnswer:
    payload = None if stored.payload is None else msgspec.Raw(stored.payload)
    return shape.EventAnswer(position=stored.position, envelope=msgspec.Raw(stored.raw), payload=payload)


def _review(one: Decision, status: str) -> shape.ReviewAnswer:
    return shape.ReviewAnswer(
        id=one.id,
        at=format_time(one.at),
        action=one.action,
        target=one.target,
        by=one.by,
        reason=one.reason,
        status=status,
        undone_at=format_time(one.undone_at) if one.undone_at is not None else None,
        undone_by=one.undone_by,
        undone_reason=one.undone_reason,
    )


def _number(cursor: str, default: int) -> int:
    if not cursor:
        return default
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 18:
        raise UsageError("Not a cursor", which=cursor, fix="Take it from `next` of the page before")
    return int(cursor)


def _pair(cursor: str) -> tuple[int, int]:
    position, _, ordinal = cursor.partition(".")
    return (_number(position, 0), _number(ordinal, 0)) if cursor else (0, -1)
