"""Which figures decisions and registries can move, and which decisions bear on some figures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from ledger.projections.evidence import EvidenceTables
from ledger.projections.rows import ReviewRow
from ledger.state import Document, Registry, Review

__all__ = ["bearing_on", "moved_by", "moved_by_registry"]

_ON_ROOTS = ("grade", "merge-roots", "split-root")
_TARGET = msgspec.json.Decoder(dict[str, str])


def moved_by(row: ReviewRow, reviews: Iterable[Review], evidence: EvidenceTables) -> set[str]:
    """The slots that a decision can move: where the claims are that it is about, and what rests on their documents."""
    target = _TARGET.decode(row.target)
    named = {target[key] for key in ("slot", "to", "value") if "slot" in target and key in target}
    if row.action in _ON_ROOTS:
        return named | _with_root(target.get("root", ""), reviews, evidence)
    if "article" in target:
        return named | evidence.resting_on(evidence.documents([target["article"]]))
    if row.action.startswith("slot-") and "slot" in target:
        return named | evidence.resting_on(evidence.behind({target["slot"]}))
    return named


def moved_by_registry(
    old: Registry,
    new: Registry,
    evidence: EvidenceTables,
    reviews: Sequence[Review],
    known: Callable[[], Iterable[str]],
) -> set[str]:
    """The slots that read otherwise by another registry although what articles state is the same; `known` gives all."""
    moved = {
        slot for slot in old.slots.keys() | new.slots.keys() if old.slots.get(slot) != new.slots.get(slot)
    }
    for root in sorted(old.sources.keys() | new.sources.keys()):
        if (old.grade(root), old.party(root)) != (new.grade(root), new.party(root)):
            moved |= _with_root(root, reviews, evidence)
    if (old.parameters, old.topics) != (new.parameters, new.topics):
        moved |= {slot for slot in known() if old.parameters_of(slot) != new.parameters_of(slot)}
    return moved


def _with_root(root: str, reviews: Iterable[Review], evidence: EvidenceTables) -> set[str]:
    """The slots on which a claim has a root, or may have it by a decision, and what rests on those claims."""
    named, slots = {root}, set[str]()
    size = -1
    while size != len(named):
        size = len(named)
        for each in reviews:
            became = each.target.get("into") or each.target.get("to")
            if became in named and each.action in ("merge-roots", "split-root"):
                named.add(each.target.get("root", ""))
            elif became in named and each.action == "reroot":
                slots.add(each.target.get("slot", ""))
    return slots | evidence.resting_on_roots(named)


def bearing_on(
    reviews: Sequence[Review], slots: Collection[str], documents: Iterable[Document]
) -> list[Review]:
    """The decisions that can act on some documents and slots, with those that take them back; the others change nothing there."""
    articles = {document.id for document in documents}
    kept = {
        each.id
        for each in reviews
        if each.action in _ON_ROOTS
        or each.target.get("slot") in slots
        or each.target.get("value") in slots
        or each.target.get("to") in slots
        or each.target.get("article") in articles
    }
    size = -1
    while size != len(kept):
        size = len(kept)
        kept |= {each.id for each in reviews if each.action == "undo" and each.target.get("review") in kept}
    return [each for each in reviews if each.id in kept]
