"""Following the figures: each transition becomes one event `alert.raised`, once, which sinks and readers then see.

A transition belongs to what was recorded at its time. It is told when that was recorded after the checkpoint: an article or a
revision, a decision, or the first reading of a revision that nothing had read before, or only with a failure. What changes the past (another release of a
processor, a rebuild, an audit replay, another registry) is told by nobody. The checkpoint is a task of the store; it moves in the
transaction that appends the events, under its lease, so two processes never tell the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from ledger.clock import Clock
from ledger.errors import ConflictError, NotFoundError
from ledger.events import Producer, derived_id, new_event
from ledger.events.types import (
    AlertRaised,
    AnnotationFailed,
    ArticleAnnotated,
    ArticleIngested,
    ArticleRevised,
    ArticleWithdrawn,
    ReviewDecided,
    ReviewUndone,
    SlotChanged,
)
from ledger.state.explain import in_words
from ledger.state.graph import UNCITED, UNECHOED
from ledger.state.model import SlotState, Transition, Value
from ledger.store import Store
from ledger.store.protocol import Task, TaskDone

__all__ = ["Alert", "Alerts", "Unfollowed"]

STREAM = "alerts"
_KIND = _KEY = "alerts"
_LEASE = 300.0
_WAITING = 10_000
"""Revisions that are remembered while nothing has read them."""
_REVISIONS = frozenset({ArticleIngested.TYPE, ArticleRevised.TYPE})
_TYPES = frozenset(
    {
        *_REVISIONS,
        ArticleWithdrawn.TYPE,
        ReviewDecided.TYPE,
        ReviewUndone.TYPE,
        SlotChanged.TYPE,
        ArticleAnnotated.TYPE,
    }
)


class _Waiting(msgspec.Struct, frozen=True):
    """A revision that nothing has read yet."""

    article: str
    revision: int
    at: datetime


class _Mark(msgspec.Struct, frozen=True):
    position: int
    waiting: tuple[_Waiting, ...] = ()


class _Read(msgspec.Struct):
    """What an annotation event says of itself."""

    article: str
    revision: int
    processor: str


class _Revision(msgspec.Struct):
    article: str
    revision: int


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was raised, with the position of its event and when that was recorded."""

    position: int
    recorded_at: datetime
    raised: AlertRaised


class Unfollowed(msgspec.Struct, frozen=True, kw_only=True):
    """A report that goes on carrying a figure after what it rests on was taken back."""

    slot: str
    value: str
    outlet: str
    article: str
    url: str
    version: int
    rests_on: str
    sentence: str


class Alerts:
    """Raises and lists the alerts of a ledger.

    `figures` gives all figures, `moved_since` those with a transition since a recorded time. `moved` is the share by which the best figure has to move to be worth an alert; kinds of `quiet` raise none.
    """

    def __init__(
        self,
        store: Store,
        figures: Callable[[], Sequence[SlotState]],
        moved_since: Callable[[datetime], Sequence[SlotState]],
        clock: Clock,
        producer: Producer,
        *,
        moved: float,
        quiet: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._figures = figures
        self._moved_since = moved_since
        self._clock = clock
        self._producer = producer
        self._moved = moved
        self._quiet = frozenset(quiet)

    def begin(self) -> None:
        """Set the checkpoint to the head where there is none: what was recorded before is told by nobody."""
        if not self._store.tasks(_KIND):
            mark = msgspec.json.encode(_Mark(self._store.head().position))
            self._store.put_tasks([Task(kind=_KIND, key=_KEY, next_at=self._clock.now(), data=mark)])

    def follow(self) -> tuple[AlertRaised, ...]:
        """Raise what became otherwise since the checkpoint; nothing while another process does so.

        The figures must stand at the head.
        """
        self.begin()
        claimed = self._store.claim(
            _KIND,
            now=self._clock.now(),
            owner=f"alerts:{os.getpid()}",
            lease_seconds=_LEASE,
            limit=1,
            force=True,
        )
        if not claimed:
            return ()
        task = claimed[0]
        head = self._store.head().position
        fresh, waiting = self._fresh(msgspec.json.decode(task.data, type=_Mark), head)
        raised = tuple(self._raised(fresh))
        done = TaskDone(
            kind=_KIND,
            key=_KEY,
            fence=task.fence,
            next_at=self._clock.now(),
            data=msgspec.json.encode(_Mark(head, waiting)),
        )
        events = [
            new_event(each, stream=STREAM, producer=self._producer, event_id=_event_id(each))
            for each in raised
        ]
        try:
            self._store.append(events, tasks=[done])
        except ConflictError:
            return ()  # the lease ran out and somebody else told it
        return raised

    def list(self, *, slot: str = "", after: int = 0) -> Iterator[Alert]:
        """Alerts in the order in which they were raised, those of one figure where `slot` is given."""
        for stored in self._store.read(after, types={AlertRaised.TYPE}):
            if stored.payload is None:
                continue
            raised = msgspec.json.decode(stored.payload, type=AlertRaised)
            if not slot or raised.slot == slot:
                yield Alert(position=stored.position, recorded_at=stored.recorded_at, raised=raised)

    def unfollowed(self) -> tuple[Unfollowed, ...]:
        """Reports that never followed a correction or retraction of what they rest on, by figure and time."""
        return tuple(
            Unfollowed(
                slot=slot.id,
                value=in_words(claim.stated),
                outlet=claim.outlet,
                article=claim.document,
                url=claim.url,
                version=claim.version,
                rests_on=claim.cites or "",
                sentence=claim.sentence,
            )
            for slot in self._figures()
            for claim in slot.claims
            if claim.reason in (UNCITED, UNECHOED)
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _raised(self, fresh: set[datetime]) -> Iterator[AlertRaised]:
        if not fresh:
            return
        for slot in self._moved_since(min(fresh)):
            for transition in slot.transitions:
                if transition.at in fresh and self._worth(transition):
                    alert = _alert(slot, transition)
                    if not self._told(_event_id(alert)):
                        yield alert

    def _told(self, event_id: str) -> bool:
        try:
            self._store.get(event_id)
        except NotFoundError:
            return False
        return True

    def _worth(self, transition: Transition) -> bool:
        if transition.kind in self._quiet:
            return False
        return transition.kind != "moved" or (transition.share or 0.0) > self._moved

    def _fresh(self, mark: _Mark, upto: int) -> tuple[set[datetime], tuple[_Waiting, ...]]:
        """Recorded times of what may be told: what lies behind the checkpoint, and what was read late. And what waits on."""
        found: set[datetime] = set()
        recorded: dict[str, list[_Waiting]] = {}
        for each in mark.waiting:
            recorded.setdefault(each.article, []).append(each)
        reads: dict[str, set[int]] = {}
        for stored in self._store.read(mark.position, types=_TYPES, upto=upto):
            if stored.type == ArticleAnnotated.TYPE:
                if stored.payload is not None:
                    read = msgspec.json.decode(stored.payload, type=_Read)
                    reads.setdefault(read.article, set()).add(stored.position)
            elif stored.type in _REVISIONS and stored.payload is not None:
                one = msgspec.json.decode(stored.payload, type=_Revision)
                recorded.setdefault(one.article, []).append(
                    _Waiting(one.article, one.revision, stored.recorded_at)
                )
            else:
                found.add(stored.recorded_at)
        waiting: list[_Waiting] = []
        for article in sorted({*recorded, *reads}):
            known, mended = self._outcomes(article, reads.get(article, set()))
            for each in recorded.get(article, ()):
                if each.revision in known:
                    found.add(each.at)
                else:
                    waiting.append(each)
            found |= self._times(article, mended)
        return found, tuple(sorted(waiting, key=lambda each: (each.at, each.article))[-_WAITING:])

    def _outcomes(self, article: str, reads: set[int]) -> tuple[set[int], set[int]]:
        """Revisions of an article that any processor has looked at, and those that a read in `reads` made good after a failure."""
        failed: dict[tuple[int, str], int] = {}
        done: dict[tuple[int, str], int] = {}
        for stored in self._store.read(stream=f"annotations:{article}"):
            if stored.payload is None or stored.type not in (ArticleAnnotated.TYPE, AnnotationFailed.TYPE):
                continue
            one = msgspec.json.decode(stored.payload, type=_Read)
            outcomes = failed if stored.type == AnnotationFailed.TYPE else done
            outcomes.setdefault((one.revision, one.processor), stored.position)
        mended = {
            key[0]
            for key, position in done.items()
            if position in reads and failed.get(key, position) < position
        }
        return {revision for revision, _ in (*failed, *done)}, mended

    def _times(self, article: str, revisions: set[int]) -> set[datetime]:
        if not revisions:
            return set()
        return {
            stored.recorded_at
            for stored in self._store.read(stream=f"article:{article}", types=_REVISIONS)
            if stored.payload is not None
            and msgspec.json.decode(stored.payload, type=_Revision).revision in revisions
        }


def _event_id(alert: AlertRaised) -> str:
    return derived_id(alert.at, STREAM, alert.slot, alert.kind)


def _alert(slot: SlotState, transition: Transition) -> AlertRaised:
    return AlertRaised(
        alert=derived_id(transition.at, STREAM, slot.id, transition.kind)[-12:],
        slot=slot.id,
        title=slot.slot.title,
        kind=transition.kind,
        at=transition.at,
        before=_words(transition.before),
        after=_words(transition.after),
        share=None if transition.share is None else round(transition.share, 4),
        roots=transition.roots,
        articles=transition.documents,
        still=transition.still,
    )


def _words(value: Value | None) -> str:
    return "" if value is None else in_words(value)
