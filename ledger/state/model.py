"""What goes into the reported state and what comes out of it.

In: documents with versions and claims, a source registry, reviewers' decisions. Out: one `SlotState` per figure.
Times are aware datetimes in UTC. `to_dict` gives plain dicts with RFC 3339 texts, in the form that exports use.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ledger.clock import format_time

__all__ = [
    "COUNTED_KINDS",
    "COUNTS",
    "GRADES",
    "MODALITIES",
    "ClaimState",
    "Dead",
    "Denial",
    "Dispute",
    "Document",
    "Figure",
    "FigureChange",
    "Forecast",
    "Number",
    "Review",
    "RootFigure",
    "Slot",
    "SlotState",
    "State",
    "StateClaim",
    "Transition",
    "Value",
    "Version",
]

GRADES = "ABCDEF"
"""Admiralty reliability, best first. A root outside the registry and a circular root have the last."""

MODALITIES = ("asserted", "probable", "possible")
"""How sure a source is, strongest first."""

COUNTED_KINDS = frozenset({"primary", "derived", "wire", "echo", "background"})
"""Kinds of claim that report a figure. Forecasts, denials and "cannot confirm" do not."""

COUNTS = frozenset({"cumulative", "increment"})
"""Slot kinds whose figures count up."""

Number = int | float


class Value(msgspec.Struct, frozen=True):
    """A stated value. `op`: exact, approx, min, max, range, vague, category.

    `point` is the number stated, the lower end of a range, or the category; None when vague. `lo` and `hi` are the ends
    of a range. `text` is the wording of a vague value.
    """

    point: int | float | str | None = None
    op: str = "exact"
    lo: Number | None = None
    hi: Number | None = None
    text: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """All five fields."""
        return {"point": self.point, "op": self.op, "lo": self.lo, "hi": self.hi, "text": self.text}


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """The definition of one figure. `kind`: cumulative, increment, level, measurement, status.

    `default`: a claim on the measure that names no place takes this scope. `categories` of a status slot map a category
    to phrases that stand for it. `tolerance`, in units of the slot, is how far measurements may lie apart and agree.
    `title` is the name that people gave it; in an answer, where they gave none, one made of the definition.
    """

    id: str
    title: str = ""
    subject: str = ""
    measure: str = ""
    scope: str = ""
    period: str = "cumulative"
    kind: str = "cumulative"
    unit: str = ""
    default: bool = False
    categories: dict[str, tuple[str, ...]] = {}
    tolerance: float | None = None
    declared: bool = True


class StateClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of one document version, resolved against the registry.

    `kind`: primary, derived, wire, echo, background, forecast, denial, unconfirmed. `root` is the last resolvable node of
    `chain`; an echo has its outlet when it speaks in its own voice and None when it says "reports". `cites` is the id of
    the cited document; where it is None, `cites_outlet` names the outlet whose document is looked for among those
    recorded so far. `definition` defines a slot that the registry does not declare. Claims of a version are in text order.
    `decided` are the ids of reviewers' decisions that made the claim what it is; `rejected` when one of them rejects it.
    """

    slot: str
    value: Value | None
    said_at: datetime
    modality: str = "asserted"
    kind: str = "primary"
    root: str | None = None
    chain: tuple[str, ...] = ()
    cites: str | None = None
    cites_outlet: str = ""
    target: str | None = None
    sentence: str = ""
    start: int = 0
    end: int = 0
    definition: Slot | None = None
    decided: tuple[str, ...] = ()
    rejected: bool = False


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document. `status`: `live` or `retracted`; `n` counts from 1."""

    n: int
    recorded_at: datetime
    p_time: datetime
    status: str = "live"
    claims: tuple[StateClaim, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An article with its versions, oldest first. `corrects` is the id of the document that this one corrects."""

    id: str
    outlet: str
    url: str
    versions: tuple[Version, ...]
    corrects: str | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer's decision, in force from `at`.

    `action` is `reject` (target: slot, root), `undo` (target: review), or one of `ledger.state.decisions.ACTIONS`.
    """

    id: str
    at: datetime
    action: str
    target: dict[str, str]
    by: str = ""
    reason: str = ""


class ClaimState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one claim at (R, P).

    `root` is the root after resolution, None where the claim adds none. `value` is the value it counts with (an echo takes
    its model's), `stated` the one it states. `seen_at` is the published time of the first version that carries it,
    `recorded_at` when the version shown here was recorded. `reason` says why a claim is dead, or notes a citation loop.
    `cites` is the cited document, `model` what an echo echoes. `decided` are ids of reviewers' decisions about it.
    """

    document: str
    outlet: str
    url: str
    version: int
    sentence: str
    start: int
    end: int
    chain: tuple[str, ...]
    root: str | None
    stated_root: str | None
    kind: str
    value: Value | None
    stated: Value | None
    modality: str
    said_at: datetime
    seen_at: datetime
    recorded_at: datetime
    alive: bool
    reason: str | None = None
    cites: str | None = None
    model: str | None = None
    decided: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON has them."""
        plain: dict[str, Any] = _plain(self)
        return plain


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """The value that one root holds on a slot, with its grade and the party that it speaks for.

    `candidate`: `best` was chosen among such figures. `support` is the number of roots near it, itself included.
    """

    root: str
    value: Value
    modality: str
    said_at: datetime
    grade: str
    party: str
    document: str
    current: bool
    candidate: bool
    support: int


class RootFigure(msgspec.Struct, frozen=True):
    """A value with the root that holds it and when it was said."""

    value: Value
    root: str
    said_at: datetime


class Dispute(msgspec.Struct, frozen=True):
    """Pairs of current roots whose figures exclude each other, and the roots that deny."""

    figures: tuple[tuple[str, str], ...] = ()
    denied_by: tuple[str, ...] = ()


class Forecast(msgspec.Struct, frozen=True):
    """A prediction; it counts for nothing else."""

    value: Value | None
    root: str | None
    target: str | None = None


class Denial(msgspec.Struct, frozen=True):
    """A denial that is in force."""

    root: str | None
    said_at: datetime
    document: str
    sentence: str


class Dead(msgspec.Struct, frozen=True):
    """A claim of an active version that does not count, and why."""

    doc: str
    why: str


class FigureChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the slot read from `recorded_at` on."""

    recorded_at: datetime
    best: Value | None
    low: Number | None
    high: Number | None
    modality: str | None
    disputed: bool
    best_independent_roots: int


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that became otherwise on a slot at `at`, recorded time.

    `kind`: `first` and `gone` (of the best figure), `moved` (by `share` of the figure before; 1 for a category), `second-root`,
    `dispute-opened`, `dispute-closed`, `denied` (by `roots`), `revised`, `corrected`, `retracted` (`documents` took back the
    best figure: by a new version, by a correction item, or altogether). `still` are documents that go on carrying what was taken
    back.
    """

    at: datetime
    kind: str
    before: Value | None
    after: Value | None
    share: float | None = None
    roots: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    still: tuple[str, ...] = ()


class SlotState(msgspec.Struct, frozen=True, kw_only=True):
    """What is reported about one figure at (R, P). Lists of roots are sorted."""

    id: str
    slot: Slot
    best: Value | None
    best_root: str | None
    vague: str | None
    low: Number | None
    high: Number | None
    high_open: bool
    latest: RootFigure | None
    modality: str | None
    reports: int
    best_reports: int
    best_independent_roots: int
    best_roots: tuple[str, ...]
    independent_roots: int
    roots: tuple[str, ...]
    best_parties: int
    parties: int
    current_roots: tuple[str, ...]
    circular: bool
    disputed: bool
    dispute: Dispute
    unconfirmed_by: tuple[str, ...]
    forecasts: tuple[Forecast, ...]
    denials: tuple[Denial, ...]
    first_seen: datetime | None
    first_outlet: str | None
    best_first_seen: datetime | None
    best_first_outlet: str | None
    dead: tuple[Dead, ...]
    figures: tuple[Figure, ...]
    claims: tuple[ClaimState, ...]
    last_change: datetime | None = None
    figure_history: tuple[FigureChange, ...] = ()
    transitions: tuple[Transition, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON has them, with those of the slot's definition beside them."""
        plain: dict[str, Any] = _plain(self)
        slot = plain.pop("slot")
        named = {
            key: slot[key]
            for key in ("title", "subject", "measure", "scope", "period", "kind", "unit", "declared")
        }
        return {"id": plain.pop("id"), **named, **plain}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The reported state: slots by id, the policy that chose `best`, and the two times that it answers for."""

    slots: tuple[SlotState, ...]
    policy: str
    recorded_as_of: datetime | None = None
    published_as_of: datetime | None = None

    def get(self, slot: str) -> SlotState | None:
        """The slot with this id, or None."""
        return next((each for each in self.slots if each.id == slot), None)

    def to_dict(self) -> dict[str, Any]:
        """`{"slots": [...], "policy": ..., "recorded_as_of": ..., "published_as_of": ...}`."""
        return {
            "slots": [each.to_dict() for each in self.slots],
            "policy": self.policy,
            "recorded_as_of": _plain(self.recorded_as_of),
            "published_as_of": _plain(self.published_as_of),
        }


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
