"""An averaged structured perceptron, the second learner of the name tagger's training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ledger_entities.tagger import LABELS, best_path

__all__ = ["learn"]

_STRIDE = 7919

Sentence = tuple[list[list[str] | None], list[int]]
"""The features of every token, None where it can be no name, and the numbers of their labels."""


class _Averaged:
    """The weights by number of feature and label, and their sums over all steps for the average."""

    def __init__(self, count: int) -> None:
        size = len(LABELS)
        self.weights: Any = np.zeros((count, size), dtype=np.int64)
        self.sums: Any = np.zeros((count, size), dtype=np.int64)
        self.moves: Any = np.zeros((size, size), dtype=np.int64)
        self.move_sums: Any = np.zeros((size, size), dtype=np.int64)
        self.step = 0

    def see(self, tokens: Sequence[Any], gold: list[int]) -> None:
        self.step += 1
        rows = [None if ids is None else self.weights[ids].sum(axis=0).tolist() for ids in tokens]
        moves = {f">{label}": list(enumerate(row)) for label, row in enumerate(self.moves.tolist())}
        guess = best_path(rows, moves)
        if guess == gold:
            return
        for at, ids in enumerate(tokens):
            if ids is not None and gold[at] != guess[at]:
                self._change(self.weights, self.sums, (ids, gold[at]), (ids, guess[at]))
            before = (gold[at - 1], guess[at - 1]) if at else (0, 0)
            if (before[0], gold[at]) != (before[1], guess[at]):
                self._change(self.moves, self.move_sums, (before[0], gold[at]), (before[1], guess[at]))

    def _change(self, weights: Any, sums: Any, right: tuple[Any, int], wrong: tuple[Any, int]) -> None:
        weights[right] += 1
        sums[right] += self.step
        weights[wrong] -= 1
        sums[wrong] -= self.step


def learn(data: Iterable[Sentence], epochs: int) -> dict[str, dict[int, float]]:
    """The mean weights over `epochs` passes, by feature and number of label, transitions as `>i`.

    The same for the same data on every machine: all sums are of whole numbers.
    """
    numbers: dict[str, int] = {}
    sentences = [
        (
            [
                None
                if names is None
                else np.array([numbers.setdefault(name, len(numbers)) for name in names])
                for names in named
            ],
            labels,
        )
        for named, labels in data
    ]
    averaged = _Averaged(len(numbers))
    for epoch in range(epochs):
        for at in range(len(sentences)):
            averaged.see(*sentences[(at * _STRIDE + epoch) % len(sentences)])
    means = averaged.weights - averaged.sums / averaged.step
    moves = averaged.moves - averaged.move_sums / averaged.step
    table = dict(_rows(zip(numbers, means, strict=True)))
    return table | dict(_rows((f">{label}", row) for label, row in enumerate(moves)))


def _rows(rows: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, dict[int, float]]]:
    for name, row in rows:
        if row.any():
            yield name, {label: float(weight) for label, weight in enumerate(row) if weight}
