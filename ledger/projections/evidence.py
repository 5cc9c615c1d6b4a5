"""The evidence behind the figures, kept as rows: which article states what, cites, copies and corrects.

One more article costs look-ups by what it says, whatever the number of articles. The rows follow from the other views alone,
in whatever order and pieces articles are taken in: an article that came late is looked at beside those that it bears on.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ledger.projections.drafts import Draft
from ledger.projections.evidence_rows import (
    CitationRow,
    CorrectionRow,
    DocumentRow,
    NoticeRow,
    PointRow,
    RootRow,
    StatementRow,
    TitleWordRow,
    WireTextRow,
)
from ledger.projections.rows import Row
from ledger.state import Document, StateClaim, Value
from ledger.state.copies import pack, unpack
from ledger.state.library import Entry, point_key, title_keys, value_key
from ledger.state.model import COUNTED_KINDS, Number

__all__ = ["EVIDENCE", "EvidenceTables"]

EVIDENCE: tuple[type[Row], ...] = (
    DocumentRow, WireTextRow, StatementRow, PointRow, TitleWordRow, NoticeRow, CorrectionRow, CitationRow, RootRow,
)  # fmt: skip
"""The row types of the evidence."""

_JSON = msgspec.json.Encoder(order="sorted")
_ENTRY = msgspec.json.Decoder(Entry)
_DOCUMENT = msgspec.json.Decoder(Document)


@functools.lru_cache(maxsize=2048)
def _entry(text: str) -> Entry:
    return _ENTRY.decode(text)


_grams = functools.lru_cache(maxsize=512)(unpack)


@functools.lru_cache(maxsize=4096)
def _document(text: str) -> Document:
    return _DOCUMENT.decode(text)


class EvidenceTables:
    """The evidence in a draft. It is the library that articles are resolved against."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._documents = draft.of(DocumentRow)
        self._texts = draft.of(WireTextRow)
        self._statements = draft.of(StatementRow)
        self._points = draft.of(PointRow)
        self._words = draft.of(TitleWordRow)
        self._notices = draft.of(NoticeRow)
        self._corrections = draft.of(CorrectionRow)
        self._citations = draft.of(CitationRow)
        self._roots = draft.of(RootRow)

    # -- what articles are resolved against ----------------------------------------------------------------------

    def items(
        self, statements: Collection[tuple[str, Value | None]], outlet: str, published: datetime
    ) -> list[Entry]:
        """Items of wire outlets other than `outlet`, published no later, that state one of these (slot, value) pairs."""
        wanted = {(slot, value_key(value)) for slot, value in statements}
        slots, values, latest = (
            {slot for slot, _ in wanted},
            {value for _, value in wanted},
            _micros(published),
        )
        rows = self._statements.find(slot=slots, value=values, wire=[1])
        found = {
            row.article
            for row in rows
            if (row.slot, row.value) in wanted and row.outlet != outlet and row.published <= latest
        }
        return list(self.entries(found).values()) if found else []

    def called(self, outlet: str, subject: str) -> list[Entry]:
        """Articles of an outlet that an address or title means, or that share three words of their title with it."""
        keys = title_keys([subject], subject)
        counts: dict[str, int] = {}
        for row in self._words.find(outlet=[outlet], word=keys):
            counts[row.article] = counts.get(row.article, 0) + (3 if row.word[0] in "@=" else 1)
        return self._entries({article for article, count in counts.items() if count >= 3})

    def stating(self, outlet: str, slots: Collection[str], points: Collection[Number]) -> list[Entry]:
        """Articles of an outlet that state one of these figures, or anything on one of these slots."""
        keys = {key for point in points if (key := point_key(Value(point)))}
        found = {row.article for row in self._points.find(outlet=[outlet], point=keys)}
        found |= {row.article for row in self._statements.find(slot=slots, outlet=[outlet])}
        return self._entries(found)

    def _entries(self, articles: Collection[str]) -> list[Entry]:
        return [_entry(row.entry) for row in self._documents.find(article=articles)]

    # -- taking articles in --------------------------------------------------------------------------------------

    def entries(self, articles: Collection[str]) -> dict[str, Entry]:
        """What is kept of articles, by id."""
        texts = {row.article: _grams(row.grams) for row in self._texts.find(article=articles)}
        return {
            entry.id: msgspec.structs.replace(entry, grams=texts.get(entry.id, frozenset()))
            for entry in self._entries(articles)
        }

    def put_entry(self, old: Entry | None, new: Entry) -> None:
        """Take in what other articles may need of an article."""
        if new == old:
            return
        row = self._documents.get(new.id)
        bare = _JSON.encode(msgspec.structs.replace(new, grams=frozenset())).decode()
        self._documents.put(DocumentRow(new.id, new.outlet, bare, row.document if row is not None else ""))
        if new.grams:
            self._texts.put(WireTextRow(new.id, pack(new.grams)))
        elif old is not None:
            self._texts.delete(new.id)
        self._replace(_index_rows(old) if old is not None else (), _index_rows(new))

    def bearing(self, old: Entry | None, new: Entry) -> set[str]:
        """Articles whose document may depend on an article that was `old` before: possible copies, and corrections."""
        if old == new:
            return set()
        found: set[str] = set()
        for entry in (old, new):
            if entry is None:
                continue
            since = ("published", _micros(entry.published))
            if entry.wire:
                wanted = {(each.slot, value_key(each.value)) for each in entry.statements}
                slots, values = {slot for slot, _ in wanted}, {value for _, value in wanted}
                rows = self._statements.find(slot=slots, value=values, wire=[0], since=since)
                found |= {row.article for row in rows if (row.slot, row.value) in wanted}
            found |= {row.article for row in self._notices.find(outlet=[entry.outlet], since=since)}
        return found - {new.id}

    def put_document(self, document: Document) -> tuple[set[str], datetime | None]:
        """Take in an article's document; the slots whose figures it can move, and from which recorded time on."""
        row = self._documents.get(document.id)
        text = _JSON.encode(document).decode()
        if row is None or row.document == text:
            return set(), None
        old = _document(row.document) if row.document else None
        self._documents.put(msgspec.structs.replace(row, document=text))
        self._replace(_link_rows(old) if old is not None else (), _link_rows(document))
        return self._touched(old, document), _differs_since(old, document)

    def _touched(self, old: Document | None, new: Document) -> set[str]:
        cited, corrected, slots = {f"document:{new.id}"}, set[str](), set[str]()
        for document in (old, new):
            if document is None:
                continue
            if document.corrects is not None:
                corrected.add(document.corrects)
            for claim in _claims(document):
                slots.add(claim.slot)
                if claim.kind in COUNTED_KINDS and (key := point_key(claim.value)):
                    cited.add(_cited_figure(document.outlet, key))
        slots |= {row.slot for row in self._citations.find(cited=cited)}
        for document in self.documents(corrected):
            slots |= {claim.slot for claim in _claims(document)}
        return slots

    def resting_on(self, documents: Iterable[Document]) -> set[str]:
        """The slots whose figures a change of these documents can move."""
        return {slot for document in documents for slot in self._touched(None, document)}

    def resting_on_roots(self, roots: Collection[str]) -> set[str]:
        """The slots on which a claim has one of these roots, and those whose figures rest on its document."""
        rows = self._roots.find(root=roots)
        return {row.slot for row in rows} | self.resting_on(self.documents({row.article for row in rows}))

    def _replace(self, old: Iterable[Row], new: Iterable[Row]) -> None:
        before, after = set(old), set(new)
        kept = {_key(row) for row in after}
        for row in before - after:
            if (key := _key(row)) not in kept:
                self._draft.of(key[0]).delete(*key[1:])
        for row in after - before:
            self._draft.of(type(row)).put(row)

    # -- what figures are evaluated from -------------------------------------------------------------------------

    def documents(self, articles: Collection[str]) -> list[Document]:
        """Documents by id."""
        return [_document(row.document) for row in self._documents.find(article=articles) if row.document]

    def everything(self) -> list[Document]:
        """All documents, by id."""
        return [_document(row.document) for row in self._documents.rows() if row.document]

    def behind(self, slots: Collection[str]) -> list[Document]:
        """Everything that the state of these slots is read from, by id."""
        wanted = set(slots)
        found = {
            each.id: each
            for each in self.documents({row.article for row in self._statements.find(slot=wanted)})
        }
        more = {row.article for row in self._corrections.find(corrected=found)}
        figures: dict[str, set[str]] = {}
        for claim in (claim for each in found.values() for claim in _claims(each) if claim.slot in wanted):
            if claim.cites is not None:
                more.add(claim.cites)
            elif claim.cites_outlet and (key := point_key(claim.value)):
                figures.setdefault(claim.cites_outlet, set()).add(key)
        for outlet, points in figures.items():
            more |= {row.article for row in self._points.find(outlet=[outlet], point=points)}
        found.update({each.id: each for each in self.documents(more - found.keys())})
        return [found[key] for key in sorted(found)]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(value: datetime) -> int:
    return (value - _EPOCH) // timedelta(microseconds=1)


def _key(row: Row) -> tuple[Any, ...]:
    return type(row), *(getattr(row, name) for name in row.KEY)


def _claims(document: Document) -> Iterator[StateClaim]:
    return (claim for version in document.versions for claim in version.claims)


def _differs_since(old: Document | None, new: Document) -> datetime:
    """The recorded time from which on a document is another than it was."""
    if old is not None and msgspec.structs.replace(old, versions=()) == msgspec.structs.replace(
        new, versions=()
    ):
        for before, after in zip(old.versions, new.versions, strict=False):
            if before != after:
                return after.recorded_at
        if len(new.versions) > len(old.versions):
            return new.versions[len(old.versions)].recorded_at
    return new.versions[0].recorded_at


def _index_rows(entry: Entry) -> Iterator[Row]:
    published, wire = _micros(entry.published), int(entry.wire)
    for said in entry.statements:
        yield StatementRow(said.slot, value_key(said.value), entry.id, entry.outlet, wire, published)
        if key := point_key(said.value):
            yield PointRow(entry.outlet, key, entry.id)
    for word in title_keys(entry.titles, entry.url):
        yield TitleWordRow(entry.outlet, word, entry.id)
    if entry.notices:
        yield NoticeRow(entry.outlet, published, entry.id)


def _link_rows(document: Document) -> Iterator[Row]:
    if document.corrects is not None:
        yield CorrectionRow(document.corrects, document.id)
    for claim in _claims(document):
        for root in {claim.root, *claim.chain[-1:]} - {None}:
            yield RootRow(str(root), claim.slot, document.id)
        if claim.cites is not None:
            yield CitationRow(f"document:{claim.cites}", claim.slot, document.id)
        elif claim.cites_outlet and (key := point_key(claim.value)):
            yield CitationRow(_cited_figure(claim.cites_outlet, key), claim.slot, document.id)


def _cited_figure(outlet: str, point: str) -> str:
    return f"outlet:{point}:{outlet}"
