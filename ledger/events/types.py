"""The facts that a ledger records, one struct per event type.

Type names are stable dotted texts, never import paths. A field may be added with a default; any other change is a new
schema version with an upcaster (`ledger.events.upcast`).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

__all__ = [
    "EVENT_TYPES",
    "AlertRaised",
    "AnnotationFailed",
    "ArticleAnnotated",
    "ArticleIngested",
    "ArticleMatched",
    "ArticleRevised",
    "ArticleRevision",
    "ArticleSighted",
    "ArticleUnlisted",
    "ArticleWithdrawn",
    "AuditDone",
    "BodyRef",
    "Event",
    "FeedAdded",
    "FeedChanged",
    "FeedFetched",
    "FeedRemoved",
    "FigureDifference",
    "KeyRotated",
    "PayloadRedacted",
    "ProcessorRegistered",
    "RegistryChanged",
    "ReviewDecided",
    "ReviewUndone",
    "ServiceCall",
    "SlotChanged",
    "ViewSealed",
]

EVENT_TYPES: dict[tuple[str, int], type[Event]] = {}


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of every payload. Subclasses name their `TYPE` and `SCHEMA` and are registered by that pair."""

    TYPE: ClassVar[str] = ""
    SCHEMA: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        if cls.TYPE:
            EVENT_TYPES[cls.TYPE, cls.SCHEMA] = cls


class BodyRef(msgspec.Struct, frozen=True, gc=False):
    """A large body kept beside the log: `key` is the hex commitment SHA-256(salt || bytes), `size` in bytes."""

    key: str
    media_type: str
    size: int


class FeedAdded(Event, frozen=True, kw_only=True):
    """A feed is followed from now on. `interval` is the wanted number of seconds between polls, if fixed by a person."""

    TYPE: ClassVar[str] = "feed.added"
    feed: str
    url: str
    outlet: str
    title: str = ""
    interval: int | None = None
    by: str = ""


class FeedChanged(Event, frozen=True, kw_only=True):
    """A feed's address, outlet, title or interval changed; a field left None stayed as it was."""

    TYPE: ClassVar[str] = "feed.changed"
    feed: str
    url: str | None = None
    outlet: str | None = None
    title: str | None = None
    interval: int | None = None
    reason: str = ""
    by: str = ""


class FeedRemoved(Event, frozen=True, kw_only=True):
    """A feed is no longer followed. Its articles stay."""

    TYPE: ClassVar[str] = "feed.removed"
    feed: str
    reason: str = ""
    by: str = ""


class FeedFetched(Event, frozen=True, kw_only=True):
    """A fetch that brought something new, or whose outcome differs from the one before.

    `outcome`: `changed`, `unchanged`, `gone`, `error`. `status` is the HTTP status, 0 when there was none. `error` is a
    sentence. Validators are verbatim. Counts are items of the document.
    """

    TYPE: ClassVar[str] = "feed.fetched"
    feed: str
    url: str
    outcome: str
    status: int = 0
    final_url: str = ""
    body: BodyRef | None = None
    etag: str | None = None
    last_modified: str | None = None
    items: int = 0
    new: int = 0
    revised: int = 0
    skipped: tuple[str, ...] = ()
    error: str = ""


class ArticleRevision(Event, frozen=True, kw_only=True):
    """What `article.ingested` and `article.revised` share: one revision of one article.

    `revision` counts from 1. `hash` is the hex SHA-256 of the normalised visible title and text. `text` is the normalised
    text (NFC, LF, blocks separated by an empty line) that every span refers to. `published` and `modified` are the
    publisher's declarations; `claimed_dates` keeps them verbatim. `p_time` is the published time of this revision: `modified`,
    else `published`; None means that the recorded time stands for it (a silent edit, no declared date, or one in the future).
    """

    article: str
    revision: int
    hash: str
    url: str
    outlet: str
    title: str
    text: BodyRef
    raw: BodyRef | None = None
    canonical_url: str = ""
    guid: str = ""
    feed: str = ""
    language: str = ""
    byline: str = ""
    summary: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    p_time: datetime | None = None
    claimed_dates: dict[str, str] = {}
    flags: tuple[str, ...] = ()
    extractor: str = ""


class ArticleIngested(ArticleRevision, frozen=True, kw_only=True):
    """An article was seen for the first time."""

    TYPE: ClassVar[str] = "article.ingested"


class ArticleRevised(ArticleRevision, frozen=True, kw_only=True):
    """The visible title or text of a known article changed. `silent`: the declared dates did not move."""

    TYPE: ClassVar[str] = "article.revised"
    previous_hash: str
    silent: bool = False


class ArticleWithdrawn(Event, frozen=True, kw_only=True):
    """The publisher took an article back. `reason`: `gone` (404/410 of its page) or `notice` (an editor's notice)."""

    TYPE: ClassVar[str] = "article.withdrawn"
    article: str
    reason: str
    p_time: datetime | None = None
    note: str = ""


class Sighting(msgspec.Struct, frozen=True):
    """An article as a feed lists it: its id there and its link, verbatim."""

    article: str
    guid: str = ""
    url: str = ""


class ArticleSighted(Event, frozen=True, kw_only=True):
    """A feed lists articles that were recorded before and that it did not list at the poll before."""

    TYPE: ClassVar[str] = "article.sighted"
    feed: str
    sightings: tuple[Sighting, ...]


class ArticleUnlisted(Event, frozen=True, kw_only=True):
    """A feed took an article out of its list, between older and younger ones that it still has. No retraction."""

    TYPE: ClassVar[str] = "article.unlisted"
    feed: str
    article: str
    url: str = ""


class FigureDifference(msgspec.Struct, frozen=True):
    """One figure in the place of another, as both texts write it; `context` is the newer text around it."""

    before: str
    after: str
    context: str = ""


class ArticleMatched(Event, frozen=True, kw_only=True):
    """A revision has much of its text in common with one of another article, recorded before.

    `containment` is the share of the smaller one's word 4-grams that the other one has, estimated; `figures` are those that
    differ where the texts are alike. Both articles stay what they are.
    """

    TYPE: ClassVar[str] = "article.matched"
    article: str
    revision: int
    other: str
    other_revision: int
    containment: float
    figures: tuple[FigureDifference, ...] = ()


class ProcessorRegistered(Event, frozen=True, kw_only=True):
    """A processor with this identity is used from now on. `manifest` is what the identity digest covers."""

    TYPE: ClassVar[str] = "processor.registered"
    processor: str
    version: str
    identity: str
    manifest: dict[str, str]


class ServiceCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a processor to an outside service, by POST: what was asked, and the status and text of the answer.

    `error` says why there was no answer; `status` is 0 then. No key and no other header is kept.
    """

    url: str
    request: str
    status: int = 0
    response: str = ""
    error: str = ""


class ArticleAnnotated(Event, frozen=True, kw_only=True):
    """One processor's annotations of one revision; an empty list means "looked and found nothing".

    Annotations stay `Raw`: those of a type that is not installed survive byte-exact. `calls` are what a processor of the replay class
    `recorded` asked outside services, in order; other ones have none.
    """

    TYPE: ClassVar[str] = "article.annotated"
    article: str
    revision: int
    hash: str
    processor: str
    annotations: tuple[msgspec.Raw, ...]
    skipped: str = ""
    calls: tuple[ServiceCall, ...] | msgspec.UnsetType = msgspec.UNSET


class AnnotationFailed(Event, frozen=True, kw_only=True):
    """A processor failed on one revision. `kind`: `exception`, `timeout`, `crash`, `invalid`, `flood`, `memory`.

    `calls` as in ArticleAnnotated.
    """

    TYPE: ClassVar[str] = "annotation.failed"
    article: str
    revision: int
    hash: str
    processor: str
    kind: str
    message: str
    attempt: int = 1
    calls: tuple[ServiceCall, ...] | msgspec.UnsetType = msgspec.UNSET


class RegistryChanged(Event, frozen=True, kw_only=True):
    """The source registry as it stands from now on, whole, in the form that `sources export` writes."""

    TYPE: ClassVar[str] = "registry.changed"
    registry: msgspec.Raw
    by: str = ""
    reason: str = ""


class ReviewDecided(Event, frozen=True, kw_only=True):
    """A reviewer's decision. `action` is a key of `ledger.state.decisions.ACTIONS`, `target` has the texts that it names."""

    TYPE: ClassVar[str] = "review.decided"
    review: str
    action: str
    target: dict[str, str]
    by: str
    reason: str


class ReviewUndone(Event, frozen=True, kw_only=True):
    """A decision was taken back; it stays in the log."""

    TYPE: ClassVar[str] = "review.undone"
    review: str
    by: str
    reason: str


class SlotChanged(Event, frozen=True, kw_only=True):
    """A person named, pinned, merged or split a slot. `action`: `name`, `pin`, `merge`, `split`.

    `value` is the name, the pinned definition (JSON) or the other slot. `within` narrows a split: `root`, `outlet`, `article`,
    `words`. `decision` is the id by which it can be taken back, as a `review.undone`.
    """

    TYPE: ClassVar[str] = "slot.changed"
    slot: str
    action: str
    value: str
    by: str
    reason: str
    decision: str = ""
    within: dict[str, str] = {}


class AlertRaised(Event, frozen=True, kw_only=True):
    """Somebody who watches was told that a figure became otherwise at `at`, recorded time.

    `kind` is one of `ledger.state.model.Transition`'s, `before` and `after` the figure in words, empty for none. `share` is how far it
    moved, as a share of the figure before. `roots` deny; `articles` took the figure back; `still` go on carrying it.
    """

    TYPE: ClassVar[str] = "alert.raised"
    alert: str
    slot: str
    title: str
    kind: str
    at: datetime
    before: str
    after: str
    share: float | None = None
    roots: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    still: tuple[str, ...] = ()


class PayloadRedacted(Event, frozen=True, kw_only=True):
    """A payload or body is removed by legal or editorial order. Appended before the bytes go."""

    TYPE: ClassVar[str] = "payload.redacted"
    positions: tuple[int, ...]
    bodies: tuple[str, ...]
    by: str
    reason: str


class ViewSealed(Event, frozen=True, kw_only=True):
    """What a view said: `root` (hex) is the RFC 6962 root over its `rows` rows in canonical form, by key, at `position`.

    `fingerprint` is the digest of the code and settings that made the rows.
    """

    TYPE: ClassVar[str] = "view.sealed"
    view: str
    position: int
    rows: int
    root: str
    fingerprint: str


class KeyRotated(Event, frozen=True, kw_only=True):
    """The log is signed by another key from now on. `old` and `new` are verifier keys; `old` is empty for the first one."""

    TYPE: ClassVar[str] = "key.rotated"
    old: str
    new: str
    by: str = ""
    reason: str = ""


class AuditDone(Event, frozen=True, kw_only=True):
    """An audit of everything up to `position` ended. `verdict` is its one sentence, `outcomes` counts its runs by outcome."""

    TYPE: ClassVar[str] = "audit.done"
    position: int
    root: str
    exit_code: int
    verdict: str
    outcomes: dict[str, int] = {}
    sample: int | None = None
    seed: str = ""
