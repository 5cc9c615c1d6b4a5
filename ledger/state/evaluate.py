"""The reported state as a function: documents, registry, reviews and two times in, the state of every slot out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from ledger.state.answer import compose
from ledger.state.best import DEFAULT_POLICY, chooser
from ledger.state.decisions import Basis, Decided, together
from ledger.state.history import Earlier, History, changes
from ledger.state.model import Document, Review, SlotState, State
from ledger.state.reading import Reader
from ledger.state.registry import Parameters, Registry
from ledger.state.reviews import touching
from ledger.state.transitions import moment
from ledger.state.versions import Evidence

__all__ = ["reported_state"]


def reported_state(
    documents: Evidence | Iterable[Document],
    registry: Registry,
    parameters: Parameters | None = None,
    *,
    reviews: Iterable[Review] = (),
    recorded_as_of: datetime | None = None,
    published_as_of: datetime | None = None,
    polls: Sequence[datetime] = (),
    policy: str = DEFAULT_POLICY,
    slots: Collection[str] | None = None,
    history: bool = True,
    earlier: Mapping[str, Earlier] | None = None,
    since: datetime | None = None,
) -> State:
    """What is reported about every figure at (R, P): the rules are in docs/state.md.

    The order of `documents` and of `reviews` does not matter. `parameters` are the registry's, by topic, unless given. `polls`
    are the recorded times of all polls, where they are known: a change is then dated by the first poll that sees it. `slots`
    limits the answer to those ids and the ones between which decisions move their claims, which gives the same as the full answer
    has for them; `history=False` leaves out `figure_history`, `transitions` and `last_change`.

    `earlier` are answers by slot, made of the same registry, policy and P, and of the same documents and decisions as far as these
    were recorded before `since`: their history is taken over up to there and read from there on. The answer is the same, sooner.
    Raises UsageError for an unknown policy.
    """
    chooser(policy)
    evidence = documents if isinstance(documents, Evidence) else Evidence(documents)
    asked = _Question(
        decided=Decided(evidence, registry, decisions := tuple(reviews)),
        reviews=decisions,
        parameters=parameters,
        recorded_as_of=recorded_as_of,
        published_as_of=published_as_of,
        polls=tuple(polls),
        policy=policy,
        history=history,
        earlier=earlier or {},
        since=since,
    )
    present = asked.decided.at(recorded_as_of).evidence
    wanted = (
        present.slots
        if slots is None
        else [slot for slot in sorted(together(slots, decisions)) if present.documents_on(slot)]
    )
    states = (_answer(asked, slot) for slot in wanted)
    return State(
        slots=tuple(state for state in states if state is not None),
        policy=policy,
        recorded_as_of=recorded_as_of,
        published_as_of=published_as_of,
    )


class _Question(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    decided: Decided
    reviews: tuple[Review, ...]
    parameters: Parameters | None
    recorded_as_of: datetime | None
    published_as_of: datetime | None
    polls: tuple[datetime, ...]
    policy: str
    history: bool
    earlier: Mapping[str, Earlier]
    since: datetime | None


def _answer(asked: _Question, slot: str) -> SlotState | None:
    readers = _Readers(asked, slot)
    now = readers.at(asked.recorded_as_of)
    reading = now.read(asked.recorded_as_of)
    if reading.empty:
        return None
    history = History()
    if asked.history:
        history = changes(
            readers.times(),
            asked.polls,
            asked.recorded_as_of,
            lambda at: moment(readers.at(at), at),
            now.comparison,
            earlier=asked.earlier.get(slot),
            since=asked.since,
        )
    return compose(now, reading, asked.recorded_as_of, history)


class _Readers:
    """The readers of one slot: one for each set of decisions in force that can move it."""

    def __init__(self, asked: _Question, slot: str) -> None:
        self._asked = asked
        self._slot = slot
        self._reviews = touching(asked.reviews, slot)
        self._known: dict[int, Reader] = {}

    def at(self, recorded_as_of: datetime | None) -> Reader:
        decided = self._asked.decided
        basis = decided.at(recorded_as_of)
        if self._slot not in basis.touched:
            basis = decided.plain
        if id(basis) not in self._known:
            self._known[id(basis)] = self._reader(basis)
        return self._known[id(basis)]

    def times(self) -> list[datetime]:
        """Recorded times at which the slot can have moved, in no order."""
        decided = self._asked.decided.times(self._slot)
        for at in decided:
            self.at(at)
        found = [at for reader in (self.at(None), *self._known.values()) for at in reader.timeline.times()]
        return [*found, *decided, *(review.at for review in self._reviews)]

    def _reader(self, basis: Basis) -> Reader:
        slot = basis.definition(self._slot)
        parameters = self._asked.parameters or basis.registry.parameters_of(slot.id)
        return Reader(
            basis.evidence,
            slot,
            basis.registry,
            parameters,
            self._reviews,
            self._asked.published_as_of,
            self._asked.policy,
        )
