"""From the layers of one article to its claims and notices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ledger.plugin import (
    Annotation,
    Article,
    Attribution,
    Claim,
    ClaimValue,
    Context,
    Entity,
    Link,
    Modality,
    Notice,
    Quantity,
    Sentence,
    Span,
    TimeSpan,
)
from ledger_claims import circumstance, denials, notices
from ledger_claims.clauses import Token, clause_of, tokenize
from ledger_claims.figures import figures
from ledger_claims.scene import Figure
from ledger_claims.status import Status, statuses
from ledger_claims.table import Table, load

__all__ = ["extract"]

_FURNITURE = re.compile(
    r"^\W*(?:most read|read more|read also|related|see also|follow us|subscribe|sign up|share this|advertisement|watch:|listen:|photo:|image:)",
    re.IGNORECASE,
)
_ANAPHOR = re.compile(
    r"^(?:The|This|That|These|Its|Their|His|Her) (?:figures?|estimates?|numbers?|counts?|toll|assessments?|claims?|reports?|information|list|account)\b"
    r"|\b(?:low|limited|little) (?:confidence|certainty)\b"
)


class _Layers(NamedTuple):
    article: Article
    table: Table
    quantities: Sequence[Quantity]
    times: Sequence[TimeSpan]
    entities: Sequence[Entity]
    attributions: Sequence[Attribution]
    modalities: Sequence[Modality]


def extract(
    article: Article, context: Context, measures: Mapping[str, Mapping[str, str]]
) -> Iterator[Annotation]:
    """Yield the notices of the article, then its claims in text order, each statement once."""
    layers = _Layers(
        article,
        load(measures),
        context.of(Quantity),
        context.of(TimeSpan),
        context.of(Entity),
        context.of(Attribution),
        context.of(Modality),
    )
    notes = list(notices.notices(article, layers.quantities))
    yield from notes
    yield from _unique(_claims(layers, context.of(Sentence), notes))


class _Reading:
    """What has been read of an article so far: its claims, the last group of them, and the places named."""

    def __init__(self, layers: _Layers, notes: Sequence[Notice]) -> None:
        self.layers = layers
        self.corrections = [note.span for note in notes if note.kind == "correction"]
        self.wrong = {
            quantity.span
            for span in self.corrections
            for quantity in notices.old_figures(layers.article.text, span, layers.quantities)
        }
        self.found: list[Claim] = []
        self.group: list[int] = []
        self.places: list[str] = []

    def read(self, sentence: Sentence) -> None:
        """Add the claims of the next sentence."""
        layers, text = self.layers, self.layers.article.text
        words = text[sentence.span.start : sentence.span.end]
        span = _after_dateline(text, sentence.span)
        tokens = tokenize(text, span, _inside(layers.quantities, sentence.span), layers.table)
        if not tokens or words.rstrip().endswith("?"):
            return
        local = [a for a in layers.attributions if sentence.span.overlaps(a.span)]
        made = _sentence_claims(layers, sentence, tokens, local, self)
        new = [claim for claim in made if not set(claim.support) & self.wrong]
        earlier = [self.found[k] for k in self.group]
        denied = denials.denials(text, sentence.span, local, earlier, new)
        if denied is not None:
            new = denied
        elif not new and _ANAPHOR.search(words):
            for k in self.group:
                self.found[k] = _weaken(self.found[k], sentence.span, layers.modalities)
        asserted = [k for k, c in enumerate(new, len(self.found)) if c.kind not in {"denial", "unconfirmed"}]
        self.group = asserted or self.group
        self.found += new
        self.places += [
            entity.name
            for entity in layers.entities
            if entity.label in {"LOC", "GPE", "FAC"} and sentence.span.covers(entity.span)
        ]
        self.places += [claim.scope for claim in new if claim.scope]

    def last_figure(self) -> tuple[str, str] | None:
        """Measure and subject of the last figure, for `puts the number at ...`."""
        for k in reversed(self.group):
            claim = self.found[k]
            if claim.value is not None and claim.value.op != "category":
                return claim.measure, claim.subject
        return None


def _claims(layers: _Layers, sentences: Sequence[Sentence], notes: Sequence[Notice]) -> list[Claim]:
    article = layers.article
    punctuated = any(article.text[b.end - 1] in '.!?”"’)' for b in article.blocks)
    reading = _Reading(layers, notes)
    for sentence in sentences:
        block = next((b for b in article.blocks if b.covers(sentence.span)), sentence.span)
        if not _is_furniture(article, sentence.span, block, punctuated=punctuated):
            reading.read(sentence)
    return reading.found


def _is_furniture(article: Article, span: Span, block: Span, *, punctuated: bool) -> bool:
    """Headlines, lists of links and page furniture make no claims."""
    text = article.text[span.start : span.end]
    plain = " ".join(text.split()).strip(" .")
    if plain == " ".join(article.title.split()).strip(" .") or _FURNITURE.match(text):
        return True
    whole = article.text[block.start : block.end].rstrip()
    return punctuated and len(whole.split()) <= 16 and whole[-1] not in '.!?”"’):;'


_DATELINE = re.compile(r"[A-ZÀ-Þ][\w.,'’ -]{1,60}?(?: ?\([A-Z][\w ./&-]{1,30}\))? ?(?:[–—]|--?)\s")


def _after_dateline(text: str, span: Span) -> Span:
    match = _DATELINE.match(text, span.start, span.end)
    if match is None or not ("(" in match.group() or match.group().split(",")[0].rstrip(" -–—").isupper()):
        return span
    return Span(match.end(), span.end)


def _inside(quantities: Sequence[Quantity], span: Span) -> list[Quantity]:
    return [q for q in quantities if span.covers(q.span)]


def _sentence_claims(
    layers: _Layers,
    sentence: Sentence,
    tokens: Sequence[Token],
    local: Sequence[Attribution],
    reading: _Reading,
) -> list[Claim]:
    made: list[tuple[int, Claim]] = []
    for figure in figures(tokens, layers.table, reading.last_figure()):
        claim = _figure_claim(layers, sentence, tokens, figure, local, reading.places)
        if claim is not None:
            made.append((figure.quantity.span.start, claim))
    for status in statuses(tokens, local, layers.table.persons, layers.article.title, layers.article.text):
        claim = _status_claim(layers, sentence, tokens, status, local)
        if claim is not None:
            made.append((status.trigger.start, claim))
    return [claim for _, claim in sorted(made, key=lambda pair: pair[0])]


def _figure_claim(
    layers: _Layers,
    sentence: Sentence,
    tokens: Sequence[Token],
    figure: Figure,
    local: Sequence[Attribution],
    places: Sequence[str],
) -> Claim | None:
    value = _value(figure.quantity, layers.article.text)
    level = circumstance.level_of([figure.quantity.span, figure.trigger], layers.modalities)
    stance = circumstance.stance(tokens, figure.at, figure.trigger_at, level)
    if value is None or stance is None:
        return None
    contents = [a.span for a in local if a.span.covers(figure.quantity.span)]
    scope, place = circumstance.scope_of(
        layers.article.text,
        tokens,
        figure.at,
        figure.trigger_at,
        layers.entities,
        places,
        max(contents, key=lambda span: span.end - span.start, default=None),
    )
    begin, end = clause_of(tokens, figure.at)
    published = layers.article.published
    period = circumstance.period_of(
        layers.article.text,
        layers.times,
        Span(tokens[begin].start, tokens[end - 1].end),
        published.year if published is not None else None,
    )
    if figure.further and period == "cumulative":
        period = "increment"
    person = (
        figure.subject.rsplit(" ", 1)[-1] in layers.table.persons or figure.subject in layers.table.persons
    )
    claim = Claim(
        span=sentence.span,
        subject=figure.subject,
        measure=figure.measure,
        scope=scope,
        period=period,
        unit=figure.quantity.unit or ("persons" if person and figure.quantity.kind == "cardinal" else ""),
        value=value,
        modality=stance[0],
        trigger=figure.lemma,
        support=tuple(sorted({*figure.support, *([place] if place is not None else [])})),
    )
    return _attributed(layers, claim, figure.quantity.span, local, sentence, forecast=stance[1] == "forecast")


def _status_claim(
    layers: _Layers, sentence: Sentence, tokens: Sequence[Token], status: Status, local: Sequence[Attribution]
) -> Claim | None:
    level = circumstance.level_of([status.trigger], layers.modalities)
    if level == "predicted" or any(t.low in {"if", "unless"} for t in tokens[: status.at]):
        return None
    claim = Claim(
        span=sentence.span,
        subject=layers.table.description(status.subject),
        measure=status.measure,
        period="current",
        unit="category",
        value=ClaimValue(op="category", point=status.state),
        modality=level,
        polarity="-" if status.negated else "+",
        trigger=status.lemma,
        support=tuple(sorted({status.thing, status.trigger})),
    )
    return _attributed(layers, claim, status.trigger, local, sentence, forecast=False)


def _attributed(
    layers: _Layers,
    claim: Claim,
    span: Span,
    local: Sequence[Attribution],
    sentence: Sentence,
    *,
    forecast: bool,
) -> Claim:
    chain = circumstance.chain_of(span, local)
    said = circumstance.said_on(local, span, layers.times, sentence.span)
    if not said and chain:
        said = _passage_date(layers, chain[-1], sentence)
    words = layers.article.text[claim.span.start : claim.span.end].lower()
    hearsay = circumstance.is_hearsay(chain) or (
        not chain and re.search(r"\breportedly\b|\b(?:is|are|was|were) reported to\b", words)
    )
    kind = "forecast" if forecast else "hearsay" if hearsay else "primary"
    return msgspec.structs.replace(claim, chain=chain, said_on=said, kind=kind)


def _passage_date(layers: _Layers, origin: Link, sentence: Sentence) -> str:
    """The date at which the same source spoke in the sentence before, for `it said` and its like."""
    if origin.surface.lower() not in {"it", "they", "he", "she"} and not origin.surface.lower().startswith(
        "the "
    ):
        return ""
    earlier = [
        a
        for a in layers.attributions
        if a.span.start < sentence.span.start and a.chain[-1].actor == origin.actor and a.cue is not None
    ]
    if not earlier:
        return ""
    last = earlier[-1]
    whole = Span(min(last.source.start, last.span.start), max(last.source.end, last.span.end) + 60)
    return circumstance.said_on([last], last.span, layers.times, whole)


def _value(quantity: Quantity, text: str) -> ClaimValue | None:
    if quantity.op == "range":
        if quantity.low is None or quantity.high is None:
            return None
        return ClaimValue(op="range", point=quantity.low, lo=quantity.low, hi=quantity.high)
    if quantity.op == "vague" or quantity.value is None:
        return ClaimValue(op="vague", text=text[quantity.span.start : quantity.span.end])
    return ClaimValue(op=quantity.op, point=quantity.value)


def _weaken(claim: Claim, span: Span, modalities: Sequence[Modality]) -> Claim:
    """A qualifier in the next sentence about the same statement."""
    level = circumstance.level_of([m.span for m in modalities if span.covers(m.span)], modalities)
    if claim.modality == "asserted" and level in {"probable", "possible"}:
        return msgspec.structs.replace(claim, modality=level)
    return claim


def _unique(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Each statement once: a repeated sentence, or the same figure of the same source, is one report."""
    seen: set[tuple[object, ...]] = set()
    for claim in claims:
        root = "" if claim.kind == "hearsay" or not claim.chain else claim.chain[-1].actor.lower()
        key = (
            claim.subject,
            claim.measure,
            claim.scope,
            claim.period,
            claim.value,
            claim.polarity,
            claim.kind,
            root,
        )
        if key not in seen:
            seen.add(key)
            yield claim
