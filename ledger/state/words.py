"""Words compared as readers would: case, articles, possessives, plurals and inflections do not matter."""

from __future__ import annotations

import functools
import re
import unicodedata

__all__ = ["acronym", "plain", "singular", "slug", "stem", "stems", "tokens"]

_WORD = re.compile(r"[^\W_]+(?:[.&'-][^\W_]+)*", re.UNICODE)
_ARTICLES = frozenset({"the", "a", "an"})
_SMALL = frozenset({"of", "for", "and", "in", "on", "at", "to", "the", "a", "an", "de", "la"})
_KEEP_S = ("ss", "us", "is")


def tokens(text: str) -> list[str]:
    """The words of a text in lower case, typographic marks unified, without possessive endings."""
    folded = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return [word.removesuffix("'s").removesuffix("'") for word in _WORD.findall(folded)]


def plain(name: str) -> str:
    """A name for comparison: its words without leading articles."""
    words = tokens(name)
    while len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return " ".join(words)


def slug(text: str) -> str:
    """A readable id made of a text: lower case ASCII words joined by hyphens."""
    ascii_text = unicodedata.normalize("NFKD", " ".join(tokens(text))).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    return made or "x" + text.encode("utf-8").hex()[:12]


def acronym(name: str) -> str:
    """The initials of a name of three words or more, small words left out; empty for shorter names."""
    initials = [word[0] for word in re.findall(r"[^\W_]+", name) if word.casefold() not in _SMALL]
    return "".join(initials).upper() if len(initials) >= 3 else ""


def singular(noun: str) -> str:
    """A noun without its plural ending."""
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if noun.endswith(ending) and len(noun) > len(ending) + 1:
            return noun[: -len(ending)] + kept
    plural = noun.endswith("s") and len(noun) > 3 and not noun.endswith(_KEEP_S)
    if noun.endswith("men") and len(noun) > 5:
        return noun[:-2] + "an"  # "countrymen"
    return {"men": "man", "women": "woman", "children": "child", "servicemen": "serviceman"}.get(
        noun, noun[:-1] if plural else noun
    )


@functools.lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A crude stem: plural and verb endings off, so that inflections of one word meet."""
    word = singular(word)
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words, articles and prepositions left out."""
    return frozenset(stem(word) for word in tokens(text) if word not in _SMALL)
