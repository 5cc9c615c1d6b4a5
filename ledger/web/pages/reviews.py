"""Decisions of people: the list, a new one with its preview, and taking one back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.params import URLEncodedBody

from ledger.clock import format_time
from ledger.errors import NotFoundError, UsageError
from ledger.review import Reviews
from ledger.web.asking import GivenDesk, GivenMoment, Name, Text
from ledger.web.asof import NOW
from ledger.web.effects import shifts
from ledger.web.forms import Form, goto, sender
from ledger.web.rendering import Page, bare, page_response
from ledger.web.routes import action, page

__all__ = ["ACTIONS", "decide", "new_review", "review", "reviews", "target_of", "undo"]

ACTIONS: dict[str, tuple[str, ...]] = {
    "reject": ("slot", "root", "claim"),
    "accept": ("slot", "claim"),
    "reroot": ("slot", "claim", "to"),
    "reslot": ("slot", "claim", "to"),
    "merge-roots": ("root", "into"),
    "grade": ("root", "grade"),
    "copy": ("article", "of"),
}
"""Decisions that can be taken here, with what each is about."""

MEANING = {
    "reject": "What this root says on the figure (or this one claim) counts no longer, with all that cites or echoes it.",
    "accept": "The claim was checked against the text; no figure changes.",
    "reroot": "The outlet has the claim from another root.",
    "reslot": "The claim belongs to another figure.",
    "merge-roots": "Two roots are one.",
    "grade": "How reliable a root is, A (best) to F.",
    "copy": "An article is a copy of another one.",
}


class Decided(Form, frozen=True, kw_only=True):
    """A decision as its form sends it."""

    action: str = ""
    slot: str = ""
    root: str = ""
    claim: str = ""
    to: str = ""
    into: str = ""
    grade: str = ""
    article: str = ""
    of: str = ""
    reason: str = ""


class Undone(Form, frozen=True, kw_only=True):
    """A decision that is taken back."""

    reason: str = ""


def target_of(found: Reviews, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a decision is about, checked. Raises UsageError for an unknown action, NotFoundError."""
    if name not in ACTIONS:
        raise UsageError("No such decision", which=name, fix=f"There are: {', '.join(ACTIONS)}")
    parts = {key: given.get(key, "").strip() for key in ACTIONS[name]}
    needed = [
        key
        for key, value in parts.items()
        if not value and not (name == "reject" and key in ("root", "claim"))
    ]
    if needed:
        raise NotFoundError("The decision does not name all that it is about", which=", ".join(needed))
    make: dict[str, Callable[..., dict[str, str]]] = {
        "reject": found.target_of_reject,
        "accept": found.desk.claim,
        "reroot": found.target_of_reroot,
        "reslot": found.target_of_reslot,
        "merge-roots": found.target_of_merge,
        "grade": found.target_of_grade,
        "copy": found.target_of_copy,
    }
    return make[name](*parts.values())


@page("/reviews", "/reviews.json", "/reviews.csv")
def reviews(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """Every decision in order, the newest first, those taken back included."""
    if moment.recorded is not None:
        known = [
            (one, "taken back" if one.undone_at is not None else "in force")
            for one in desk.ledger.views.reviews(moment.recorded)
        ]
    else:
        known = [(one.decision, one.status) for one in desk.ledger.reviews.standing()]
    rows = [
        {
            **msgspec.structs.asdict(one),
            "at": format_time(one.at),
            "undone_at": format_time(one.undone_at) if one.undone_at else None,
            "status": status,
        }
        for one, status in reversed(known)
    ]
    return page_response(
        request,
        desk,
        Page(
            template="reviews.html",
            title="Reviews",
            data={"reviews": rows},
            rows=rows,
            moment=moment,
            section="reviews",
            context={"found": known[::-1], "actions": MEANING},
        ),
    )


@page("/reviews/new", "/reviews/new.json", "/reviews/new.csv")
def new_review(request: Request[Any, Any, Any], desk: GivenDesk, action: Text = "reject") -> Response[bytes]:
    """A decision that is being thought of: what it would change. Nothing is recorded."""
    given = {
        key: str(value)[:500]
        for key, value in request.query_params.items()
        if key in {part for parts in ACTIONS.values() for part in parts}
    }
    if action not in ACTIONS:
        raise UsageError("No such decision", which=action, fix=f"There are: {', '.join(ACTIONS)}")
    found = desk.ledger.reviews
    problem, changes = "", None
    if given:
        try:
            changes = shifts(found.preview(action, target_of(found, action, given)), desk.registry(NOW).name)
        except UsageError as error:
            if form_is_data(request):
                raise
            problem = str(error)
    return page_response(
        request,
        desk,
        Page(
            template="review_new.html",
            title=f"Decide: {action}",
            data={"action": action, "target": given, "effects": changes},
            rows=[
                {"slot": one.slot, "what": what, "before": before, "after": after}
                for one in changes or ()
                for what, before, after in one.differences
            ],
            timeless=True,
            section="reviews",
            context={
                "action": action,
                "actions": ACTIONS,
                "meaning": MEANING,
                "given": given,
                "changes": changes,
                "problem": problem,
            },
        ),
    )


def form_is_data(request: Request[Any, Any, Any]) -> bool:
    """Whether a program asks, which wants an error as one."""
    return request.url.path.endswith((".json", ".csv"))


@action("/reviews")
def decide(
    request: Request[Any, Any, Any], desk: GivenDesk, data: URLEncodedBody[Decided]
) -> Response[bytes]:
    """Record a decision."""
    caller = sender(request, data, "review")
    with desk.writing:
        found = desk.ledger.reviews
        target = target_of(found, data.action, msgspec.structs.asdict(data))
        decision = found.desk.decide(data.action, target, caller.name, data.reason)
    return goto(f"/reviews/{decision}")


@page("/reviews/{name:str}")
def review(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, name: Name
) -> Response[bytes]:
    """One decision, and what taking it back would change."""
    wanted = bare(name)
    found = desk.ledger.reviews
    listed = next((one for one in found.standing() if one.decision.id == wanted), None)
    if listed is None or (moment.recorded is not None and listed.decision.at > moment.recorded):
        raise NotFoundError("No such decision", which=wanted, fix="See the list of reviews")
    changes = (
        shifts(found.preview_undo(wanted), desk.registry(NOW).name)
        if listed.decision.undone_at is None
        else None
    )
    return page_response(
        request,
        desk,
        Page(
            template="review.html",
            title=f"Decision {wanted}",
            data={"decision": listed.decision, "status": listed.status, "effects_of_undoing": changes},
            rows=[{**msgspec.structs.asdict(listed.decision), "status": listed.status}],
            moment=moment,
            section="reviews",
            context={"one": listed.decision, "status": listed.status, "changes": changes},
        ),
    )


@action("/reviews/{name:str}/undo")
def undo(
    request: Request[Any, Any, Any], desk: GivenDesk, name: Name, data: URLEncodedBody[Undone]
) -> Response[bytes]:
    """Take a decision back; it stays in the list."""
    caller = sender(request, data, "review")
    with desk.writing:
        desk.ledger.reviews.undo(name, by=caller.name, reason=data.reason)
    return goto(f"/reviews/{name}")
