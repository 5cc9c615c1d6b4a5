"""Where, when and how surely: scope, period, date of the statement, modality and kind of a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger.plugin import Attribution, Entity, Link, Modality, Span, TimeSpan
from ledger_claims.clauses import Token, clause_of
from ledger_claims.lexicon import word_list

__all__ = ["chain_of", "is_hearsay", "level_of", "period_of", "said_on", "scope_of", "stance"]

_PLACE_PREPOSITIONS = word_list("place_prepositions")
_LANDSCAPE = word_list("landscape")
_SETTLEMENTS = frozenset(["city", "town", "village", "capital", "island", "port"])
_LEVELS = ("asserted", "probable", "possible", "predicted")
_HEARSAY = re.compile(r"\b(?:reports|rumou?rs|media|accounts|social media|posts)$", re.IGNORECASE)
_MODALS = frozenset(["may", "might", "could", "will", "would", "won't"])
_WINDOW = re.compile(
    r"\b(?:alone|overnight|past|last|this|single|previous|preceding|24 hours|48 hours|a day|per day|a week|per week|daily|weekly)\b",
    re.IGNORECASE,
)


def chain_of(span: Span, attributions: Sequence[Attribution]) -> tuple[Link, ...]:
    """The links of every attribution whose content covers `span`, outermost first, each actor once in a row."""
    covering = sorted(
        (a for a in attributions if a.span.covers(span)),
        key=lambda a: (-(a.span.end - a.span.start), a.span.start),
    )
    links: list[Link] = []
    for attribution in covering:
        for link in attribution.chain:
            if all(link.actor.lower() != known.actor.lower() for known in links):
                links.append(link)
    return tuple(links)


def is_hearsay(chain: Sequence[Link]) -> bool:
    """Whether the origin is nobody in particular: `reports`, `rumours`, `the media`."""
    return bool(chain) and bool(_HEARSAY.search(chain[-1].actor)) and chain[-1].kind == "unnamed"


def level_of(spans: Sequence[Span], modalities: Sequence[Modality]) -> str:
    """The weakest level that a modality annotation puts on one of the spans."""
    level = "asserted"
    for modality in modalities:
        if any(modality.span.covers(span) for span in spans):
            name = "possible" if modality.level == "doubtful" else modality.level
            if name in _LEVELS and _LEVELS.index(name) > _LEVELS.index(level):
                level = name
    return level


def stance(tokens: Sequence[Token], index: int, trigger: int, level: str) -> tuple[str, str] | None:
    """Modality and kind (primary or forecast) of a figure; None when it is only a hypothesis."""
    begin, end = clause_of(tokens, trigger)
    first, last = clause_of(tokens, index)
    group = [
        k
        for k in sorted({*range(begin, end), *range(first, last)})
        if tokens[k].low in _MODALS and tokens[k].tag == "AUX"
    ]
    if not group:
        return (level, "forecast" if level == "predicted" else "primary")
    if any(t.low in {"if", "unless"} for t in tokens) or all(
        tokens[k].low in {"would", "wouldn't"} for k in group
    ):
        return None
    k = group[0] + 1
    while k < len(tokens) and tokens[k].tag == "ADV":
        k += 1
    following = tokens[k].low if k < len(tokens) else ""
    if tokens[group[0]].low in {"will", "won't"} or following not in {"have", "be"}:
        return "predicted", "forecast"
    return (level if level != "asserted" else "possible"), "primary"


def said_on(
    attributions: Sequence[Attribution], span: Span, times: Sequence[TimeSpan], sentence: Span
) -> str:
    """The ISO date at which the source of `span` spoke, when a time stands beside the cue and outside the content."""
    covering = [a for a in attributions if a.span.covers(span) and a.cue is not None]
    for attribution in sorted(covering, key=lambda a: a.span.end - a.span.start, reverse=True):
        for time in times:
            if not sentence.covers(time.span) or not time.start or time.kind not in {"instant", "interval"}:
                continue
            if time.precision not in {"day", "hour", "minute"} or attribution.span.overlaps(time.span):
                continue
            gap = max(time.span.start - attribution.source.end, attribution.source.start - time.span.end)
            cue_gap = time.span.start - attribution.cue.end if attribution.cue is not None else 99
            if 0 <= gap <= 12 or 0 <= cue_gap <= 48:
                return time.start[:10]
    return ""


def period_of(text: str, times: Sequence[TimeSpan], clause: Span, published_year: int | None) -> str:
    """The period that a count refers to: `cumulative` unless the clause names a bounded window or a past year."""
    for time in times:
        if not clause.covers(time.span) or not time.start:
            continue
        words = text[time.span.start : min(time.span.end + 8, clause.end)]
        if re.search(r"\b(?:ago|earlier|before)\b", words):
            continue
        year = time.start[:4]
        if (
            published_year is not None
            and year.isdigit()
            and int(year) < published_year
            and time.precision in {"year", "month", "day"}
        ):
            if str(year) in words:
                return time.start if time.precision == "year" else time.start[:10]
            continue
        if time.kind in {"interval", "instant"} and _WINDOW.search(words):
            start, end = time.start[:10], (time.end or time.start)[:10]
            return start if start == end else f"{start}/{end}"
    return "cumulative"


def scope_of(
    text: str,
    tokens: Sequence[Token],
    index: int,
    trigger: int,
    entities: Sequence[Entity],
    places: Sequence[str],
    content: Span | None,
) -> tuple[str, Span | None]:
    """The place of the predicate: the object of a place preposition in its clause, inside `content` when that is given.

    `places` are those named before the sentence, for `the valley` and `the town`.
    """
    begin, end = _around(tokens, index, trigger)
    best: tuple[int, str, Span] | None = None
    for k in range(begin, end - 1):
        if tokens[k].low not in _PLACE_PREPOSITIONS or (
            content is not None and not content.covers(tokens[k].span)
        ):
            continue
        named = _place(text, tokens, k + 1, entities, places)
        if named is not None:
            distance = min(abs(k - index), abs(k - trigger))
            if best is None or distance < best[0]:
                best = (distance, *named)
    return (best[1], best[2]) if best is not None else ("", None)


def _around(tokens: Sequence[Token], index: int, trigger: int) -> tuple[int, int]:
    low, high = sorted((index, trigger))
    begin = clause_of(tokens, low)[0]
    end = clause_of(tokens, high)[1]
    return begin, end


def _place(
    text: str, tokens: Sequence[Token], k: int, entities: Sequence[Entity], places: Sequence[str]
) -> tuple[str, Span] | None:
    while k < len(tokens) and tokens[k].tag == "DET":
        k += 1
    end = k
    while end < len(tokens) and tokens[end].tag == "N" and tokens[end].says("state", "agent") is None:
        end += 1
    words = list(tokens[k:end])
    if end < len(tokens) and tokens[end].tag == "POS":
        owned = end + 1
        while (
            owned < len(tokens) and tokens[owned].tag == "N" and tokens[owned].says("state", "agent") is None
        ):
            owned += 1
        rest = list(tokens[end + 1 : owned])
        words = rest if any(t.capital for t in rest) else words
    if not words:
        return None
    span = Span(words[0].start, words[-1].end)
    if (
        words[-1].low in _LANDSCAPE
        and not any(t.capital for t in words)
        and end < len(tokens)
        and tokens[end].low == "of"
    ):
        return _place(text, tokens, end + 1, entities, places)
    inside = [e for e in entities if span.covers(e.span)]
    if any(e.label in {"LOC", "GPE", "FAC", "EVENT"} for e in inside) or (
        any(t.capital for t in words) and (words[-1].low in _LANDSCAPE or (not inside and words[-1].capital))
    ):
        first = next(i for i, t in enumerate(words) if t.capital)
        last = max(i for i, t in enumerate(words) if t.capital or t.low in _LANDSCAPE)
        name = Span(words[first].start, words[last].end)
        label = text[name.start : name.end]
        return None if _DAY.fullmatch(label) else (label, name)
    head = words[-1].low
    if len(words) == 1 and head in _LANDSCAPE:
        known = next((p for p in reversed(places) if p.lower().endswith(" " + head)), "")
        if not known and head in _SETTLEMENTS:
            known = next((p for p in reversed(places) if p.rsplit(" ", 1)[-1].lower() not in _LANDSCAPE), "")
        return (known, span) if known else None
    return None


_DAY = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day.*|January|February|March|April|May|June|July|August|September|October|November|December"
)
