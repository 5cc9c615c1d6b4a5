"""From reports, as processors read them, to documents with claims on slots and roots.

Extraction knows no registry and no declared slot; everything that depends on those happens here, so that a change of the
registry needs no new extraction, and an answer of old uses the registry of its time. Pure: what comes out depends on the reports
and the registry alone, not on their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from ledger.plugin import Claim, Notice, Span
from ledger.plugin.annotations import ClaimValue
from ledger.state.copies import Items
from ledger.state.model import Document, Slot, StateClaim, Value, Version
from ledger.state.names import Names
from ledger.state.registry import Registry
from ledger.state.reports import Report
from ledger.state.slots import Context, Finder
from ledger.state.words import plain, stems

__all__ = ["resolve"]

_DATELINE = re.compile(r"^\s*(?:[A-Z][^\n()]{0,60})?\(([^()\n]{2,40})\)\s*[-\u2013\u2014]")
_CORRECTION = re.compile(r"\s*(?:correction|corrected|clarification)\b", re.IGNORECASE)
_ALTERNATIVES = {"predicted": "asserted"}


class _Article(NamedTuple):
    id: str
    outlet: str
    url: str
    reports: list[Report]

    @property
    def published(self) -> datetime:
        """Published time of the first revision."""
        return self.reports[0].p_time


def resolve(reports: Iterable[Report], registry: Registry) -> tuple[Document, ...]:
    """Documents by id, with claims on declared or discovered slots.

    Revisions of an article become versions; `withdrawn` and a retraction notice make a version `retracted`. Claims of declared
    slots carry the declared id, others come with the definition of their slot.
    """
    resolver = _Resolver(_articles(reports, Names(registry)), registry)
    return tuple(resolver.document(article) for article in resolver.articles)


def _articles(reports: Iterable[Report], names: Names) -> list[_Article]:
    grouped: dict[str, list[Report]] = {}
    for report in reports:
        grouped.setdefault(report.article, []).append(report)
    articles = []
    for key, group in sorted(grouped.items()):
        group.sort(key=lambda each: (each.revision, each.withdrawn, each.recorded_at))
        articles.append(_Article(key, names.outlet(group[0].outlet, group[0].url), group[0].url, group))
    return articles


class _Resolver:
    def __init__(self, articles: list[_Article], registry: Registry) -> None:
        self.articles = articles
        self._registry = registry
        self._names = Names(registry)
        self._finder = Finder(registry)
        self._of_outlet: dict[str, list[_Article]] = {}
        for article in articles:
            self._of_outlet.setdefault(article.outlet, []).append(article)
        wire = [each for each in articles if self._is_wire(each.outlet)]
        self._read: dict[str, list[list[StateClaim]]] = {}
        self._items = Items(
            (each.id, each.outlet, each.published, [report.text for report in each.reports]) for each in wire
        )
        self._wire = {each.id: each for each in wire}

    def document(self, article: _Article) -> Document:
        versions = []
        first: dict[tuple[object, ...], datetime] = {}
        for n, (report, claims) in enumerate(
            zip(article.reports, self._claims(article), strict=True), start=1
        ):
            retracted = report.withdrawn or any(
                notice.kind == "retraction" and self._named(article, notice) is None
                for notice in report.notices
            )
            copied = [] if retracted else self._as_copy(article, report, claims)
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
            corrects=self._corrects(article),
        )

    def _is_wire(self, outlet: str) -> bool:
        found = self._registry.outlets.get(outlet)
        return found is not None and found.kind == "wire"

    def _claims(self, article: _Article) -> list[list[StateClaim]]:
        if article.id not in self._read:
            self._read[article.id] = [self._of_report(article, report) for report in article.reports]
        return self._read[article.id]

    def _of_report(self, article: _Article, report: Report) -> list[StateClaim]:
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
            if claim.polarity == "-" and claim.kind not in ("denial", "unconfirmed", "forecast"):
                continue
            made.append(self._claim(article, report, claim, slot))
        return made

    def _claim(self, article: _Article, report: Report, claim: Claim, slot: Slot) -> StateClaim:
        links = [who for link in claim.chain if (who := self._names.who(link)) is not None]
        links = [who for who in links if not (who.outlet and who.id == article.outlet)]
        cited = next((who.id for who in links if who.outlet), "")
        said_at = _said_at(claim, article)
        kind, root = self._kind(article, claim, [who.id for who in links], cited, said_at)
        return StateClaim(
            slot=slot.id,
            value=self._value(claim, slot),
            said_at=said_at or _UNDATED,
            modality="predicted" if kind == "forecast" else _ALTERNATIVES.get(claim.modality, claim.modality),
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
        self, article: _Article, claim: Claim, links: Sequence[str], cited: str, said_at: datetime | None
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
        dated_back = said_at is not None and said_at < article.published
        return ("background" if claim.kind == "background" or dated_back else "primary"), root

    def _value(self, claim: Claim, slot: Slot) -> Value | None:
        value = claim.value
        if value is None:
            return None
        if slot.kind == "status" and slot.declared:
            return Value(self._finder.category(claim, slot), "category")
        return _plain_value(value)

    def _as_copy(self, article: _Article, report: Report, claims: list[StateClaim]) -> list[StateClaim]:
        if not claims or self._is_wire(article.outlet):
            return claims
        credit = self._credit(report)
        items = self._items.copied(article.outlet, article.published, report.text, credit)
        return [self._copied(claim, items) for claim in claims] if items else claims

    def _copied(self, claim: StateClaim, items: Sequence[str]) -> StateClaim:
        """The claim as a wire claim, if an item says the same in the same words; a changed figure is the outlet's own."""
        if claim.kind not in ("primary", "background", "echo"):
            return claim
        for document in items:
            if not self._items.holds(document, claim.sentence):
                continue
            for said in (each for version in self._claims(self._wire[document]) for each in version):
                if (said.slot, said.value) == (claim.slot, claim.value):
                    return _wired(claim, said, document, self._items.outlet(document))
        return claim

    def _credit(self, report: Report) -> str | None:
        for notice in report.notices:
            if notice.kind == "wire-credit" and (found := self._names.publisher(notice.subject)):
                return found
        dateline = _DATELINE.match(report.text)
        return self._names.publisher(dateline[1]) if dateline else None

    def _corrects(self, article: _Article) -> str | None:
        """The other document that this one, a correction or retraction item, is about."""
        first = article.reports[0]
        for notice in first.notices:
            if notice.kind not in ("correction", "retraction"):
                continue
            if (named := self._named(article, notice)) is not None:
                return named
            heads = _CORRECTION.match(first.title) or notice.span.start < len(first.text.partition("\n\n")[0])
            if notice.kind == "correction" and heads:
                return self._corrected_figure(article, notice)
        return None

    def _named(self, article: _Article, notice: Notice) -> str | None:
        """An earlier document of the same outlet that the notice names by address or title."""
        subject = notice.subject.strip()
        if not subject:
            return None
        title = plain(subject)
        for other in self._earlier(article):
            titles = {plain(report.title) for report in other.reports}
            if subject.rstrip("/") == other.url.rstrip("/") or title in titles:
                return other.id
        words = stems(subject)
        for other in self._earlier(article):
            for report in other.reports:
                shared = words & stems(report.title)
                if len(shared) >= 3 and len(shared) >= 0.6 * min(len(words), len(stems(report.title))):
                    return other.id
        return None

    def _corrected_figure(self, article: _Article, notice: Notice) -> str | None:
        """The latest earlier document of the outlet that states a figure which the notice takes back."""
        slots = {claim.slot for version in self._claims(article) for claim in version}
        for other in self._earlier(article):
            for claim in (each for version in self._claims(other) for each in version):
                point = claim.value.point if claim.value is not None else None
                if (claim.slot in slots or not slots) and (point in notice.old or (slots and not notice.old)):
                    return other.id
        return None

    def _earlier(self, article: _Article) -> list[_Article]:
        """Documents of the same outlet that were published before, the latest first."""
        others = [
            other
            for other in self._of_outlet[article.outlet]
            if other.id != article.id and other.published <= article.published
        ]
        return sorted(others, key=lambda other: (other.published, other.id), reverse=True)


def _place(claim: Claim) -> tuple[Span, Span, str, str, str]:
    """Text order: the sentence, within it the first span that carries the claim, then its key."""
    return claim.span, min(claim.support, default=claim.span), claim.measure, claim.subject, claim.scope


_UNDATED = datetime.min.replace(tzinfo=UTC)


def _said_at(claim: Claim, article: _Article) -> datetime | None:
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


def _wired(claim: StateClaim, said: StateClaim, document: str, outlet: str) -> StateClaim:
    return _with(
        claim,
        kind="wire",
        cites=document,
        cites_outlet="",
        root=said.root,
        chain=(claim.chain[0], outlet, *said.chain[1:]),
    )


def _with(claim: StateClaim, **changes: object) -> StateClaim:
    fields = {name: getattr(claim, name) for name in claim.__struct_fields__}
    return StateClaim(**{**fields, **changes})


def _own_chain(article: _Article, root: str | None) -> tuple[str, ...]:
    return (article.outlet, root) if root is not None else (article.outlet,)


def _plain_value(value: ClaimValue) -> Value:
    point = value.point
    if value.op == "vague":
        point = None
    elif value.op == "range" and value.lo is not None:
        point = value.lo
    return Value(point, value.op, value.lo, value.hi, value.text if value.op == "vague" else None)
