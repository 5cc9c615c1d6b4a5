"""The source registry: who the sources are, how each has fared, and changing it with a preview."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.params import URLEncodedBody

from ledger.events import decode
from ledger.events.types import RegistryChanged
from ledger.state import load_registry
from ledger.state.record import records
from ledger.web.asking import GivenDesk, GivenMoment
from ledger.web.asof import Moment
from ledger.web.desk import Desk
from ledger.web.effects import registry_effects, shifts
from ledger.web.forms import Form, goto, sender
from ledger.web.rendering import Page, page_response
from ledger.web.routes import action, page

__all__ = ["change_registry", "preview_registry", "sources"]

_CASES = {
    "corrected": "corrected",
    "retracted": "retracted",
    "misquoting": "citing what is not there",
    "misquoted": "misquoted by others",
    "circular": "in a citation loop",
    "not_followed": "kept after it was taken back",
    "outliers": "unlike the best figure of its time",
    "became_consensus": "of these borne out later",
}


class Registered(Form, frozen=True, kw_only=True):
    """A registry as its form sends it."""

    registry: str = ""
    reason: str = ""


@page("/sources", "/sources.json", "/sources.csv")
def sources(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """The registry in force, with what the ledger shows of each source."""
    registry = desk.registry(moment)
    shown = {one.source: one for one in records(desk.state(moment).slots, registry)}
    rows = []
    for key in sorted(registry.sources.keys() | shown.keys()):
        source, record = registry.sources.get(key), shown.get(key)
        rows.append(
            {
                "source": key,
                "name": source.name if source is not None else (record.name if record is not None else ""),
                "party": registry.party(key),
                "grade": registry.grade(key),
                "registered": source is not None or key in registry.outlets,
                "kind": registry.outlets[key].kind if key in registry.outlets else "",
                "figures": record.figures if record is not None else 0,
                **{name: len(getattr(record, name)) if record is not None else 0 for name in _CASES},
            }
        )
    return page_response(
        request,
        desk,
        Page(
            template="sources.html",
            title="Sources",
            data={"registry": msgspec.to_builtins(registry), "record": rows},
            rows=rows,
            moment=moment,
            section="sources",
            context={
                "rows": rows,
                "cases": _CASES,
                "parameters": msgspec.to_builtins(registry.parameters),
                "raw": desk.ledger.sources.export(recorded_as_of=moment.recorded).decode(),
                "history": _history(desk, moment),
            },
        ),
    )


def _history(desk: Desk, moment: Moment) -> list[tuple[Any, RegistryChanged | None]]:
    """(event, its content) of each change of the registry, the newest first."""
    changes = []
    for stored in desk.ledger.store.read(types=(RegistryChanged.TYPE,), upto=desk.upto(moment)):
        event = decode(stored)
        changes.append((stored, event if isinstance(event, RegistryChanged) else None))
    return changes[::-1]


@action("/sources/preview")
def preview_registry(
    request: Request[Any, Any, Any], desk: GivenDesk, data: URLEncodedBody[Registered]
) -> Response[bytes]:
    """What another registry would change. Nothing is recorded."""
    sender(request, data, "admin")
    registry = load_registry(data.registry, desk.ledger.sources.registry().parameters)
    changes = shifts(registry_effects(desk, registry), registry.name)
    return page_response(
        request,
        desk,
        Page(
            template="registry_preview.html",
            title="Another registry: what it would change",
            data={"effects": changes},
            rows=[],
            timeless=True,
            section="sources",
            context={"changes": changes, "raw": data.registry},
        ),
    )


@action("/sources")
def change_registry(
    request: Request[Any, Any, Any], desk: GivenDesk, data: URLEncodedBody[Registered]
) -> Response[bytes]:
    """Make a registry the one in force."""
    caller = sender(request, data, "admin")
    with desk.writing:
        desk.ledger.sources.set(data.registry.encode(), by=caller.name, reason=data.reason, origin="the form")
    return goto("/sources")
