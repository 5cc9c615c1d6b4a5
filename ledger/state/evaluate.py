"""The reported state as a function: documents, registry, reviews and two times in, the state of every slot out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from ledger.state.best import DEFAULT_POLICY, Standing, comparison_of, incompatible, stand, supporters
from ledger.state.graph import CORRECTED, REJECTED, RETRACTED, SUPERSEDED, Outcome, trace
from ledger.state.history import changes
from ledger.state.model import (
    COUNTED_KINDS,
    ClaimState,
    Dead,
    Denial,
    Dispute,
    Document,
    Figure,
    FigureChange,
    Forecast,
    Review,
    RootFigure,
    Slot,
    SlotState,
    State,
)
from ledger.state.registry import Parameters, Registry
from ledger.state.reviews import rejections, touching
from ledger.state.roots import CIRCULAR, Root, hold, promote
from ledger.state.values import Neighbours
from ledger.state.versions import Evidence, Node, Timeline

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
) -> State:
    """What is reported about every figure at (R, P): the rules are in docs/state.md.

    The order of `documents` and of `reviews` does not matter. `parameters` are the registry's unless given. `polls` are the
    recorded times of all polls, where they are known: a change is then dated by the first poll that sees it. `slots` limits the
    answer to those ids, which gives the same as the full answer has for them; `history=False` leaves out `figure_history`
    and `last_change`. Raises UsageError for an unknown policy.
    """
    evidence = documents if isinstance(documents, Evidence) else Evidence(documents)
    decisions = tuple(reviews)
    wanted = evidence.slots if slots is None else sorted(set(slots) & set(evidence.slots))
    states = []
    for slot in wanted:
        view = _View(
            evidence, _definition(slot, evidence, registry), registry, parameters or registry.parameters,
            touching(decisions, slot), published_as_of, policy,
        )  # fmt: skip
        if (state := view.state(recorded_as_of, tuple(polls), history=history)) is not None:
            states.append(state)
    return State(
        slots=tuple(states), policy=policy, recorded_as_of=recorded_as_of, published_as_of=published_as_of
    )


def _definition(slot: str, evidence: Evidence, registry: Registry) -> Slot:
    return (
        registry.slots.get(slot) or evidence.definition(slot) or Slot(id=slot, subject=slot, declared=False)
    )


class _Reading(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One slot read at one recorded time. `outcomes` run parallel to `counted`; `other` are the living uncounted claims."""

    counted: list[Node]
    outcomes: list[Outcome]
    other: list[Node]
    dropped: list[tuple[Node, str]]
    past: list[Node]
    roots: list[Root]
    standing: Standing
    denied_by: tuple[str, ...]
    disputed: bool

    @property
    def empty(self) -> bool:
        return not (self.counted or self.other or self.dropped or self.past)


class _View:
    def __init__(
        self,
        evidence: Evidence,
        slot: Slot,
        registry: Registry,
        parameters: Parameters,
        reviews: list[Review],
        published_as_of: datetime | None,
        policy: str,
    ) -> None:
        self._slot = slot
        self._registry = registry
        self._parameters = parameters
        self._reviews = reviews
        self._policy = policy
        self._timeline = Timeline(evidence, slot.id, published_as_of)
        self._comparison = comparison_of(slot, parameters)
        self._neighbours = Neighbours(self._comparison, (node.claim.value for node in self._timeline.nodes))

    def state(
        self, recorded_as_of: datetime | None, polls: tuple[datetime, ...], *, history: bool
    ) -> SlotState | None:
        reading = self._read(recorded_as_of)
        if reading.empty:
            return None
        moved: tuple[FigureChange, ...] = ()
        if history:
            times = [*self._timeline.times(), *(review.at for review in self._reviews)]
            moved = changes(times, polls, recorded_as_of, self._figure)
        return self._full(reading, recorded_as_of, moved)

    def _figure(self, at: datetime) -> FigureChange:
        reading = self._read(at)
        standing = reading.standing
        return FigureChange(
            recorded_at=at,
            best=standing.best.value if standing.best is not None else None,
            low=standing.low,
            high=standing.high,
            modality=standing.modality,
            disputed=reading.disputed,
            best_independent_roots=len(standing.support),
        )

    def _read(self, at: datetime | None) -> _Reading:
        acting, past = self._timeline.active(at)
        counted = [node for node in acting if node.claim.kind in COUNTED_KINDS]
        rejected = rejections(self._reviews, self._slot.id, at)
        other: list[Node] = []
        dropped: list[tuple[Node, str]] = []
        for node in acting:
            if node.claim.kind in COUNTED_KINDS:
                continue
            if (item := self._timeline.corrected_by(node, at)) is not None:
                dropped.append((node, f"{CORRECTED} {item}"))
            elif node.claim.root in rejected:
                dropped.append((node, REJECTED))
            else:
                other.append(node)
        outcomes = self._trace(counted, past, rejected, at)
        promote(counted, outcomes, self._comparison)
        roots = hold(counted, outcomes, self._registry)
        standing = stand(self._slot, roots, self._parameters, self._policy)
        denied_by = self._denied_by(other, standing)
        return _Reading(
            counted=counted,
            outcomes=outcomes,
            other=other,
            dropped=dropped,
            past=past,
            roots=roots,
            standing=standing,
            denied_by=denied_by,
            disputed=bool(denied_by)
            or next(iter(incompatible(standing.current, self._comparison)), None) is not None,
        )

    def _trace(
        self, counted: list[Node], past: list[Node], rejected: list[str], at: datetime | None
    ) -> list[Outcome]:
        barred = {
            place: f"{CORRECTED} {item}"
            for place, node in enumerate(counted)
            if (item := self._timeline.corrected_by(node, at)) is not None
        }
        recorded = [node for node in past if node.claim.kind in COUNTED_KINDS]

        def judge() -> list[Outcome]:
            return trace(
                counted,
                recorded=recorded,
                cited=lambda node: self._timeline.cited(node, at),
                barred=barred,
                neighbours=self._neighbours,
            )

        outcomes = judge()
        for root in rejected:
            for place, outcome in enumerate(outcomes):
                if outcome.alive and outcome.root == root and not outcome.echoed:
                    barred[place] = REJECTED
            outcomes = judge()
        return outcomes

    def _denied_by(self, other: list[Node], standing: Standing) -> tuple[str, ...]:
        if standing.anchor is None:
            return ()
        since = standing.anchor - self._parameters.window
        return tuple(
            sorted(
                {
                    node.claim.root or node.document.outlet
                    for node in other
                    if node.claim.kind == "denial" and node.claim.said_at >= since
                }
            )
        )

    def _full(self, reading: _Reading, at: datetime | None, history: tuple[FigureChange, ...]) -> SlotState:
        standing = reading.standing
        best = standing.best
        living = [
            (node, outcome)
            for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
            if outcome.alive
        ]
        at_best = [
            (node, outcome)
            for node, outcome in living
            if best is not None and self._comparison.near(outcome.value, best.value)
        ]
        exact = [
            node
            for node, outcome in at_best
            if best is not None and outcome.value is not None and outcome.value.point == best.value.point
        ]
        first = living[0][0] if living else None
        current = {root.id for root in standing.current}
        candidates = {root.id for root in standing.candidates}
        count = supporters(reading.roots, self._comparison)
        claims = self._claims(reading, at)
        return SlotState(
            id=self._slot.id,
            slot=self._slot,
            best=best.value if best is not None else None,
            best_root=best.id if best is not None else None,
            vague=standing.vague,
            low=standing.low,
            high=standing.high,
            high_open=standing.high_open,
            latest=RootFigure(standing.latest.value, standing.latest.id, standing.latest.said_at)
            if standing.latest is not None
            else None,
            modality=standing.modality,
            reports=len({node.document.id for node, _ in living}),
            best_reports=len({node.document.id for node, _ in at_best}),
            best_independent_roots=len(standing.support),
            best_roots=tuple(root.id for root in standing.support),
            independent_roots=len(reading.roots),
            roots=tuple(root.id for root in reading.roots),
            best_parties=len({root.party for root in standing.support}),
            parties=len({root.party for root in reading.roots}),
            current_roots=tuple(root.id for root in standing.current),
            circular=any(root.id.startswith(CIRCULAR) for root in reading.roots),
            disputed=reading.disputed,
            dispute=Dispute(
                figures=tuple(sorted(incompatible(standing.current, self._comparison))),
                denied_by=reading.denied_by,
            ),
            unconfirmed_by=tuple(
                sorted(
                    {
                        node.claim.root or node.document.outlet
                        for node in reading.other
                        if node.claim.kind == "unconfirmed"
                    }
                )
            ),
            forecasts=tuple(
                Forecast(node.claim.value, node.claim.root, node.claim.target)
                for node in reading.other
                if node.claim.kind == "forecast"
            ),
            denials=tuple(
                Denial(node.claim.root, node.claim.said_at, node.document.id, node.claim.sentence)
                for node in reading.other
                if node.claim.kind == "denial"
            ),
            first_seen=first.seen_at if first is not None else None,
            first_outlet=first.document.outlet if first is not None else None,
            best_first_seen=exact[0].seen_at if exact else None,
            best_first_outlet=exact[0].document.outlet if exact else None,
            dead=self._dead(reading),
            figures=tuple(
                Figure(
                    root=root.id,
                    value=root.value,
                    modality=root.modality,
                    said_at=root.said_at,
                    grade=root.grade,
                    party=root.party,
                    document=root.document,
                    current=root.id in current,
                    candidate=root.id in candidates,
                    support=count(root.value),
                )
                for root in reading.roots
            ),
            claims=claims,
            last_change=history[-1].recorded_at if history else None,
            figure_history=history,
        )

    def _dead(self, reading: _Reading) -> tuple[Dead, ...]:
        dead = [
            (node.document.id, node.order[2], outcome.reason or "")
            for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
            if not outcome.alive
        ]
        dead += [(node.document.id, node.order[2], why) for node, why in reading.dropped]
        return tuple(Dead(document, why) for document, _, why in sorted(dead))

    def _claims(self, reading: _Reading, at: datetime | None) -> tuple[ClaimState, ...]:
        rows = [
            self._claim(node, outcome, at, reading.counted)
            for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
        ]
        rows += [self._claim(node, _plainly(node, alive=True), at) for node in reading.other]
        rows += [
            self._claim(node, _plainly(node, alive=False, reason=why), at) for node, why in reading.dropped
        ]
        for node in reading.past:
            gone = self._timeline.retracted(node.document.id, at)
            rows.append(
                self._claim(node, _plainly(node, alive=False, reason=RETRACTED if gone else SUPERSEDED), at)
            )
        return tuple(row for _, row in sorted(rows, key=lambda pair: pair[0]))

    def _claim(
        self, node: Node, outcome: Outcome, at: datetime | None, others: Sequence[Node] = ()
    ) -> tuple[tuple[datetime, str, int, int], ClaimState]:
        claim = node.claim
        model = others[outcome.rests_on].document.id if outcome.rests_on is not None else None
        cites = self._timeline.cited(node, at) if claim.kind in ("derived", "wire") else None
        return (*node.order, node.version.n), ClaimState(
            document=node.document.id,
            outlet=node.document.outlet,
            url=node.document.url,
            version=node.version.n,
            sentence=claim.sentence,
            start=claim.start,
            end=claim.end,
            chain=claim.chain,
            root=outcome.root if outcome.alive else None,
            stated_root=claim.root,
            kind=claim.kind,
            value=outcome.value,
            stated=claim.value,
            modality=claim.modality,
            said_at=claim.said_at,
            seen_at=node.seen_at,
            alive=outcome.alive,
            reason=outcome.reason,
            cites=cites or claim.cites,
            model=model if claim.kind == "echo" else None,
        )


def _plainly(node: Node, *, alive: bool, reason: str | None = None) -> Outcome:
    return Outcome(alive=alive, root=node.claim.root, value=node.claim.value, reason=reason)
