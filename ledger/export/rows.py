"""What can be exported as rows: events, annotations, claims, articles, figures, reports, changes, the state.

Every table declares its columns, so that a file has the same ones with the same types whatever the rows hold, also without rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ledger.clock import format_time, parse_time
from ledger.projections.browse import Browser, FigureLine, Step
from ledger.projections.queries import FOREVER
from ledger.projections.rows import ArticleRow, ClaimRow

if TYPE_CHECKING:
    from ledger.app import Ledger

__all__ = ["TABLES", "At", "Kind", "Row", "Table", "upto"]

Row = dict[str, Any]
At = datetime | None
"""What had been recorded by then counts; None for all."""
Kind = Literal["text", "whole", "number", "truth", "time", "json"]
"""Kind of a column: `time` is an instant as RFC 3339 in UTC, `json` a list or an object."""

_PAGE = 1000
_TIMES = frozenset(
    {"at", "recorded_at", "changed_at", "published_at", "p_time", "first_seen", "last_change", "last_report"}
)


class Table(msgspec.Struct, frozen=True):
    """Columns by name in their order, and the rows at a moment, in a fixed order; each row has every column."""

    columns: dict[str, Kind]
    rows: Callable[[Ledger, At], Iterator[Row]]


def upto(ledger: Ledger, at: At) -> int:
    """The last position that counts at a moment."""
    return FOREVER if at is None else ledger.store.position_at(at)


def _columns_of(struct: type[msgspec.Struct]) -> dict[str, Kind]:
    """The columns of a struct that holds texts and numbers."""
    columns: dict[str, Kind] = {}
    for field in msgspec.structs.fields(struct):
        told: Any = msgspec.inspect.type_info(field.type)
        plain = told.types[0] if isinstance(told, msgspec.inspect.UnionType) else told
        kind: Any = {"IntType": "whole", "FloatType": "number"}.get(type(plain).__name__, "text")
        columns[field.name] = "time" if field.name in _TIMES else kind
    return columns


def _events(ledger: Ledger, at: At) -> Iterator[Row]:
    for event in ledger.store.read(upto=upto(ledger, at)):
        payload = None if event.payload is None else msgspec.json.decode(event.payload)
        yield {"position": event.position, **msgspec.to_builtins(event.envelope), "body": payload}


def _annotations(ledger: Ledger, at: At) -> Iterator[Row]:
    browser, last = Browser(ledger.views), upto(ledger, at)
    after = (0, -1)
    while found := browser.all_annotations(after, _PAGE, upto=last):
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


def _claims(ledger: Ledger, at: At) -> Iterator[Row]:
    browser, last = Browser(ledger.views), upto(ledger, at)
    after = (0, -1)
    while page := browser.claims(after, _PAGE, upto=last):
        for row in page:
            yield msgspec.structs.asdict(row)
        after = (page[-1].position, page[-1].ordinal)


def _articles(ledger: Ledger, at: At) -> Iterator[Row]:
    browser, last = Browser(ledger.views), upto(ledger, at)
    before = FOREVER
    while page := browser.articles(before=before, limit=_PAGE, upto=last):
        for row in page:
            yield msgspec.structs.asdict(row)
        before = page[-1].first_position


def _figures(ledger: Ledger, at: At) -> Iterator[Row]:
    for line in Browser(ledger.views).lines(upto(ledger, at)):
        yield msgspec.structs.asdict(line)


def _reports(ledger: Ledger, at: At) -> Iterator[Row]:
    """One row per claim on a figure, with what became of it."""
    for slot in ledger.state(recorded_as_of=at).slots:
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


def _changes(ledger: Ledger, at: At) -> Iterator[Row]:
    browser = Browser(ledger.views)
    slots = [line.slot for line in browser.lines(upto(ledger, at))]
    for steps in (browser.steps([slot]).get(slot, []) for slot in slots):
        for step in steps:
            if at is None or parse_time(step.at) <= at:
                yield msgspec.structs.asdict(step)


def _state(ledger: Ledger, at: At) -> Iterator[Row]:
    for slot in ledger.state(recorded_as_of=at).slots:
        yield slot.to_dict()


_EVENT: dict[str, Kind] = {
    "position": "whole", "v": "whole", "id": "text", "type": "text", "schema": "whole", "stream": "text",
    "version": "whole", "recorded_at": "time", "published_at": "time", "causes": "json", "producer": "json",
    "payload": "json", "body": "json",
}  # fmt: skip
_ANNOTATION: dict[str, Kind] = {
    "position": "whole", "ordinal": "whole", "article": "text", "revision": "whole", "processor": "text",
    "version": "text", "identity": "text", "type": "text", "start": "whole", "end": "whole", "annotation": "json",
}  # fmt: skip
_REPORT: dict[str, Kind] = {
    "slot": "text", "published": "time", "recorded": "time", "said": "time", "outlet": "text", "root": "text",
    "value": "number", "word": "text", "op": "text", "low": "number", "high": "number", "modality": "text",
    "kind": "text", "counted": "truth", "reason": "text", "chain": "text", "sentence": "text", "article": "text",
    "revision": "whole", "start": "whole", "end": "whole", "url": "text",
}  # fmt: skip
_STATE: dict[str, Kind] = {
    "id": "text", "title": "text", "subject": "text", "measure": "text", "scope": "text", "period": "text",
    "kind": "text", "unit": "text", "declared": "truth", "best": "json", "best_root": "text", "vague": "text",
    "low": "number", "high": "number", "high_open": "truth", "latest": "json", "modality": "text",
    "reports": "whole", "best_reports": "whole", "best_independent_roots": "whole", "best_roots": "json",
    "independent_roots": "whole", "roots": "json", "best_parties": "whole", "parties": "whole",
    "current_roots": "json", "circular": "truth", "disputed": "truth", "dispute": "json",
    "unconfirmed_by": "json", "forecasts": "json", "denials": "json", "first_seen": "time",
    "first_outlet": "text", "best_first_seen": "time", "best_first_outlet": "text", "dead": "json",
    "figures": "json", "claims": "json", "last_change": "time", "figure_history": "json", "transitions": "json",
}  # fmt: skip

TABLES: dict[str, Table] = {
    "events": Table(_EVENT, _events),
    "annotations": Table(_ANNOTATION, _annotations),
    "claims": Table(_columns_of(ClaimRow), _claims),
    "articles": Table(_columns_of(ArticleRow), _articles),
    "figures": Table(_columns_of(FigureLine), _figures),
    "reports": Table(_REPORT, _reports),
    "changes": Table(_columns_of(Step), _changes),
    "state": Table(_STATE, _state),
}
"""What there is, by name."""
