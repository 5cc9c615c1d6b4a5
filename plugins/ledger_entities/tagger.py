"""A first-order sequence tagger for PER, ORG and LOC with integer weights, so that every machine gives the same answer."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from ledger_entities.document import Document
from ledger_entities.features import features
from ledger_entities.lexicon import DATA
from ledger_entities.tokens import Token

__all__ = ["LABELS", "MODEL", "Weights", "best_path", "load", "tag"]

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
MODEL: Path = DATA / "names.json.gz"

Weights = dict[str, list[tuple[int, int]]]
"""Feature to (index of label, weight) pairs; transitions are the features `>i` of label i."""
Scores = list[int]
"""The score of every label for one token."""

_FAMILIES = ((0,), (1, 2), (3, 4), (5, 6))
"""The labels of no name, of people, of organisations and of places."""
_ALLOWED = [
    [before for before in range(len(LABELS)) if not now.startswith("I-") or LABELS[before][1:] == now[1:]]
    for now in LABELS
]


@functools.cache
def load() -> Weights:
    """The weights that come with the package."""
    table = json.loads(gzip.decompress(MODEL.read_bytes()))
    return {
        name: [(pairs[j], pairs[j + 1]) for j in range(0, len(pairs), 2)] for name, pairs in table.items()
    }


def scores_of(names: list[str], weights: Weights) -> Scores:
    """The score of every label for one token."""
    total = [0] * len(LABELS)
    for name in names:
        for label, weight in weights.get(name, ()):
            total[label] += weight
    return total


def best_path(rows: Sequence[Scores | None], weights: Weights) -> list[int]:
    """The labels with the highest sum of scores and transitions (Viterbi); a None row is forced to be O."""
    count = len(LABELS)
    move = [[0] * count for _ in range(count)]
    for before in range(count):
        for now, weight in weights.get(f">{before}", ()):
            move[before][now] = weight
    floor = -(10**12)
    best = [0] + [floor] * (count - 1)
    trail: list[list[int]] = []
    for row in rows:
        fresh, origin = [floor] * count, [0] * count
        for now in range(count) if row is not None else (0,):
            top, source = floor * 2, 0
            for before in _ALLOWED[now]:
                value = best[before] + move[before][now]
                if value > top:
                    top, source = value, before
            fresh[now], origin[now] = top + (row[now] if row is not None else 0), source
        trail.append(origin)
        best = fresh
    label = max(range(count), key=lambda now: (best[now], -now))
    path = [label]
    for origin in reversed(trail[1:]):
        label = origin[label]
        path.append(label)
    return path[::-1] if rows else []


def tag(sentences: Sequence[Sequence[Token]], document: Document) -> list[list[tuple[int, int, str]]]:
    """(first token, token after the last, label) of the names of every sentence of an article.

    A capital word that stands more than once is judged by half by what its other places say.
    """
    weights = load()
    rows: list[list[Scores | None]] = []
    for tokens in sentences:
        named = features(tokens, document)
        rows.append([None if names is None else scores_of(names, weights) for names in named])
    pool = _pool(sentences, rows)
    found: list[list[tuple[int, int, str]]] = []
    for tokens, scores in zip(sentences, rows, strict=True):
        if not any(row is not None for row in scores):
            found.append([])
            continue
        told = [
            None if row is None else _told(row, pool.get(token.text))
            for token, row in zip(tokens, scores, strict=True)
        ]
        found.append(label_spans([LABELS[label] for label in best_path(told, weights)]))
    return found


def _by_family(row: Scores) -> list[int]:
    """How far the best label of each family lies below the best label of all."""
    tops = [max(row[label] for label in family) for family in _FAMILIES]
    best = max(tops)
    return [top - best for top in tops]


def _pool(
    sentences: Sequence[Sequence[Token]], rows: list[list[Scores | None]]
) -> dict[str, tuple[int, list[int]]]:
    """Capital words to how often they stand in the article and the sum of their scores by family."""
    pool: dict[str, tuple[int, list[int]]] = {}
    for tokens, scores in zip(sentences, rows, strict=True):
        for token, row in zip(tokens, scores, strict=True):
            if row is not None and token.capital:
                count, total = pool.get(token.text, (0, [0] * len(_FAMILIES)))
                pool[token.text] = (
                    count + 1,
                    [left + right for left, right in zip(total, _by_family(row), strict=True)],
                )
    return pool


def _told(row: Scores, pooled: tuple[int, list[int]] | None) -> Scores:
    """The scores of a token with half of the mean of those of the other places of its word."""
    if pooled is None or pooled[0] < 2:
        return row
    others = 2 * (pooled[0] - 1)
    told = list(row)
    for family, total, own in zip(_FAMILIES, pooled[1], _by_family(row), strict=True):
        for label in family:
            told[label] += (total - own) // others
    return told


def label_spans(labels: list[str]) -> list[tuple[int, int, str]]:
    """The spans that a sequence of B-, I- and O labels describes."""
    spans: list[tuple[int, int, str]] = []
    first = -1
    for at, label in enumerate([*labels, "O"]):
        if first >= 0 and (label == "O" or label.startswith("B-") or label[2:] != labels[first][2:]):
            spans.append((first, at, labels[first][2:]))
            first = -1
        if first < 0 and label != "O":
            first = at
    return spans
