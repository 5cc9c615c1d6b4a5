"""Whose words a sentence reports: its attributions, without those that quote nobody, and with the rest of a sentence that one opens."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ledger.plugin import Attribution, Entity, Span

__all__ = ["voices"]

_PLACES = frozenset(["GPE", "LOC"])
_RECORDING = frozenset(
    ["record", "recorded", "registered", "registers", "saw", "has recorded", "has registered", "has seen"]
)
_CLAUSE = 4
_MARKS = (",", ";", ":")
_LIVES = re.compile(r"\s+(?:[\w-]+\s+){0,4}(?:lives|life)\b")
_GOES_ON = re.compile(
    r"[^,;.:\"“”]{0,60}(?::\s+|,\s+(?:(?=(?:while|whereas|and|but|with|up|down|as|after|including|among|adding|most|many)\b)|(?=\w{3,}ing\b)"
    r"|(?=(?:(?:some|about|around|at least|nearly|almost|more than|roughly) )?[\w,.-]+ of (?:them|whom|these|which)\b)))"
)


def voices(
    text: str, sentence: Span, attributions: Sequence[Attribution], entities: Sequence[Entity]
) -> list[Attribution]:
    """The attributions by which claims of the sentence have their source.

    "The fever has claimed 23 lives" and "Italy recorded 40 deaths" quote nobody. In "12 have died, she said, while 40 are
    missing" the second half is hers too.
    """
    places = {entity.span for entity in entities if entity.label in _PLACES}
    kept = [
        each
        for each in attributions
        if not _quotes_nobody(text, each, places, [o.span for o in attributions if o is not each])
    ]
    return kept + [
        half
        for each in kept
        for half in (_rest(text, sentence, each, kept), _opening(text, sentence, each, kept))
        if half is not None
    ]


def _quotes_nobody(text: str, attribution: Attribution, places: set[Span], around: Sequence[Span]) -> bool:
    cue = attribution.chain[-1].cue.lower()
    if attribution.cue is not None and cue.endswith(("claimed", "claims", "claim")):
        return _LIVES.match(text, attribution.cue.end) is not None
    if (
        cue.startswith("continu")
        and attribution.cue is not None
        and text.startswith(":", attribution.cue.end)
    ):
        return True  # "looting continues: ..."
    told = any(
        span.covers(attribution.source) for span in around
    )  # "Italy recorded 40 deaths, the agency said"
    return cue in _RECORDING and (told or attribution.source in places)


def _opening(
    text: str, sentence: Span, attribution: Attribution, others: Sequence[Attribution]
) -> Attribution | None:
    """The first half of such a sentence, where only the second was taken for what is said."""
    source = attribution.source.start
    if attribution.cue is None or attribution.span.start < attribution.cue.end:
        return None
    before = text[sentence.start : source].rstrip()
    first = Span(sentence.start, sentence.start + len(before.rstrip(",")))
    if not before.endswith(",") or not text.startswith(
        _MARKS, max(attribution.cue.end, attribution.source.end)
    ):
        return None
    if len(before.split()) < _CLAUSE or any(first.overlaps(each.span) for each in others):
        return None
    return msgspec.structs.replace(attribution, span=first, quote="")


def _rest(
    text: str, sentence: Span, attribution: Attribution, others: Sequence[Attribution]
) -> Attribution | None:
    """The second half of a sentence whose attribution stands in its middle."""
    cue = attribution.cue
    if cue is None or attribution.span.end > min(cue.start, attribution.source.start):
        return None
    begin = max(cue.end, attribution.source.end)
    match = _GOES_ON.match(text, begin, sentence.end)
    if match is None:
        return None
    rest = Span(match.end(), sentence.end)
    if any(
        rest.overlaps(each.span) or (each.cue and rest.overlaps(each.cue))
        for each in others
        if each is not attribution
    ):
        return None
    return msgspec.structs.replace(attribution, span=rest, quote="")
