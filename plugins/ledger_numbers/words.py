"""Number words of English and how much each is worth."""

from __future__ import annotations

__all__ = [
    "DECADES",
    "DENOMINATORS",
    "LETTER_SCALES",
    "ORDINALS",
    "SCALES",
    "SMALL",
    "TENS",
    "VAGUE",
    "ZERO",
    "word_set",
]


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that are long."""
    return frozenset(text.split())


_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
SMALL: dict[str, int] = {word: value for value, word in enumerate(_ONES.split(), 1)}
ZERO = frozenset({"zero", "nought", "naught", "nil"})
TENS: dict[str, int] = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
DECADES: dict[str, int] = {word[:-1] + "ies": value for word, value in TENS.items()}
"""Words for ten years of a life or of a century."""
SCALES: dict[str, int] = {
    "thousand": 10**3, "lakh": 10**5, "million": 10**6, "crore": 10**7, "billion": 10**9, "trillion": 10**12, "mln": 10**6,
    "mn": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12, "trn": 10**12,
    "mio": 10**6, "mrd": 10**9, "mld": 10**9,
}  # fmt: skip
LETTER_SCALES: dict[str, int] = {"k": 10**3, "m": 10**6, "b": 10**9, "mm": 10**6}
"""Letters glued to digits; what `m` and `b` mean depends on what stands around them."""

_ORDINAL_ONES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
)
ORDINALS: dict[str, int] = {word: value for value, word in enumerate(_ORDINAL_ONES.split(), 1)}
ORDINALS |= {tens[:-1] + "ieth": value for tens, value in TENS.items()}
ORDINALS |= {"hundredth": 100, "thousandth": 1000, "millionth": 10**6}

DENOMINATORS: dict[str, int] = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
DENOMINATORS |= {word: value for word, value in ORDINALS.items() if value > 2}
DENOMINATORS |= {"billionth": 10**9, "trillionth": 10**12}
DENOMINATORS |= {
    word + "s": value for word, value in DENOMINATORS.items() if value > 4 or word in {"third", "fourth"}
}

VAGUE = frozenset({"dozens", "scores", "hundreds", "thousands", "millions", "billions", "tens"})
"""Plural quantity words that name no figure."""
