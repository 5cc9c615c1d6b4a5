"""What can be exported as rows: events, annotations, claims, articles, figures, reports, changes, the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.clock import format_time
from ledger.projections.browse import Browser

if TYPE_CHECKING:
    from ledger.app import Ledger

__all__ = ["ROWS", "Row"]

Row = dict[str, Any]
_PAGE = 1000


def _events(ledger: Ledger) -> Iterator[Row]:
    for event in ledger.store.read():
        payload = None if event.payload is None else msgspec.json.decode(event.payload)
        yield {"position": event.position, **msgspec.to_builtins(event.envelope), "body": payload}


def _annotations(ledger: Ledger) -> Iterator[Row]:
    browser = Browser(ledger.views)
    after = (0, -1)
    while found := browser.all_annotations(after, _PAGE):
        for one, article, revision in found:
            yield {
                "position": one.position,
                "ordinal": one.ordinal,
                "article": article,
                "revision": revision,
                "processor": one.processor,
                "version": one.version,
                "identity": one.identity,
                "type": one.type,
                "start": one.start,
                "end": one.end,
                "annotation": msgspec.json.decode(one.body),
            }
        after = (found[-1][0].position, found[-1][0].ordinal)


def _claims(ledger: Ledger) -> Iterator[Row]:
    after = (0, -1)
    while page := ledger.views.claims(after=after, limit=_PAGE):
        for row in page:
            yield msgspec.structs.asdict(row)
        after = (page[-1].position, page[-1].ordinal)


def _articles(ledger: Ledger) -> Iterator[Row]:
    before: int | None = None
    while page := ledger.views.articles(before=before, limit=_PAGE):
        for row in page:
            yield msgspec.structs.asdict(row)
        before = page[-1].first_position


def _figures(ledger: Ledger) -> Iterator[Row]:
    for line in Browser(ledger.views).lines():
        yield msgspec.structs.asdict(line)


def _reports(ledger: Ledger) -> Iterator[Row]:
    """One row per claim on a figure, with what became of it."""
    for slot in ledger.state().slots:
        for claim in slot.claims:
            stated = claim.stated
            yield {
                "slot": slot.id,
                "published": format_time(claim.seen_at),
                "recorded": format_time(claim.recorded_at),
                "said": format_time(claim.said_at),
                "outlet": claim.outlet,
                "root": claim.root,
                "value": stated.point if stated is not None and not isinstance(stated.point, str) else None,
                "word": stated.point if stated is not None and isinstance(stated.point, str) else None,
                "op": stated.op if stated is not None else None,
                "low": stated.lo if stated is not None else None,
                "high": stated.hi if stated is not None else None,
                "modality": claim.modality,
                "kind": claim.kind,
                "counted": claim.alive,
                "reason": claim.reason,
                "chain": " < ".join(claim.chain),
                "sentence": claim.sentence,
                "article": claim.document,
                "revision": claim.version,
                "start": claim.start,
                "end": claim.end,
                "url": claim.url,
            }


def _changes(ledger: Ledger) -> Iterator[Row]:
    browser = Browser(ledger.views)
    slots = [line.slot for line in browser.lines()]
    for steps in (browser.steps([slot]).get(slot, []) for slot in slots):
        for step in steps:
            yield msgspec.structs.asdict(step)


def _state(ledger: Ledger) -> Iterator[Row]:
    for slot in ledger.state().slots:
        yield slot.to_dict()


ROWS: dict[str, Callable[[Ledger], Iterator[Row]]] = {
    "events": _events,
    "annotations": _annotations,
    "claims": _claims,
    "articles": _articles,
    "figures": _figures,
    "reports": _reports,
    "changes": _changes,
    "state": _state,
}
"""What there is, with its rows in a fixed order."""
