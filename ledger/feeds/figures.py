"""Which figures differ between two texts that say nearly the same: wire copy and its edited sisters, or two revisions."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ledger.events.types import FigureDifference

__all__ = ["figure_differences"]

MAX_WORDS = 6000
AROUND = 4
_TOKEN = re.compile(r"[$€£¥]?\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|dozens|scores|hundreds|thousands|"
    "millions"
)
_FIGURE = re.compile(rf"[$€£¥]?\d.*|(?:{_NUMBER_WORD})(?:-(?:{_NUMBER_WORD}))*", re.IGNORECASE)


def figure_differences(before: str, after: str) -> tuple[FigureDifference, ...]:
    """The figures of `before` that stand as other figures in `after`, in the order of the texts.

    Words are aligned; where a passage has another in its place their figures are paired in order. A figure that only one of the
    texts has, in a passage of its own, is no difference.
    """
    old, new = _TOKEN.findall(before)[:MAX_WORDS], _TOKEN.findall(after)[:MAX_WORDS]
    matcher = SequenceMatcher(None, [w.casefold() for w in old], [w.casefold() for w in new], autojunk=False)
    found: list[FigureDifference] = []
    for kind, start, end, at, upto in matcher.get_opcodes():
        if kind != "replace":
            continue
        ours, theirs = _figures(old, start, end), _figures(new, at, upto)
        for (_, one), (place, other) in zip(ours, theirs, strict=False):
            if one.casefold() != other.casefold():
                context = " ".join(new[max(0, place - AROUND) : place + AROUND + 1])
                found.append(FigureDifference(one, other, context))
    return tuple(found)


def _figures(words: list[str], start: int, end: int) -> list[tuple[int, str]]:
    return [(at, words[at]) for at in range(start, end) if _FIGURE.fullmatch(words[at])]
