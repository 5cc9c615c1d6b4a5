"""One list of attributions from what the patterns and the parse found in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger_attribution.found import Found

__all__ = ["merge"]


def merge(patterns: Sequence[Found], parsed: Iterable[Found]) -> list[Found]:
    """The attributions of both readings, by cue.

    Of one cue the patterns' reading stands; the parse gives the whole extent of the source that both see, and the content
    where it begins earlier or shares no word with theirs.
    """
    merged = list(patterns)
    for one in parsed:
        at = next((k for k, other in enumerate(merged) if other.cue.overlaps(one.cue)), None)
        if at is None:
            merged.append(one)
            continue
        known = merged[at]
        if known.source.overlaps(one.source):
            known = known._replace(extent=one.source)
        wider = one.content.start < known.content.start and one.content.end == known.content.end
        if wider or not known.content.overlaps(one.content):
            known = known._replace(content=one.content, direct=one.direct)
        merged[at] = known
    return sorted(merged, key=lambda found: found.cue)
