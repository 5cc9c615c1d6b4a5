"""Tokens of one sentence: numbers in digits, words, symbols, and stretches in which no number counts."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["NUMBER", "SYMBOL", "VULGAR", "WORD", "Tokens", "decimal_of"]

NUMBER, WORD, SYMBOL, MASKED = "n", "w", "s", "x"

VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5),
    "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip

_SPACE = " \u00a0\u2009\u202f"
_TOKEN = re.compile(
    rf"""
    (?P<x>(?:https?://|www\.)[^\s<>"]+
      |[\w.+-]{{1,64}}@[\w-]{{1,64}}\.[\w.-]{{1,64}}
      |\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.])
      |(?<![\w.,])\+\d(?:[\s().-]{{0,2}}\d){{6,14}}(?!\d)
      |(?<![\w.,-])\(?\d{{3}}\)?[-.\s]\d{{3}}[-.]\d{{4}}(?![\d,])
      |(?<![\w.,-])\d{{3}}-(?!\d{{2}}00)\d{{4}}(?![\d,-])
      |[\#@]\w+
      |\d[\d,.]{{30,}}
      |\d{{1,3}}(?:[{_SPACE}]\d{{3}}){{9,}}(?!\d))
    |(?P<n>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)
      |\d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?:\.\d+)?(?!\d)
      |\d{{1,3}}(?:['’]\d{{3}})+(?:\.\d+)?(?![\d'’])
      |\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?![\d,.:/]?\d)
      |\d{{1,3}}(?:\.\d{{3}})+,\d+
      |\d{{1,3}}(?:\.\d{{3}}){{2,}}(?!\d)
      |\d+,\d{{1,2}}(?![\d,])
      |\d+(?:\.\d+)?\s?[x×]\s?10\^?[-−+]?\d{{1,2}}(?![\w.])
      |\d+(?:\.\d+)?(?:[eE][+-]?\d{{1,2}}(?!\w))?
      |(?<![\w.])\.\d+|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])
    |(?P<w>(?:km|cm|mm|m|s)[23²³](?!\w)|[^\W\d_½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]+(?:['’][^\W\d_]+)*)
    |(?P<s>\S)
    """,
    re.VERBOSE,
)


class Tokens:
    """The tokens of `text[start:stop]` as parallel lists; `word` is in lower case with straight apostrophes.

    Indices past either end read as an empty symbol, so that rules may look around without checking.
    """

    __slots__ = ("_glued", "end", "kind", "start", "text", "word")

    def __init__(self, text: str, start: int, stop: int) -> None:
        self.text = text
        self.start: list[int] = []
        self.end: list[int] = []
        self.word: list[str] = []
        self.kind: list[str] = []
        for found in _TOKEN.finditer(text, start, stop):
            self.start.append(found.start())
            self.end.append(found.end())
            self.word.append(found.group().lower().replace("’", "'"))
            self.kind.append(found.lastgroup or SYMBOL)

    def __len__(self) -> int:
        return len(self.word)

    def at(self, index: int) -> str:
        """The lower-case token at `index`, empty outside the sentence."""
        return self.word[index] if 0 <= index < len(self.word) else ""

    def is_number(self, index: int) -> bool:
        """Whether the token is a number in digits."""
        return 0 <= index < len(self.word) and self.kind[index] == NUMBER

    def is_word(self, index: int) -> bool:
        """Whether the token is a word."""
        return 0 <= index < len(self.word) and self.kind[index] == WORD

    def is_capital(self, index: int) -> bool:
        """Whether the token begins with a capital letter."""
        return 0 <= index < len(self.word) and self.text[self.start[index]].isupper()

    def raw(self, index: int) -> str:
        """The token as written."""
        return self.text[self.start[index] : self.end[index]] if 0 <= index < len(self.word) else ""

    def glued(self, index: int) -> bool:
        """Whether no white space lies between this token and the next one."""
        return 0 <= index < len(self.word) - 1 and self.end[index] == self.start[index + 1]

    def phrase(self, start: int, stop: int) -> str:
        """The lower-case tokens from `start` up to `stop`, joined by one space."""
        return " ".join(self.word[max(start, 0) : max(stop, 0)])


def decimal_of(written: str) -> Decimal:
    """The value of a number in digits: `1,200`, `12,34,567`, `1.234.567`, `1.111,11`, `1 200`, `1'200`, `1,5`, `.08`, `½`, `1.3x10^6`."""
    if written in VULGAR:
        above, below = VULGAR[written]
        return Decimal(above) / Decimal(below)
    plain = re.sub(rf"[{_SPACE}'’]", "", written)
    if "x" in plain or "×" in plain:
        left, _, power = plain.replace("×", "x").partition("x10")
        return Decimal(left).scaleb(int(power.removeprefix("^").replace("−", "-")))
    if "," in plain:
        head, _, tail = plain.rpartition(",")
        if len(tail) < 3 and "." not in tail:
            plain = head.replace(".", "").replace(",", "") + "." + tail
        elif "." in head:
            plain = head.replace(".", "") + "." + tail
        else:
            plain = plain.replace(",", "")
    elif plain.count(".") > 1:
        plain = plain.replace(".", "")
    return Decimal(plain)
