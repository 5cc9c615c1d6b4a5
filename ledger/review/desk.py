"""Where decisions are taken: checked, previewed, recorded, taken back, listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ledger.clock import Clock
from ledger.errors import NotFoundError, UsageError
from ledger.events import Producer, derived_id, new_event
from ledger.events.types import Event, RegistryChanged, ReviewDecided, ReviewUndone, SlotChanged
from ledger.projections.results import Decision
from ledger.projections.views import Views
from ledger.state import Evidence, Registry, Review, Slot, SlotState, State, reported_state, resolve
from ledger.state.decisions import Decided
from ledger.state.model import ClaimState
from ledger.store import Store

__all__ = ["Desk", "Effect", "Listed", "reference"]

_SORTED = msgspec.json.Encoder(order="sorted")
_SLOT = "slot-"
_PREVIEW = "~preview"
"""Id of a decision that is only looked at; of those taken at one instant it is the last."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision does to one figure. None: the figure is not there."""

    slot: str
    before: SlotState | None
    after: SlotState | None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it stands. `status`: `in force`, `taken back`, or `orphaned`: what it was about is not there any more."""

    decision: Decision
    status: str


class Desk:
    """Takes decisions for a ledger."""

    def __init__(
        self, store: Store, views: Views, clock: Clock, producer: Producer, registry: Callable[[], Registry]
    ) -> None:
        self._store = store
        self._clock = clock
        self._producer = producer
        self.views = views
        self.registry = registry

    # -- finding what a decision is about ------------------------------------------------------------------------

    def state(self) -> State:
        """The state now."""
        self.views.catch_up()
        return self.views.state()

    def slot(self, slot: str) -> SlotState:
        """A figure by id. Raises NotFoundError."""
        found = self.state().get(slot)
        if found is None:
            raise NotFoundError("No such figure", which=slot, fix="See `newsledger slot list` for their ids")
        return found

    def claim(self, slot: str, claim: str) -> dict[str, str]:
        """The target that a claim on a slot makes.

        `claim` is `ARTICLE`, `ARTICLE#VERSION` or `ARTICLE#VERSION:START-END`; a beginning of the article's id is enough as long as
        one claim fits. Raises NotFoundError, UsageError when several fit.
        """
        on_slot = self.slot(slot).claims
        fitting = [each for each in on_slot if reference(each).startswith(claim)]
        whole = [each for each in fitting if reference(each) == claim] or fitting
        newest = {
            each.document: max(one.version for one in whole if one.document == each.document)
            for each in whole
        }
        if "#" not in claim:
            whole = [each for each in whole if each.version == newest[each.document]]
        names = sorted({reference(each) for each in whole or on_slot})
        if not whole:
            raise NotFoundError(
                "No such claim on the figure",
                which=f"{claim} on {slot}",
                fix=f"Its claims: {', '.join(names[:8])}",
            )
        if len(names) > 1:
            raise UsageError(
                "Several claims fit", which=f"{claim} on {slot}", fix=f"Name one: {', '.join(names[:8])}"
            )
        one = whole[0]
        return {
            "slot": slot,
            "article": one.document,
            "version": str(one.version),
            "start": str(one.start),
            "end": str(one.end),
        }

    def article(self, article: str) -> str:
        """The id of an article, by id, a beginning of it, or URL. Raises NotFoundError."""
        found = self.views.article(article)
        if found is None:
            raise NotFoundError("No such article", which=article, fix="See `newsledger search` for ids")
        return found.article.article

    # -- deciding ------------------------------------------------------------------------------------------------

    def preview(self, action: str, target: dict[str, str]) -> tuple[Effect, ...]:
        """What the decision would change, figure by figure; records nothing."""
        now = self._clock.now()
        return self._compare(Review(id=_PREVIEW, at=now, action=action, target=target))

    def preview_undo(self, decision: str) -> tuple[Effect, ...]:
        """What taking a decision back would change; records nothing. Raises NotFoundError, UsageError."""
        known = self._open(decision)
        registry = _without_pin(self.registry(), known) if known.action == "slot-pin" else None
        now = self._clock.now()
        return self._compare(
            Review(id=_PREVIEW, at=now, action="undo", target={"review": decision}), registry
        )

    def decide(self, action: str, target: dict[str, str], by: str, reason: str) -> str:
        """Record a decision; returns its id. Raises UsageError without who and why."""
        check_who_and_why(by, reason, action)
        stream = "slots" if action.startswith(_SLOT) else "reviews"
        number = self._store.stream_version(stream) + 1
        digest = derived_id(self._clock.now(), action, *target.values(), by)[-6:]
        decision = f"{stream[0]}-{number}-{digest}"
        if stream == "reviews":
            self._append(
                (stream, ReviewDecided(review=decision, action=action, target=target, by=by, reason=reason))
            )
            return decision
        within = {key: value for key, value in target.items() if key not in ("slot", "value")}
        event = SlotChanged(
            slot=target["slot"],
            action=action.removeprefix(_SLOT),
            value=target["value"],
            by=by,
            reason=reason,
            decision=decision,
            within=within,
        )
        if action == "slot-pin":
            declared = self._registry_event(_pinned(target), by, reason)
            self._append((stream, event), ("registry", declared))
        else:
            self._append((stream, event))
        return decision

    def undo(self, decision: str, *, by: str, reason: str) -> None:
        """Take a decision back. Raises NotFoundError, UsageError when it was taken back already."""
        check_who_and_why(by, reason, decision)
        known = self._open(decision)
        events: list[tuple[str, Event]] = [("reviews", ReviewUndone(review=decision, by=by, reason=reason))]
        if known.action == "slot-pin" and _without_pin(self.registry(), known) is not None:
            events.append(("registry", self._registry_event(_pinned(known.target), by, reason, remove=True)))
        self._append(*events)

    def list(self) -> tuple[Listed, ...]:
        """Every decision in order, with how it stands."""
        self.views.catch_up()
        decisions = self.views.reviews()
        orphaned = self._orphaned(decisions)
        return tuple(
            Listed(
                decision=each,
                status="taken back"
                if each.undone_at is not None
                else "orphaned"
                if each.id in orphaned
                else "in force",
            )
            for each in decisions
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _open(self, decision: str) -> Decision:
        self.views.catch_up()
        known = {one.id: one for one in self.views.reviews()}
        if decision not in known:
            raise NotFoundError("No such decision", which=decision, fix="See `newsledger review list`")
        if known[decision].undone_at is not None:
            raise UsageError("The decision was taken back already", which=decision)
        return known[decision]

    def _compare(self, wanted: Review, registry: Registry | None = None) -> tuple[Effect, ...]:
        self.views.catch_up()
        old = self.registry()
        new = registry or old
        if wanted.action == "slot-pin":
            new = msgspec.structs.replace(
                old, slots={**old.slots, wanted.target["slot"]: _pinned(wanted.target)}
            )
        reviews = tuple(self.views.state_reviews())
        reports = self.views.reports()
        evidence = Evidence(resolve(reports, old))
        after = evidence if new is old else Evidence(resolve(reports, new))
        slots: set[str] | None = None
        if new is old:
            slots = {wanted.target[key] for key in ("slot",) if key in wanted.target}
            slots |= Decided(evidence, old, reviews).at(None).touched
            slots |= Decided(evidence, old, (*reviews, wanted)).at(None).touched
            undone = next((each for each in reviews if each.id == wanted.target.get("review")), None)
            if undone is not None and "slot" in undone.target:
                slots.add(undone.target["slot"])
        first = reported_state(evidence, old, reviews=reviews, slots=slots, history=False)
        second = reported_state(after, new, reviews=(*reviews, wanted), slots=slots, history=False)
        ids = sorted({each.id for each in (*first.slots, *second.slots)})
        effects = (Effect(slot=each, before=first.get(each), after=second.get(each)) for each in ids)
        return tuple(each for each in effects if each.before != each.after)

    def _orphaned(self, decisions: Sequence[Decision]) -> set[str]:
        standing = [each for each in decisions if each.undone_at is None]
        if not standing:
            return set()
        registry = self.registry()
        reviews = tuple(self.views.state_reviews())
        evidence = Evidence(resolve(self.views.reports(), registry))
        matched = Decided(evidence, registry, reviews).at(None).matched
        lost = set()
        for each in standing:
            if each.action == "reject" and "article" not in each.target:
                slot = each.target.get("slot", "")
                others = tuple(one for one in reviews if one.id != each.id)
                state = reported_state(evidence, registry, reviews=others, slots={slot}, history=False)
                if not _speaks(state.get(slot), each.target.get("root", "")):
                    lost.add(each.id)
            elif each.id not in matched:
                lost.add(each.id)
        return lost

    def _registry_event(self, slot: Slot, by: str, reason: str, *, remove: bool = False) -> RegistryChanged:
        table = msgspec.json.decode(self.views.registry() or b"{}")
        slots = dict(table.get("slots") or {})
        if remove:
            slots.pop(slot.id, None)
        else:
            entry = msgspec.to_builtins(slot)
            slots[slot.id] = {
                key: value for key, value in entry.items() if key not in ("id", "declared") and value
            }
        table["slots"] = slots
        return RegistryChanged(registry=msgspec.Raw(_SORTED.encode(table)), by=by, reason=reason)

    def _append(self, *events: tuple[str, Event]) -> None:
        self._store.append(
            [new_event(event, stream=stream, producer=self._producer) for stream, event in events]
        )
        self.views.catch_up()


def reference(claim: ClaimState) -> str:
    """How people name a claim: `ARTICLE#VERSION:START-END`."""
    return f"{claim.document}#{claim.version}:{claim.start}-{claim.end}"


def check_who_and_why(by: str, reason: str, which: str) -> None:
    """Raises UsageError unless a decision says who and why."""
    if not by.strip() or not reason.strip():
        raise UsageError("A decision needs who and why", which=which, fix="Give --by and --reason")


def _pinned(target: dict[str, str]) -> Slot:
    slot = msgspec.json.decode(target["value"], type=Slot)
    return msgspec.structs.replace(slot, id=target["slot"], declared=True)


def _without_pin(registry: Registry, decision: Decision) -> Registry | None:
    """The registry without what a pin declared; None when people have changed that since."""
    pinned = _pinned(decision.target)
    if registry.slots.get(pinned.id) != pinned:
        return None
    slots = {key: slot for key, slot in registry.slots.items() if key != pinned.id}
    return msgspec.structs.replace(registry, slots=slots)


def _speaks(slot: SlotState | None, root: str) -> bool:
    return slot is not None and any(claim.alive and claim.root == root for claim in slot.claims)
