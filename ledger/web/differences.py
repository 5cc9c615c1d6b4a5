"""What changed between two revisions of an article, word by word, as HTML."""

from __future__ import annotations

import difflib
import re
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
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, left, to_left, right, to_right in matcher.get_opcodes():
        gone, come = escape("".join(before[left:to_left])), escape("".join(after[right:to_right]))
        if tag == "equal":
            parts.append(come)
            continue
        if gone:
            parts.append(_around(gone, "del"))
        if come:
            parts.append(_around(come, "ins"))
    return [part for part in "".join(parts).split("\n\n") if part.strip()]


def _around(text: str, tag: str) -> str:
    """Each paragraph of a stretch in a tag of its own, so that no tag runs over a paragraph's end."""
    pieces = text.split("\n\n")
    return "\n\n".join(f"<{tag}>{piece}</{tag}>" if piece else "" for piece in pieces)
