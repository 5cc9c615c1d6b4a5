"""The tone lexicon: words rated by people, and words and stems of news."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

__all__ = ["RATINGS", "WORDS", "Lexicon", "lexicon", "word_set"]

_DATA = Path(__file__).with_name("data")
WORDS = _DATA / "lexicon.txt"
RATINGS = _DATA / "ratings.txt"
_SHORTEST = 3
_LONGEST_ENDING = 5


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that are long."""
    return frozenset(text.split())


def _entries(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            value, _, entries = line.partition(":")
            for entry in entries.split():
                yield entry, float(value)


class Lexicon:
    """The tone of a word: its rating plus its value in the list of news words, by the word itself or its longest stem."""

    def __init__(self, words: str, ratings: str) -> None:
        self._ratings = dict(_entries(ratings))
        self._words: dict[str, float] = {}
        self._stems: dict[str, float] = {}
        for entry, value in _entries(words):
            table, form = (self._stems, entry[:-1]) if entry.endswith("*") else (self._words, entry)
            if abs(value) > abs(table.get(form, 0)):
                table[form] = value
        self._longest = max(map(len, self._stems), default=0)

    def value(self, word: str) -> float:
        """The tone of a word in lower case, from -8 to 8; 0 for what the lexicon does not hold."""
        return self._ratings.get(word, 0.0) + self._listed(word)

    def _listed(self, word: str) -> float:
        known = self._words.get(word)
        if known is not None:
            return known
        for length in range(min(len(word), self._longest), _SHORTEST - 1, -1):
            stem = self._stems.get(word[:length])
            if stem is not None and len(word) - length <= _LONGEST_ENDING:
                return stem
        return 0.0


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon of the package."""
    return Lexicon(WORDS.read_text(encoding="utf-8"), RATINGS.read_text(encoding="utf-8"))
