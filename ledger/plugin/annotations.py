"""The vocabulary of annotations: what processors say about exact stretches of one article's text.

Offsets are Unicode code points of the normalised text of one revision, `start` inclusive and `end` exclusive. `quote` is
the text that a span covers; the host fills it in and refuses a span that lies outside the text. `confidence` (0 to 1) is
how sure the *extractor* is; modality is how sure the *source* is. They are never one field.

A plugin adds a type by subclassing `Annotation` with a namespaced `tag`.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "ENTITY_LABELS",
    "Annotation",
    "Attribution",
    "Claim",
    "ClaimValue",
    "Entity",
    "Link",
    "Modality",
    "Notice",
    "Number",
    "Quantity",
    "Sentence",
    "Sentiment",
    "Span",
    "TimeSpan",
]

Number = int | float

ENTITY_LABELS = ("PER", "ORG", "LOC", "GPE", "NORP", "FAC", "EVENT", "WEAPON", "ROLE", "MISC")


class Span(msgspec.Struct, frozen=True, order=True):
    """A stretch of text: code points from `start` up to, not including, `end`."""

    start: int
    end: int

    def covers(self, other: Span) -> bool:
        """Whether `other` lies inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share a code point."""
        return self.start < other.end and other.start < self.end


class Annotation(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="annotation"):
    """Base of every annotation type; give subclasses `tag="yourplugin.name"`."""

    span: Span
    quote: str = ""
    confidence: float | None = None


class Sentence(Annotation, frozen=True, kw_only=True, tag="core.sentence"):
    """One sentence. `block` counts the paragraphs of the text from 0."""

    block: int = 0


class Entity(Annotation, frozen=True, kw_only=True, tag="core.entity"):
    """A mention of somebody or something named.

    `label` is one of ENTITY_LABELS. `name` is the fullest form in the article; `key` joins the mentions of one entity
    inside the article; `link` is an identifier outside it (`iso:KP`, `city:703448`), empty when unknown.
    """

    label: str
    name: str
    key: str
    link: str = ""
    level: str = "name"


class Quantity(Annotation, frozen=True, kw_only=True, tag="core.quantity"):
    """A number in the text.

    `kind`: cardinal, ordinal, percent, money, measure, age, duration, magnitude. `op`: exact, approx, min, max, range,
    vague. `low` and `high` are the stated ends of a range, else equal to `value` where that is closed. `unit` is a
    pint-compatible name, an ISO 4217 code, or `percent`. `noun` is what is counted, in singular and lower case; `whole` is
    the total of "1,000 of the 11,000".
    """

    kind: str
    op: str = "exact"
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    unit: str = ""
    noun: str = ""
    whole: Number | None = None


class TimeSpan(Annotation, frozen=True, kw_only=True, tag="core.time"):
    """A time expression. `start` and `end` are ISO 8601 texts relative to the publication day, or empty.

    `kind`: instant, interval, duration, since, until, vague. `precision`: minute, hour, day, month, year, empty.
    """

    kind: str
    start: str = ""
    end: str = ""
    duration: str = ""
    precision: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One link of an attribution chain: who passes the statement on, and how.

    `actor` is the name as resolved inside the article, `surface` the words used. `kind`: person, role, group,
    organisation, outlet, document, unnamed. `cue_class`: say, estimate, believe, deny, cite, show, promise, order.
    `certainty`: certain, probable, possible, doubtful. `mood`: asserted, predicted, intended, conditional.
    """

    actor: str
    surface: str
    kind: str
    span: Span | None = None
    cue: str = ""
    cue_class: str = "say"
    certainty: str = "certain"
    polarity: str = "+"
    mood: str = "asserted"


class Attribution(Annotation, frozen=True, kw_only=True, tag="core.attribution"):
    """Who says it. `span` is the content, `source` the words that name the source, `cue` the verb or phrase.

    `chain` runs from the outlet's nearest link to the origin, the outlet itself left out: "the Times, citing US officials"
    gives (the Times, US officials). `mode`: direct, indirect, mixed.
    """

    source: Span
    cue: Span | None = None
    mode: str = "indirect"
    chain: tuple[Link, ...]


class Modality(Annotation, frozen=True, kw_only=True, tag="core.modality"):
    """How sure the source is of the statement in `span`. `level`: asserted, probable, possible, doubtful, predicted."""

    level: str
    polarity: str = "+"
    cues: tuple[Span, ...] = ()


class Sentiment(Annotation, frozen=True, kw_only=True, tag="core.sentiment"):
    """Tone from -1 to 1. `level`: document, sentence, target; `target` is an entity key for the last."""

    level: str
    score: float
    target: str = ""


class ClaimValue(msgspec.Struct, frozen=True, kw_only=True):
    """A stated value. `op`: exact, approx, min, max, range, vague, category.

    `point` is the number (or the category's words); `lo` and `hi` are the ends of a range only; `text` is the wording of a
    vague value ("dozens").
    """

    op: str
    point: int | float | str | None = None
    lo: Number | None = None
    hi: Number | None = None
    text: str | None = None


class Claim(Annotation, frozen=True, kw_only=True, tag="core.claim"):
    """A statement about a figure or a status, as the text makes it. `span` is the sentence that makes it.

    The slot key is (`subject`, `measure`, `scope`, `period`, `unit`): *who or what* in singular lower case (soldier,
    people, Hale dam), *which measure* (killed, injured, missing, magnitude, status ...), *where or in which event* (empty
    when the text names no place), *when* (cumulative, current, or an ISO date or interval), and in what unit.
    `value` is None for a bare denial. `modality`: asserted, probable, possible, predicted. `polarity`: + or -.
    `kind` is what the text alone shows: primary, background, forecast, denial, unconfirmed, hearsay ("reports say").
    `chain` as in Attribution; empty when the outlet speaks in its own voice. `said_on` is the ISO date on which the
    source spoke, if the text gives it. `support` are the spans that carry the parts; `trigger` is the predicate's lemma.
    """

    subject: str
    measure: str
    scope: str = ""
    period: str = "cumulative"
    unit: str = ""
    value: ClaimValue | None = None
    modality: str = "asserted"
    polarity: str = "+"
    kind: str = "primary"
    chain: tuple[Link, ...] = ()
    said_on: str = ""
    trigger: str = ""
    target: str = ""
    support: tuple[Span, ...] = ()


class Notice(Annotation, frozen=True, kw_only=True, tag="core.notice"):
    """A note by the publisher about its own reporting or a credit.

    `kind`: correction, retraction, wire-credit, update. `subject` is whom or what it names: the agency of a credit, the URL
    or title of the corrected report. `old` and `new` are the figures that a correction names.
    """

    kind: str
    subject: str = ""
    old: tuple[Number, ...] = ()
    new: tuple[Number, ...] = ()
