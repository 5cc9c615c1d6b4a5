"""Decisions of reviewers that say what a claim is: another slot, another root, a copy, rejected; grades, names of slots.

A decision about one claim names article, version, span and slot (and the root where two claims share all of these). What is
extracted anew keeps the decision when all of them are the same again; else the decision is orphaned: it waits and never
moves to another claim. Decisions act in the order in which they were taken, each on what those before it made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ledger.state.model import COUNTED_KINDS, Document, Review, Slot, StateClaim, Version
from ledger.state.registry import Registry, Source
from ledger.state.reviews import in_force
from ledger.state.versions import Evidence, Overlay

__all__ = ["ACTIONS", "Basis", "Decided", "together"]

ACTIONS: dict[str, tuple[str, ...]] = {
    "accept": ("slot", "article", "version", "start", "end"),
    "reject": ("slot", "article", "version", "start", "end"),
    "reslot": ("slot", "article", "version", "start", "end", "to"),
    "reroot": ("slot", "article", "version", "start", "end", "to"),
    "merge-roots": ("root", "into"),
    "split-root": ("root", "to"),
    "grade": ("root", "grade"),
    "copy": ("article", "of"),
    "slot-name": ("slot", "value"),
    "slot-pin": ("slot", "value"),
    "slot-merge": ("slot", "value"),
    "slot-split": ("slot", "value"),
}
"""Action -> the keys of its target (of `slot-pin` the value is a definition, which the registry declares). `reject` may name a root instead of a claim; the splits narrow by `outlet`, `article`, `root`, `words`."""

_COPYABLE = frozenset({"primary", "background", "echo"})
_Change = Callable[[Document, Version, StateClaim], StateClaim | None]


class Basis(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What an answer is made of once decisions have acted.

    `touched` are the slots that they can move, `matched` the ids of those that found what they are about, `titles` the names
    that they give to slots.
    """

    evidence: Evidence
    registry: Registry
    touched: frozenset[str] = frozenset()
    matched: frozenset[str] = frozenset()
    titles: dict[str, str] = {}

    def definition(self, slot: str) -> Slot:
        """The definition of a slot: declared or pinned, else what came with its claims."""
        found = self.registry.slots.get(slot) or self.evidence.definition(slot)
        found = found or Slot(id=slot, subject=slot, declared=False)
        return msgspec.structs.replace(found, title=self.titles.get(slot, found.title))


class Decided:
    """Evidence and registry as the decisions in force at a recorded time make them."""

    def __init__(self, evidence: Evidence, registry: Registry, reviews: Iterable[Review]) -> None:
        self.plain = Basis(evidence=evidence, registry=registry)
        self._reviews = tuple(reviews)
        self._shaping = {each.id for each in self._reviews if _shapes(each)}
        size = -1
        while size != len(self._shaping):
            size = len(self._shaping)
            self._shaping |= {
                each.id
                for each in self._reviews
                if each.action == "undo" and each.target.get("review") in self._shaping
            }
        self._known: dict[tuple[str, ...], Basis] = {}

    def at(self, recorded_as_of: datetime | None) -> Basis:
        """What the decisions in force at R make of it."""
        if not self._shaping:
            return self.plain
        standing = [each for each in in_force(self._reviews, recorded_as_of) if _shapes(each)]
        key = tuple(each.id for each in standing)
        if key not in self._known:
            self._known[key] = _shaped(self.plain, standing) if standing else self.plain
        return self._known[key]

    def times(self, slot: str) -> list[datetime]:
        """When decisions that can move `slot` were taken or taken back, ascending."""
        found = []
        before = self.plain
        for at in sorted({each.at for each in self._reviews if each.id in self._shaping}):
            now = self.at(at)
            if now is not before and slot in now.touched | before.touched:
                found.append(at)
            before = now
        return found


def together(slots: Iterable[str], reviews: Iterable[Review]) -> set[str]:
    """`slots` with all those from which or to which decisions, in force or not, move claims of theirs."""
    moves = [
        (each.target["slot"], each.target.get("to") or each.target.get("value", ""))
        for each in reviews
        if each.action in ("reslot", "slot-merge", "slot-split") and "slot" in each.target
    ]
    found = set(slots)
    size = -1
    while size != len(found):
        size = len(found)
        for pair in moves:
            if not found.isdisjoint(pair):
                found.update(pair)
    return found


def _shapes(review: Review) -> bool:
    if review.action == "reject":
        return "article" in review.target
    return review.action in ACTIONS


def _shaped(plain: Basis, decisions: Sequence[Review]) -> Basis:
    shaper = _Shaper(plain)
    for decision in decisions:
        shaper.act(decision)
    return shaper.basis()


class _Shaper:
    def __init__(self, plain: Basis) -> None:
        self._base = plain.evidence
        self._registry = plain.registry
        self._changed: dict[str, Document] = {}
        self._titles: dict[str, str] = {}
        self._touched: set[str] = set()
        self._matched: set[str] = set()

    def basis(self) -> Basis:
        touched = set(self._touched)
        for key, document in self._changed.items():
            touched |= self._base.movable(document)
            if (before := self._base.get(key)) is not None:
                touched |= self._base.movable(before)
        return Basis(
            evidence=Overlay(self._base, self._changed) if self._changed else self._base,
            registry=self._registry,
            touched=frozenset(touched),
            matched=frozenset(self._matched),
            titles=self._titles,
        )

    def act(self, review: Review) -> None:
        target = review.target
        if any(key not in target for key in ACTIONS[review.action]):
            return
        match review.action:
            case "grade":
                self._grade(review)
            case "slot-name":
                self._titles[target["slot"]] = target["value"]
                self._found(review, self._on(target["slot"]))
            case "slot-pin":
                self._found(review, self._on(target["slot"]))
            case "copy":
                self._copy(review)
            case "merge-roots":
                self._each(review, self._all(), _renaming(target["root"], target["into"]))
            case "split-root":
                self._each(review, self._all(), self._splitting(target))
            case "slot-merge" | "slot-split":
                self._each(review, self._on(target["slot"]), self._moving(target))
            case _:
                self._one(review)

    # -- one claim -----------------------------------------------------------------------------------------------

    def _one(self, review: Review) -> None:
        target = review.target
        document = self._get(target["article"])
        if document is None:
            return
        change: _Change
        match review.action:
            case "reject":
                change = lambda _d, _v, claim: _with(claim, rejected=True)  # noqa: E731
            case "reslot":
                change = lambda _d, _v, claim: self._on_slot(claim, target["to"])  # noqa: E731
            case "reroot":
                change = lambda found, _v, claim: _rooted(found, claim, target["to"])  # noqa: E731
            case _:
                change = lambda _d, _v, claim: claim  # noqa: E731
        wanted = (target["slot"], target["version"], target["start"], target["end"])

        def if_meant(found: Document, version: Version, claim: StateClaim) -> StateClaim | None:
            if (claim.slot, str(version.n), str(claim.start), str(claim.end)) != wanted:
                return None
            return None if target.get("root", claim.root) != claim.root else change(found, version, claim)

        self._each(review, [document], if_meant)

    # -- many claims ---------------------------------------------------------------------------------------------

    def _splitting(self, target: dict[str, str]) -> _Change:
        rename = _renaming(target["root"], target["to"])

        def change(document: Document, version: Version, claim: StateClaim) -> StateClaim | None:
            return rename(document, version, claim) if _within(target, document, claim) else None

        return change

    def _moving(self, target: dict[str, str]) -> _Change:
        narrowed = {key: value for key, value in target.items() if key != "slot"}

        def change(document: Document, _version: Version, claim: StateClaim) -> StateClaim | None:
            if claim.slot != target["slot"] or not _within(narrowed, document, claim):
                return None
            if narrowed.get("root", claim.root) != claim.root:
                return None
            return self._on_slot(claim, target["value"])

        return change

    def _on_slot(self, claim: StateClaim, to: str) -> StateClaim:
        if to in self._registry.slots:
            return _with(claim, slot=to, definition=None)
        known = self._base.definition(to) or claim.definition or self._registry.slots.get(claim.slot)
        definition = None if known is None else _with_slot(known, id=to, declared=False)
        return _with(claim, slot=to, definition=definition)

    def _copy(self, review: Review) -> None:
        article, original = self._get(review.target["article"]), self._get(review.target["of"])
        if article is None or original is None:
            return
        said = {(each.slot, each.value): each for version in original.versions for each in version.claims}

        def change(document: Document, _version: Version, claim: StateClaim) -> StateClaim | None:
            source = said.get((claim.slot, claim.value))
            if source is None or claim.kind not in _COPYABLE or source.kind not in COUNTED_KINDS:
                return None
            chain = (document.outlet, original.outlet, *source.chain[1:])
            return _with(
                claim, kind="wire", cites=original.id, cites_outlet="", root=source.root, chain=chain
            )

        self._each(review, [article], change)

    def _grade(self, review: Review) -> None:
        root, grade = review.target["root"], review.target["grade"]
        source = self._registry.sources.get(root) or Source(name=root, party=root)
        graded = msgspec.structs.replace(source, reliability=grade)
        self._registry = msgspec.structs.replace(
            self._registry, sources={**self._registry.sources, root: graded}
        )
        slots = {
            claim.slot
            for document in self._all()
            for version in document.versions
            for claim in version.claims
            if root in (claim.root, *claim.chain[-1:])
        }
        if slots:
            self._matched.add(review.id)
            self._touched |= slots

    # -- documents -----------------------------------------------------------------------------------------------

    def _get(self, document: str) -> Document | None:
        return self._changed.get(document) or self._base.get(document)

    def _all(self) -> list[Document]:
        return [self._changed.get(each.id, each) for each in self._base.documents]

    def _on(self, slot: str) -> list[Document]:
        found = {each.id for each in self._base.documents_on(slot)} | self._changed.keys()
        documents = (self._get(key) for key in sorted(found))
        return [
            each
            for each in documents
            if each is not None
            and any(claim.slot == slot for version in each.versions for claim in version.claims)
        ]

    def _found(self, review: Review, documents: Sequence[Document]) -> None:
        if documents:
            self._matched.add(review.id)
            self._touched.add(review.target["slot"])

    def _each(self, review: Review, documents: Iterable[Document], change: _Change) -> None:
        for document in documents:
            versions = tuple(_changed(document, version, change, review.id) for version in document.versions)
            if versions != document.versions:
                self._matched.add(review.id)
                self._changed[document.id] = msgspec.structs.replace(document, versions=versions)


def _changed(document: Document, version: Version, change: _Change, review: str) -> Version:
    claims = []
    for claim in version.claims:
        made = change(document, version, claim)
        claims.append(claim if made is None else _with(made, decided=(*claim.decided, review)))
    return msgspec.structs.replace(version, claims=tuple(claims))


def _renaming(root: str, to: str) -> _Change:
    def change(_document: Document, _version: Version, claim: StateClaim) -> StateClaim | None:
        if claim.root != root and claim.chain[-1:] != (root,):
            return None
        chain = tuple(to if each == root else each for each in claim.chain)
        return _with(claim, root=to if claim.root == root else claim.root, chain=chain)

    return change


def _rooted(document: Document, claim: StateClaim, root: str) -> StateClaim:
    """The claim as one that the outlet got from `root` itself."""
    kind = "primary" if claim.kind in COUNTED_KINDS else claim.kind
    return _with(claim, kind=kind, root=root, chain=(document.outlet, root), cites=None, cites_outlet="")


def _within(target: dict[str, str], document: Document, claim: StateClaim) -> bool:
    """Whether a claim lies in the part that a split names."""
    return (
        target.get("outlet", document.outlet) == document.outlet
        and target.get("article", document.id) == document.id
        and target.get("slot", claim.slot) == claim.slot
        and target.get("words", "").casefold() in claim.sentence.casefold()
    )


def _with(claim: StateClaim, **changes: Any) -> StateClaim:
    return msgspec.structs.replace(claim, **changes)


def _with_slot(slot: Slot, **changes: Any) -> Slot:
    return msgspec.structs.replace(slot, **changes)
