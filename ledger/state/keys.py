"""What measures, subjects and places are compared by: their telling words, whatever their order, inflection and synonyms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger.state.vocabulary import DIRECTIONS, GENERIC_PLACES, SAME_MEASURE, SAME_PHRASE, SAME_SUBJECT
from ledger.state.words import singular, stem, tokens

__all__ = [
    "all_words",
    "is_compound",
    "is_named_after",
    "measure_key",
    "measure_words",
    "scope_key",
    "scope_words",
    "subject_key",
    "subject_words",
]

SMALL = frozenset({"the", "a", "an", "of", "in", "on", "at", "near", "and", "from"})


_PLANNED = re.compile(r"^(?:to be|being) ")


def measure_key(measure: str) -> frozenset[str]:
    """The measure as a set of words: synonyms, order and inflection do not matter."""
    if "casualt" in measure.casefold():
        return frozenset({"injured", "killed"})
    return frozenset(measure_words(measure))


def measure_words(measure: str) -> list[str]:
    """The words of a measure in their order, synonyms as one."""
    plain = _PLANNED.sub("", measure.casefold())
    words = (
        SAME_MEASURE.get(word, word)
        for word in tokens(SAME_PHRASE.get(plain, plain))
        if word not in {"or", "and", "without", "people"}
    )
    return list(dict.fromkeys(SAME_MEASURE.get(stem(word), word) for word in words))


def subject_key(subject: str) -> frozenset[str]:
    """The subject as a set of stems; `troops` are soldiers, `residents` people, a `quake` is a shock."""
    return frozenset(stem(word) for word in subject_words(subject))


def subject_words(subject: str) -> list[str]:
    """The nouns of a subject in the singular, synonyms as one."""
    words = [singular(word) for word in tokens(subject) if word not in SMALL]
    return list(dict.fromkeys(SAME_SUBJECT.get(word, word) for word in words))


def scope_key(scope: str) -> frozenset[str]:
    """The telling words of a place or event: "Kursk region of Russia" and "Russia's Kursk region" are both `kursk`."""
    return frozenset(stem(word) for word in scope_words(scope))


def scope_words(scope: str) -> list[str]:
    """The words of a place or event that tell it from others, in lower case; what it lies in is left out."""
    words = tokens(re.sub(r"\w+['\u2019]s\s+(?=[A-Z])", "", scope))
    for place, word in enumerate(words):
        if (
            place
            and word in {"of", "in", "on"}
            and set(words[:place]) - GENERIC_PLACES - DIRECTIONS - {"the"}
        ):
            words = words[:place]
            break
    kept = [word for word in words if word not in SMALL]
    telling = [word for word in kept if word not in GENERIC_PLACES and word not in DIRECTIONS]
    return list(dict.fromkeys(telling or kept))


def is_compound(measure: str) -> bool:
    """Whether a measure counts two things together, as casualties do."""
    return " or " in measure or " and " in measure or "casualt" in measure


def all_words(scope: str) -> frozenset[str]:
    """The stems of all words of a place or event, kinds of place included."""
    return frozenset(stem(word) for word in tokens(scope) if word not in SMALL)


def is_named_after(word: str, others: Sequence[str]) -> bool:
    """Whether a word and one of the others, in lower case, share all but an ending."""
    alike = max(4, len(word) - 2)
    return any(word.casefold()[:alike] == other[:alike] for other in others)
