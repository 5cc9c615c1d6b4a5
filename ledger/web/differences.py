"""What changed between two revisions of an article, word by word, as HTML."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from html import escape

__all__ = ["differences"]

_WORDS = re.compile(r"\s+|[^\s]+")
_LONGEST = 20_000
"""Words above which whole paragraphs are compared, so that a page never takes long."""


def differences(old: str, new: str) -> list[str]:
    """The paragraphs of the newer text as HTML, with what went in `del` and what came in `ins`."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) + len(after) > _LONGEST:
        before, after = re.findall(r"[^\n]+|\n+", old), re.findall(r"[^\n]+|\n+", new)
    parts = []
    for same, left, to_left, right, to_right in _stretches(before, after):
        gone, come = escape("".join(before[left:to_left])), escape("".join(after[right:to_right]))
        if same:
            parts.append(come)
            continue
        if gone:
            parts.append(_around(gone, "del"))
        if come:
            parts.append(_around(come, "ins"))
    return [part for part in "".join(parts).split("\n\n") if part.strip()]


def _stretches(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """What is the same and what is not, by turns; a space between two changed words belongs to the change."""
    changed: tuple[int, int, int, int] | None = None
    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for index, (tag, left, to_left, right, to_right) in enumerate(opcodes):
        space = changed is not None and index + 1 < len(opcodes) and "".join(before[left:to_left]) == " "
        if tag == "equal" and not space:
            if changed is not None:
                yield (False, *changed)
                changed = None
            yield True, left, to_left, right, to_right
        elif changed is None:
            changed = left, to_left, right, to_right
        else:
            changed = changed[0], to_left, changed[2], to_right
    if changed is not None:
        yield (False, *changed)


def _around(text: str, tag: str) -> str:
    """Each paragraph of a stretch in a tag of its own, so that no tag runs over a paragraph's end."""
    pieces = text.split("\n\n")
    return "\n\n".join(f"<{tag}>{piece}</{tag}>" if piece else "" for piece in pieces)
