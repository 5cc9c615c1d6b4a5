"""Independent roots: who stands behind the living claims of a slot, and the one value that each root holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from ledger.state.graph import Outcome
from ledger.state.model import GRADES, Value
from ledger.state.registry import Registry
from ledger.state.values import Comparison
from ledger.state.versions import Node

__all__ = ["CIRCULAR", "Root", "hold", "promote"]

CIRCULAR = "circular:"
RELIABLE = "ABCD"


class Root(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A root with the value that it holds. `rank` of its grade is 0 for A."""

    id: str
    value: Value
    modality: str
    said_at: datetime
    grade: str
    party: str
    document: str

    @property
    def rank(self) -> int:
        """0 for the most reliable grade."""
        return GRADES.index(self.grade)

    @property
    def reliable(self) -> bool:
        """Whether the grade is A to D: such roots can make others stale."""
        return self.grade in RELIABLE


def promote(nodes: Sequence[Node], outcomes: Sequence[Outcome], comparison: Comparison) -> None:
    """Let a background claim hold its root's value where no earlier report of the statement lives. In order of appearance."""
    said: dict[str, list[tuple[Node, Value | None]]] = {}
    wanted = {
        outcome.root
        for node, outcome in zip(nodes, outcomes, strict=True)
        if outcome.alive and node.claim.kind == "background"
    }
    for node, outcome in zip(nodes, outcomes, strict=True):
        root = outcome.root
        if not outcome.alive or root is None or root not in wanted or node.claim.kind == "echo":
            continue
        earlier = said.setdefault(root, [])
        if node.claim.kind == "background":
            outcome.holds = not any(
                other.document.id != node.document.id
                and other.seen_at < node.seen_at
                and comparison.near(value, outcome.value)
                for other, value in earlier
            )
            if not outcome.holds:
                continue
        earlier.append((node, outcome.value))


def hold(nodes: Iterable[Node], outcomes: Iterable[Outcome], registry: Registry) -> list[Root]:
    """All living roots, by id, each with its latest primary (or loop) claim.

    A root of which only citing or background claims live holds the latest of those.
    """
    best: dict[str, tuple[tuple[bool, datetime, tuple[datetime, str, int]], Node, Outcome]] = {}
    for node, outcome in zip(nodes, outcomes, strict=True):
        root = outcome.root
        if not outcome.alive or root is None or outcome.value is None:
            continue
        key = (outcome.holds, node.claim.said_at, node.order)
        found = best.get(root)
        if found is None or key > found[0]:
            best[root] = (key, node, outcome)
    return [_root(root, node, outcome, registry) for root, (_, node, outcome) in sorted(best.items())]


def _root(root: str, node: Node, outcome: Outcome, registry: Registry) -> Root:
    circular = root.startswith(CIRCULAR)
    assert outcome.value is not None
    return Root(
        id=root,
        value=outcome.value,
        modality=node.claim.modality,
        said_at=node.claim.said_at,
        grade=GRADES[-1] if circular else registry.grade(root),
        party=root if circular else registry.party(root),
        document=node.document.id,
    )
