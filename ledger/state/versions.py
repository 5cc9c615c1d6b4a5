"""Which versions act at (R, P), which claims they carry, and which document a claim cites.

R is the recorded time up to which the ledger is read, P the published time up to which versions count; None means no limit.
Of each document the newest version with `recorded_at <= R` and `p_time <= P` is active.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from ledger.state.model import COUNTED_KINDS, Document, Slot, StateClaim, Version

__all__ = ["Evidence", "Node", "Overlay", "Timeline"]

Identity = tuple[str, str, str | None, object]
Candidate = tuple[datetime, str, datetime]
"""A document that may be the cited one: first published, id, recorded since when it says something on the matter."""


class Node(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One claim of one version. `order` is (published time of the first version that carries the claim, document, place)."""

    claim: StateClaim
    document: Document
    version: Version
    order: tuple[datetime, str, int]

    @property
    def seen_at(self) -> datetime:
        """Published time of the first version of the document that carries the same claim."""
        return self.order[0]

    @property
    def hearsay(self) -> bool:
        """Whether this is a "reports say" echo, which names nobody."""
        return self.claim.kind == "echo" and self.claim.root is None


class Evidence:
    """All documents, indexed by slot, outlet and correction, so that one slot can be computed from what touches it."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._documents: dict[str, Document] = {}
        self._by_slot: dict[str, dict[str, None]] = {}
        self._by_outlet: dict[str, dict[str, None]] = {}
        self._correctors: dict[str, dict[str, None]] = {}
        self._citing: dict[str, dict[str, int]] = {}
        self._definitions: dict[str, Slot] = {}
        for document in documents:
            self.put(document)

    @property
    def slots(self) -> list[str]:
        """Ids of the slots on which any version claims something, sorted."""
        return sorted(slot for slot, documents in self._by_slot.items() if documents)

    @property
    def documents(self) -> list[Document]:
        """All documents, by id."""
        return [self._documents[key] for key in sorted(self._documents)]

    def definition(self, slot: str) -> Slot | None:
        """The definition that came with the claims of a slot that nobody declared."""
        return self._definitions.get(slot)

    def get(self, document: str) -> Document | None:
        """The document with this id."""
        return self._documents.get(document)

    def documents_on(self, slot: str) -> list[Document]:
        """Documents of which any version claims something on `slot`, by id."""
        return [self._documents[key] for key in sorted(self._by_slot.get(slot, ()))]

    def documents_of(self, outlet: str) -> list[Document]:
        """Documents of an outlet, by id."""
        return [self._documents[key] for key in sorted(self._by_outlet.get(outlet, ()))]

    def correctors(self, document: str) -> list[Document]:
        """Documents that declare that they correct `document`, by id."""
        return [self._documents[key] for key in sorted(self._correctors.get(document, ()))]

    def put(self, document: Document) -> frozenset[str]:
        """Add a document or replace the one with its id; gives the slots whose state this can move."""
        touched: set[str] = set()
        if (old := self._documents.get(document.id)) is not None:
            touched |= self._touched(old)
            self._index(old, add=False)
        self._documents[document.id] = document
        self._index(document, add=True)
        return frozenset(touched | self._touched(document))

    def movable(self, document: Document) -> frozenset[str]:
        """The slots whose state this document can move, were it among the others."""
        return frozenset(self._touched(document))

    def _index(self, document: Document, *, add: bool) -> None:
        def note(index: dict[str, dict[str, None]], key: str) -> None:
            if add:
                index.setdefault(key, {})[document.id] = None
            else:
                index.get(key, {}).pop(document.id, None)

        note(self._by_outlet, document.outlet)
        if document.corrects is not None:
            note(self._correctors, document.corrects)
        for claim in _all_claims(document):
            note(self._by_slot, claim.slot)
            if claim.definition is not None and add:
                self._definitions.setdefault(claim.slot, claim.definition)
            for key in _cited_keys(claim):
                counts = self._citing.setdefault(key, {})
                counts[claim.slot] = counts.get(claim.slot, 0) + (1 if add else -1)

    def _touched(self, document: Document) -> set[str]:
        slots = {claim.slot for claim in _all_claims(document)}
        if (corrected := self._documents.get(document.corrects or "")) is not None:
            slots |= {claim.slot for claim in _all_claims(corrected)}
        for key in (f"document:{document.id}", f"outlet:{document.outlet}"):
            slots |= {slot for slot, count in self._citing.get(key, {}).items() if count > 0}
        return slots


class Overlay(Evidence):
    """Other evidence with some documents put in the place of those with their ids; costs what was replaced."""

    def __init__(self, base: Evidence, replaced: Mapping[str, Document]) -> None:
        super().__init__(replaced.values())
        self._base = base
        self._moved = {
            claim.slot
            for document in (*(base.get(key) for key in replaced), *replaced.values())
            if document is not None
            for claim in _all_claims(document)
        }

    @property
    def slots(self) -> list[str]:
        """Ids of the slots on which any version claims something, sorted."""
        kept = [slot for slot in self._base.slots if slot not in self._moved]
        return sorted([*kept, *(slot for slot in self._moved if self.documents_on(slot))])

    @property
    def documents(self) -> list[Document]:
        """All documents, by id."""
        return self._current(self._base.documents)

    def definition(self, slot: str) -> Slot | None:
        """The definition that came with the claims of a slot that nobody declared."""
        return self._base.definition(slot) or super().definition(slot)

    def get(self, document: str) -> Document | None:
        """The document with this id."""
        return super().get(document) or self._base.get(document)

    def documents_on(self, slot: str) -> list[Document]:
        """Documents of which any version claims something on `slot`, by id."""
        kept = [each for each in self._base.documents_on(slot) if super(Overlay, self).get(each.id) is None]
        return sorted([*kept, *super().documents_on(slot)], key=lambda each: each.id)

    def documents_of(self, outlet: str) -> list[Document]:
        """Documents of an outlet, by id."""
        return self._current(self._base.documents_of(outlet))

    def correctors(self, document: str) -> list[Document]:
        """Documents that declare that they correct `document`, by id."""
        return self._current(self._base.correctors(document))

    def _current(self, documents: list[Document]) -> list[Document]:
        return [super(Overlay, self).get(each.id) or each for each in documents]


class _Entry(NamedTuple):
    """A document as it touches one slot: its visible versions with the claims that each carries."""

    document: Document
    versions: list[Version]
    nodes: dict[int, list[Node]]
    correctors: list[Document]


class Timeline:
    """The evidence of one slot, up to P, ready to be read at any R."""

    def __init__(self, evidence: Evidence, slot: str, published_as_of: datetime | None) -> None:
        self._evidence = evidence
        self._slot = slot
        self._limit = published_as_of
        self._entries: list[_Entry] = []
        self._elsewhere: dict[tuple[str, object], list[Candidate]] = {}
        self._holders: dict[str, list[Candidate]] = {}
        for document in evidence.documents_on(slot):
            if (since := _held_since(document, slot)) is not None:
                candidate = (document.versions[0].p_time, document.id, since)
                self._holders.setdefault(document.outlet, []).append(candidate)
            versions = self._visible(document)
            nodes = _nodes(document, versions, slot)
            if any(nodes.values()):
                self._entries.append(_Entry(document, versions, nodes, evidence.correctors(document.id)))
        for held in self._holders.values():
            held.sort()
        self._correctors = {each.document.id: each.correctors for each in self._entries if each.correctors}
        self._ordered = sorted(
            (node for entry in self._entries for group in entry.nodes.values() for node in group), key=_order
        )

    def times(self) -> list[datetime]:
        """Recorded times at which something was added that can move this slot, ascending."""
        found: set[datetime] = set()
        for entry in self._entries:
            found.update(version.recorded_at for version in entry.versions)
            for corrector in entry.correctors:
                found.update(version.recorded_at for version in self._visible(corrector))
        for node in self._ordered:
            for cited in self._may_cite(node):
                found.update(version.recorded_at for version in self._visible(cited))
        return sorted(found)

    @property
    def nodes(self) -> list[Node]:
        """All claims of visible versions on the slot, in order of appearance."""
        return self._ordered

    def active(self, recorded_as_of: datetime | None) -> tuple[list[Node], list[Node]]:
        """The claims of active versions, and those that only versions before them carried; both in order."""
        current: dict[str, Version] = {}
        revised: set[str] = set()
        for document, versions, _, _ in self._entries:
            version = _newest(versions, recorded_as_of)
            if version is not None:
                current[document.id] = version
                if version is not versions[0]:
                    revised.add(document.id)
        acting: list[Node] = []
        earlier: list[Node] = []
        for node in self._ordered:
            version = current.get(node.document.id)
            if node.version is version:
                if version.status != "retracted":
                    acting.append(node)
                else:
                    earlier.append(node)
            elif version is not None and node.version.n < version.n:
                earlier.append(node)
        carried = {
            (node.document.id, _identity(node.claim)) for node in acting if node.document.id in revised
        }
        past: list[Node] = []
        for node in earlier:
            if (key := (node.document.id, _identity(node.claim))) not in carried:
                carried.add(key)
                past.append(node)
        return acting, past

    def retracted(self, document: str, recorded_as_of: datetime | None) -> bool:
        """Whether the active version of a document is a retraction."""
        version = self._active_version(document, recorded_as_of)
        return version is not None and version.status == "retracted"

    def corrected_by(self, node: Node, recorded_as_of: datetime | None) -> str | None:
        """The correction item that the claim does not survive, if any.

        An item acts on claims that were first carried no later than the item was published.
        """
        for corrector in self._correctors.get(node.document.id, ()):
            version = self._active_version(corrector.id, recorded_as_of)
            if (
                version is None
                or version.status == "retracted"
                or node.seen_at > corrector.versions[0].p_time
            ):
                continue
            if all((claim.slot, claim.value) != (self._slot, node.claim.value) for claim in version.claims):
                return corrector.id
        return None

    def cited(self, node: Node, recorded_as_of: datetime | None) -> str | None:
        """The id of the document that the claim cites, if it is in the ledger at (R, P)."""
        claim = node.claim
        key = claim.cites
        if key is None and claim.cites_outlet:
            key = self._held_by(claim.cites_outlet, node, recorded_as_of)
        if key is None or self._active_version(key, recorded_as_of) is None:
            return None
        return key

    def _held_by(self, outlet: str, node: Node, recorded_as_of: datetime | None) -> str | None:
        found = _choose(self._holders.get(outlet, []), node, recorded_as_of)
        return found or _choose(self._same_figure(outlet, node.claim), node, recorded_as_of)

    def _same_figure(self, outlet: str, claim: StateClaim) -> list[Candidate]:
        point = claim.value.point if claim.value is not None else None
        if point is None or isinstance(point, str):
            return []
        key = (outlet, point)
        if key not in self._elsewhere:
            self._elsewhere[key] = sorted(
                (document.versions[0].p_time, document.id, since)
                for document in self._evidence.documents_of(outlet)
                if (since := _figure_since(document, point)) is not None
            )
        return self._elsewhere[key]

    def _may_cite(self, node: Node) -> Iterator[Document]:
        claim = node.claim
        if claim.cites is not None:
            if (document := self._evidence.get(claim.cites)) is not None:
                yield document
        elif claim.cites_outlet:
            for _, key, _ in self._same_figure(claim.cites_outlet, claim):
                if (document := self._evidence.get(key)) is not None:
                    yield document

    def _active_version(self, document: str, recorded_as_of: datetime | None) -> Version | None:
        found = self._evidence.get(document)
        return _newest(self._visible(found), recorded_as_of) if found is not None else None

    def _visible(self, document: Document) -> list[Version]:
        limit = self._limit
        return [version for version in document.versions if limit is None or version.p_time <= limit]


def _newest(versions: list[Version], recorded_as_of: datetime | None) -> Version | None:
    if recorded_as_of is None:
        return versions[-1] if versions else None
    return next((each for each in reversed(versions) if each.recorded_at <= recorded_as_of), None)


def _nodes(document: Document, versions: list[Version], slot: str) -> dict[int, list[Node]]:
    first: dict[Identity, datetime] = {}
    found: dict[int, list[Node]] = {}
    for version in versions:
        group = found.setdefault(version.n, [])
        for place, claim in enumerate(version.claims):
            if claim.slot == slot:
                seen_at = first.setdefault(_identity(claim), version.p_time)
                group.append(
                    Node(claim=claim, document=document, version=version, order=(seen_at, document.id, place))
                )
    return found


def _identity(claim: StateClaim) -> Identity:
    return claim.slot, claim.kind, claim.root, claim.value


def _order(node: Node) -> tuple[datetime, str, int]:
    return node.order


def _all_claims(document: Document) -> Iterator[StateClaim]:
    for version in document.versions:
        yield from version.claims


def _cited_keys(claim: StateClaim) -> Iterator[str]:
    if claim.cites is not None:
        yield f"document:{claim.cites}"
    if claim.cites_outlet:
        yield f"outlet:{claim.cites_outlet}"


def _held_since(document: Document, slot: str) -> datetime | None:
    for version in document.versions:
        if any(claim.slot == slot and claim.kind in COUNTED_KINDS for claim in version.claims):
            return version.recorded_at
    return None


def _figure_since(document: Document, point: float) -> datetime | None:
    for version in document.versions:
        for claim in version.claims:
            if claim.kind in COUNTED_KINDS and claim.value is not None and claim.value.point == point:
                return version.recorded_at
    return None


def _choose(candidates: list[Candidate], node: Node, recorded_as_of: datetime | None) -> str | None:
    """The latest candidate published up to the citing document's own time, else the earliest after it."""
    own = node.document
    published = own.versions[0].p_time
    middle = bisect_right(candidates, published, key=lambda candidate: candidate[0])
    for _, key, since in (*reversed(candidates[:middle]), *candidates[middle:]):
        if key != own.id and (recorded_as_of is None or since <= recorded_as_of):
            return key
    return None
