"""From the layers of one article to its claims and notices."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ledger.plugin import (
    Annotation,
    Article,
    Claim,
    ClaimValue,
    Context,
    Link,
    Modality,
    Quantity,
    Span,
)
from ledger_claims import circumstance, denials, notices
from ledger_claims.clauses import Token, clause_of, tokenize
from ledger_claims.described import described
from ledger_claims.events import Event, events
from ledger_claims.figures import figures
from ledger_claims.frames import is_fiction, remembered
from ledger_claims.harm import with_harm
from ledger_claims.individuals import individuals
from ledger_claims.losses import OWN, country_of, own_losses
from ledger_claims.qualified import qualified
from ledger_claims.scene import Figure, Scene, without_scare_quotes
from ledger_claims.sentences import Local, after_dateline, dateline, sentences
from ledger_claims.status import Names, Status, is_part, statuses
from ledger_claims.table import Table, load
from ledger_claims.voices import voices

__all__ = ["extract"]

_ANAPHOR = re.compile(
    r"^(?:The|This|That|These|Its|Their|His|Her) (?:figures?|estimates?|numbers?(?! of)|counts?|toll|assessments?|claims?|reports?|information|list|account)\b"
    r"|\b(?:low|limited|little) (?:confidence|certainty)\b"
)
_GROWTH = re.compile(
    r"\b(?:may|might|could|will|would|to)\b(?: \w+)? (?:rise|climb|grow|increase|go up|change|double|fall|worsen|be higher later)\b"
)
_REPORTED = re.compile(r"\breportedly\b|\b(?:is|are|was|were) reported to\b", re.IGNORECASE)
_ANAPHORIC = re.compile(r"(?:it|they|he|she)$|the ", re.IGNORECASE)
_MILITARY = re.compile(
    r"\b(?:army|armed forces|military|navy|air force|defen[cs]e|general staff|militia|rebels?|forces)\b",
    re.IGNORECASE,
)
_OWN_WORDS = re.compile(
    r"\b(?:(?:our|this|the (?:original|earlier|first)|an (?:earlier|original)|a previous) (?:item|article|report|story|post|version)|we)\b"
    r"[^.]*\b(?:said|stated|reported|wrote|claimed|saying)\b",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"\b(?:(?:town|city|village|port|island) of|[Ii]n) ([A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)?)"
)
_FATES = frozenset(["killed", "injured", "killed or injured"])
_CLOSING = '.!?"”’)'
_NAMES = frozenset(["LOC", "GPE", "FAC", "ORG", "NORP", "PER"])
_PLACES = 40
_DESCRIBED = 0.4
_WITHHELD = frozenset(["deny", "judge", "promise"])


def extract(
    article: Article, context: Context, measures: Mapping[str, Mapping[str, str]]
) -> Iterator[Annotation]:
    """Yield the notices of the article, then its claims in text order, each statement once."""
    quantities = context.of(Quantity)
    notes = list(notices.notices(article, quantities))
    yield from notes
    corrections = [note.span for note in notes if note.kind == "correction"]
    wrong = old_figures(article.text, corrections, quantities)
    reading = _Reading(article, load(measures), wrong, corrections)
    for local in sentences(article, context):
        reading.read(local)
    yield from _unique(reading.found)
    yield from _unique(reading.described)


def old_figures(text: str, corrections: Sequence[Span], quantities: Sequence[Quantity]) -> frozenset[Span]:
    """Where the correction notes of an article name a wrong figure."""
    return frozenset(q.span for span in corrections for q in notices.old_figures(text, span, quantities))


class _Reading:
    """What has been read of an article so far: its claims, the last group of them, the places named, who spoke when."""

    def __init__(self, article: Article, table: Table, wrong: frozenset[Span], notes: Sequence[Span]) -> None:
        self.article = article
        self.table = table
        self.wrong = wrong
        self.notes = notes
        self.found: list[Claim] = []
        self.described: list[Claim] = []
        self.group: list[int] = []
        self.places: list[str] = []
        self.spoken: dict[str, str] = {}
        self.reported = False
        self.inside: list[str] = []
        self.taken_back: Claim | None = None
        self.person = ""
        self.counted: tuple[Span, frozenset[str]] = (Span(0, 0), frozenset())

    def read(self, local: Local) -> None:
        """Add the claims of the next sentence."""
        text, span = self.article.text, local.piece
        words = text[span.start : span.end]
        if words.rstrip().endswith("?") or is_fiction(words):
            return
        self.reported = _REPORTED.search(words) is not None
        spoken = voices(text, local.sentence.span, local.attributions, local.entities)
        local = local._replace(attributions=spoken)
        tokens = with_harm(
            without_scare_quotes(tokenize(text, after_dateline(text, span), local.quantities, self.table))
        )
        made = self._claims(local, tokens)
        made += self._denied(local, tokens, made)
        past = remembered(text, local.sentence.span)
        made = [claim for claim in made if not any(p.covers(s) for p in past for s in claim.support)]
        new = [claim for claim in made if not self.wrong.intersection(claim.support)]
        new = denials.refuted(text, local.sentence.span, new)
        self.taken_back = next(
            (c for c in reversed(made) if c not in new and c.value is not None), self.taken_back
        )
        earlier = [self.found[k] for k in self.group]
        denied = denials.denials(
            text, local.sentence.span, local.attributions, earlier, new, tokens, self.table
        )
        if denied is not None:
            new = denied
        elif not new and _ANAPHOR.search(words) and not _GROWTH.search(words):
            for k in self.group:
                self.found[k] = _weaken(self.found[k], span, local.modalities)
        asserted = [
            k
            for k, c in enumerate(new, len(self.found))
            if c.kind not in {"denial", "unconfirmed"} and c.measure != "event"
        ]
        self.found += new
        self.described += [
            c for c in self._described(local, tokens, past) if not self.wrong.intersection(c.support)
        ]
        whole = {(c.measure, c.subject) for c in earlier if not c.scope}
        parts = all(
            self.found[k].scope and (self.found[k].measure, self.found[k].subject) in whole for k in asserted
        )
        self.group = [*self.group, *asserted] if parts else asserted
        begin = tokens[0].start if tokens else span.end  # after a dateline
        named = [e.name for e in local.entities if e.label in {"LOC", "GPE", "FAC"} and e.span.start >= begin]
        named += [m[1] for m in _SETTLED.finditer(text, begin, span.end)]
        self.places = [*self.places, *named, *(claim.scope for claim in new if claim.scope)][-_PLACES:]
        for attribution in local.attributions:
            if day := circumstance.said_on(
                self.article.text, [attribution], attribution.span, local.times, local.sentence.span
            ):
                self.spoken[attribution.chain[-1].actor] = day

    def _claims(self, local: Local, tokens: Sequence[Token]) -> list[Claim]:
        made: list[tuple[int, Claim]] = []
        self.inside = []
        back = self.taken_back
        k = bisect_right(self.notes, local.sentence.span.start, key=lambda span: span.start) - 1
        note = self.notes[k] if k >= 0 and self.notes[k].covers(local.sentence.span) else None
        old = (back.measure, back.subject) if back and note and note.covers(back.span) else None
        for figure in figures(tokens, self.table, old or self._last_figure(), corrected=old is not None):
            claim = self._figure_claim(local, tokens, figure)
            self.inside.append(figure.measure)
            known = (
                old
                and claim
                and any((c.measure, c.value) == (claim.measure, claim.value) for c in self.found)
            )
            if claim is not None and not known:
                made.append((figure.quantity.span.start, claim))
        starts = frozenset(e.span.start for e in local.entities if e.label in _NAMES)
        names = Names(self.article.title, self.article.text, self.table.persons, starts, self._town(local))
        people = individuals(tokens, self.table, self.person)
        self.person = people[-1].subject if people else self.person
        fates = {person.trigger.start for person in people if person.words in _FATES}
        for status in statuses(tokens, local.attributions, names):
            told = status.trigger.start in fates or (
                note is not None and self._taken_back(local, status.trigger)
            )
            claim = None if told else self._status_claim(local, tokens, status)
            if claim is not None:
                made.append((status.trigger.start, claim))
        taken = [claim.support for _, claim in made]
        stated = [(claim.subject, claim.support[0]) for _, claim in sorted(made, key=lambda pair: pair[0])]
        for event in (*people, *events(tokens, self.table, stated)):
            claim = self._event_claim(local, tokens, event)
            if not any(event.trigger.overlaps(s) for support in taken for s in support):
                made.append((event.trigger.start, claim))
        return [claim for _, claim in sorted(made, key=lambda pair: pair[0])]

    def _described(self, local: Local, tokens: Sequence[Token], past: Sequence[Span]) -> list[Claim]:
        """What a source is said to have said in figures that no word of the table tells of; they are less sure than the others."""
        taken = {span for claim in self.found if claim.span == local.sentence.span for span in claim.support}
        contents = [a.span for a in local.attributions]
        denied = [
            a.span
            for a in local.attributions
            if a.chain[-1].cue_class in _WITHHELD or a.chain[-1].certainty == "doubtful"
        ]
        past = [*past, *denied]
        made = []
        for figure in described(tokens, self.table, taken, contents):
            claim = self._figure_claim(local, tokens, figure)
            if (
                claim is not None
                and claim.chain
                and not any(span.covers(figure.quantity.span) for span in past)
            ):
                made.append(msgspec.structs.replace(claim, confidence=_DESCRIBED))
        return made

    def _town(self, local: Local) -> str:
        """What `the town` is called: a place named before in the paragraph, else that of the dateline, else the one named last."""
        before = self.article.text[local.block.start : local.sentence.span.start]
        near = [place for place in self.places if place in before]
        return (
            circumstance.known_place("town", near)
            or dateline(self.article.text)
            or circumstance.known_place("town", self.places)
        )

    def _taken_back(self, local: Local, span: Span) -> bool:
        """Whether a note only repeats it as what the report had said: `our item also said that the bridge was blown up`."""
        before = self.article.text[local.sentence.span.start : span.start]
        return _OWN_WORDS.search(before[before.rfind(";") + 1 :]) is not None

    def _denied(self, local: Local, tokens: Sequence[Token], made: Sequence[Claim]) -> list[Claim]:
        """Claims without a value for what the sentence denies, which `denials` then turns into denials."""
        found = denials.unstated(self.article.text, tokens, local.attributions, made, self.table)
        return [
            Claim(
                span=local.sentence.span,
                subject=(self._town(local) or subject)
                if subject in circumstance.SETTLEMENTS
                else subject or self.table.defaults[sense.measure],
                measure=sense.measure,
                trigger=sense.lemma,
                support=(token.span,),
            )
            for token, sense, subject in found
        ]

    def _last_figure(self) -> tuple[str, str] | None:
        """Measure and subject of the last figure, for `puts the number at ...`."""
        for k in reversed(self.group):
            claim = self.found[k]
            if claim.value is not None and claim.value.op != "category":
                return claim.measure, claim.subject
        return None

    def _figure_claim(self, local: Local, tokens: Sequence[Token], figure: Figure) -> Claim | None:
        text = self.article.text
        value = _value(figure.quantity, text)
        trigger, qualifier = qualified(tokens, figure)
        modalities = (
            [m for m in local.modalities if qualifier not in m.cues] if qualifier else local.modalities
        )
        level = circumstance.level_of([figure.quantity.span, figure.trigger], modalities)
        stance = circumstance.stance(tokens, figure.at, figure.trigger_at, level)
        if value is None or stance is None or _of_that(tokens, figure.trigger_at):
            return None
        counted = figure.quantity.kind == "cardinal" and figure.measure != "capacity"
        if counted and circumstance.is_rate(tokens, figure.at, figure.trigger_at):
            return None
        chain = circumstance.chain_of(figure.quantity.span, local.attributions)
        contents = [a.span for a in local.attributions if a.span.covers(figure.quantity.span)]
        content = max(contents, key=lambda span: span.end - span.start, default=None)
        scope, place = circumstance.scope_of(
            text, tokens, figure.at, figure.trigger_at, local.entities, self.places, content
        )
        claim = Claim(
            span=local.sentence.span,
            subject=self._whose(local, tokens, figure, chain),
            measure=figure.measure,
            scope=scope,
            period=self._period(local, tokens, figure),
            unit=self._unit(figure),
            value=value,
            modality=stance[0],
            trigger=trigger,
            support=tuple(sorted({*figure.support, *([place] if place is not None else [])})),
        )
        return self._attributed(claim, figure.quantity.span, local, forecast=stance[1] == "forecast")

    def _whose(self, local: Local, tokens: Sequence[Token], figure: Figure, chain: Sequence[Link]) -> str:
        """Who is counted. What an army calls its losses are soldiers, those of its country; a bare number counts on."""
        subject = figure.subject
        if subject == "people" and chain and _MILITARY.search(chain[-1].actor):
            subject = "soldier" if own_losses(Scene(tokens, self.table), figure) else subject
        owned = (
            tokens[figure.at + 1].low == "of" and tokens[figure.at + 2].low in OWN
            if figure.at + 2 < len(tokens)
            else False
        )
        if owned and chain and subject in self.table.persons:
            country = country_of(chain[-1].actor, self.article.text)
            return f"{country} {subject}" if country else subject
        block, before = self.counted
        bare = subject == "people" and not figure.total and not _names_people(tokens, figure)
        if bare and block == local.block and len(before) == 1:
            (subject,) = before
        if subject != "people" and (subject.rsplit(" ", 1)[-1]) in self.table.persons:
            self.counted = (local.block, (before if block == local.block else frozenset()) | {subject})
        return subject

    def _period(self, local: Local, tokens: Sequence[Token], figure: Figure) -> str:
        begin, end = clause_of(tokens, figure.at)
        published = self.article.published
        day = published.date() if published is not None else None
        if begin and day is not None and (year := circumstance.year_of_relative(tokens, begin, day)):
            return year
        clause = Span(tokens[begin].start, tokens[end - 1].end)
        period = circumstance.period_of(
            self.article.text, local.times, local.sentence.span, clause, figure.quantity.span, day
        )
        if (
            figure.total
            and len(period) > len("2031-05")
            and period != "cumulative"
            and not _names_window(tokens, figure)
        ):
            period = "cumulative"
        return "increment" if period == "cumulative" and self._adds(tokens, figure) else period

    def _adds(self, tokens: Sequence[Token], figure: Figure) -> bool:
        """Whether a further number adds to one of the same measure: in "one dead and two others hurt" it does not."""
        if figure.added or not figure.further:
            return figure.added
        more = Scene(tokens, self.table).is_more(figure.at) or self._unit(figure) != "persons"
        counted = {claim.measure for claim in self.found if claim.measure != "status"} | set(self.inside)
        return more or not counted or figure.measure in counted

    def _unit(self, figure: Figure) -> str:
        if figure.quantity.unit or figure.quantity.kind != "cardinal":
            return figure.quantity.unit
        persons = {figure.subject, figure.subject.rsplit(" ", 1)[-1]} & self.table.persons
        return "persons" if persons else ""

    def _status_claim(self, local: Local, tokens: Sequence[Token], status: Status) -> Claim | None:
        level = circumstance.level_of([status.trigger], local.modalities)
        if level == "predicted" or any(t.low in {"if", "unless"} for t in tokens[: status.at]):
            return None
        claim = Claim(
            span=local.sentence.span,
            subject=self._whole(status.subject),
            measure=status.measure,
            period="current",
            unit="category",
            value=ClaimValue(op="category", point=status.state),
            modality=level,
            polarity="-" if status.negated else "+",
            trigger=status.lemma,
            support=tuple(sorted({status.thing, status.trigger})),
        )
        return self._attributed(claim, status.trigger, local, forecast=False)

    def _event_claim(self, local: Local, tokens: Sequence[Token], event: Event) -> Claim:
        level = circumstance.level_of([event.trigger], local.modalities)
        if event.level and level == "asserted":
            level = event.level
        if level == "predicted" and event.words in self.table.defaults:
            level = "asserted"  # "the man who was killed will be buried on Friday"
        scope, place = circumstance.scope_of(
            self.article.text, tokens, event.at, event.at, local.entities, self.places, None
        )
        claim = Claim(
            span=local.sentence.span,
            subject=event.subject,
            measure="event",
            scope=scope,
            period="current",
            unit="category",
            value=ClaimValue(op="category", point=event.words),
            modality=level,
            polarity="-" if event.negated else "+",
            trigger=event.lemma,
            support=tuple(sorted({event.thing, event.trigger, *([place] if place is not None else [])})),
        )
        return self._attributed(claim, event.trigger, local, forecast=level == "predicted")

    def _whole(self, subject: str) -> str:
        """The thing that a bare part belongs to: the one whose state was stated last; people in the table's words."""
        if is_part(subject):
            stated = (
                c.subject for c in reversed(self.found) if c.measure == "status" and not is_part(c.subject)
            )
            return next(stated, subject)
        return self.table.description(subject)

    def _attributed(self, claim: Claim, span: Span, local: Local, *, forecast: bool) -> Claim:
        chain = circumstance.chain_of(span, local.attributions)
        said = circumstance.said_on(
            self.article.text, local.attributions, span, local.times, local.sentence.span
        )
        if not said and chain and _ANAPHORIC.match(chain[-1].surface):
            said = self.spoken.get(chain[-1].actor, "")
        hearsay = circumstance.is_hearsay(chain) or (not chain and self.reported)
        kind = "forecast" if forecast else "hearsay" if hearsay else "primary"
        return msgspec.structs.replace(claim, chain=chain, said_on=said, kind=kind)


def _names_people(tokens: Sequence[Token], figure: Figure) -> bool:
    """Whether the number has a noun of its own: `33 people were hurt`, not `a further 2,300 were wounded`."""
    noun = figure.quantity.noun
    return bool(noun) or any(t.low in _ANYBODY for t in tokens[figure.at + 1 : figure.at + 4])


_ANYBODY = frozenset(["people", "persons", "residents", "others", "deaths", "victims", "bodies", "dead"])


def _names_window(tokens: Sequence[Token], figure: Figure) -> bool:
    """Whether a time stands between a total and its number: `the toll in the past week reached 30`."""
    between = tokens[min(figure.at, figure.trigger_at) : max(figure.at, figure.trigger_at)]
    return any(t.low in {"week", "day", "hours", "days", "month", "weeks"} for t in between)


def _of_that(tokens: Sequence[Token], trigger: int) -> bool:
    """`four have died of it`: something else than what the article counts."""
    after = [t.low for t in tokens[trigger + 1 : trigger + 3]]
    return after in (["of", "it"], ["from", "it"], ["of", "this"], ["of", "that"])


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
            claim.trigger if claim.confidence is not None else "",
            root,
        )
        if key not in seen:
            seen.add(key)
            yield claim
