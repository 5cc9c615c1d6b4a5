"""The views `registry` and `reviews`: what people declared and decided, each version kept."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.events.types import RegistryChanged, ReviewDecided, ReviewUndone, SlotChanged
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import RegistryRow, ReviewRow, SlotDecisionRow

__all__ = ["Registries", "Reviews"]


class Registries(View):
    """Table `registry`: every version of the source registry."""

    name = "registry"
    types = frozenset({RegistryChanged.TYPE})
    tables = (RegistryRow,)
    sealed = tables

    def fold(self, tables: Tables, facts: Sequence[Fact], _context: Context) -> None:
        """Keep each version."""
        versions = tables.of(RegistryRow)
        for fact in facts:
            event = fact.event(RegistryChanged)
            if event is not None:
                raw = bytes(event.registry).decode()
                versions.put(
                    RegistryRow(fact.position, fact.envelope.recorded_at, event.by, event.reason, raw)
                )


class Reviews(View):
    """Tables `reviews` and `slot_decisions`."""

    name = "reviews"
    types = frozenset({ReviewDecided.TYPE, ReviewUndone.TYPE, SlotChanged.TYPE})
    tables = (ReviewRow, SlotDecisionRow)
    sealed = tables

    def fold(self, tables: Tables, facts: Sequence[Fact], _context: Context) -> None:
        """Keep each decision, the first under an id, and note the first event that takes it back."""
        reviews, slots = tables.of(ReviewRow), tables.of(SlotDecisionRow)
        for fact in facts:
            kind, at = fact.envelope.type, fact.envelope.recorded_at
            if kind == SlotChanged.TYPE:
                slot = fact.event(SlotChanged)
                if slot is not None and slot.decision and reviews.get(slot.decision) is None:
                    reviews.put(_as_review(fact, slot))
                if slot is not None:
                    slots.put(
                        SlotDecisionRow(
                            fact.position, at, slot.slot, slot.action, slot.value, slot.by, slot.reason
                        )
                    )
            elif kind == ReviewDecided.TYPE:
                decided = fact.event(ReviewDecided)
                if decided is not None and reviews.get(decided.review) is None:
                    target = msgspec.json.encode(dict(sorted(decided.target.items()))).decode()
                    reviews.put(
                        ReviewRow(
                            decided.review,
                            fact.position,
                            at,
                            decided.action,
                            target,
                            decided.by,
                            decided.reason,
                            None,
                            None,
                            "",
                            "",
                        )
                    )
            else:
                undone = fact.event(ReviewUndone)
                row = reviews.get(undone.review) if undone is not None else None
                if undone is not None and row is not None and row.undone_position is None:
                    reviews.put(
                        msgspec.structs.replace(
                            row,
                            undone_position=fact.position,
                            undone_at=at,
                            undone_by=undone.by,
                            undone_reason=undone.reason,
                        )
                    )


def _as_review(fact: Fact, slot: SlotChanged) -> ReviewRow:
    target = {"slot": slot.slot, "value": slot.value, **slot.within}
    return ReviewRow(
        slot.decision,
        fact.position,
        fact.envelope.recorded_at,
        f"slot-{slot.action}",
        msgspec.json.encode(dict(sorted(target.items()))).decode(),
        slot.by,
        slot.reason,
        None,
        None,
        "",
        "",
    )
