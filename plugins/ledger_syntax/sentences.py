"""A rule-based sentence splitter over raw text; offsets are exact code points.

The text is scanned once for closing punctuation; every candidate is judged by the word before it and the word after it, so
the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ledger_syntax.abbreviations import (
    BEFORE_NUMBER,
    CONNECTIVES,
    MAYBE_FINAL,
    MAYBE_FINAL_NAMES,
    STARTERS,
    TITLES,
)

__all__ = ["sentence_spans"]

_CLOSERS = "\"'”’»)\\]}"
_CANDIDATE = re.compile(
    rf"(?P<stop>[.!?…]+)(?P<close>[{_CLOSERS}]*)(?=\s|\[\d|$)|(?P<wide>[。！？]+[」』”’]*)|(?P<line>\n)"
)
_NEXT = re.compile(r"\s*(?P<open>[\"'“‘«(\[—–-]*\s?)(?P<word>[^\W_]+|.)", re.DOTALL)
_SAID = re.compile(
    r"\s+(?:(?:the\s+)?(?:[A-Z][\w'’.-]*\s+){1,4})"
    r"(?:said|says|asked|asks|told|wrote|added|replied|answered|shouted|cried|wondered|tweeted|posted)\b"
)
_BULLET = re.compile(r"\s*(?:[-*•·–—]|\(?\d{1,2}[.)])\s")
_WORD_REACH = 24
_WRAP_MIN, _WRAP_MAX = 60, 120


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield (start, end) code points of the sentences in `text[start:end]`, without the white space around them.

    Together the sentences hold every character of the stretch that is not white space.
    """
    stop = len(text) if end is None else end
    begin = start
    for found in _CANDIDATE.finditer(text, start, stop):
        if found.start() < begin:
            continue
        if found["line"] is not None:
            final = _line_ends(text, found.start(), start, stop)
        elif found["wide"] is not None:
            final = True
        else:
            final = _is_final(text, found, begin, stop)
        if final:
            yield from _trimmed(text, begin, found.end())
            begin = found.end()
    yield from _trimmed(text, begin, stop)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    body = piece.strip()
    if body:
        first = start + len(piece) - len(piece.lstrip())
        yield first, first + len(body)


def _line_ends(text: str, at: int, low: int, high: int) -> bool:
    """Whether the single line break at `at` ends a sentence: a list, a heading or a paragraph, but not a hard wrap."""
    left = text.rfind("\n", low, at) + 1 or low
    line = text[left:at].rstrip()
    following = text[at + 1 : min(high, at + 1 + _WORD_REACH)]
    if not line or line[-1] in '.!?…:;"”’)' or _BULLET.match(following):
        return True
    after = following.lstrip()
    if not after or after[0].islower():
        return False
    return not _WRAP_MIN <= len(line) <= _WRAP_MAX


def _is_final(text: str, found: re.Match[str], begin: int, end: int) -> bool:
    after = _NEXT.match(text, found.end(), end)
    if after is None or text.startswith("[", found.end()):
        return True
    word, opening = after["word"], after["open"]
    stop, close = found["stop"], found["close"]
    if opening.strip() in {"—", "–", "-"} and not close:
        return False
    if not (word[0].isupper() or word[0].isdigit() or _caseless(word[0])):
        return word[0] in "#@$€£¥" and stop != "…"
    if stop != ".":
        speech = close and stop[-1] in "!?" and _SAID.match(text, found.end(), end)
        return not speech
    if close:
        return True
    return _stop_is_final(text, found.start(), begin, word, opening)


def _caseless(letter: str) -> bool:
    return letter.isalpha() and letter.lower() == letter.upper()


def _stop_is_final(text: str, at: int, begin: int, following: str, opening: str) -> bool:
    """Whether the single full stop at `at` ends the sentence, given the next word."""
    left = max(begin, at - _WORD_REACH)
    tail = text[left:at]
    cut = max(tail.rfind(" "), tail.rfind("\n"), tail.rfind("\t"), tail.rfind("\xa0"))
    before = tail[cut + 1 :].lstrip("\"'“‘«([—–-")
    word = before.lower()
    if not word:
        return True
    if word.isdigit():
        return not (left + cut + 1 <= begin + 1 and len(word) <= 2)
    capital = before[0].isupper()
    if (
        word in CONNECTIVES
        or (capital and word in TITLES)
        or (word in BEFORE_NUMBER and following[0].isdigit())
    ):
        return False
    starts = following.lower() in STARTERS or bool(opening.strip())
    if len(before) == 1 and before.isalpha():
        return before.islower() or (starts and before != "I")
    if word in MAYBE_FINAL or (capital and word in MAYBE_FINAL_NAMES) or _dotted(before):
        return starts
    return True


def _dotted(word: str) -> bool:
    """Whether the word is letters between stops, such as `U.S` or `J.R`."""
    parts = word.split(".")
    return len(parts) > 1 and all(len(part) == 1 and part.isalpha() for part in parts)
