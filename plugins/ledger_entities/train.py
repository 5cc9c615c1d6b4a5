"""Train the name tagger: `uv run --with python-crfsuite python -m ledger_entities.train DATA_DIR` rewrites the model of this package.

DATA_DIR holds `uner-ewt-train.iob2` (Universal NER over EWT, CC BY-SA 4.0), `wikigold.conll` (CC BY 4.0), `multiner-en.conll`
(CC0), `gum-train.conllu` (GUM, annotations CC BY 4.0) and `btc.conll` (Broad Twitter Corpus, CC BY 4.0). A conditional random
field and an averaged perceptron learn from all of them; the sum of their weights, in whole numbers, is the model: what one of
them has learnt by heart, the other outvotes.
"""

from __future__ import annotations

import gzip
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger_entities.corpora import Document as Corpus
from ledger_entities.corpora import read_columns, read_gum
from ledger_entities.document import read_document
from ledger_entities.features import features
from ledger_entities.perceptron import learn
from ledger_entities.tagger import LABELS, MODEL
from ledger_entities.tokens import Token, tokenise

__all__ = ["main"]

_FILES = ("uner-ewt-train.iob2", "wikigold.conll", "multiner-en.conll", "gum-train.conllu", "btc.conll")
_SETTINGS = {"c1": 0.05, "c2": 0.01, "max_iterations": 80, "feature.possible_transitions": True}
_EPOCHS = 8
_FIELD_SCALE, _PERCEPTRON_SCALE = 256, 24
_LEAST = 40
_NO_NAME = ["-"]

Example = tuple[list[list[str] | None], list[str]]
Weights = dict[str, dict[int, float]]


def examples(corpus: Corpus) -> Iterator[Example]:
    """The features and labels of every sentence of a document that has a capital letter."""
    tokenised = [tokenise(text, 0, len(text)) for text, _ in corpus]
    document = read_document(" ".join(text for text, _ in corpus), tokenised)
    for tokens, (_, placed) in zip(tokenised, corpus, strict=True):
        named = features(tokens, document)
        if any(names is not None for names in named):
            labels = _labels(tokens, placed, [names is not None for names in named])
            yield named, labels


def _labels(tokens: list[Token], placed: list[tuple[int, int, str]], active: list[bool]) -> list[str]:
    """The labels of the tagger's tokens from those of the corpus, which may be cut otherwise."""
    labels, previous = [], ""
    for token, is_active in zip(tokens, active, strict=True):
        over = [item for item in placed if item[0] < token.end and token.start < item[1] and item[2] != "O"]
        kind = over[0][2][2:] if over and is_active else ""
        begins = previous != kind or any(start == token.start and label[0] == "B" for start, _, label in over)
        labels.append(f"{'B' if begins else 'I'}-{kind}" if kind else "O")
        previous = kind
    return labels


def field_weights(data: list[Example]) -> Weights:
    """Train the random field; its weights by feature and number of label, transitions as `>i`."""
    crfsuite: Any = importlib.import_module("pycrfsuite")
    trainer = crfsuite.Trainer(verbose=False)
    for named, labels in data:
        trainer.append([names or _NO_NAME for names in named], labels)
    trainer.set_params(_SETTINGS)
    with tempfile.NamedTemporaryFile() as file:
        trainer.train(file.name)
        tagger = crfsuite.Tagger()
        tagger.open(file.name)
        info = tagger.info()
        tagger.close()
    weights: Weights = {}
    for (name, label), weight in info.state_features.items():
        weights.setdefault(name, {})[LABELS.index(label)] = weight
    for (before, now), weight in info.transitions.items():
        weights.setdefault(f">{LABELS.index(before)}", {})[LABELS.index(now)] = weight
    weights.pop(_NO_NAME[0], None)
    return weights


def summed(learners: list[tuple[Weights, int]]) -> dict[str, list[int]]:
    """Feature to a flat list of label and weight pairs in whole numbers, small weights left out.

    `learners` are weights and what one is worth of them.
    """
    table: dict[str, list[int]] = {}
    for name in sorted({name for weights, _ in learners for name in weights}):
        for label in range(len(LABELS)):
            weight = round(sum(scale * weights.get(name, {}).get(label, 0.0) for weights, scale in learners))
            if abs(weight) >= _LEAST:
                table.setdefault(name, []).extend((label, weight))
    return table


def main(folder: Path) -> None:
    """Train on the files of `folder` and write the model."""
    readers = {name: read_gum if name.startswith("gum") else read_columns for name in _FILES}
    data = [
        row for name, read in readers.items() for corpus in read(folder / name) for row in examples(corpus)
    ]
    sys.stderr.write(f"{len(data)} sentences\n")
    numbered = [(named, [LABELS.index(label) for label in labels]) for named, labels in data]
    perceptron = learn(numbered, _EPOCHS)
    sys.stderr.write(f"perceptron: {len(perceptron)} features\n")
    field = field_weights(data)
    sys.stderr.write(f"random field: {len(field)} features\n")
    table = summed([(field, _FIELD_SCALE), (perceptron, _PERCEPTRON_SCALE)])
    MODEL.write_bytes(gzip.compress(json.dumps(table, separators=(",", ":")).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
