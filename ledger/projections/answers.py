"""Three ways to one answer: the versions that are kept, the evidence that is kept, and everything that was recorded.

The first looks up what held at a recorded time. The second evaluates present evidence for another question, such as what had been
published by a time, and reads only what stands behind the slots that are asked for. The third is the definition of the
answer and always possible.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa

from ledger.projections.bearing import bearing_on
from ledger.projections.drafts import Draft
from ledger.projections.evidence import EvidenceTables
from ledger.projections.facts import View
from ledger.projections.queries import Reader
from ledger.state import Evidence, Parameters, SlotState, load_registry, reported_state, resolve
from ledger.state.decisions import together

__all__ = ["Asked", "from_evidence", "from_reports"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question: up to which position, at which two times, on which slots (None for all), by which policy."""

    upto: int
    recorded_as_of: datetime | None
    published_as_of: datetime | None
    slots: frozenset[str] | None
    policy: str

    def chosen(self, states: tuple[SlotState, ...]) -> tuple[SlotState, ...]:
        """Those that were asked for."""
        return states if self.slots is None else tuple(state for state in states if state.id in self.slots)


def from_evidence(
    connection: sa.Connection,
    reader: Reader,
    figures: View,
    generation: int,
    defaults: Parameters,
    asked: Asked,
) -> tuple[SlotState, ...]:
    """Evaluate the evidence as it is kept now; `figures` is the view that keeps it, in a generation."""
    evidence = EvidenceTables(Draft(connection, figures, generation))
    reviews = reader.reviews()
    wanted = None if asked.slots is None else together(asked.slots, reviews)
    documents = evidence.everything() if wanted is None else evidence.behind(wanted)
    state = reported_state(
        Evidence(documents),
        load_registry(reader.registry() or b"{}", defaults),
        reviews=reviews if wanted is None else bearing_on(reviews, wanted, documents),
        published_as_of=asked.published_as_of,
        policy=asked.policy,
        slots=wanted,
    )
    return asked.chosen(state.slots)


def from_reports(reader: Reader, defaults: Parameters, asked: Asked) -> tuple[SlotState, ...]:
    """Resolve and evaluate all that was recorded up to the position, by the registry and the decisions of that time."""
    registry = load_registry(reader.registry(asked.upto) or b"{}", defaults)
    state = reported_state(
        resolve(reader.reports(asked.upto, bare=True), registry),
        registry,
        reviews=reader.reviews(asked.upto),
        recorded_as_of=asked.recorded_as_of,
        published_as_of=asked.published_as_of,
        policy=asked.policy,
        slots=asked.slots,
    )
    return asked.chosen(state.slots)
