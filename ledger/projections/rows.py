"""The rows of the built-in views: one struct per table, which is also what queries give back.

A struct's fields are the table's columns, in order; the text beside a field is the column's documentation. Times are
RFC 3339 texts in UTC, flags are 0 or 1, `position` is always the position of an event in the ledger.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

__all__ = [
    "AnnotationRow",
    "ArticleRow",
    "ClaimRow",
    "FeedRow",
    "Figure",
    "FigureHistoryRow",
    "FigureRow",
    "FigureVersionRow",
    "ProcessorRow",
    "RedactedRevisionRow",
    "RegistryRow",
    "ReviewRow",
    "RevisionRow",
    "Row",
    "RunRow",
    "SearchClaimsRow",
    "SearchEntryRow",
    "SlotDecisionRow",
]


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base of all rows.

    `KEY` names the columns that identify a row, `INDEXES` what is looked up by besides, `LOOKUPS` what the fold itself looks
    up by: such an index is there from the start, the others once a generation is loaded. `OPAQUE` are columns whose bytes may
    differ where the content is the same, such as compressed ones; another column has a digest of it.
    """

    TABLE: ClassVar[str] = ""
    KEY: ClassVar[tuple[str, ...]] = ()
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    LOOKUPS: ClassVar[tuple[tuple[str, ...], ...]] = ()
    OPAQUE: ClassVar[tuple[str, ...]] = ()


class ArticleRow(Row, frozen=True):
    """One article as its newest revision shows it."""

    TABLE: ClassVar[str] = "articles"
    KEY: ClassVar[tuple[str, ...]] = ("article",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("first_position",), ("outlet",), ("url",))

    article: Annotated[str, "id of the article"]
    outlet: Annotated[str, "key of the outlet that published it"]
    url: Annotated[str, "address, as last given"]
    title: Annotated[str, "title of the newest revision with a text"]
    language: Annotated[str, "ISO 639-1 code, empty when unknown"]
    byline: Annotated[str, "author line"]
    feed: Annotated[str, "id of the feed that brought it first, empty for files"]
    status: Annotated[str, "live, withdrawn by its publisher, or redacted here"]
    revisions: Annotated[int, "number of revisions, a withdrawal included"]
    published: Annotated[str | None, "publication time that its first revision declares"]
    p_time: Annotated[str, "published time of the newest revision"]
    recorded_at: Annotated[str, "when it was first recorded"]
    changed_at: Annotated[str, "when its newest revision was recorded"]
    hash: Annotated[str, "SHA-256 of title and text of the newest revision with a text"]
    first_position: Annotated[int, "position of its first event"]
    last_position: Annotated[int, "position of its newest event"]


class RevisionRow(Row, frozen=True):
    """One revision of an article; a withdrawal counts as one."""

    TABLE: ClassVar[str] = "revisions"
    KEY: ClassVar[tuple[str, ...]] = ("article", "revision")
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("position",),)

    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "1, 2, 3 ..."]
    position: Annotated[int, "position of the event"]
    event: Annotated[str, "id of the event"]
    status: Annotated[str, "live, withdrawn or redacted"]
    hash: Annotated[str, "SHA-256 of title and text"]
    url: Annotated[str, "address as given"]
    canonical_url: Annotated[str, "address that the page names itself"]
    outlet: Annotated[str, "key of the outlet"]
    title: Annotated[str, "title"]
    summary: Annotated[str, "summary that the feed gives"]
    byline: Annotated[str, "author line"]
    language: Annotated[str, "ISO 639-1 code"]
    feed: Annotated[str, "id of the feed"]
    published: Annotated[
        str | None, "declared publication time, in the publisher's own offset where it is known"
    ]
    modified: Annotated[str | None, "declared time of change"]
    p_time: Annotated[str, "published time of this revision"]
    dated: Annotated[str, "declared, or recorded when the recorded time stands for the published one"]
    recorded_at: Annotated[str, "when it was recorded"]
    silent: Annotated[int, "1 when the text changed and the declared dates did not"]
    text: Annotated[str, "key of the body that holds the text, empty when there is none"]
    text_size: Annotated[int, "size of the text in bytes"]
    raw: Annotated[str, "key of the body that holds the page as fetched"]
    extractor: Annotated[str, "what extracted the text"]
    flags: Annotated[str, "remarks of the extraction, joined by blanks"]
    reason: Annotated[str, "why it was withdrawn: gone or notice"]


class RunRow(Row, frozen=True):
    """One outcome of one processor on one revision."""

    TABLE: ClassVar[str] = "runs"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("cause",), ("status",))
    LOOKUPS: ClassVar[tuple[tuple[str, ...], ...]] = (("article", "revision"),)

    position: Annotated[int, "position of the event"]
    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "revision; 0 when the event was redacted"]
    processor: Annotated[str, "name of the processor"]
    version: Annotated[str, "its version"]
    identity: Annotated[str, "digest of its manifest"]
    status: Annotated[str, "annotated, skipped, failed or redacted"]
    annotations: Annotated[int, "number of annotations"]
    attempt: Annotated[int, "number of the attempt"]
    kind: Annotated[str, "kind of failure"]
    message: Annotated[str, "failure or reason for skipping"]
    recorded_at: Annotated[str, "when it was recorded"]
    event: Annotated[str, "id of the event"]
    cause: Annotated[str, "id of the event that recorded the revision"]
    superseded: Annotated[int | None, "position of the run that replaced it, null while it counts"]


class AnnotationRow(Row, frozen=True):
    """One annotation, of a known or unknown type, byte for byte as the processor gave it."""

    TABLE: ClassVar[str] = "annotations"
    KEY: ClassVar[tuple[str, ...]] = ("position", "ordinal")
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("article", "type"), ("type",))

    position: Annotated[int, "position of the run's event"]
    ordinal: Annotated[int, "0, 1, 2 ... in the run"]
    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "revision"]
    processor: Annotated[str, "name of the processor"]
    type: Annotated[str, "tag of the annotation, such as core.claim"]
    start: Annotated[int, "first code point of the span"]
    end: Annotated[int, "code point after the span"]
    body: Annotated[str, "the annotation as JSON, exactly as recorded"]
    problem: Annotated[str, "why a core.claim or core.notice cannot be read, else empty"]


class ClaimRow(Row, frozen=True):
    """One claim in readable columns. Join `runs` on position and keep `superseded IS NULL` for those that count."""

    TABLE: ClassVar[str] = "claims"
    KEY: ClassVar[tuple[str, ...]] = ("position", "ordinal")
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("article", "revision"), ("measure", "subject"))

    position: Annotated[int, "position of the run's event"]
    ordinal: Annotated[int, "0, 1, 2 ... in the run"]
    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "revision"]
    processor: Annotated[str, "name of the processor"]
    start: Annotated[int, "first code point of the sentence"]
    end: Annotated[int, "code point after the sentence"]
    sentence: Annotated[str, "the sentence that makes the claim"]
    subject: Annotated[str, "who or what"]
    measure: Annotated[str, "which measure: killed, injured, status ..."]
    scope: Annotated[str, "where or in which event, empty when the text names no place"]
    period: Annotated[str, "cumulative, current, a date or an interval"]
    unit: Annotated[str, "unit"]
    op: Annotated[str, "exact, approx, min, max, range, vague, category; empty for a bare denial"]
    value: Annotated[float | None, "the figure"]
    low: Annotated[float | None, "lower end of a range"]
    high: Annotated[float | None, "upper end of a range"]
    wording: Annotated[str, "words of a category or a vague value"]
    modality: Annotated[str, "asserted, probable, possible, predicted"]
    polarity: Annotated[str, "+ or -"]
    kind: Annotated[str, "primary, background, forecast, denial, unconfirmed, hearsay"]
    chain: Annotated[str, "who says it, from the nearest link to the origin, joined by `<`"]
    origin: Annotated[str, "last link of the chain, empty when the outlet speaks in its own voice"]
    said_on: Annotated[str, "date on which the source spoke, if the text gives it"]
    confidence: Annotated[float | None, "how sure the extraction is, 0 to 1"]


class RedactedRevisionRow(Row, frozen=True):
    """A revision whose text was removed: nothing derived from it is kept either."""

    TABLE: ClassVar[str] = "redacted_revisions"
    KEY: ClassVar[tuple[str, ...]] = ("article", "revision")

    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "revision"]


class SearchEntryRow(Row, frozen=True):
    """Which revision of an article the full-text index holds."""

    TABLE: ClassVar[str] = "search_entries"
    KEY: ClassVar[tuple[str, ...]] = ("article",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("position",),)

    article: Annotated[str, "id of the article"]
    revision: Annotated[int, "newest revision with a text"]
    position: Annotated[int, "position of its event, which is the rowid in the index"]
    title: Annotated[str, "title"]
    text: Annotated[str, "key of the body that holds the text, empty after a redaction"]


class SearchClaimsRow(Row, frozen=True):
    """The words of one processor's claims on one revision, as the full-text index holds them."""

    TABLE: ClassVar[str] = "search_claims"
    KEY: ClassVar[tuple[str, ...]] = ("article", "processor")

    article: Annotated[str, "id of the article"]
    processor: Annotated[str, "name of the processor"]
    revision: Annotated[int, "revision"]
    words: Annotated[str, "subject, measure, scope and sources of each claim"]


class FeedRow(Row, frozen=True):
    """One feed and what is recorded of its health. A poll that brought nothing new records nothing."""

    TABLE: ClassVar[str] = "feeds"
    KEY: ClassVar[tuple[str, ...]] = ("feed",)

    feed: Annotated[str, "id of the feed"]
    url: Annotated[str, "address"]
    outlet: Annotated[str, "key of its outlet"]
    title: Annotated[str, "title"]
    interval: Annotated[int | None, "seconds between polls, where a person fixed them"]
    status: Annotated[str, "followed or removed"]
    added_at: Annotated[str, "when it was added"]
    outcome: Annotated[
        str, "of the last recorded fetch: changed, unchanged, gone, error; empty before the first"
    ]
    http_status: Annotated[int, "HTTP status of that fetch, 0 when there was none"]
    error: Annotated[str, "what was wrong with that fetch"]
    fetches: Annotated[int, "recorded fetches"]
    errors: Annotated[int, "recorded fetches that failed"]
    items: Annotated[int, "items in the last document"]
    new: Annotated[int, "articles that it brought"]
    revised: Annotated[int, "revisions that it brought"]
    skipped: Annotated[int, "items that could not be used"]
    last_success_at: Annotated[str | None, "last recorded fetch without an error"]
    last_error_at: Annotated[str | None, "last recorded fetch with an error"]
    last_new_at: Annotated[str | None, "last fetch that brought an article or a revision"]


class ProcessorRow(Row, frozen=True):
    """One processor identity: name, version, code and configuration together."""

    TABLE: ClassVar[str] = "processors"
    KEY: ClassVar[tuple[str, ...]] = ("processor", "identity")

    processor: Annotated[str, "name"]
    identity: Annotated[str, "digest of its manifest"]
    version: Annotated[str, "version"]
    registered_at: Annotated[str, "when this identity was first seen"]
    manifest: Annotated[str, "what the identity covers, as JSON"]
    runs: Annotated[int, "outcomes recorded"]
    annotations: Annotated[int, "annotations recorded"]
    skipped: Annotated[int, "revisions that it skipped"]
    failures: Annotated[int, "failures recorded"]
    last_run_at: Annotated[str | None, "last outcome"]
    last_failure_at: Annotated[str | None, "last failure"]
    last_error: Annotated[str, "kind and message of the last failure"]
    last_failed_article: Annotated[str, "article of the last failure"]


class ReviewRow(Row, frozen=True):
    """One decision of a reviewer, and whether it was taken back."""

    TABLE: ClassVar[str] = "reviews"
    KEY: ClassVar[tuple[str, ...]] = ("id",)

    id: Annotated[str, "id of the decision"]
    position: Annotated[int, "position of the event"]
    at: Annotated[str, "when it was recorded"]
    action: Annotated[str, "such as reject"]
    target: Annotated[str, "what it applies to, as JSON"]
    by: Annotated[str, "who decided"]
    reason: Annotated[str, "why"]
    undone_position: Annotated[int | None, "position of the event that took it back"]
    undone_at: Annotated[str | None, "when it was taken back"]
    undone_by: Annotated[str, "who took it back"]
    undone_reason: Annotated[str, "why it was taken back"]


class SlotDecisionRow(Row, frozen=True):
    """A person named, pinned, merged or split a slot."""

    TABLE: ClassVar[str] = "slot_decisions"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("slot",),)

    position: Annotated[int, "position of the event"]
    at: Annotated[str, "when it was recorded"]
    slot: Annotated[str, "id of the slot"]
    action: Annotated[str, "name, pin, merge or split"]
    value: Annotated[str, "name, or other slot"]
    by: Annotated[str, "who decided"]
    reason: Annotated[str, "why"]


class RegistryRow(Row, frozen=True):
    """One version of the source registry; the one with the highest position is in force."""

    TABLE: ClassVar[str] = "registry"
    KEY: ClassVar[tuple[str, ...]] = ("position",)

    position: Annotated[int, "position of the event"]
    at: Annotated[str, "when it was recorded"]
    by: Annotated[str, "who changed it"]
    reason: Annotated[str, "why"]
    registry: Annotated[str, "the registry as JSON, exactly as recorded"]


class Figure(Row, frozen=True):
    """What was reported on one slot from one event on, in columns."""

    slot: Annotated[str, "id of the slot"]
    subject: Annotated[str, "who or what"]
    measure: Annotated[str, "which measure"]
    scope: Annotated[str, "where or in which event"]
    period: Annotated[str, "when"]
    unit: Annotated[str, "unit"]
    best: Annotated[str, "the best supported value, as text; empty when there is none"]
    value: Annotated[float | None, "the same as a number, null for a status"]
    low: Annotated[float | None, "smallest figure that stands"]
    high: Annotated[float | None, "largest figure that stands"]
    modality: Annotated[str, "asserted, probable or possible"]
    disputed: Annotated[int, "1 when two current sources are incompatible or one denies it"]
    reports: Annotated[int, "articles that report on it"]
    independent_roots: Annotated[int, "independent sources on the slot"]
    best_independent_roots: Annotated[int, "independent sources behind the best value"]
    first_seen: Annotated[str | None, "published time of the first report"]
    last_change: Annotated[str | None, "recorded time of the last change"]
    last_transition: Annotated[str | None, "recorded time of the last thing that alerts are made of"]
    version: Annotated[int, "1, 2, 3 ...: how often the figure came to read otherwise"]
    from_pos: Annotated[int, "position of the first event since which it reads so"]


class FigureRow(Figure, frozen=True):
    """What is reported now on one slot."""

    TABLE: ClassVar[str] = "figures"
    KEY: ClassVar[tuple[str, ...]] = ("slot",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("last_transition",),)

    state: Annotated[str, "everything known of the slot, as JSON"]


class FigureVersionRow(Figure, frozen=True):
    """What was reported on one slot before: what held at position P has `from_pos` up to P and `to_pos` above it."""

    TABLE: ClassVar[str] = "figure_versions"
    KEY: ClassVar[tuple[str, ...]] = ("slot", "version")
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("slot", "to_pos"),)
    OPAQUE: ClassVar[tuple[str, ...]] = ("packed",)

    to_pos: Annotated[int, "position of the first event from which it read otherwise"]
    base: Annotated[
        int, "the version of the slot that `packed` is a difference to; its own where it is whole"
    ]
    digest: Annotated[str, "SHA-256 of everything known of the slot then, as JSON"]
    packed: Annotated[bytes, "the same JSON, compressed with zstandard"]


class FigureHistoryRow(Row, frozen=True):
    """One step in the life of a figure."""

    TABLE: ClassVar[str] = "figure_history"
    KEY: ClassVar[tuple[str, ...]] = ("slot", "ordinal")
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("at",),)

    slot: Annotated[str, "id of the slot"]
    ordinal: Annotated[int, "0, 1, 2 ..."]
    at: Annotated[str, "recorded time from which it held"]
    best: Annotated[str, "the best supported value, as text"]
    value: Annotated[float | None, "the same as a number"]
    low: Annotated[float | None, "smallest figure that stood"]
    high: Annotated[float | None, "largest figure that stood"]
    modality: Annotated[str, "asserted, probable or possible"]
    disputed: Annotated[int, "1 when it was disputed"]
    best_independent_roots: Annotated[int, "independent sources behind the best value"]
    step: Annotated[str, "the whole step, as JSON"]
