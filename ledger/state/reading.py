"""One slot read at one recorded time: which claims live, which roots they make, how these stand to each other."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ledger.state.best import Standing, comparison_of, incompatible, stand
from ledger.state.graph import CORRECTED, REJECTED, Outcome, trace
from ledger.state.model import COUNTED_KINDS, Review, Slot
from ledger.state.registry import Parameters, Registry
from ledger.state.reviews import rejections
from ledger.state.roots import Root, hold, promote
from ledger.state.values import Comparison, Neighbours
from ledger.state.versions import Evidence, Node, Timeline

__all__ = ["Reader", "Reading"]


class Reading(msgspec.Struct, frozen=True, kw_only=True, eq=False):
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
        """Whether nothing was ever claimed on the slot."""
        return not (self.counted or self.other or self.dropped or self.past)


class Reader:
    """Reads one slot of some evidence, up to P, at any recorded time."""

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
        self.slot = slot
        self.timeline = Timeline(evidence, slot.id, published_as_of)
        self.comparison: Comparison = comparison_of(slot, parameters)
        self._registry = registry
        self._parameters = parameters
        self._reviews = reviews
        self._policy = policy
        self._neighbours = Neighbours(self.comparison, (node.claim.value for node in self.timeline.nodes))

    def read(self, at: datetime | None) -> Reading:
        """The slot at R."""
        acting, past = self.timeline.active(at)
        counted = [node for node in acting if node.claim.kind in COUNTED_KINDS]
        rejected = rejections(self._reviews, self.slot.id, at)
        other: list[Node] = []
        dropped: list[tuple[Node, str]] = []
        for node in acting:
            if node.claim.kind in COUNTED_KINDS:
                continue
            if (item := self.timeline.corrected_by(node, at)) is not None:
                dropped.append((node, f"{CORRECTED} {item}"))
            elif node.claim.rejected or node.claim.root in rejected:
                dropped.append((node, REJECTED))
            else:
                other.append(node)
        outcomes = self._trace(counted, past, rejected, at)
        promote(counted, outcomes, self.comparison)
        roots = hold(counted, outcomes, self._registry)
        standing = stand(self.slot, roots, self._parameters, self._policy)
        denied_by = self._denied_by(other, standing)
        return Reading(
            counted=counted,
            outcomes=outcomes,
            other=other,
            dropped=dropped,
            past=past,
            roots=roots,
            standing=standing,
            denied_by=denied_by,
            disputed=bool(denied_by)
            or next(iter(incompatible(standing.current, self.comparison)), None) is not None,
        )

    def _trace(
        self, counted: list[Node], past: list[Node], rejected: list[str], at: datetime | None
    ) -> list[Outcome]:
        barred = {place: REJECTED for place, node in enumerate(counted) if node.claim.rejected}
        for place, node in enumerate(counted):
            if (item := self.timeline.corrected_by(node, at)) is not None:
                barred[place] = f"{CORRECTED} {item}"
        recorded = [node for node in past if node.claim.kind in COUNTED_KINDS]

        def judge() -> list[Outcome]:
            return trace(
                counted,
                recorded=recorded,
                cited=lambda node: self.timeline.cited(node, at),
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
