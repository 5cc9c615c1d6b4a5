"""Clock times: `5 p.m.`, `5:30pm`, `14:30`, `1400 GMT`, `five o'clock`."""

from __future__ import annotations

from ledger_numbers.tokens import Tokens
from ledger_numbers.words import word_set

__all__ = ["clock_time"]

_ZONES = word_set("""
    gmt utc est edt cst cdt mst pst pdt cet cest bst ist msk eet eest jst local
""")


def clock_time(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """`HH:MM` and the token after the clock time that begins at token `at`; None where there is none."""
    word = tokens.word[at]
    hour, minute, stop = -1, 0, at + 1
    if word.isdigit() and len(word) <= 2:
        hour = int(word)
        if (
            tokens.at(at + 1) in {":", "."}
            and tokens.glued(at)
            and tokens.glued(at + 1)
            and len(tokens.at(at + 2)) == 2
        ):
            minute, stop = _minute(tokens.at(at + 2)), at + 3
    elif "." in word:
        left, _, right = word.partition(".")
        if left.isdigit() and len(right) == 2:
            hour, minute = int(left), _minute(right)
    elif word.isdigit() and len(word) == 4 and tokens.at(at + 1) in _ZONES:
        hour, minute = int(word[:2]), _minute(word[2:])
        return (f"{hour:02}:{minute:02}", at + 2) if hour < 24 and minute < 60 else None
    if hour < 0 or minute > 59:
        return None
    half, after = _half(tokens, stop)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
        if tokens.at(after) in _ZONES:
            after += 1
        return f"{hour:02}:{minute:02}", after
    if tokens.at(stop) == "o'clock":
        return "", stop + 1
    if stop == at + 3 and tokens.at(at + 1) == ":" and hour < 24:
        if tokens.at(stop) == ":" and tokens.is_number(stop + 1) and tokens.glued(stop):
            stop += 2
        if tokens.at(stop) in _ZONES:
            stop += 1
        return f"{hour:02}:{minute:02}", stop
    return None


def _minute(text: str) -> int:
    return int(text) if text.isdigit() else 99


def _half(tokens: Tokens, at: int) -> tuple[str, int]:
    """`a` or `p` for "a.m."/"pm", and the token after it."""
    word = tokens.at(at)
    fraction = (
        tokens.is_number(at - 1)
        and "." in tokens.at(at - 1)
        and len(tokens.at(at - 1).partition(".")[2]) != 2
    )
    if word in {"am", "pm"} and not fraction:
        return word[0], at + 1
    if word in {"a", "p"} and tokens.at(at + 1) == "." and tokens.at(at + 2) == "m":
        return word, at + 4 if tokens.at(at + 3) == "." else at + 3
    return "", at
