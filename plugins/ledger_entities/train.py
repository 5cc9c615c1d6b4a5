"""Train the name tagger: `python -m ledger_entities.train DATA_DIR` rewrites the model file of this package.

DATA_DIR holds `uner-ewt-train.iob2` (Universal NER over EWT, CC BY-SA 4.0), `wikigold.conll` (CC BY 4.0),
`multiner-en.conll` (CC0) and `gum-train.conllu` (GUM, annotations CC BY 4.0). The result is an averaged perceptron, the same for the same data on every machine.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ledger_entities.corpora import Sentence, read_columns, read_gum
from ledger_entities.features import features
from ledger_entities.tagger import LABELS, MODEL, Weights, best_path
from ledger_entities.tokens import tokenise

__all__ = ["main"]

_EPOCHS = 14
_SCALE = 16
_LEAST = 4
_WINDOW = 25
_LOWER = re.compile(r"(?<![\w'’])[a-z]{3,}")
_FILES = ("uner-ewt-train.iob2", "wikigold.conll", "multiner-en.conll")

Example = tuple[list[list[str] | None], list[int]]


def examples(sentences: list[Sentence]) -> Iterator[Example]:
    """The features and label numbers of every sentence that has a capital letter."""
    for begin in range(0, len(sentences), _WINDOW):
        group = sentences[begin : begin + _WINDOW]
        seen = frozenset(word for text, _ in group for word in _LOWER.findall(text))
        for text, placed in group:
            tokens = tokenise(text, 0, len(text))
            named = features(tokens, seen)
            if not any(names is not None for names in named):
                continue
            labels, previous = [], "O"
            for token, names in zip(tokens, named, strict=True):
                label = next(
                    (
                        label
                        for start, end, label in placed
                        if start < token.end and token.start < end and label != "O"
                    ),
                    "O",
                )
                kind = label[2:] if label != "O" and names is not None else ""
                if not kind:
                    labels.append(0)
                    previous = "O"
                    continue
                begins = previous != kind or any(
                    start == token.start and label.startswith("B-") for start, _, label in placed
                )
                labels.append(LABELS.index(f"{'B' if begins else 'I'}-{kind}"))
                previous = kind
            yield named, labels


class _Trainer:
    """The weights, and their sums over all steps for the average."""

    def __init__(self) -> None:
        self.weights: dict[str, list[int]] = {}
        self.sums: dict[str, list[int]] = {}
        self.step = 0

    def score(self, names: list[str]) -> list[int]:
        total = [0] * len(LABELS)
        for name in names:
            row = self.weights.get(name)
            if row is not None:
                total = [left + right for left, right in zip(total, row, strict=True)]
        return total

    def change(self, name: str, label: int, amount: int) -> None:
        self.weights.setdefault(name, [0] * len(LABELS))[label] += amount
        self.sums.setdefault(name, [0] * len(LABELS))[label] += amount * self.step

    def transitions(self) -> Weights:
        return {
            f">{label}": list(enumerate(self.weights.get(f">{label}", [0] * len(LABELS))))
            for label in range(len(LABELS))
        }

    def learn(self, named: list[list[str] | None], gold: list[int]) -> None:
        self.step += 1
        rows = [None if names is None else self.score(names) for names in named]
        guess = best_path(rows, self.transitions())
        if guess == gold:
            return
        for at, names in enumerate(named):
            before_gold, before_guess = (gold[at - 1], guess[at - 1]) if at else (0, 0)
            if names is not None and gold[at] != guess[at]:
                for name in names:
                    self.change(name, gold[at], 1)
                    self.change(name, guess[at], -1)
            if (before_gold, gold[at]) != (before_guess, guess[at]):
                self.change(f">{before_gold}", gold[at], 1)
                self.change(f">{before_guess}", guess[at], -1)

    def averaged(self) -> dict[str, list[int]]:
        """Feature to a flat list of label and weight pairs, small weights left out."""
        table: dict[str, list[int]] = {}
        for name in sorted(self.weights):
            pairs: list[int] = []
            for label, weight in enumerate(self.weights[name]):
                mean = round(_SCALE * (weight - self.sums[name][label] / self.step))
                if abs(mean) >= _LEAST:
                    pairs += [label, mean]
            if pairs:
                table[name] = pairs
        return table


def main(folder: Path) -> None:
    """Train on the files of `folder` and write the model."""
    data = [example for name in _FILES for example in examples(list(read_columns(folder / name)))]
    data += examples(list(read_gum(folder / "gum-train.conllu")))
    trainer = _Trainer()
    for epoch in range(_EPOCHS):
        stride = 7919
        for at in range(len(data)):
            trainer.learn(*data[(at * stride + epoch) % len(data)])
        sys.stderr.write(
            f"epoch {epoch + 1} of {_EPOCHS}: {len(data)} sentences, {len(trainer.weights)} features\n"
        )
    body = json.dumps(trainer.averaged(), separators=(",", ":"), sort_keys=True).encode()
    MODEL.write_bytes(gzip.compress(body, 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
