"""What a decision would do to the figures, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ledger.review import Effect
from ledger.state import Registry, reported_state
from ledger.state.model import SlotState
from ledger.state.resolve import resolve
from ledger.state.wording import dispute_text, range_text, reported_text, roots_text, slot_title
from ledger.web.asof import NOW
from ledger.web.desk import Desk

__all__ = ["Shift", "registry_effects", "shifts"]


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that a decision touches: (what, before, after) of everything that would read otherwise."""

    slot: str
    title: str
    differences: tuple[tuple[str, str, str], ...]


def shifts(effects: Iterable[Effect], named: Callable[[str], str]) -> list[Shift]:
    """Effects in words; a figure of which only the ground changes has no differences. `named` gives a root's name by its id."""
    found = []
    for effect in effects:
        shown = effect.after or effect.before
        if shown is None:
            continue
        pairs = zip(_readings(effect.before, named), _readings(effect.after, named), strict=True)
        differences = tuple((name, was, now) for (name, was), (_, now) in pairs if was != now)
        found.append(Shift(slot=effect.slot, title=slot_title(shown), differences=differences))
    return found


def registry_effects(desk: Desk, registry: Registry) -> list[Effect]:
    """What another source registry would change on the figures as they are now."""
    views = desk.ledger.views
    after = reported_state(resolve(views.reports(), registry), registry, reviews=views.state_reviews())
    old = {slot.id: slot for slot in desk.state(NOW).slots}
    new = {slot.id: slot for slot in after.slots}
    return [
        Effect(slot=slot, before=old.get(slot), after=new.get(slot))
        for slot in sorted(old.keys() | new.keys())
        if _readings(old.get(slot)) != _readings(new.get(slot))
    ]


def _readings(slot: SlotState | None, named: Callable[[str], str] = str) -> list[tuple[str, str]]:
    names = ("reported", "range", "firmness", "reports", "roots", "interests", "dispute")
    if slot is None:
        return [(name, "–") for name in names]
    said = (
        reported_text(slot),
        range_text(slot),
        slot.modality or "–",
        str(slot.reports),
        roots_text(slot),
        f"{slot.best_parties} of {slot.parties}",
        dispute_text(slot, named) or "no",
    )
    return list(zip(names, said, strict=True))
