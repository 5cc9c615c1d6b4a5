"""What the programming interface gives and takes, beside the rows of the views: frozen structs, times as RFC 3339 texts."""

from __future__ import annotations

from typing import Annotated as With
from typing import Any, Literal

import msgspec

from ledger.projections.browse import EntityLine, Step
from ledger.projections.results import Hit
from ledger.projections.rows import ArticleRow, ClaimRow, RevisionRow
from ledger.web.desk import Facet, FigureCard
from ledger.web.effects import Shift
from ledger.web.health import FeedLine, ProcessorLine

__all__ = [
    "Annotated",
    "AnnotationPage",
    "ArticleAnswer",
    "ArticlePage",
    "AuditAnswer",
    "ClaimPage",
    "Decided",
    "Entities",
    "EventAnswer",
    "EventPage",
    "FeedAnswer",
    "FeedPage",
    "Figures",
    "NewArticle",
    "NewDecision",
    "NewFeed",
    "Preview",
    "Reason",
    "Recorded",
    "ReviewAnswer",
    "ReviewPage",
    "SearchAnswer",
    "StateAnswer",
    "StepPage",
]


_NO_ZERO = r"^[^\x00]*$"
"""A text without a zero byte, which PostgreSQL cannot hold."""
Why = With[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
Plain = With[str, msgspec.Meta(max_length=500, pattern=_NO_ZERO)]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One page of figures; `next` is the cursor of the page after it, null at the end."""

    figures: tuple[FigureCard, ...]
    total: int
    next: str | None


class StateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole reported state: `slots` in the form that docs/state.md describes, and the moment it answers for."""

    slots: list[dict[str, Any]]
    policy: str
    recorded_as_of: str | None
    published_as_of: str | None


class ClaimPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of claims in recorded order."""

    claims: tuple[ClaimRow, ...]
    next: str | None


class ArticlePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of articles, the last recorded first."""

    articles: tuple[ArticleRow, ...]
    next: str | None


class ArticleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One article with its revisions, and the text of the one that is shown, null where it is gone."""

    article: ArticleRow
    revisions: tuple[RevisionRow, ...]
    revision: int
    text: str | None


class Annotated(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation, with who made it; `body` is exactly as recorded."""

    article: str
    revision: int
    processor: str
    version: str
    identity: str
    event: int
    body: msgspec.Raw


class AnnotationPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of annotations in recorded order."""

    annotations: tuple[Annotated, ...]
    next: str | None


class Entities(msgspec.Struct, frozen=True, kw_only=True):
    """Names by number of articles."""

    entities: tuple[EntityLine, ...]


class EventAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One event: its envelope as stored, its payload (null after a redaction)."""

    position: int
    envelope: msgspec.Raw
    payload: msgspec.Raw | None


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events by position; `next` is the cursor to go on from, given also at the end, for the events to come."""

    events: tuple[EventAnswer, ...]
    next: str


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Feeds and processors with their health."""

    feeds: tuple[FeedLine, ...]
    processors: tuple[ProcessorLine, ...]


class FeedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a feed."""

    feed: str


class NewFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed to follow. `outlet` is by default the host; `interval` in seconds."""

    url: With[
        str, msgspec.Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$", max_length=2000)
    ]
    outlet: With[str, msgspec.Meta(max_length=200, pattern=_NO_ZERO)] = ""
    title: Plain = ""
    interval: With[int, msgspec.Meta(ge=60, le=31_536_000)] | None = None


class NewArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article to record. `content` is a text (blocks parted by an empty line) or a whole HTML page, as `format` says.

    `outlet` is by default the host of `url`, else `local`. What a page declares of itself counts more than `title` and `published`
    (RFC 3339); a time that cannot be read is kept as it is given, and the article counts as published when it was recorded.
    """

    content: With[str, msgspec.Meta(min_length=1, max_length=1_500_000)]
    format: Literal["text", "html"] = "text"
    title: Plain = ""
    url: With[
        str, msgspec.Meta(pattern=r"^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?)?$", max_length=2000)
    ] = ""
    outlet: With[str, msgspec.Meta(max_length=200, pattern=_NO_ZERO)] = ""
    published: With[str, msgspec.Meta(max_length=40, pattern=_NO_ZERO)] = ""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What recording an article gave, and its id; `refused` has none and says why: nothing was recorded then.

    `dated`: whether its published time is `declared`, or the `recorded` time stands for it.
    """

    outcome: Literal["new", "revised", "unchanged", "refused"]
    article: str | None = None
    dated: str | None = None
    reason: str = ""


class ReviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A decision; `status`: in force, taken back, orphaned."""

    id: str
    at: str
    action: str
    target: dict[str, str]
    by: str
    reason: str
    status: str
    undone_at: str | None = None
    undone_by: str = ""
    undone_reason: str = ""


class ReviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """Every decision, oldest first."""

    reviews: tuple[ReviewAnswer, ...]


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision to take: an action (docs/api.md lists them) with what it is about, and why. Who is the token's name."""

    action: Literal["reject", "accept", "reroot", "reslot", "merge-roots", "grade", "copy"]
    target: dict[str, Plain]
    reason: Why


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why."""

    reason: Why


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a decision."""

    review: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision would change; nothing was recorded."""

    effects: tuple[Shift, ...]


class StepPage(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of figures, the newest first."""

    changes: tuple[Step, ...]


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Articles, figures and names that hold all words; in a snippet found words stand between U+0002 and U+0003."""

    articles: tuple[Hit, ...]
    outlets: tuple[Facet, ...]
    figures: tuple[FigureCard, ...]
    entities: tuple[EntityLine, ...]


class AuditAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The log's size and root; whether it is what it committed to (null: not checked), and what does not hold."""

    position: int
    root: str
    ledger: str
    holds: bool | None
    problems: tuple[str, ...]
