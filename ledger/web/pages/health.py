"""Feeds and plugins: what works, what does not, since when; adding and removing feeds."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.params import URLEncodedBody

from ledger.clock import format_time
from ledger.errors import UsageError
from ledger.web.asking import GivenDesk, GivenMoment, Name
from ledger.web.forms import Form, goto, sender
from ledger.web.health import feed_lines, plugins, processor_lines
from ledger.web.rendering import Page, bare, page_response
from ledger.web.routes import action, page

__all__ = ["add_feed", "feed", "feeds", "remove_feed"]


class NewFeed(Form, frozen=True, kw_only=True):
    """A feed to follow."""

    url: str = ""
    outlet: str = ""


@page("/feeds", "/feeds.json", "/feeds.csv")
def feeds(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """Every feed with its health, the processors, and how far the views are behind."""
    lines = feed_lines(desk, moment)
    processors = processor_lines(desk, moment)
    failures = desk.browser.failed_runs(desk.upto(moment))
    views = desk.ledger.views.list() if not moment.is_past else []
    found = plugins(desk) if not moment.is_past else ()
    return page_response(
        request,
        desk,
        Page(
            template="feeds.html",
            title="Feeds and plugins",
            data={
                "feeds": lines,
                "processors": processors,
                "failures": failures,
                "plugins": found,
                "views": views,
            },
            rows=[msgspec.structs.asdict(line) for line in lines],
            moment=moment,
            section="feeds",
            context={
                "lines": lines,
                "processors": processors,
                "failures": failures,
                "views": [view for view in views if view.state in ("live", "building", "stopped")],
                "plugins": found,
                "unwell": sum(1 for line in lines if line.health not in ("ok", "new")),
            },
        ),
    )


@page("/feeds/{name:str}")
def feed(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, name: Name
) -> Response[bytes]:
    """The newest polls of one feed."""
    wanted = bare(name)
    polls = list(desk.ledger.feeds.history(wanted))[::-1]
    if moment.recorded is not None:
        polls = [poll for poll in polls if poll.at <= moment.recorded]
    line = next((one for one in feed_lines(desk, moment) if one.feed == wanted), None)
    rows = [{**msgspec.structs.asdict(poll), "at": format_time(poll.at)} for poll in polls]
    return page_response(
        request,
        desk,
        Page(
            template="feed.html",
            title=(line.title or line.url) if line is not None else wanted,
            data={"feed": line, "polls": polls},
            rows=rows,
            moment=moment,
            section="feeds",
            context={"line": line, "polls": polls, "name": wanted},
        ),
    )


@action("/feeds")
def add_feed(
    request: Request[Any, Any, Any], desk: GivenDesk, data: URLEncodedBody[NewFeed]
) -> Response[bytes]:
    """Follow a feed from now on."""
    caller = sender(request, data, "ingest")
    if not data.url.strip():
        raise UsageError("A feed needs an address", fix="Give its URL")
    with desk.writing:
        found = desk.ledger.feeds.add(data.url.strip(), outlet=data.outlet.strip(), by=caller.name)
        desk.ledger.views.catch_up()
    return goto(f"/feeds#{found}")


class FeedRemoval(Form, frozen=True, kw_only=True):
    """A feed to follow no longer."""

    reason: str = ""


@action("/feeds/{name:str}/remove")
def remove_feed(
    request: Request[Any, Any, Any], desk: GivenDesk, name: Name, data: URLEncodedBody[FeedRemoval]
) -> Response[bytes]:
    """Stop following a feed; its articles stay."""
    caller = sender(request, data, "ingest")
    with desk.writing:
        desk.ledger.feeds.remove(name, reason=data.reason, by=caller.name)
        desk.ledger.views.catch_up()
    return goto("/feeds")
