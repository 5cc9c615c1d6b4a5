"""What the tagger sees of a token: itself, its neighbours, its run of capital words, and what tables and article know of it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger_entities.document import Document
from ledger_entities.forms import cluster, form
from ledger_entities.gazetteer import gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.tokens import Token

__all__ = ["active_tokens", "features"]

_BRIDGES = word_set("""
    of the and & de for da di do la le el al bin ibn van von der den del della on in - ' . ’
""")
_BRIDGE = 2
_CITY = 500_000
_AHEAD = 6
_CACHED = 65_536


def active_tokens(tokens: Sequence[Token]) -> list[bool]:
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


@functools.lru_cache(_CACHED)
def _shape(word: str) -> str:
    out = ""
    for letter in word[:12]:
        kind = "X" if letter.isupper() else "x" if letter.isalpha() else "d" if letter.isdigit() else letter
        if not out or out[-1] != kind or len(out) < 2:
            out += kind
    return out


@functools.lru_cache(_CACHED)
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


@functools.lru_cache(_CACHED)
def _spelling(text: str) -> tuple[str, ...]:
    """The features of a word's letters and clusters."""
    low = text.lower()
    bits = cluster(text)
    paths = (
        ("k" + bits, "k4" + bits[:4], "k6" + bits[:6], "k8" + bits[:8], "k10" + bits[:10])
        if bits
        else ("k?",)
    )
    return ("w" + low, "1" + low[:3], "2" + low[-3:], "3" + low[-2:], "4" + low[-4:], "5" + low[:4], *paths)


def _gazetteer_marks(words: list[str]) -> list[str]:
    places = gazetteer()
    marks = [""] * len(words)
    at = 0
    while at < len(words):
        found = places.find(words, at)
        if found is None:
            at += 1
            continue
        length, (label, link, population) = found
        kind = label if not population else "CITY" if population >= _CITY else "TOWN"
        if link.startswith("iso:") and label == "GPE":
            kind = "COUNTRY"
        for j in range(length):
            marks[at + j] = ("B" if j == 0 else "I") + kind + ("$" if j == length - 1 else "")
        at += length
    return marks


class _Run(NamedTuple):
    """The first and last index of a run of active tokens, and the feature that says what the gazetteer knows of it whole."""

    first: int
    last: int
    known: str
    has_organisation: bool


_NO_RUN = _Run(0, 0, "", has_organisation=False)


class _Sentence(NamedTuple):
    """A sentence as parallel lists, with an edge at either end: token `at` stands at index `at + 1`."""

    texts: list[str]
    lows: list[str]
    shapes: list[str]
    classes: list[str]
    marks: list[str]
    clusters: list[str]
    runs: list[_Run]
    document: Document
    headline: str


def features(tokens: Sequence[Token], document: Document) -> list[list[str] | None]:
    """The features of every active token of a sentence; None for the others."""
    active = active_tokens(tokens)
    if not any(active):
        return [None] * len(tokens)
    sentence = _sentence(tokens, active, document)
    return [list(_of(sentence, at + 1)) if is_active else None for at, is_active in enumerate(active)]


def _sentence(tokens: Sequence[Token], active: list[bool], document: Document) -> _Sentence:
    texts = [token.text for token in tokens]
    lows = [text.lower() for text in texts]
    words = sum(1 for low in lows if low.isalpha())
    marks = ["<", *_gazetteer_marks(texts), ">"]
    return _Sentence(
        ["<", *texts, ">"],
        ["<", *lows, ">"],
        ["<", *map(_shape, texts), ">"],
        ["<", *map(_classes, lows), ">"],
        marks,
        ["<", *(cluster(text) or "?" for text in texts), ">"],
        _runs(active, marks),
        document,
        "1" if sum(active) > 0.7 * words and len(tokens) > 3 else "0",
    )


def _runs(active: list[bool], marks: list[str]) -> list[_Run]:
    """The run of active tokens around every index."""
    runs = [_NO_RUN] * len(marks)
    first = 0
    for at, is_active in enumerate([False, *active, False]):
        if is_active and not first:
            first = at
        elif not is_active and first:
            runs[first:at] = [_run_of(marks, first, at - 1)] * (at - first)
            first = 0
    return runs


def _run_of(marks: list[str], first: int, last: int) -> _Run:
    start, end = marks[first], marks[last]
    whole = "$" if start.startswith("B") and end.endswith("$") else ""
    known = f"G{min(last - first, 3)}{start[1:3]}{end[1:3]}{whole}"
    return _Run(first, last, known, any("ORG" in mark for mark in marks[first : last + 1]))


def _of(s: _Sentence, at: int) -> Iterator[str]:
    yield "b"
    yield from _spelling(s.texts[at])
    yield from _neighbours(s, at)
    yield from _clusters(s, at)
    yield from _known(s, at)
    yield from _run(s, at)


def _neighbours(s: _Sentence, at: int) -> Iterator[str]:
    low, shape, marked = s.lows[at], s.shapes[at], s.classes[at] + s.marks[at]
    before, after = s.lows[at - 1], s.lows[at + 1]
    yield from ("s" + shape, "c" + s.classes[at], "m" + s.marks[at], "-w" + before, "+w" + after)
    yield "-v" + (s.lows[at - 2] if at > 1 else "<")
    yield "+v" + (s.lows[at + 2] if at + 2 < len(s.lows) else ">")
    yield from (f"-s{s.shapes[at - 1]}|{shape}", f"+s{shape}|{s.shapes[at + 1]}")
    yield from (
        "-c" + s.classes[at - 1],
        "+c" + s.classes[at + 1],
        "-m" + s.marks[at - 1],
        "+m" + s.marks[at + 1],
    )
    yield from (f"-b{before}|{low}", f"+b{low}|{after}", f"x{before}|{marked}", f"y{after}|{marked}")


def _clusters(s: _Sentence, at: int) -> Iterator[str]:
    here, before, after = s.clusters[at][:6], s.clusters[at - 1], s.clusters[at + 1]
    yield from ("-k" + before, "+k" + after, "-j" + before[:6], "+j" + after[:6])
    yield from (f"-l{before[:6]}|{here}", f"+l{here}|{after[:6]}")
    if at > 1:
        yield "-K" + s.clusters[at - 2][:8]
    if at + 2 < len(s.clusters):
        yield "+K" + s.clusters[at + 2][:8]


def _known(s: _Sentence, at: int) -> Iterator[str]:
    """What the tables of names and cases and the article know of the word."""
    low, shape = s.lows[at], s.shapes[at]
    known = form(low)
    names = known.names
    before = form(s.lows[at - 1]).names if "X" in s.shapes[at - 1] else "<"
    after = form(s.lows[at + 1]).names if "X" in s.shapes[at + 1] else ">"
    yield from ("n" + names, f"-n{before}|{names}", f"+n{names}|{after}")
    opener = "1" if at == 1 else "0"
    seen = "1" if low in s.document.lower else "0"
    yield from (f"o{opener}{seen}{shape}", f"h{s.headline}{shape}")
    yield from (f"u{known.case}{opener}", f"u{known.case}{seen}{opener}{s.headline}")
    if s.texts[at].isupper():
        yield f"A{min(len(low), 7)}{seen}{s.headline}"
    company = s.document.company.get(low, "")
    yield "d" + company
    for mark in company:
        yield "D" + mark


def _run(s: _Sentence, at: int) -> Iterator[str]:
    """Where the word stands in its run of capital words, and how the run ends and is framed."""
    end = at
    while end - at < _AHEAD and "X" in s.shapes[end + 1]:
        end += 1
    yield "e" + (s.lows[end] if end > at else ".")
    yield f"E{s.classes[end]}{min(end - at, 3)}"
    if end > at:
        yield "ek" + s.clusters[end][:8]
    run = s.runs[at]
    first, last = run.first, run.last
    ahead, behind = min(at - first, 2), min(last - at, 2)
    yield f"r{min(at - first, 3)}{min(last - at, 3)}"
    yield f"R{s.classes[first]}|{ahead}"
    yield from (f"q{s.lows[first - 1]}|{ahead}", f"qk{s.clusters[first - 1][:8]}|{ahead}")
    yield from ("Q" + s.lows[last + 1], f"Qk{s.clusters[last + 1][:8]}|{behind}")
    yield run.known
    if run.has_organisation:
        yield "ro"
