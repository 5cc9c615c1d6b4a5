"""What pages ask: figures, articles and health at a moment, from the views where the moment is now, else recomputed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from ledger.clock import format_time
from ledger.errors import NotFoundError
from ledger.projections.browse import Browser, FigureLine
from ledger.projections.queries import FOREVER
from ledger.state.best import DEFAULT_POLICY
from ledger.state.explain import Explanation, explain
from ledger.state.model import Dispute, FigureChange, Number, Slot, SlotState, State, Value
from ledger.state.registry import Registry
from ledger.state.wording import dispute_text, range_text, reported_text, slot_title, time_text
from ledger.web.asof import Moment

if TYPE_CHECKING:
    from ledger.app import Ledger
    from ledger.store.verify import Verification

__all__ = ["Desk", "Facet", "FigureCard", "Known", "Listing", "Point"]

PAGE = 50


class Known(TypedDict):
    """The last position that counts, and the time by which a revision must have been published."""

    upto: int
    published: str | None


class Point(msgspec.Struct, frozen=True):
    """One step of a figure for a sparkline: from `at` on it read `value`, between `low` and `high`."""

    at: datetime
    value: float | None
    low: float | None
    high: float | None


class FigureCard(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of figures, in words."""

    slot: str
    title: str
    subject: str
    measure: str
    scope: str
    period: str
    unit: str
    reported: str
    range: str
    reports: int
    independent_roots: int
    best_independent_roots: int
    modality: str
    disputed: bool
    dispute: str
    first_seen: str
    last_report: str
    last_change: str
    steps: tuple[Point, ...] = ()


class Facet(msgspec.Struct, frozen=True):
    """A value that figures share, and how many have it."""

    value: str
    count: int


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of figures, with the number of all that fit and the facets over them."""

    figures: tuple[FigureCard, ...]
    total: int
    everything: int
    disputed: int
    page: int
    pages: int
    measures: tuple[Facet, ...]
    scopes: tuple[Facet, ...]


class _Lines(msgspec.Struct, frozen=True):
    """All figures, disputed ones first, then those with most reports; and what is counted over them."""

    lines: Sequence[FigureLine]
    disputed: int
    measures: tuple[Facet, ...]
    scopes: tuple[Facet, ...]


class _Said(msgspec.Struct, frozen=True):
    """Of a claim what a line of the list needs."""

    alive: bool
    kind: str
    value: Value | None
    seen_at: datetime


class _Glance(msgspec.Struct, frozen=True):
    """Of a stored state what a line of the list needs; the rest is not decoded."""

    slot: Slot
    best: Value | None
    vague: str | None
    low: Number | None
    high: Number | None
    high_open: bool
    disputed: bool
    dispute: Dispute
    claims: tuple[_Said, ...]
    figure_history: tuple[FigureChange, ...] = ()

    @property
    def id(self) -> str:
        return self.slot.id


_GLANCE = msgspec.json.Decoder(_Glance)
_SLOT = msgspec.json.Decoder(SlotState)


class Desk:
    """Answers for pages and the programming interface. Safe to use from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.browser = Browser(ledger.views)
        self.writing = threading.Lock()
        self._checking = threading.Lock()
        self._checked: dict[int, Verification] = {}
        self._present: tuple[object, _Lines] = ((), _lines([]))
        self._registry: tuple[bytes, Registry] | None = None

    def now(self) -> datetime:
        """The present instant."""
        now: datetime = self.ledger.clock.now()
        return now

    def upto(self, moment: Moment) -> int:
        """The last position that counts at a moment."""
        return FOREVER if moment.recorded is None else self.ledger.store.position_at(moment.recorded)

    def known(self, moment: Moment) -> Known:
        """What counts at a moment, as the browser's questions take it."""
        by = moment.published
        return Known(upto=self.upto(moment), published=None if by is None else format_time(by))

    def state(self, moment: Moment) -> State:
        """The whole reported state at a moment, recomputed unless it was asked for lately."""
        return self.ledger.views.state(moment.recorded, moment.published)

    def registry(self, moment: Moment) -> Registry:
        """The source registry in force at a moment."""
        raw = self.ledger.views.registry(moment.recorded)
        known = self._registry
        if known is None or known[0] != raw:
            known = self._registry = (raw, self.ledger.sources.registry(recorded_as_of=moment.recorded))
        return known[1]

    def verified(self, *, wait: bool) -> Verification | None:
        """The check of the whole log as it is now; None where nobody made it and nobody is to wait for it."""
        position = self.ledger.store.head().position
        if not wait:
            return self._checked.get(position)
        with self._checking:
            if position not in self._checked:
                found = self.ledger.verify()
                self._checked = {found.position: found}
            return next(iter(self._checked.values()))

    # -- the list of figures -----------------------------------------------------------------------------------

    def figures(
        self,
        moment: Moment,
        *,
        text: str = "",
        measure: str = "",
        scope: str = "",
        disputed: bool = False,
        page: int = 1,
        size: int = PAGE,
    ) -> Listing:
        """One page of figures at a moment, disputed ones first, then those with most reports."""
        every = self._lines_at(moment)
        words = text.casefold().split()
        found = [
            line
            for line in every.lines
            if (not measure or line.measure == measure)
            and (not scope or line.scope == scope)
            and (not disputed or line.disputed)
            and (not words or _holds(line, words))
        ]
        pages = max(1, -(-len(found) // size))
        page = min(max(page, 1), pages)
        shown = found[(page - 1) * size : page * size]
        return Listing(
            figures=tuple(self._cards(shown, moment)),
            total=len(found),
            everything=len(every.lines),
            disputed=every.disputed,
            page=page,
            pages=pages,
            measures=every.measures,
            scopes=every.scopes,
        )

    def _lines_at(self, moment: Moment) -> _Lines:
        if moment.published is not None:
            return _lines([_line(slot) for slot in self.state(moment).slots])
        if moment.recorded is not None:
            return _lines(self.browser.lines(self.upto(moment)))
        version = self.browser.version()
        known, lines = self._present
        if known != version:
            lines = _lines(self.browser.lines())
            self._present = (version, lines)
        return lines

    def _cards(self, lines: Sequence[FigureLine], moment: Moment) -> list[FigureCard]:
        wanted, named = [line.slot for line in lines], self.registry(moment).name
        if moment.published is not None:
            state = {slot.id: slot for slot in self.state(moment).slots}
            return [_card(line, state[line.slot], named) for line in lines]
        states = self.browser.states(wanted, self.upto(moment))
        return [
            _card(line, _GLANCE.decode(states[line.slot]), named) for line in lines if line.slot in states
        ]

    # -- one figure --------------------------------------------------------------------------------------------

    def figure(self, slot: str, moment: Moment) -> SlotState:
        """Everything known of one figure at a moment. Raises NotFoundError."""
        found = self.figures_of([slot], moment).get(slot)
        if found is None:
            when = f" as of {time_text(moment.recorded or moment.published)}" if moment.is_past else ""
            raise NotFoundError(
                f"Nothing is reported on this figure{when}",
                which=slot,
                fix="The start page lists the figures",
            )
        return found

    def figures_of(self, slots: Collection[str], moment: Moment) -> dict[str, SlotState]:
        """Those of `slots` that are reported on at a moment, by id."""
        if moment.published is None:
            states = self.browser.states(slots, self.upto(moment))
            return {slot: _SLOT.decode(text) for slot, text in states.items()}
        found = self.ledger.views.state(moment.recorded, moment.published, slots=slots)
        return {slot.id: slot for slot in found.slots}

    def differing(self, before: Moment, after: Moment) -> list[tuple[SlotState | None, SlotState | None]]:
        """The figures that may read otherwise at one moment than at the other, by id; None where one was not there."""
        if before.published is None and after.published is None:
            old, new = (
                {line.slot: line for line in self._lines_at(moment).lines} for moment in (before, after)
            )
            slots = {slot for slot in old.keys() | new.keys() if old.get(slot) != new.get(slot)}
            one, other = self.figures_of(slots, before), self.figures_of(slots, after)
        else:
            one, other = ({slot.id: slot for slot in self.state(moment).slots} for moment in (before, after))
            slots = one.keys() | other.keys()
        return [(one.get(slot), other.get(slot)) for slot in sorted(slots)]

    def explanation(self, found: SlotState, named: Callable[[str], str]) -> Explanation:
        """Why a figure reads as it does; `named` gives the name of a root by its id."""
        return explain(State(slots=(found,), policy=DEFAULT_POLICY), found.id, named)


def _lines(lines: Iterable[FigureLine]) -> _Lines:
    ordered = sorted(lines, key=lambda line: (not line.disputed, -line.reports, line.slot))
    return _Lines(
        ordered,
        sum(1 for line in ordered if line.disputed),
        _facets(line.measure for line in ordered),
        _facets(line.scope for line in ordered),
    )


def _holds(line: FigureLine, words: list[str]) -> bool:
    text = f"{line.slot} {line.subject} {line.measure} {line.scope} {line.period}".casefold()
    return all(word in text for word in words)


def _facets(values: Iterable[str]) -> tuple[Facet, ...]:
    counts = Counter(values)
    del counts[""]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Facet(value, count) for value, count in ordered[:12])


def _line(slot: SlotState) -> FigureLine:
    point = slot.best.point if slot.best is not None else None
    return FigureLine(
        slot=slot.id,
        subject=slot.slot.subject,
        measure=slot.slot.measure,
        scope=slot.slot.scope,
        period=slot.slot.period,
        unit=slot.slot.unit,
        best=reported_text(slot),
        value=float(point) if isinstance(point, int | float) else None,
        low=slot.low,
        high=slot.high,
        modality=slot.modality or "",
        disputed=int(slot.disputed),
        reports=slot.reports,
        independent_roots=slot.independent_roots,
        best_independent_roots=slot.best_independent_roots,
        first_seen=format_time(slot.first_seen) if slot.first_seen else None,
        last_change=format_time(slot.last_change) if slot.last_change else None,
    )


def _card(line: FigureLine, state: Any, named: Callable[[str], str]) -> FigureCard:
    seen = [claim.seen_at for claim in state.claims if claim.alive]
    return FigureCard(
        slot=line.slot,
        title=slot_title(state),
        subject=line.subject,
        measure=line.measure,
        scope=line.scope,
        period=line.period,
        unit=line.unit,
        reported=reported_text(state),
        range=range_text(state),
        reports=line.reports,
        independent_roots=line.independent_roots,
        best_independent_roots=line.best_independent_roots,
        modality=line.modality,
        disputed=bool(line.disputed),
        dispute=dispute_text(state, named),
        first_seen=line.first_seen or "",
        last_report=format_time(max(seen)) if seen else "",
        last_change=line.last_change or "",
        steps=tuple(_point(step) for step in state.figure_history),
    )


def _point(change: FigureChange) -> Point:
    point = change.best.point if change.best is not None else None
    value = float(point) if isinstance(point, int | float) else None
    return Point(change.recorded_at, value, change.low, change.high)
