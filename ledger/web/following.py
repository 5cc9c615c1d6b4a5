"""Changes of figures for programs that follow: an Atom feed, and a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent, ServerSentEventMessage
from lxml import etree

from ledger.clock import format_time, parse_time
from ledger.errors import LedgerError
from ledger.projections.browse import Step
from ledger.state.wording import number_text
from ledger.web.asking import GivenDesk
from ledger.web.asof import Moment
from ledger.web.desk import Desk
from ledger.web.gate import stopping
from ledger.web.rendering import reply
from ledger.web.routes import page

__all__ = ["atom", "stream_handler"]

_ATOM = "http://www.w3.org/2005/Atom"
_ENTRIES = 50
_EVERY = 1.0
"""Seconds between two looks for changes."""
_KEPT = 500


@page("/changes.atom")
def atom(request: Request[Any, Any, Any], desk: GivenDesk) -> Response[bytes]:
    """The newest changes of figures as an Atom feed; each entry links to the figure as it then stood."""
    steps = desk.browser.newest_steps(_ENTRIES)
    head = desk.ledger.store.head()
    base = str(request.base_url).rstrip("/")
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(root, "title", "newsledger: changes of figures")
    _add(root, "id", f"urn:newsledger:{head.ledger}:changes")
    _add(root, "updated", steps[0].at if steps else format_time(desk.now()))
    etree.SubElement(root, f"{{{_ATOM}}}link", rel="self", href=f"{base}/changes.atom")
    author = etree.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", "newsledger")
    for step in steps:
        entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
        _add(entry, "title", _title(step))
        _add(entry, "id", f"urn:newsledger:{head.ledger}:changes:{step.slot}:{step.at}")
        _add(entry, "updated", step.at)
        link = Moment(parse_time(step.at)).link(f"/figures/{step.slot}")
        etree.SubElement(entry, f"{{{_ATOM}}}link", href=base + link)
        _add(entry, "content", _sentence(step)).set("type", "text")
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return reply(request, body, "application/atom+xml")


def _add(parent: Any, name: str, text: str) -> Any:
    node = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    node.text = "".join(letter for letter in text if letter >= " " or letter in "\t\n")
    return node


def _title(step: Step) -> str:
    return f"{step.slot}: {step.best or 'no figure'}{', disputed' if step.disputed else ''}"


def _sentence(step: Step) -> str:
    span = f"{number_text(step.low)} to {number_text(step.high)}" if step.low is not None else "none"
    roots = step.best_independent_roots
    return (
        f"Reported from {step.at} on: {step.best or 'no figure'} ({step.modality or 'not stated'}), range {span}, "
        f"{roots} independent root{'' if roots == 1 else 's'} behind it{', disputed' if step.disputed else ''}."
    )


def stream_handler() -> HTTPRouteHandler:
    """`/api/v1/changes/stream`: every change of a figure from now on, or after `Last-Event-ID`, as it is recorded."""

    @get("/api/v1/changes/stream", include_in_schema=False)
    async def stream(request: Request[Any, Any, Any], desk: GivenDesk) -> ServerSentEvent:
        last = request.headers.get("last-event-id", "").partition("|")[0]
        try:
            start = format_time(parse_time(last)) if last else None
        except LedgerError:
            start = None
        return ServerSentEvent(_changes(desk, start, lambda: stopping(request.scope)))

    return stream


async def _changes(
    desk: Desk, start: str | None, ended: Callable[[], bool]
) -> AsyncIterator[ServerSentEventMessage]:
    newest = await to_thread.run_sync(lambda: desk.browser.newest_steps(_KEPT))
    seen = {(step.slot, step.ordinal, step.at) for step in newest if start is None or step.at <= start}
    version: object = None
    yield ServerSentEventMessage(comment="following", retry=2000)
    while not ended():
        now = await to_thread.run_sync(desk.browser.version)
        if now != version:
            version = now
            newest = await to_thread.run_sync(lambda: desk.browser.newest_steps(_KEPT))
            for step in reversed(newest):
                key = (step.slot, step.ordinal, step.at)
                if key not in seen:
                    seen.add(key)
                    yield ServerSentEventMessage(
                        data=msgspec.json.encode(step).decode(),
                        event="change",
                        id=f"{step.at}|{step.slot}|{step.ordinal}",
                    )
            seen &= {(step.slot, step.ordinal, step.at) for step in newest}
        await asyncio.sleep(_EVERY)
