"""Which language a text is in."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

__all__ = ["language_of"]

SHORTEST = 40
SHORT = 200
SAMPLE = 4000
FIRST_LOOK = 400
CERTAIN = 0.8
_FUNCTION_WORDS = {
    "en": "the of and to in that is was for on with said by at from has have were",
    "de": "der die und den das von ist mit sich des auf nicht eine dem im zu wurde",
    "fr": "les des est une dans qui que pour pas sur avec du au cette sont été",
    "es": "el los las del que por una con para como más su fue han este según",
    "it": "il di che della per una sono con del nel alla gli più anche stato ha",
    "pt": "os do da que em para uma com não dos como mais foi ao pelo são",
    "nl": "het een van en dat niet voor zijn met op aan ook bij naar werd maar",
}
_OWNERS = [(word, code) for code, words in _FUNCTION_WORDS.items() for word in words.split()]
_LANGUAGES_BY_WORD = {word: tuple(c for w, c in _OWNERS if w == word) for word, _ in _OWNERS}


def language_of(text: str, declared: str = "") -> str:
    """ISO 639-1 code by the text itself when it is long enough, else what is declared, else empty.

    Function words settle the common cases; only what they leave open loads the language model.
    """
    declared = declared.strip().lower().replace("_", "-").partition("-")[0][:2]
    if len(text) < SHORTEST or (len(text) < SHORT and declared):
        return declared
    plain = _by_function_words(text[:FIRST_LOOK]) or _by_function_words(text[:SAMPLE])
    if plain:
        return plain
    code, certainty = _identifier().classify(text[:SAMPLE])
    return str(code) if certainty >= CERTAIN or not declared else declared


def _by_function_words(text: str) -> str:
    words = text.lower().split()
    counts: dict[str, int] = {}
    for codes, times in Counter(filter(None, map(_LANGUAGES_BY_WORD.get, words))).items():
        for code in codes:
            counts[code] = counts.get(code, 0) + times
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    if not ranked or ranked[0][1] < 4 or ranked[0][1] < len(words) * 0.15:
        return ""
    second = ranked[1][1] if len(ranked) > 1 else 0
    return ranked[0][0] if ranked[0][1] >= second * 3 else ""


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
