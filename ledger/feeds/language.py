"""Which language a text is in."""

from __future__ import annotations

import pycld2

__all__ = ["language_of"]

SHORTEST = 40
SHORT = 200
"""Bytes below which a text says nothing, and below which it does not contradict what is declared."""
FIRST_LOOK = 300
SAMPLE = 4000
"""Characters that are looked at: the first ones where they settle it, else more."""
_OLD_CODES = {"iw": "he", "jw": "jv"}


def language_of(text: str, declared: str = "") -> str:
    """ISO 639-1 code by the text itself when it is long enough and says so reliably, else what is declared, else empty."""
    declared = declared.strip().lower().replace("_", "-").partition("-")[0][:2]
    if len(text) < SHORT and len(text.encode("utf-8", "replace")) < (SHORT if declared else SHORTEST):
        return declared
    return _detected(text[:FIRST_LOOK]) or _detected(text[:SAMPLE]) or declared


def _detected(text: str) -> str:
    try:
        reliable, _, ranked = pycld2.detect(text.encode("utf-8", "replace"), isPlainText=True)
    except pycld2.error:
        return ""
    code = str(ranked[0][1]).partition("-")[0]
    if not reliable or len(code) != 2 or code in ("un", "xx"):
        return ""
    return _OLD_CODES.get(code, code)
