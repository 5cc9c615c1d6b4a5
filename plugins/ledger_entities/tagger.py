"""A first-order sequence tagger for PER, ORG and LOC with integer weights, so that every machine gives the same answer."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path

from ledger_entities.features import features
from ledger_entities.lexicon import DATA
from ledger_entities.tokens import Token

__all__ = ["LABELS", "MODEL", "Weights", "best_path", "load", "spans_of"]

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
MODEL: Path = DATA / "names.json.gz"

Weights = dict[str, list[tuple[int, int]]]
"""Feature to (index of label, weight) pairs; transitions are the features `>i` of label i."""

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


def scores_of(names: list[str], weights: Weights) -> list[int]:
    """The score of every label for one token."""
    total = [0] * len(LABELS)
    for name in names:
        for label, weight in weights.get(name, ()):
            total[label] += weight
    return total


def best_path(rows: list[list[int] | None], weights: Weights) -> list[int]:
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


def spans_of(tokens: list[Token], seen_lower: frozenset[str]) -> list[tuple[int, int, str]]:
    """(first token, token after the last, label) of the names of a sentence."""
    named = features(tokens, seen_lower)
    if not any(names is not None for names in named):
        return []
    weights = load()
    rows = [None if names is None else scores_of(names, weights) for names in named]
    return label_spans([LABELS[label] for label in best_path(rows, weights)])


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
