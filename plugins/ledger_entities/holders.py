"""Whose a role is: "spokesman Ivo Tarn", "Ivo Tarn, a spokesman for the board", "a spokesman for the board, Ivo Tarn"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger_entities.joining import Mention
from ledger_entities.tokens import Token

__all__ = ["named_beside"]

_REACH = 8


def named_beside(tokens: Sequence[Token], at: int, people: Mapping[int, Mention]) -> Mention | None:
    """The person whom the words beside the role at token `at` name.

    `people` are those of the sentence, each under the code points at which the name begins and ends.
    """
    for k in range(at + 1, min(at + 2 + _REACH, len(tokens))):
        if tokens[k].start in people:
            between = tokens[at + 1 : k]
            return people[tokens[k].start] if not between or _ties(between, len(between) - 1) else None
        if tokens[k].text in {".", ";"}:
            break
    for k in range(at - 1, max(at - 2 - _REACH, -1), -1):
        if tokens[k].end in people:
            return people[tokens[k].end] if _ties(tokens[k + 1 : at], 0) else None
    return None


def _ties(between: Sequence[Token], comma: int) -> bool:
    """Whether the only comma of the words between stands at that index."""
    marks = [at for at, token in enumerate(between) if token.text == ","]
    return marks == [comma]
