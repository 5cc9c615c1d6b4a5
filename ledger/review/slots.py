"""Decisions about figures: their names, which of them are one, which are two, which are kept."""

from __future__ import annotations

import re

import msgspec

from ledger.errors import UsageError
from ledger.review.desk import Desk, Effect
from ledger.state.model import SlotState

__all__ = ["Slots"]

_ID = re.compile(r"[a-z0-9][a-z0-9._:/-]*")


class Slots:
    """Each method records a decision and returns its id; `ledger.reviews.undo` takes it back.

    All raise NotFoundError for a figure that is not there, UsageError for what cannot be.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def list(self) -> tuple[SlotState, ...]:
        """Every figure, by id."""
        return self.desk.state().slots

    def name(self, slot: str, title: str, *, by: str, reason: str) -> str:
        """Give a figure a name for readers; its id stays."""
        return self.desk.decide("slot-name", self.target_of_name(slot, title), by, reason)

    def pin(self, slot: str, *, by: str, reason: str) -> str:
        """Declare a discovered figure in the registry as it is, so that later rules of discovery neither rename nor move it."""
        return self.desk.decide("slot-pin", self.target_of_pin(slot), by, reason)

    def merge(self, slot: str, into: str, *, by: str, reason: str) -> str:
        """Two figures are one: every claim on `slot`, later ones too, counts on `into`."""
        return self.desk.decide("slot-merge", self.target_of_merge(slot, into), by, reason)

    def split(
        self,
        slot: str,
        to: str,
        *,
        root: str = "",
        outlet: str = "",
        article: str = "",
        words: str = "",
        by: str,
        reason: str,
    ) -> str:
        """One figure is two: claims of a root, an outlet or an article, or whose sentence holds `words`, count on `to`."""
        target = self.target_of_split(slot, to, root=root, outlet=outlet, article=article, words=words)
        return self.desk.decide("slot-split", target, by, reason)

    def preview(self, action: str, target: dict[str, str]) -> tuple[Effect, ...]:
        """What a decision would change, figure by figure; records nothing."""
        return self.desk.preview(action, target)

    # -- what decisions are about --------------------------------------------------------------------------------

    def target_of_name(self, slot: str, title: str) -> dict[str, str]:
        """Target of `slot-name`."""
        self.desk.slot(slot)
        if not title.strip() or "\n" in title:
            raise UsageError("A name is one line of text", which=repr(title))
        return {"slot": slot, "value": title.strip()}

    def target_of_pin(self, slot: str) -> dict[str, str]:
        """Target of `slot-pin`."""
        found = self.desk.slot(slot)
        if found.slot.declared:
            raise UsageError("The figure is declared already", which=slot)
        definition = msgspec.structs.replace(found.slot, declared=True)
        return {"slot": slot, "value": msgspec.json.encode(definition).decode()}

    def target_of_merge(self, slot: str, into: str) -> dict[str, str]:
        """Target of `slot-merge`."""
        one, other = self.desk.slot(slot).slot, self.desk.slot(into).slot
        if slot == into:
            raise UsageError("A figure cannot be merged into itself", which=slot)
        if (one.kind, one.unit) != (other.kind, other.unit):
            raise UsageError(
                "The figures are of different kinds or units",
                which=f"{slot} ({one.kind}, {one.unit or '-'}), {into} ({other.kind}, {other.unit or '-'})",
                fix="Figures are never converted into each other",
            )
        return {"slot": slot, "value": into}

    def target_of_split(
        self, slot: str, to: str, *, root: str = "", outlet: str = "", article: str = "", words: str = ""
    ) -> dict[str, str]:
        """Target of `slot-split`."""
        self.desk.slot(slot)
        if not _ID.fullmatch(to):
            raise UsageError(
                "This cannot be the id of a figure",
                which=repr(to),
                fix="Use small letters, digits, dots and hyphens",
            )
        if self.desk.state().get(to) is not None:
            raise UsageError("There is such a figure already", which=to, fix="Choose a new id")
        where = {
            "root": root,
            "outlet": outlet,
            "article": self.desk.article(article) if article else "",
            "words": words,
        }
        narrowed = {key: value for key, value in where.items() if value}
        if not narrowed:
            raise UsageError(
                "A split needs to know what to split off",
                which=slot,
                fix="Name a root, an outlet, an article or words of the sentence",
            )
        return {"slot": slot, "value": to, **narrowed}
