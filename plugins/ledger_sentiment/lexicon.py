"""The tone lexicon: words and stems with a value from -3 to 3."""

from __future__ import annotations

import functools
from pathlib import Path

__all__ = ["FILE", "Lexicon", "lexicon", "word_set"]

FILE = Path(__file__).with_name("data") / "lexicon.txt"
_SHORTEST = 3


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that are long."""
    return frozenset(text.split())


class Lexicon:
    """Looks a word up: the word itself first, then its longest stem in the list."""

    def __init__(self, text: str) -> None:
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            value, _, entries = line.partition(":")
            for entry in entries.split():
                table, form = (self._stems, entry[:-1]) if entry.endswith("*") else (self._words, entry)
                if abs(int(value)) > abs(table.get(form, 0)):
                    table[form] = int(value)
        self._longest = max(map(len, self._stems))

    def value(self, word: str) -> int:
        """The tone of a word in lower case, 0 for what the lexicon does not hold."""
        known = self._words.get(word)
        if known is not None:
            return known
        for length in range(min(len(word), self._longest), _SHORTEST - 1, -1):
            stem = self._stems.get(word[:length])
            if stem is not None and len(word) - length <= 5:
                return stem
        return 0


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon of the package."""
    return Lexicon(FILE.read_text(encoding="utf-8"))
