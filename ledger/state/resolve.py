"""From reports, as processors read them, to documents with claims on slots and roots.

Extraction knows no registry and no declared slot; everything that depends on those happens here, so that a change of the
registry needs no new extraction, and an answer of old uses the registry of its time. Pure: what comes out depends on the reports
and the registry alone, not on their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from ledger.plugin import Claim, Notice
from ledger.plugin.annotations import ClaimValue
from ledger.state.copies import CONTAINMENT, contained, grams
from ledger.state.library import Entry, Library, Shelf, Statement, address_of
from ledger.state.measures import is_suspected
from ledger.state.model import Document, Slot, StateClaim, Value, Version
from ledger.state.names import Names
from ledger.state.registry import Registry
from ledger.state.reports import Report
from ledger.state.slots import Context, Finder
from ledger.state.words import plain, stems

__all__ = ["Reading", "Resolver", "resolve"]

_DATELINE = re.compile(r"^\s*(?:[A-Z][^\n()]{0,60})?\(([^()\n]{2,40})\)\s*[-\u2013\u2014]")
_CORRECTION = re.compile(r"\s*(?:correction|corrected|clarification)\b", re.IGNORECASE)
_TAKES_BACK = ("correction", "retraction")
_COPYABLE = ("primary", "background", "echo")
_YESTERDAY = timedelta(days=2)
"""What was said the day before is news; what was said longer ago is told again."""
_ALTERNATIVES = {"predicted": "asserted"}


class Reading(NamedTuple):
    """One article, read alone: its revisions in order, and the claims that each makes, wire copies not yet told."""

    id: str
    outlet: str
    url: str
    reports: Sequence[Report]
    claims: Sequence[Sequence[StateClaim]]
    wire: bool

    @property
    def published(self) -> datetime:
        """Published time of the first revision."""
        return self.reports[0].p_time

    def entry(self) -> Entry:
        """What other articles may need of this one."""
        said = (claim for version in self.claims for claim in version)
        statements = tuple(
            dict.fromkeys(Statement(each.slot, each.value, each.root, each.chain) for each in said)
        )
        sketched = self.wire and bool(statements)
        return Entry(
            id=self.id,
            outlet=self.outlet,
            url=self.url,
            published=self.published,
            titles=tuple(dict.fromkeys(report.title for report in self.reports)),
            statements=statements,
            wire=self.wire,
            notices=any(notice.kind in _TAKES_BACK for report in self.reports for notice in report.notices),
            grams=grams(*(report.text for report in self.reports)) if sketched else frozenset(),
        )


def resolve(reports: Iterable[Report], registry: Registry) -> tuple[Document, ...]:
    """Documents by id, with claims on declared or discovered slots.

    Revisions of an article become versions; `withdrawn` and a retraction notice make a version `retracted`. Claims of declared
    slots carry the declared id, others come with the definition of their slot.
    """
    grouped: dict[str, list[Report]] = {}
    for report in reports:
        grouped.setdefault(report.article, []).append(report)
    resolver = Resolver(registry)
    readings = [resolver.read(grouped[article]) for article in sorted(grouped)]
    library = Shelf(reading.entry() for reading in readings)
    return tuple(resolver.document(reading, library) for reading in readings)


class Resolver:
    """Resolves one article at a time against a registry: `read` it alone, then make its `document` beside all others."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._names = Names(registry)
        self._finder = Finder(registry)

    def read(self, reports: Iterable[Report]) -> Reading:
        """The claims that an article's revisions make, at least one revision, in any order."""
        ordered = sorted(reports, key=lambda each: (each.revision, each.withdrawn, each.recorded_at))
        first = ordered[0]
        outlet = self._names.outlet(first.outlet, first.url)
        article = Reading(first.article, outlet, first.url, ordered, (), self._is_wire(outlet))
        return article._replace(claims=[self._of_report(article, report) for report in ordered])

    def document(self, article: Reading, library: Library) -> Document:
        """The article with its wire copies told, and with what it corrects or retracts."""
        versions = []
        first: dict[tuple[object, ...], datetime] = {}
        for n, (report, claims) in enumerate(zip(article.reports, article.claims, strict=True), start=1):
            retracted = report.withdrawn or any(
                notice.kind == "retraction" and self._named(article, notice, library) is None
                for notice in report.notices
            )
            copied = [] if retracted else self._as_copy(article, report, claims, library)
            versions.append(
                Version(
                    n=n,
                    recorded_at=report.recorded_at,
                    p_time=report.p_time,
                    status="retracted" if retracted else "live",
                    claims=tuple(_dated(claim, report.p_time, first) for claim in copied),
                )
            )
        return Document(
            id=article.id,
            outlet=article.outlet,
            url=article.url,
            versions=tuple(versions),
            corrects=self._corrects(article, library),
        )

    def _is_wire(self, outlet: str) -> bool:
        found = self._registry.outlets.get(outlet)
        return found is not None and found.kind == "wire"

    def _of_report(self, article: Reading, report: Report) -> list[StateClaim]:
        context = Context(report.claims, report.text)
        made: list[StateClaim] = []
        previous: Slot | None = None
        for claim in sorted(
            report.claims, key=lambda each: (each.span, each.measure, each.subject, each.scope)
        ):
            slot = self._finder.find(claim, context)
            if (
                claim.value is None
                and previous is not None
                and (slot is None or previous.declared > slot.declared)
            ):
                slot = previous
            if slot is None:
                continue
            if claim.value is not None:
                previous = slot
            denied = claim.polarity == "-" and claim.kind not in ("denial", "unconfirmed", "forecast")
            if denied and not (slot.declared and slot.kind == "status"):
                continue  # "is no longer working" may be a state that a declared slot knows
            made.append(self._claim(article, report, claim, slot))
        return made

    def _claim(self, article: Reading, report: Report, claim: Claim, slot: Slot) -> StateClaim:
        links = [who for link in claim.chain if (who := self._names.who(link)) is not None]
        links = [who for who in links if not (who.outlet and who.id == article.outlet)]
        links = [who for n, who in enumerate(links) if not n or who.id != links[n - 1].id]
        cited = next((who.id for who in links if who.outlet), "")
        said_at = _said_at(claim, article)
        kind, root = self._kind(article, claim, [who.id for who in links], cited, said_at)
        return StateClaim(
            slot=slot.id,
            value=self._value(claim, slot),
            said_at=said_at or _UNDATED,
            modality="predicted" if kind == "forecast" else _modality(claim, slot),
            kind=kind,
            root=root,
            chain=(article.outlet, *(who.id for who in links)) if links else _own_chain(article, root),
            cites_outlet=cited if kind == "derived" else "",
            target=claim.target or None,
            sentence=claim.quote or report.text[claim.span.start : claim.span.end],
            start=claim.span.start,
            end=claim.span.end,
            definition=None if slot.declared else slot,
        )

    def _kind(
        self, article: Reading, claim: Claim, links: Sequence[str], cited: str, said_at: datetime | None
    ) -> tuple[str, str | None]:
        root = links[-1] if links else article.outlet
        if claim.kind in ("denial", "unconfirmed"):
            return claim.kind, root
        if claim.kind == "forecast" or claim.modality == "predicted":
            return "forecast", root
        if cited:
            return "derived", root
        if not links:
            if claim.kind == "hearsay":
                return "echo", None
            return ("primary" if claim.chain else "echo"), root
        dated_back = said_at is not None and article.published - said_at > _YESTERDAY
        return ("background" if claim.kind == "background" or dated_back else "primary"), root

    def _value(self, claim: Claim, slot: Slot) -> Value | None:
        value = claim.value
        if value is None:
            return None
        if slot.kind == "status" and slot.declared:
            return Value(self._finder.category(claim, slot), "category")
        return _plain_value(value)

    def _as_copy(
        self, article: Reading, report: Report, claims: Sequence[StateClaim], library: Library
    ) -> Sequence[StateClaim]:
        """Claims that a wire item makes in the same words become wire claims; a changed figure is the outlet's own."""
        wanted = {(claim.slot, claim.value) for claim in claims if claim.kind in _COPYABLE}
        if not wanted or article.wire:
            return claims
        earlier = list(library.items(wanted, article.outlet, article.published))
        items = self._copied_items(report, earlier) if earlier else []
        return [_told(claim, items) if claim.kind in _COPYABLE else claim for claim in claims]

    def _copied_items(self, report: Report, items: Iterable[Entry]) -> list[Entry]:
        """Those that the text may be a copy of: the most taken over first.

        Half of the text or half of the item must have been taken over; less is enough where the item's outlet is credited.
        """
        credit, own = self._credit(report), grams(report.text)
        found = []
        for item in items:
            count = len(own & item.grams)
            share = max(count / len(own), count / len(item.grams)) if count else 0.0
            if share >= CONTAINMENT or (count and item.outlet == credit):
                found.append((-count, item.published, item.id, item))
        return [item for *_, item in sorted(found, key=lambda each: each[:3])]

    def _credit(self, report: Report) -> str | None:
        for notice in report.notices:
            if notice.kind == "wire-credit" and (found := self._names.publisher(notice.subject)):
                return found
        dateline = _DATELINE.match(report.text)
        return self._names.publisher(dateline[1]) if dateline else None

    def _corrects(self, article: Reading, library: Library) -> str | None:
        """The other document that this one, a correction or retraction item, is about."""
        first = article.reports[0]
        for notice in first.notices:
            if notice.kind not in _TAKES_BACK:
                continue
            if (named := self._named(article, notice, library)) is not None:
                return named
            heads = _CORRECTION.match(first.title) or notice.span.start < len(first.text.partition("\n\n")[0])
            if notice.kind == "correction" and heads:
                return self._corrected_figure(article, notice, library)
        return None

    def _named(self, article: Reading, notice: Notice, library: Library) -> str | None:
        """An earlier document of the same outlet that the notice names by address or title."""
        subject = notice.subject.strip()
        if not subject:
            return None
        address, title, words = address_of(subject), plain(subject), stems(subject)
        others = _earlier(article, library.called(article.outlet, subject))
        for other in others:
            if address == address_of(other.url) or (title and title in map(plain, other.titles)):
                return other.id
        for other in others:
            for theirs in map(stems, other.titles):
                shared = words & theirs
                if len(shared) >= 3 and len(shared) >= 0.6 * min(len(words), len(theirs)):
                    return other.id
        return None

    def _corrected_figure(self, article: Reading, notice: Notice, library: Library) -> str | None:
        """The latest earlier document of the outlet that states a figure which the notice takes back."""
        slots = {claim.slot for version in article.claims for claim in version}
        for other in _earlier(article, library.stating(article.outlet, slots, notice.old)):
            for said in other.statements:
                point = said.value.point if said.value is not None else None
                if (said.slot in slots or not slots) and (point in notice.old or (slots and not notice.old)):
                    return other.id
        return None


def _earlier(article: Reading, others: Iterable[Entry]) -> list[Entry]:
    """Those that were published before, the latest first."""
    found = [other for other in others if other.id != article.id and other.published <= article.published]
    return sorted(found, key=lambda other: (other.published, other.id), reverse=True)


def _told(claim: StateClaim, items: Sequence[Entry]) -> StateClaim:
    """The claim as a wire claim, if an item says the same in the same words."""
    words = grams(claim.sentence)
    for item in items:
        if contained(words, item.grams) < CONTAINMENT:
            continue
        for said in item.statements:
            if (said.slot, said.value) == (claim.slot, claim.value):
                return _wired(claim, said, item)
    return claim


def _modality(claim: Claim, slot: Slot) -> str:
    """How sure the statement is; suspected cases are only possible ones, unless it is these that the slot counts."""
    level = _ALTERNATIVES.get(claim.modality, claim.modality)
    suspected = is_suspected(claim.trigger) and not is_suspected(slot.measure)
    return "possible" if suspected and level in {"asserted", "probable"} else level


_UNDATED = datetime.min.replace(tzinfo=UTC)


def _said_at(claim: Claim, article: Reading) -> datetime | None:
    """When the source spoke, if the text says so: the publication time for the publication day, midnight UTC for one before."""
    if not claim.said_on:
        return None
    try:
        day = date.fromisoformat(claim.said_on[:10])
    except ValueError:
        return None
    local = article.reports[0].published or article.published
    if day == local.date():
        return article.published
    return datetime.combine(day, time(), UTC) if day < local.date() else None


def _dated(claim: StateClaim, p_time: datetime, first: dict[tuple[object, ...], datetime]) -> StateClaim:
    """Give an undated claim the published time of the first version that carries it."""
    since = first.setdefault((claim.slot, claim.kind, claim.root, claim.value), p_time)
    return claim if claim.said_at != _UNDATED else _with(claim, said_at=since)


def _wired(claim: StateClaim, said: Statement, item: Entry) -> StateClaim:
    return _with(
        claim,
        kind="wire",
        cites=item.id,
        cites_outlet="",
        root=said.root,
        chain=(claim.chain[0], item.outlet, *said.chain[1:]),
    )


def _with(claim: StateClaim, **changes: object) -> StateClaim:
    fields = {name: getattr(claim, name) for name in claim.__struct_fields__}
    return StateClaim(**{**fields, **changes})


def _own_chain(article: Reading, root: str | None) -> tuple[str, ...]:
    return (article.outlet, root) if root is not None else (article.outlet,)


def _plain_value(value: ClaimValue) -> Value:
    point = value.point
    if value.op == "vague":
        point = None
    elif value.op == "range" and value.lo is not None:
        point = value.lo
    return Value(point, value.op, value.lo, value.hi, value.text if value.op == "vague" else None)
