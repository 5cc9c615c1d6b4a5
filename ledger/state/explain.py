"""Why a slot reads as it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ledger.errors import NotFoundError
from ledger.state.model import (
    GRADES,
    MODALITIES,
    ClaimState,
    Denial,
    Figure,
    Forecast,
    SlotState,
    State,
    Value,
)

__all__ = ["Explanation", "RootGroup", "explain", "in_words"]


class RootGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A living root with all living claims that lead to it, in order of appearance. `role` says what it does for `best`."""

    root: str
    figure: Figure
    role: str
    claims: tuple[ClaimState, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything behind one slot. `why` are sentences; `rootless` are living claims that add no root; `dead` the others."""

    slot: str
    best: Value | None
    why: tuple[str, ...]
    roots: tuple[RootGroup, ...]
    rootless: tuple[ClaimState, ...]
    dead: tuple[ClaimState, ...]
    forecasts: tuple[Forecast, ...]
    denials: tuple[Denial, ...]


def explain(state: State, slot: str, named: Callable[[str], str] = str) -> Explanation:
    """Every report of a slot by root, and why `best` is best. Raises NotFoundError for a slot that the state lacks.

    `named` gives the name of a root by its id, for the sentences of `why`.
    """
    found = state.get(slot)
    if found is None:
        known = ", ".join(each.id for each in state.slots[:8])
        raise NotFoundError(
            "Nothing is reported on this slot", which=slot, fix=f"Known slots: {known or 'none'}"
        )
    counted = [claim for claim in found.claims if claim.alive and claim.kind not in _UNCOUNTED]
    held = {figure.root for figure in found.figures}
    return Explanation(
        slot=slot,
        best=found.best,
        why=_why(found, state.policy, named),
        roots=tuple(
            RootGroup(
                root=figure.root,
                figure=figure,
                role=_role(found, figure),
                claims=tuple(claim for claim in counted if claim.root == figure.root),
            )
            for figure in found.figures
        ),
        rootless=tuple(claim for claim in counted if claim.root not in held),
        dead=tuple(claim for claim in found.claims if not claim.alive),
        forecasts=found.forecasts,
        denials=found.denials,
    )


_UNCOUNTED = frozenset({"forecast", "denial", "unconfirmed"})


def in_words(value: Value | None) -> str:
    """A value as a reader would say it."""
    if value is None:
        return "nothing"
    point = value.point
    shown = f"{point:,}" if isinstance(point, int | float) else str(point)
    match value.op:
        case "approx":
            return f"about {shown}"
        case "min":
            return f"at least {shown}"
        case "max":
            return f"up to {shown}"
        case "range":
            return f"{value.lo:,} to {value.hi:,}" if value.lo is not None and value.hi is not None else shown
        case "vague":
            return value.text or "an unstated number"
        case _:
            return shown


def _role(slot: SlotState, figure: Figure) -> str:
    if figure.root == slot.best_root:
        return "best"
    if figure.root in slot.best_roots:
        return "supports best"
    if not figure.current:
        return "older figure"
    if not figure.candidate:
        return "lower bound only" if figure.value.op == "min" else "no figure"
    return "another current figure"


def _why(slot: SlotState, policy: str, named: Callable[[str], str]) -> tuple[str, ...]:
    best = next((figure for figure in slot.figures if figure.root == slot.best_root), None)
    if best is None:
        said = f"; the latest wording is {slot.vague!r}" if slot.vague else ""
        return (f"No current root states a figure{said}.",)
    lines = [f"Shown: {in_words(best.value)} ({named(best.root)}), by the policy {policy}."]
    lines.append(
        f"{slot.best_independent_roots} of {slot.independent_roots} independent roots stand by it: "
        f"{', '.join(map(named, slot.best_roots))}."
    )
    rivals = [each for each in slot.figures if each.candidate and each.value.point != best.value.point]
    if not rivals:
        lines.append("No other current figure competes with it.")
    lines += [
        f"It comes before {in_words(rival.value)} ({named(rival.root)}): {_ahead(slot, best, rival, policy)}."
        for rival in rivals
    ]
    lines += [
        f"{in_words(each.value)} ({named(each.root)}) is a lower bound that a later or equally late figure meets."
        for each in slot.figures
        if each.current and not each.candidate and each.value.op == "min"
    ]
    older = [f"{in_words(each.value)} ({named(each.root)})" for each in slot.figures if not each.current]
    if older:
        lines.append(f"Said too long before the latest to be current: {', '.join(older)}.")
    if slot.disputed:
        pairs = [f"{named(one)} against {named(other)}" for one, other in slot.dispute.figures]
        denied = [f"denied by {named(root)}" for root in slot.dispute.denied_by]
        lines.append(f"Disputed: {'; '.join([*pairs, *denied])}.")
    if slot.circular:
        lines.append("At least one root is a citation loop: outlets that cite each other and nobody else.")
    return tuple(lines)


def _ahead(slot: SlotState, best: Figure, rival: Figure, policy: str) -> str:
    """The first criterion of the policy on which the two differ."""
    by_time = slot.slot.kind in ("status", "level") or policy.startswith("latest/")
    grade = "its grade is better", GRADES.index(best.grade), GRADES.index(rival.grade)
    modality = "it is stated more firmly", _firmness(best), _firmness(rival)
    later = "it was said later", rival.said_at, best.said_at
    support = (
        f"more roots stand by it ({best.support} against {rival.support})",
        -best.support,
        -rival.support,
    )
    reliable = "its root is graded A to D", best.grade in "EF", rival.grade in "EF"
    order: list[tuple[str, Any, Any]] = (
        [later, grade, modality] if by_time else [support, grade, modality, later]
    )
    if by_time and not policy.startswith("latest/"):
        order.insert(0, reliable)
    for words, mine, other in order:
        if mine < other:
            return words
    return "the lower figure and the lower id come first when all else is equal"


def _firmness(figure: Figure) -> int:
    return MODALITIES.index(figure.modality) if figure.modality in MODALITIES else len(MODALITIES)
