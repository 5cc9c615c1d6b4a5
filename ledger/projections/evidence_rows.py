"""Rows of the view `figures` beside the figures: the evidence, indexed by whatever one more article can bear on."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ledger.projections.rows import Row

__all__ = [
    "CitationRow",
    "CorrectionRow",
    "DocumentRow",
    "DueSlotRow",
    "NoticeRow",
    "PointRow",
    "ProgressRow",
    "RootRow",
    "StatementRow",
    "TitleWordRow",
    "WireTextRow",
]


class DocumentRow(Row, frozen=True):
    """One article as the state reads it, by the registry in force."""

    TABLE: ClassVar[str] = "documents"
    KEY: ClassVar[tuple[str, ...]] = ("article",)

    article: Annotated[str, "id of the article"]
    outlet: Annotated[str, "id of its outlet in the registry"]
    entry: Annotated[str, "what other articles may need of it, as JSON"]
    document: Annotated[
        str, "its versions with their claims on slots, as JSON; empty while it is not made yet"
    ]


class WireTextRow(Row, frozen=True):
    """The text of a wire item as numbers of its word 4-grams, to tell its copies."""

    TABLE: ClassVar[str] = "wire_texts"
    KEY: ClassVar[tuple[str, ...]] = ("article",)

    article: Annotated[str, "id of the article"]
    grams: Annotated[bytes, "eight bytes for each 4-gram, ascending"]


class StatementRow(Row, frozen=True):
    """An article states a value on a slot."""

    TABLE: ClassVar[str] = "statements"
    KEY: ClassVar[tuple[str, ...]] = ("slot", "value", "article")

    slot: Annotated[str, "id of the slot"]
    value: Annotated[str, "the value, written in one way only"]
    article: Annotated[str, "id of the article"]
    outlet: Annotated[str, "id of its outlet"]
    wire: Annotated[int, "1 for an item of a wire outlet"]
    published: Annotated[int, "published time of its first revision, microseconds since 1970"]


class PointRow(Row, frozen=True):
    """An article of an outlet states a figure, on whatever slot."""

    TABLE: ClassVar[str] = "stated_points"
    KEY: ClassVar[tuple[str, ...]] = ("outlet", "point", "article")

    outlet: Annotated[str, "id of the outlet"]
    point: Annotated[str, "the figure"]
    article: Annotated[str, "id of the article"]


class TitleWordRow(Row, frozen=True):
    """A word of an article's titles; `@` begins its address and `=` a whole title."""

    TABLE: ClassVar[str] = "title_words"
    KEY: ClassVar[tuple[str, ...]] = ("outlet", "word", "article")

    outlet: Annotated[str, "id of the outlet"]
    word: Annotated[str, "stem of a word, address or title"]
    article: Annotated[str, "id of the article"]


class NoticeRow(Row, frozen=True):
    """An article that corrects or retracts something."""

    TABLE: ClassVar[str] = "notices"
    KEY: ClassVar[tuple[str, ...]] = ("outlet", "published", "article")

    outlet: Annotated[str, "id of the outlet"]
    published: Annotated[int, "published time of its first revision, microseconds since 1970"]
    article: Annotated[str, "id of the article"]


class CorrectionRow(Row, frozen=True):
    """An article corrects another."""

    TABLE: ClassVar[str] = "corrections"
    KEY: ClassVar[tuple[str, ...]] = ("corrected", "article")

    corrected: Annotated[str, "id of the corrected article"]
    article: Annotated[str, "id of the article that corrects it"]


class CitationRow(Row, frozen=True):
    """A claim cites a document, or a figure of an outlet."""

    TABLE: ClassVar[str] = "citations"
    KEY: ClassVar[tuple[str, ...]] = ("cited", "slot", "article")

    cited: Annotated[str, "document:ID, or outlet:FIGURE:ID"]
    slot: Annotated[str, "id of the slot of the citing claim"]
    article: Annotated[str, "id of the citing article"]


class RootRow(Row, frozen=True):
    """A claim has a root."""

    TABLE: ClassVar[str] = "claim_roots"
    KEY: ClassVar[tuple[str, ...]] = ("root", "slot", "article")

    root: Annotated[str, "id of the root, or of the last in the chain where no root is known"]
    slot: Annotated[str, "id of the slot of the claim"]
    article: Annotated[str, "id of the article"]


class DueSlotRow(Row, frozen=True):
    """A slot whose figure has to be evaluated anew."""

    TABLE: ClassVar[str] = "due_slots"
    KEY: ClassVar[tuple[str, ...]] = ("slot",)

    slot: Annotated[str, "id of the slot"]
    since: Annotated[str, "recorded time from which on it can read otherwise, empty for all of it"]


class ProgressRow(Row, frozen=True):
    """How far the figures were brought forward: an instant of recorded time after the other."""

    TABLE: ClassVar[str] = "figures_progress"
    KEY: ClassVar[tuple[str, ...]] = ("name",)

    name: Annotated[str, "figures"]
    position: Annotated[int, "position up to which the articles that changed are taken in"]
    target: Annotated[int, "position of the last event of the instant in hand"]
    first: Annotated[int, "position of the first event of this instant that can move a figure"]
    at: Annotated[str, "the instant"]
