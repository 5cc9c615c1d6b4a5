"""One article for a page: its text with marks, its claims with where each came from and what became of it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from ledger.clock import parse_time
from ledger.errors import NotFoundError
from ledger.plugin import Article, Span
from ledger.projections.articles import summary_of
from ledger.projections.browse import Provenance
from ledger.projections.results import StoredAnnotation
from ledger.projections.rows import ArticleRow, RevisionRow, RunRow
from ledger.state.anchors import Place, anchor, locate
from ledger.state.model import ClaimState, SlotState, StateClaim
from ledger.state.resolve import resolve
from ledger.state.wording import slot_title, value_text
from ledger.web.asof import Moment
from ledger.web.desk import Desk
from ledger.web.differences import differences
from ledger.web.marks import LAYERS, Mark, Paragraph, marked

__all__ = ["ArticlePage", "ClaimCard", "article_page", "claim_anchor", "claim_href", "revision_differences"]


class ClaimCard(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of the text: what it says of which figure, who said it, what became of it, and who read it.

    `now` is where its sentence is in the newest text, for a claim of an older one.
    """

    number: int
    anchor: str
    start: int
    end: int
    sentence: str
    value: str
    modality: str
    kind: str
    chain: tuple[str, ...]
    slot: str
    title: str
    root: str
    alive: bool
    reason: str
    provenance: Provenance | None
    now: Place | None = None


class ArticlePage(msgspec.Struct, frozen=True, kw_only=True):
    """An article at a moment. `text` is None where it was withdrawn, redacted or not recorded yet."""

    article: ArticleRow
    revisions: tuple[RevisionRow, ...]
    revision: int
    text: Article | None
    paragraphs: tuple[Paragraph, ...]
    claims: tuple[ClaimCard, ...]
    annotations: tuple[StoredAnnotation, ...]
    failures: tuple[RunRow, ...]


def claim_anchor(start: int, end: int) -> str:
    """The id of a claim's place on the page of its article."""
    return f"c{start}-{end}"


def claim_href(claim: ClaimState, moment: Moment) -> str:
    """The link to the sentence of a claim, in the revision that makes it."""
    anchor = claim_anchor(claim.start, claim.end)
    return moment.link(f"/articles/{claim.document}#{anchor}", revision=claim.version)


def article_page(
    desk: Desk, wanted: str, moment: Moment, revision: int | None = None, layers: Collection[str] = ()
) -> ArticlePage:
    """An article as it was known at a moment. Raises NotFoundError for an article or a revision that was not there."""
    found = desk.ledger.article(wanted)
    name = found.article.article
    upto = desk.upto(moment)
    revisions = [one for one in found.revisions if one.position <= upto]
    if moment.published is not None:
        revisions = [one for one in revisions if parse_time(one.p_time) <= moment.published]
    if not revisions:
        raise NotFoundError("This article was not recorded then", which=name, fix="Set the clocks forward")
    numbers = [one.revision for one in revisions]
    with_text = [one.revision for one in revisions if one.text]
    shown = revision if revision is not None else (with_text or numbers)[-1]
    if shown not in numbers:
        raise NotFoundError("No such revision", which=f"{name} {shown}", fix=f"There are: {numbers}")
    text = desk.ledger.views.to_article(name, shown)
    annotations = desk.browser.annotations(name, shown, upto) if text is not None else []
    cards = _cards(desk, name, shown, moment) if text is not None else []
    if text is not None and shown != with_text[-1]:
        newest = desk.ledger.views.to_article(name, with_text[-1])
        cards = [_found_again(card, text.text, newest.text) if newest is not None else card for card in cards]
    return ArticlePage(
        article=summary_of(revisions),
        revisions=tuple(revisions),
        revision=shown,
        text=text,
        paragraphs=tuple(marked(text.text, _marks(annotations, cards, layers))) if text is not None else (),
        claims=tuple(cards),
        annotations=tuple(annotations),
        failures=tuple(desk.browser.failed_runs(upto, article=name)),
    )


def _cards(desk: Desk, article: str, revision: int, moment: Moment) -> list[ClaimCard]:
    """The claims of one revision, by place, joined with what became of them on their figures."""
    upto = desk.upto(moment)
    registry = desk.registry(moment)
    documents = resolve(desk.browser.reports_of(article, upto), registry)
    claims = [
        claim
        for document in documents
        for version in document.versions
        if version.n == revision
        for claim in version.claims
    ]
    provenance = desk.browser.provenance([article], upto)
    slots = desk.figures_of({claim.slot for claim in claims}, moment)
    cards = []
    for number, claim in enumerate(sorted(claims, key=lambda each: (each.start, each.end, each.slot)), 1):
        slot = slots.get(claim.slot)
        fate = _fate(slot, article, revision, claim)
        cards.append(
            ClaimCard(
                number=number,
                anchor=claim_anchor(claim.start, claim.end),
                start=claim.start,
                end=claim.end,
                sentence=claim.sentence,
                value=value_text(claim.value) if claim.value is not None else "",
                modality=claim.modality,
                kind=fate.kind if fate is not None else claim.kind,
                chain=fate.chain if fate is not None else claim.chain,
                slot=claim.slot,
                title=slot_title(slot) if slot is not None else claim.slot,
                root=(fate.root if fate is not None else claim.root) or "",
                alive=fate.alive if fate is not None else False,
                reason=(fate.reason or "") if fate is not None else "a newer revision stands",
                provenance=provenance.get((article, revision, claim.start, claim.end)),
            )
        )
    return cards


def _found_again(card: ClaimCard, text: str, newest: str) -> ClaimCard:
    sentence = Span(card.start, card.end)
    return msgspec.structs.replace(card, now=locate(anchor(text, sentence, sentence), newest))


def _fate(slot: SlotState | None, article: str, revision: int, claim: StateClaim) -> ClaimState | None:
    if slot is None:
        return None
    return next(
        (
            one
            for one in slot.claims
            if (one.document, one.version, one.start, one.end) == (article, revision, claim.start, claim.end)
        ),
        None,
    )


def _marks(
    annotations: Sequence[StoredAnnotation], cards: Sequence[ClaimCard], layers: Collection[str]
) -> list[Mark]:
    marks: list[Mark] = []
    if "claim" in layers:
        marks += [Mark(card.start, card.end, "claim", f"claim {card.number}") for card in cards]
    anchors = {card.anchor: card for card in cards}
    marks += [Mark(card.start, card.end, "place", "", anchor) for anchor, card in anchors.items()]
    kinds = {kind: layer for layer, kind in LAYERS.items() if layer in layers and layer != "claim"}
    for one in annotations:
        layer = kinds.get(one.type)
        if layer is None:
            continue
        start, end, title = one.start, one.end, ""
        body: dict[str, Any] = msgspec.json.decode(one.body)
        if layer == "source":
            span = body.get("source") or {}
            start, end = span.get("start", start), span.get("end", end)
            title = "source"
        elif layer == "name":
            title = f"{body.get('label', '')} {body.get('name', '')}".strip()
        elif layer == "number":
            title = " ".join(
                str(body[key]) for key in ("op", "value", "unit", "noun") if body.get(key) not in (None, "")
            )
        else:
            title = str(body.get("kind", ""))
        marks.append(Mark(start, end, layer, title))
    return marks


def revision_differences(desk: Desk, page: ArticlePage) -> list[tuple[int, int, list[str]]]:
    """(older, newer, paragraphs with what changed) of each pair of revisions that have a text."""
    texts = [
        (one.revision, text)
        for one in page.revisions
        if one.text and (text := desk.ledger.views.to_article(page.article.article, one.revision)) is not None
    ]
    return [
        (
            old[0],
            new[0],
            differences(f"{old[1].title}\n\n{old[1].text}", f"{new[1].title}\n\n{new[1].text}"),
        )
        for old, new in itertools.pairwise(texts)
    ]
