"""What the tagger sees of a token: itself, its neighbours, its shape, and what the gazetteer and the word lists know."""

from __future__ import annotations

from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.tokens import Token

__all__ = ["active_tokens", "features"]

_BRIDGES = word_set("""
    of the and & for de da di do la le el al bin ibn van von der den del della on in - ' . ’
""")
_BRIDGE = 2


def active_tokens(tokens: list[Token]) -> list[bool]:
    """Which tokens can be part of a name: those with a capital letter, and small words between two of them."""
    capital = [any(letter.isupper() for letter in token.text) for token in tokens]
    active = list(capital)
    last = -9
    for at, is_capital in enumerate(capital):
        if not is_capital:
            continue
        gap = range(last + 1, at)
        if 0 < len(gap) <= _BRIDGE and all(
            tokens[j].text.lower() in _BRIDGES or tokens[j].text.isdigit() for j in gap
        ):
            for j in gap:
                active[j] = True
        last = at
    return active


def _shape(word: str) -> str:
    out = ""
    for letter in word[:12]:
        kind = "X" if letter.isupper() else "x" if letter.isalpha() else "d" if letter.isdigit() else letter
        if not out or out[-1] != kind or len(out) < 2:
            out += kind
    return out


def _gazetteer_marks(tokens: list[Token]) -> list[str]:
    places, words = gazetteer(), [token.text for token in tokens]
    marks = [""] * len(tokens)
    at = 0
    while at < len(tokens):
        found = places.find(words, at)
        if found is None:
            at += 1
            continue
        length, (label, link, population) = found
        kind = label if not population else "CITY" if population >= 500_000 else "TOWN"
        if link.startswith("iso:") and label == "GPE":
            kind = "COUNTRY"
        for j in range(length):
            marks[at + j] = ("B" if j == 0 else "I") + kind + ("$" if j == length - 1 else "")
        at += length
    return marks


def _classes(word: str) -> str:
    lex = lexicon()
    marks = ""
    for mark, words in (
        ("o", lex.org_heads), ("f", lex.fac_heads), ("l", lex.loc_heads), ("s", lex.loc_starts), ("e", lex.event_heads),
        ("t", lex.titles), ("g", lex.given_names), ("p", lex.particles), ("n", lex.not_initial), ("a", lex.not_names),
    ):  # fmt: skip
        if word in words:
            marks += mark
    return marks


def features(tokens: list[Token], seen_lower: frozenset[str]) -> list[list[str] | None]:
    """The features of every active token of a sentence; None for the others."""
    active = active_tokens(tokens)
    if not any(active):
        return [None] * len(tokens)
    marks = _gazetteer_marks(tokens)
    lows = [token.text.lower() for token in tokens]
    shapes = [_shape(token.text) for token in tokens]
    classes = [_classes(low) for low in lows]
    upper = sum(active) > 0.7 * len([low for low in lows if low.isalpha()]) and len(tokens) > 3
    return [
        _of(at, lows, shapes, classes, marks, seen_lower, headline=upper) if is_active else None
        for at, is_active in enumerate(active)
    ]


def _of(
    at: int,
    lows: list[str],
    shapes: list[str],
    classes: list[str],
    marks: list[str],
    seen_lower: frozenset[str],
    *,
    headline: bool,
) -> list[str]:
    low, shape = lows[at], shapes[at]
    before, after = (lows[at - 1] if at else "<"), (lows[at + 1] if at + 1 < len(lows) else ">")
    before2, after2 = (lows[at - 2] if at > 1 else "<"), (lows[at + 2] if at + 2 < len(lows) else ">")
    shape_before, shape_after = (
        (shapes[at - 1] if at else "<"),
        (shapes[at + 1] if at + 1 < len(lows) else ">"),
    )
    class_before, class_after = (
        (classes[at - 1] if at else "<"),
        (classes[at + 1] if at + 1 < len(lows) else ">"),
    )
    end = at
    while end + 1 < len(lows) and end - at < 6 and "X" in shapes[end + 1]:
        end += 1
    seen = "1" if low in seen_lower else "0"
    opener = "1" if at == 0 else "0"
    return [
        "b", "w" + low, "s" + shape, "1" + low[:3], "2" + low[-3:], "3" + low[-2:], "c" + classes[at], "m" + marks[at],
        "-w" + before, "+w" + after, "-v" + before2, "+v" + after2, "-s" + shape_before + "|" + shape, "+s" + shape + "|" + shape_after,
        "-c" + class_before, "+c" + class_after, "-b" + before + "|" + low, "+b" + low + "|" + after,
        "-m" + (marks[at - 1] if at else "<"), "+m" + (marks[at + 1] if at + 1 < len(lows) else ">"),
        "o" + opener + seen + shape, "h" + ("1" if headline else "0") + shape, "e" + lows[end] if end > at else "e.", "E" + classes[end] + str(min(end - at, 3)),
        "x" + before + "|" + classes[at] + marks[at], "y" + after + "|" + classes[at] + marks[at],
    ]  # fmt: skip
