"""Train the syntax model: `python -m ledger_syntax.train DATA_DIR WORK_DIR` rewrites the model of this package.

DATA_DIR holds `ewt-train.conllu` and `ewt-dev.conllu` (UD English-EWT, CC BY-SA 4.0), `gum-train.conllu` and `gum-dev.conllu`
(GUM, annotations CC BY 4.0). WORK_DIR takes the converted corpora and the states of the model as training goes on;
`python -m ledger_syntax.train --pack WORK_DIR/model-best` takes a state over before the end.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import spacy
from spacy.cli.train import train
from spacy.tokens import DocBin
from spacy.training.converters.conllu_to_docs import conllu_to_docs
from spacy.util import load_config, load_model_from_config

from ledger_syntax.pipeline import MODEL

__all__ = ["main", "pack"]

_CORPORA = ("ewt", "gum")
_CONFIG = Path(__file__).with_name("train.cfg")


def convert(data: Path, part: str, to: Path) -> Path:
    """Write every sentence of the treebanks' `part` as a document of its own: the text is split by rule before it is parsed."""
    to.mkdir(parents=True, exist_ok=True)
    for corpus in _CORPORA:
        text = (data / f"{corpus}-{part}.conllu").read_text(encoding="utf-8")
        docs = conllu_to_docs(text, n_sents=1, no_print=True)  # type: ignore[no-untyped-call]
        DocBin(docs=docs, store_user_data=False).to_disk(to / f"{corpus}.spacy")
    return to


def pack(state: Path) -> None:
    """Put a trained state into this package, its weights rounded to half precision so that the wheel compresses them."""
    nlp = spacy.load(state)
    for _, pipe in nlp.pipeline:
        for node in pipe.model.walk():  # type: ignore[attr-defined]
            for name in node.param_names:
                if node.has_param(name):
                    weights = node.get_param(name)
                    node.set_param(name, weights.astype(np.float16).astype(weights.dtype))
    shutil.rmtree(MODEL, ignore_errors=True)
    nlp.to_disk(MODEL, exclude=["vocab"])


def main(data: Path, work: Path) -> None:
    """Train on the treebanks of `data` and keep the state that is best on their development parts."""
    paths = {f"paths.{part}": str(convert(data, part, work / part)) for part in ("train", "dev")}
    whole = work / "config.cfg"
    load_model_from_config(load_config(_CONFIG), auto_fill=True).config.to_disk(whole)
    train(whole, work, overrides=paths)
    pack(work / "model-best")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pack"]:
        pack(Path(sys.argv[2]))
    else:
        main(*map(Path, sys.argv[1:3]))
