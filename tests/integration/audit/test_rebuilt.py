"""Views rebuilt aside for an audit: each event is folded once, and what comes out is what a rebuild from nothing gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger import Ledger, open_ledger
from ledger.audit.rebuilt import RebuiltViews, plain_slots
from ledger.testing import FixedClock


def outcome(
    ledger: Ledger, position: int, *before: int
) -> tuple[dict[str, str], list[dict[str, Any]], list[int]]:
    """Digests and slots at a position, asked for after others; and how many events were folded for each."""
    folded: list[int] = []
    with RebuiltViews(ledger.settings, ledger.store, FixedClock("2032-01-01T00:00:00Z")) as rebuilt:
        for at in (*before, position):
            said: list[int | None] = []
            views = rebuilt.at(at, lambda _done, total, said=said: said.append(total))
            folded.append(said[-1] or 0)
        return dict(views.digests()), plain_slots(views), folded


def test_one_position_after_the_other_gives_what_each_gives_alone(home: Path) -> None:
    with open_ledger(home, clock=FixedClock("2032-01-01T00:00:00Z")) as ledger:
        last = ledger.store.head().position
        digests, slots, folded = outcome(ledger, last, last // 3, last // 2)
        assert slots
        assert (digests, slots) == outcome(ledger, last)[:2]
        assert folded == [last // 3, last // 2 - last // 3, last - last // 2]


def test_what_was_ordered_to_be_removed_between_is_gone_from_what_was_folded_before(home: Path) -> None:
    with open_ledger(home, clock=FixedClock("2032-01-01T00:00:00Z")) as ledger:
        before = ledger.store.head().position
        event = next(iter(ledger.store.read(types=("article.ingested",))))
        ledger.redact(event.id, by="counsel", reason="court order 7")
        last = ledger.store.head().position
        assert outcome(ledger, last, before)[:2] == outcome(ledger, last)[:2]
