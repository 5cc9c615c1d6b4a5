"""Which decisions of reviewers are in force at a recorded time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ledger.state.model import Review

__all__ = ["in_force", "rejections", "touching"]


def in_force(reviews: Iterable[Review], recorded_as_of: datetime | None) -> list[Review]:
    """Decisions taken up to R that no decision in force undoes, oldest first. An undone undo undoes nothing."""
    taken = sorted(
        (each for each in reviews if recorded_as_of is None or each.at <= recorded_as_of),
        key=lambda each: (each.at, each.id),
    )
    undone: set[str] = set()
    standing: list[Review] = []
    for review in reversed(taken):
        if review.id in undone:
            continue
        if review.action == "undo":
            undone.add(review.target.get("review", ""))
        standing.append(review)
    return standing[::-1]


def _rejects_root(review: Review, slot: str) -> bool:
    target = review.target
    return (
        review.action == "reject"
        and target.get("slot") == slot
        and "root" in target
        and "article" not in target
    )


def rejections(reviews: Iterable[Review], slot: str, recorded_as_of: datetime | None) -> list[str]:
    """The roots that are rejected on `slot`, in the order of the decisions."""
    return [
        review.target["root"] for review in in_force(reviews, recorded_as_of) if _rejects_root(review, slot)
    ]


def touching(reviews: Iterable[Review], slot: str) -> list[Review]:
    """The rejections on `slot` and every undo that bears on them, directly or through other undos."""
    everything = list(reviews)
    ids = {each.id for each in everything if _rejects_root(each, slot)}
    size = -1
    while size != len(ids):
        size = len(ids)
        ids |= {each.id for each in everything if each.action == "undo" and each.target.get("review") in ids}
    return [each for each in everything if each.id in ids]
