"""Figures brought forward: one instant of recorded time after the other, evaluated from the evidence as it was then.

An instant is everything that was recorded at one time, such as one append. Articles that changed in it are taken in as they are
at its end, then every slot is evaluated that they, a decision or another registry can move. After another registry all
articles are read again by it. All this can stop after any piece and go on there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ledger.clock import format_time, parse_time
from ledger.projections.bearing import bearing_on, moved_by, moved_by_registry
from ledger.projections.drafts import Draft
from ledger.projections.evidence import EvidenceTables
from ledger.projections.evidence_rows import DueSlotRow, ProgressRow
from ledger.projections.inputs import Change, reviews_at
from ledger.projections.rows import FigureRow, ReviewRow
from ledger.projections.versions import FigureTables
from ledger.state import Evidence, Parameters, Slot, SlotState, load_registry, reported_state
from ledger.state.decisions import together
from ledger.state.reports import Report
from ledger.state.resolve import Reading, Resolver

if TYPE_CHECKING:
    from ledger.projections.queries import Reader

__all__ = ["Instants", "Rules"]

_NAME = "figures"
_ARTICLES, _CHANGES, _SLOTS = 200, 4_000, 64
"""In one step: articles taken in, changes looked at, slots evaluated; at least one piece of each."""
_AHEAD = 250
"""Changes that are looked at to find the next instants; more where one instant has more."""


class Rules:
    """A registry, ready to resolve articles by."""

    def __init__(self, raw: bytes, defaults: Parameters) -> None:
        self.raw = raw
        self.registry = load_registry(raw or b"{}", defaults)
        self.resolver = Resolver(self.registry)
        self._used = 0

    @property
    def spent(self) -> bool:
        """Whether its memory of what it has met is large enough to be dropped."""
        return self._used > _ARTICLES * 50

    def read(self, reader: Reader, articles: Collection[str], upto: int) -> dict[str, Reading]:
        """Articles as they were at a position, each read alone, by id."""
        self._used += len(articles)
        grouped: dict[str, list[Report]] = {}
        for report in reader.reports(upto, articles=articles, bare=True) if articles else ():
            grouped.setdefault(report.article, []).append(report)
        return {key: self.resolver.read(group) for key, group in grouped.items()}


class Instants:
    """One step: goes on from where a draft of the figures stands, up to `upto`. `rules` gives those of a registry."""

    def __init__(self, draft: Draft, reader: Reader, rules: Callable[[bytes], Rules], upto: int) -> None:
        self._draft = draft
        self._reader = reader
        self._rules_of = rules
        self._upto = upto
        self._at = draft.of(ProgressRow).get(_NAME) or ProgressRow(_NAME, 0, 0, 0, "")
        self._rules = rules(reader.registry(self._at.target))
        self._evidence = EvidenceTables(draft)
        self._figures = FigureTables(draft)
        self._decided: Sequence[ReviewRow] = reader.decided()
        self._due: dict[str, datetime | None] = {
            row.slot: parse_time(row.since) if row.since else None for row in draft.of(DueSlotRow).rows()
        }
        self._stored_due = set(self._due)
        self._ahead: list[Change] = []
        self._instant: list[Change] = []
        self._taken = self._evaluated = 0

    def go_on(self) -> bool:
        """Take pieces until the step is full or nothing is left; True says that nothing is left."""
        done = False
        while not done and self._taken < _ARTICLES and self._evaluated < _SLOTS:
            if self._at.position < self._at.target:
                self._take_in()
            elif self._due:
                self._evaluate()
            else:
                done = not self._next()
        self._draft.of(ProgressRow).put(self._at)
        due = self._draft.of(DueSlotRow)
        for slot in self._stored_due - self._due.keys():
            due.delete(slot)
        for slot, since in self._due.items():
            due.put(DueSlotRow(slot, "" if since is None else format_time(since)))
        return done

    # -- the next instant ----------------------------------------------------------------------------------------

    def _next(self) -> bool:
        """Turn to the next instant in which something happened; False when there is none."""
        after = self._at.target
        changes = self._instant = self._happened(after)
        if not changes:
            self._at = msgspec.structs.replace(self._at, position=self._upto, target=self._upto)
            return False
        goes_on = changes[0].at == self._at.at
        self._at = msgspec.structs.replace(
            self._at,
            position=after,
            target=changes[-1].position,
            first=self._at.first if goes_on else changes[0].position,
            at=changes[0].at,
        )
        kinds = {change.kind for change in changes}
        if "registry" in kinds:
            self._turn_to_registry()
        if "decision" in kinds:
            self._act_on_decisions(after)
        return True

    def _happened(self, after: int) -> list[Change]:
        """What happened at the next time at which anything did."""
        found = [change for change in self._ahead if change.position > after]
        while True:
            group = [change for change in found if change.at == found[0].at]
            if len(group) < len(found):
                break
            more = self._reader.changes(found[-1].position if found else after, self._upto, _AHEAD)
            if not more:
                break
            found += more
        self._ahead = found
        return group

    def _turn_to_registry(self) -> None:
        old = self._rules.registry
        self._rules = self._rules_of(self._reader.registry(self._at.target))
        reviews = reviews_at(self._decided, self._at.target)
        moved = moved_by_registry(old, self._rules.registry, self._evidence, reviews, self._known_slots)
        self._note(moved, None)
        self._at = msgspec.structs.replace(self._at, position=0)
        self._instant = []

    def _known_slots(self) -> list[str]:
        return [row.slot for row in self._draft.of(FigureRow).rows()]

    def _act_on_decisions(self, after: int) -> None:
        reviews = reviews_at(self._decided, self._at.target)
        for row in self._decided:
            for position, at in ((row.position, row.at), (row.undone_position, row.undone_at)):
                if position is not None and at is not None and after < position <= self._at.target:
                    self._note(moved_by(row, reviews, self._evidence), parse_time(at))

    def _note(self, slots: Iterable[str], since: datetime | None) -> None:
        """Slots have to be evaluated: they may read otherwise from a recorded time on, always where it is None."""
        for slot in slots:
            known = self._due.get(slot, since)
            self._due[slot] = None if since is None or known is None else min(known, since)

    # -- articles ------------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Take in the next articles that changed, each as it is at the end of the instant, once, at the last of its changes."""
        target = self._at.target
        chunk, at = self._chunk(target)
        readings = self._rules.read(self._reader, chunk, target)
        old = self._evidence.entries(chunk)
        bearing: set[str] = set()
        for key, reading in readings.items():
            entry = reading.entry()
            bearing |= self._evidence.bearing(old.get(key), entry)
            self._evidence.put_entry(old.get(key), entry)
        readings |= self._rules.read(self._reader, bearing - readings.keys(), target)
        for reading in readings.values():
            self._note(*self._evidence.put_document(self._rules.resolver.document(reading, self._evidence)))
        self._taken += len(readings)
        self._at = msgspec.structs.replace(self._at, position=at)

    def _chunk(self, target: int) -> tuple[list[str], int]:
        """The next articles to take in, and the position up to which all are then."""
        after = self._at.position
        if self._instant:
            changes = [change for change in self._instant if change.position > after]
            last = {change.article: change.position for change in changes}
            at = target
        else:
            changes = self._reader.changes(after, target, _CHANGES)
            last = self._reader.last_changed({change.article for change in changes}, target)
            at = target if len(changes) < _CHANGES else changes[-1].position
        chunk: list[str] = []
        for change in changes:
            if change.kind == "article" and change.position == last[change.article]:
                chunk.append(change.article)
                if len(chunk) == _ARTICLES:
                    return chunk, change.position
        return chunk, at

    # -- slots ---------------------------------------------------------------------------------------------------

    def _evaluate(self) -> None:
        """Evaluate the next slots that are due."""
        due = sorted(self._due)[:_SLOTS]
        times = [self._due[slot] for slot in due]
        since = None if None in times else min(time for time in times if time is not None)
        reviews = reviews_at(self._decided, self._at.target)
        wanted = together(due, reviews)
        kept = self._figures.kept(wanted)
        documents = self._evidence.behind(wanted)
        answer = partial(
            reported_state,
            Evidence(documents),
            self._rules.registry,
            reviews=bearing_on(reviews, wanted, documents),
        )
        told = {} if since is None else {slot: each.told for slot, each in kept.items()}
        states = {state.id: state for state in answer(slots=wanted, earlier=told, since=since).slots}
        if redefined := {
            slot for slot in states.keys() & told.keys() if _other(states[slot], told[slot].slot)
        }:
            states |= {state.id: state for state in answer(slots=redefined).slots}
        for slot in sorted(wanted):
            self._figures.keep(slot, kept.get(slot), states.get(slot), self._at.first)
            self._due.pop(slot, None)
        self._evaluated += len(wanted)


def _other(state: SlotState, before: Slot) -> bool:
    """Whether the definition of a slot, by which values are compared, is another than it was."""
    return msgspec.structs.replace(state.slot, title="") != msgspec.structs.replace(before, title="")
