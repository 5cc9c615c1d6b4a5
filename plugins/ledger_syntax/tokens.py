"""Tokens of a text with coarse classes, from closed word lists: no model, no state.

What counts as one token, and which class a word has, differs with the rules that read them: each set of rules has a `Tokenizer`
of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

__all__ = ["Token", "Tokenizer", "word_classes"]

_TITLES = ("Mr", "Mrs", "Ms", "Dr", "St", "Gen", "Col", "Lt", "Sgt", "Capt")
_NUMBER = r"\d[\d,.]*\d|\d"
_INITIALS = r"(?:[^\W\d_]\.){2,}"
_WORD = r"[^\W\d_]+(?:[-'’&][^\W\d_]+)*"


class Token(NamedTuple):
    """A word or mark: its code points in the article, its text, its lower case with straight apostrophes, and its class."""

    start: int
    end: int
    text: str
    low: str
    tag: str

    @property
    def capital(self) -> bool:
        """Whether it begins with an upper-case letter."""
        return self.text[:1].isupper()


class Tokenizer:
    """Cuts text into numbers, words, titles with their full stop, initials and marks; a possessive ending is a token `POS`.

    `tag` gives the class of a token in lower case. An acronym is always `N`, and so is `May` unless it begins the text.
    `titles` are abbreviations before names beside the common ones, `whole` a pattern of what else stays in one piece.
    """

    def __init__(self, tag: Callable[[str], str], *, whole: str, titles: Collection[str] = ()) -> None:
        before_names = "|".join((*_TITLES, *titles))
        self._pattern = re.compile(rf"{whole}|{_NUMBER}|(?:{before_names})\.(?=\s)|{_INITIALS}|{_WORD}|\S")
        self._tag = tag

    def __call__(self, text: str, start: int, end: int) -> list[Token]:
        """The tokens of `text[start:end]`, with offsets into `text`."""
        found = []
        for match in self._pattern.finditer(text, start, end):
            word = match.group()
            low = word.lower().replace("’", "'")
            if low.endswith("'s") and len(low) > 2:
                cut = match.end() - 2
                found.append(Token(match.start(), cut, word[:-2], low[:-2], self._tag(low[:-2])))
                found.append(Token(cut, match.end(), word[-2:], "'s", "POS"))
            else:
                acronym = len(word) > 1 and word.isupper() and word.isalpha()
                month = word == "May" and match.start() > start
                tag = "N" if acronym or month else self._tag(low)
                found.append(Token(match.start(), match.end(), word, low, tag))
        return found


def word_classes(lists: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The class of each word, from the words of each class; the first class that holds a word has it."""
    classes: dict[str, str] = {}
    for tag, words in lists.items():
        for word in sorted(words):
            classes.setdefault(word, tag)
    return classes
