"""The figures on which something became otherwise of late, found without reading the others."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ledger.clock import format_time
from ledger.projections.rows import FigureRow
from ledger.projections.views import Views
from ledger.state import SlotState

__all__ = ["moved_since"]

_SLOT = msgspec.json.Decoder(SlotState)


def moved_since(views: Views, at: datetime) -> tuple[SlotState, ...]:
    """Slots with a transition at or after `at`, recorded time, by id; at most others of the same second come along."""
    second = format_time(at.replace(microsecond=0)).removesuffix("Z")
    with views.browsing() as (_, reader):
        late = reader.table(FigureRow).c.last_transition >= second
        return tuple(_SLOT.decode(row.state) for row in reader.rows(FigureRow, late))
