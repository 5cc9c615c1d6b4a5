"""The start page, one figure with its timeline, and what changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from ledger.clock import format_time
from ledger.errors import LedgerError, NotFoundError
from ledger.state.model import SlotState
from ledger.state.wording import (
    dispute_text,
    number_text,
    range_text,
    reported_text,
    slot_title,
    time_text,
)
from ledger.web.asking import GivenDesk, GivenMoment, Name, Text
from ledger.web.asof import Moment, read_moment
from ledger.web.charts import sparkline, timeline
from ledger.web.desk import Desk, FigureCard
from ledger.web.rendering import Page, bare, page_response
from ledger.web.reports import camps, report_lines
from ledger.web.routes import page
from ledger.web.told import told

__all__ = ["change", "changes", "figure", "figures"]


@page("/", "/figures.json", "/figures.csv")
def figures(
    request: Request[Any, Any, Any],
    desk: GivenDesk,
    moment: GivenMoment,
    q: Text = "",
    measure: Text = "",
    where: Annotated[str, QueryParameter(name="scope", max_length=200)] = "",
    disputed: Text = "",
    number: Annotated[int, QueryParameter(name="page", ge=1, le=100_000)] = 1,
) -> Response[bytes]:
    """The reported state: one line per figure."""
    found = desk.figures(
        moment, text=q, measure=measure, scope=where, disputed=disputed not in ("", "0"), page=number
    )
    until = max((step.at for card in found.figures for step in card.steps), default=desk.now())
    lines = [(card, sparkline(card.steps, until, _moves(card))) for card in found.figures]
    rows = [
        {name: value for name, value in msgspec.structs.asdict(card).items() if name != "steps"}
        for card in found.figures
    ]
    return page_response(
        request,
        desk,
        Page(
            template="figures.html",
            title="What is reported",
            data=found,
            rows=rows,
            moment=moment,
            section="figures",
            context={
                "found": found,
                "lines": lines,
                "chosen": {"q": q, "measure": measure, "scope": where, "disputed": disputed},
            },
        ),
    )


def _moves(card: FigureCard) -> str:
    values = [step.value for step in card.steps if step.value is not None]
    return (
        f"from {number_text(values[0])} to {number_text(values[-1])} in {len(values)} steps" if values else ""
    )


@page("/figures/{slot:path}")
def figure(
    request: Request[Any, Any, Any],
    desk: GivenDesk,
    moment: GivenMoment,
    slot: Name,
    clock: Text = "published",
) -> Response[bytes]:
    """One figure: why it reads as it does, its timeline, and every report in a table."""
    state = desk.figure(bare(slot), moment)
    named = desk.registry(moment).name
    explanation = desk.explanation(state, named)
    lines = report_lines(desk, state, moment)
    clock = "recorded" if clock == "recorded" else "published"
    return page_response(
        request,
        desk,
        Page(
            template="figure.html",
            title=f"{slot_title(state)}: {reported_text(state)}",
            data={**state.to_dict(), "why": explanation.why},
            rows=[line.flat() for line in lines],
            moment=moment,
            section="figures",
            context={
                "slot": state,
                "name": slot_title(state),
                "reported": reported_text(state),
                "range": range_text(state),
                "dispute": dispute_text(state, named),
                "why": explanation.why,
                "camps": camps(state, explanation, lines),
                "chart": timeline(state, [line.href for line in lines], clock, named),
                "clock": clock,
                "outlets": {claim.document: claim.outlet for claim in state.claims},
                "history": list(_history(state)),
            },
        ),
    )


def _history(state: SlotState) -> list[tuple[Any, Any]]:
    """The steps of a figure, newest first, each with the one before it."""
    steps = state.figure_history
    return [(step, steps[index - 1] if index else None) for index, step in enumerate(steps)][::-1]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that reads otherwise than at an earlier moment; empty texts where it was not there."""

    slot: str
    title: str
    before: str
    after: str
    range_before: str
    range_after: str
    roots_before: int
    roots_after: int
    disputed_before: bool
    disputed_after: bool
    last_change: str


@page("/changes", "/changes.json", "/changes.csv")
def changes(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, since: Text = ""
) -> Response[bytes]:
    """Which figures read otherwise than they did at `since` (recorded time; by default a day before)."""
    until = moment.recorded or desk.now()
    start = read_moment(since, None).recorded or until - timedelta(days=1)
    found = _differences(desk, Moment(start, moment.published), moment)
    newest = desk.browser.newest_steps(1, upto=format_time(until))
    return page_response(
        request,
        desk,
        Page(
            template="changes.html",
            title=f"What changed since {time_text(start)}",
            data={"since": format_time(start), "changes": found},
            rows=[msgspec.structs.asdict(one) for one in found],
            moment=moment,
            section="changes",
            context={"found": found, "since": start, "newest": newest[0].at if newest else ""},
        ),
    )


def _differences(desk: Desk, before: Moment, after: Moment) -> list[Difference]:
    found = []
    for one, other in desk.differing(before, after):
        shown = other or one
        if shown is None or _reading(one) == _reading(other):
            continue
        found.append(
            Difference(
                slot=shown.id,
                title=slot_title(shown),
                before=reported_text(one) if one is not None else "",
                after=reported_text(other) if other is not None else "",
                range_before=range_text(one) if one is not None else "",
                range_after=range_text(other) if other is not None else "",
                roots_before=one.independent_roots if one is not None else 0,
                roots_after=other.independent_roots if other is not None else 0,
                disputed_before=one is not None and one.disputed,
                disputed_after=other is not None and other.disputed,
                last_change=format_time(other.last_change) if other is not None and other.last_change else "",
            )
        )
    return sorted(found, key=lambda one: one.last_change, reverse=True)


def _reading(slot: SlotState | None) -> tuple[object, ...]:
    if slot is None:
        return ()
    roots = slot.independent_roots, slot.best_independent_roots
    return reported_text(slot), range_text(slot), slot.modality, slot.disputed, *roots


@page("/changes/{slot:path}")
def change(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, slot: Name, since: Text = ""
) -> Response[bytes]:
    """Each difference on one figure since a moment, with its one cause."""
    name = bare(slot)
    until = moment.recorded or desk.now()
    start = read_moment(since, None).recorded or until - timedelta(days=1)
    found = desk.ledger.explain_change(name, start, moment.recorded)
    shown = desk.figures_of([name], moment).get(name)
    if shown is None and not found:
        raise NotFoundError(
            "Nothing is reported on this figure", which=name, fix="The start page lists the figures"
        )
    articles = {}
    for article in sorted({key for one in found for key in one.because if key.startswith("a-")}):
        try:
            articles[article] = desk.ledger.article(article).article
        except LedgerError:
            continue
    rows = [
        {
            "field": one.field,
            "before": one.before,
            "after": one.after,
            "cause": one.cause,
            "because": one.because,
        }
        for one in found
    ]
    return page_response(
        request,
        desk,
        Page(
            template="change.html",
            title=f"Why it changed: {slot_title(shown) if shown is not None else name}",
            data={"slot": name, "since": format_time(start), "changes": found},
            rows=rows,
            moment=moment,
            section="changes",
            context={
                "slot": name,
                "shown": shown,
                "since": start,
                "found": told(found, desk.registry(moment).name),
                "articles": articles,
            },
        ),
    )
