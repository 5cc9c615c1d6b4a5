"""Decisions about claims, roots and articles."""

from __future__ import annotations

from ledger.errors import NotFoundError, UsageError
from ledger.projections.results import Decision
from ledger.review.desk import Desk, Effect, Listed
from ledger.state.model import GRADES, SlotState

__all__ = ["Reviews"]


class Reviews:
    """Each method records a decision and returns its id; `preview` shows the effect of one and records nothing.

    Who and why are required to record. A claim is named `ARTICLE#VERSION:START-END`; a beginning of that is enough as long as
    one claim on the figure fits. All raise NotFoundError for what is not there, UsageError for what cannot be.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def reject(self, *, slot: str, root: str = "", claim: str = "", by: str = "", reason: str = "") -> str:
        """Reject what a root says on a slot, or one claim, from now on, with all that cites or echoes it."""
        return self.desk.decide("reject", self.target_of_reject(slot, root, claim), by, reason)

    def accept(self, *, slot: str, claim: str, by: str, reason: str) -> str:
        """Note that a claim was checked against the text. No figure changes."""
        return self.desk.decide("accept", self.desk.claim(slot, claim), by, reason)

    def reslot(self, *, slot: str, claim: str, to: str, by: str, reason: str) -> str:
        """Count a claim on another figure; a new id makes a new figure of the same kind."""
        return self.desk.decide("reslot", self.target_of_reslot(slot, claim, to), by, reason)

    def reroot(self, *, slot: str, claim: str, to: str, by: str, reason: str) -> str:
        """Say who is really behind a claim: the outlet has it from the root `to`."""
        return self.desk.decide("reroot", self.target_of_reroot(slot, claim, to), by, reason)

    def merge(self, *, root: str, into: str, by: str, reason: str) -> str:
        """Two roots are one: everything that `root` says was said by `into`."""
        return self.desk.decide("merge-roots", self.target_of_merge(root, into), by, reason)

    def split(
        self, *, root: str, to: str, outlet: str = "", article: str = "", slot: str = "", by: str, reason: str
    ) -> str:
        """What was taken for one root are two: where an outlet, an article or a slot says `root`, it is `to`."""
        return self.desk.decide(
            "split-root", self.target_of_split(root, to, outlet, article, slot), by, reason
        )

    def grade(self, *, root: str, grade: str, by: str, reason: str) -> str:
        """Grade a root A (reliable) to F (cannot be judged), whatever the registry says."""
        return self.desk.decide("grade", self.target_of_grade(root, grade), by, reason)

    def copy(self, *, article: str, of: str, by: str, reason: str) -> str:
        """An article is a copy of another: what they state alike counts once. A changed figure stays the article's own."""
        return self.desk.decide("copy", self.target_of_copy(article, of), by, reason)

    def undo(self, review: str, *, by: str, reason: str) -> None:
        """Take a decision back, one about a slot too."""
        self.desk.undo(review, by=by, reason=reason)

    def preview(self, action: str, target: dict[str, str]) -> tuple[Effect, ...]:
        """What a decision would change, figure by figure; records nothing. `target` as the `target_of_` methods give it."""
        return self.desk.preview(action, target)

    def preview_reject(self, *, slot: str, root: str) -> tuple[SlotState, SlotState | None]:
        """The slot as it is and as it would be after the rejection; records nothing."""
        effects = {each.slot: each for each in self.preview("reject", self.target_of_reject(slot, root))}
        before = self.desk.slot(slot)
        return before, effects[slot].after if slot in effects else before

    def preview_undo(self, review: str) -> tuple[Effect, ...]:
        """What taking a decision back would change; records nothing."""
        return self.desk.preview_undo(review)

    def list(self) -> tuple[Decision, ...]:
        """Every decision in order, those taken back included."""
        return tuple(each.decision for each in self.desk.list())

    def standing(self) -> tuple[Listed, ...]:
        """Every decision in order with its status: in force, taken back, orphaned."""
        return self.desk.list()

    # -- what decisions are about --------------------------------------------------------------------------------

    def target_of_reject(self, slot: str, root: str = "", claim: str = "") -> dict[str, str]:
        """Target of `reject`."""
        if claim:
            return self.desk.claim(slot, claim)
        self._root_on(slot, root)
        return {"slot": slot, "root": root}

    def target_of_reslot(self, slot: str, claim: str, to: str) -> dict[str, str]:
        """Target of `reslot`."""
        target = {**self.desk.claim(slot, claim), "to": _name(to, "a figure")}
        one, other = self.desk.slot(slot), self.desk.state().get(to)
        if other is not None and other.slot.kind != one.slot.kind:
            raise UsageError(
                "The figures are of different kinds",
                which=f"{slot} ({one.slot.kind}), {to} ({other.slot.kind})",
                fix="Figures are never converted into each other",
            )
        return target

    def target_of_reroot(self, slot: str, claim: str, to: str) -> dict[str, str]:
        """Target of `reroot`."""
        return {**self.desk.claim(slot, claim), "to": _name(to, "a root")}

    def target_of_merge(self, root: str, into: str) -> dict[str, str]:
        """Target of `merge-roots`."""
        self._root(root)
        if root == _name(into, "a root"):
            raise UsageError("A root cannot be merged into itself", which=root)
        return {"root": root, "into": into}

    def target_of_split(
        self, root: str, to: str, outlet: str = "", article: str = "", slot: str = ""
    ) -> dict[str, str]:
        """Target of `split-root`."""
        self._root(root)
        where = {"outlet": outlet, "article": self.desk.article(article) if article else "", "slot": slot}
        narrowed = {key: value for key, value in where.items() if value}
        if not narrowed:
            raise UsageError(
                "A split needs to know what to split off",
                which=root,
                fix="Name an outlet, an article or a slot",
            )
        return {"root": root, "to": _name(to, "a root"), **narrowed}

    def target_of_grade(self, root: str, grade: str) -> dict[str, str]:
        """Target of `grade`."""
        if len(grade) != 1 or grade not in GRADES:
            raise UsageError(
                "Not a grade", which=grade, fix="Use one letter, A (reliable) to F (cannot be judged)"
            )
        if root not in self.desk.registry().sources:
            self._root(root)
        return {"root": root, "grade": grade}

    def target_of_copy(self, article: str, of: str) -> dict[str, str]:
        """Target of `copy`."""
        copy, original = self.desk.article(article), self.desk.article(of)
        if copy == original:
            raise UsageError("An article is no copy of itself", which=copy)
        return {"article": copy, "of": original}

    def _root_on(self, slot: str, root: str) -> None:
        found = self.desk.slot(slot)
        if root not in found.roots and not any(each.alive and each.root == root for each in found.claims):
            raise NotFoundError(
                "This root says nothing on the figure",
                which=f"{root} on {slot}",
                fix=f"Its roots: {', '.join(found.roots) or 'none'}",
            )

    def _root(self, root: str) -> None:
        known = {
            name
            for slot in self.desk.state().slots
            for claim in slot.claims
            for name in (claim.root, claim.stated_root)
            if name
        }
        if root not in known:
            near = sorted(name for name in known if root.casefold() in name.casefold()) or sorted(known)
            raise NotFoundError("No such root", which=root, fix=f"Roots: {', '.join(near[:8]) or 'none'}")


def _name(value: str, what: str) -> str:
    if not value.strip() or value != value.strip():
        raise UsageError(f"This cannot name {what}", which=repr(value))
    return value
