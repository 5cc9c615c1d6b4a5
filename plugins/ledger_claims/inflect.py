"""English nouns to their singular."""

from __future__ import annotations

__all__ = ["singular"]

_SINGULAR = {
    "people": "people",
    "men": "man",
    "women": "woman",
    "children": "child",
    "policemen": "policeman",
    "policewomen": "policewoman",
    "firemen": "fireman",
    "servicemen": "serviceman",
    "fishermen": "fisherman",
    "lives": "life",
    "bodies": "body",
    "troops": "troop",
    "wives": "wife",
    "wolves": "wolf",
    "halves": "half",
    "mice": "mouse",
    "feet": "foot",
    "buses": "bus",
    "viruses": "virus",
    "staff": "staff",
    "police": "police",
    "crew": "crew",
    "aircraft": "aircraft",
    "series": "series",
    "species": "species",
    "news": "news",
}
_NO_PLURAL = frozenset({"regimen", "specimen", "abdomen", "acumen", "bitumen"})


def singular(word: str) -> str:
    """The singular of a lower-case noun, as far as its ending tells it."""
    head, _, last = word.rpartition(" ")
    if head:
        return f"{head} {singular(last)}"
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith("men") and len(word) > 5 and word not in _NO_PLURAL:
        return word[:-2] + "an"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
