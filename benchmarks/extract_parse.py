"""The figures of `bench_extract.py` that need a parse: syntax, attribution, factuality, and the speed of the parse."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.training.converters.conllu_to_docs import conllu_to_docs

import ledger_attribution
import ledger_syntax
from ledger.plugin import Attribution
from ledger.testing import annotate, article
from ledger_syntax.pipeline import pipeline
from ledger_syntax.sentences import sentence_spans
from ledger_syntax.stance import Stance, stance

Row = dict[str, Any]
Figure = dict[str, Any]
Scorer = Callable[..., str]
Maker = Callable[[str, float, str, float, str], Figure]

COMMITMENT = {
    "asserted": 0.8, "probable": 0.5, "open": 0.2, "asked": 0.0, "supposed": -0.3, "possible": -0.4, "wanted": -0.5,
    "predicted": -0.7, "demanded": -0.7,
}  # fmt: skip
SYNTAX_BARS = {"ewt": (84.8, 81.4), "gum": (86.3, 83.0)}


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def bench_syntax(folder: Path, figure: Maker) -> Iterator[Figure]:
    """Attachment with gold words and sentences on the treebanks in the folder or in `train` beside it; punctuation left out."""
    for name, bars in SYNTAX_BARS.items():
        path = next(
            (
                p
                for p in (folder / f"{name}-dev.conllu", folder.parent / "train" / f"{name}-dev.conllu")
                if p.exists()
            ),
            None,
        )
        if path is None:
            continue
        gold = list(conllu_to_docs(path.read_text(encoding="utf-8"), n_sents=1, no_print=True))
        total = heads = labels = 0
        for doc, parse in zip(
            gold, pipeline().parse_words([[t.text for t in doc] for doc in gold]), strict=True
        ):
            for token, word in zip(doc, parse.words, strict=True):
                if token.dep_ != "punct":
                    total += 1
                    right = word.head == token.head.i
                    heads += right
                    labels += right and word.label == token.dep_.replace("ROOT", "root")
        for measure, count, bar in (("UAS", heads, bars[0]), ("LAS", labels, bars[1])):
            yield figure(
                f"syntax/{name} {measure}", round(100 * count / total, 1), "%", bar, "the first model"
            )


def bench_attribution(folder: Path, score: Scorer, figure: Maker) -> Iterator[Figure]:
    (processor,) = ledger_attribution.ledger_processors()
    providers = list(ledger_syntax.ledger_processors())
    made = []
    for row in rows_of(folder / "attribution_polnear_dev.jsonl"):
        found: list[Row] = []
        for item in annotate(processor, article(row["text"]), providers=providers):
            if not isinstance(item, Attribution):
                continue
            if item.cue is None:
                if found:  # a quotation that goes on is part of one content there
                    found[-1]["content"][1] = item.span.end
                continue
            parts = {"source": item.source, "cue": item.cue, "content": item.span}
            found.append({name: [span.start, span.end] for name, span in parts.items()})
        made.append({"id": row["id"], "pred": found})
    output = score(folder, "attribution", "attribution_polnear", made)
    for part, bar in (("relation full", 62.0), ("source exact", 58.0), ("content exact", 41.0)):
        f1 = re.search(rf"^{part} .*F1\s+([\d.]+)", output, re.MULTILINE)
        assert f1
        yield figure(f"attribution/polnear {part} F1", float(f1[1]), "%", bar, "rules over a parse")


def bench_factuality(folder: Path, score: Scorer, figure: Maker) -> Iterator[Figure]:
    made = []
    for row in rows_of(folder / "factuality_uds_dev.jsonl"):
        text = row["text"]
        parses = [p for p in pipeline().parse(text, list(sentence_spans(text))) if p is not None]
        scored = []
        for item in row["gold"]:
            places = ((p, p.at(item["start"], item["end"])) for p in parses)
            value = next((commitment(stance(p, at)) for p, at in places if at is not None), 1.0)
            scored.append({"start": item["start"], "end": item["end"], "score": value})
        made.append({"id": row["id"], "pred": scored})
    output = score(folder, "factuality", "factuality_uds", made)
    f1 = re.search(r"^not-happened .*F1\s+([\d.]+)", output, re.MULTILINE)
    pearson = re.search(r"Pearson ([\d.-]+)", output)
    assert f1
    assert pearson
    yield figure("factuality/uds Pearson", float(pearson[1]), "", 0.60, "the requirement")
    yield figure("factuality/uds did not happen F1", float(f1[1]), "%", 73.0, "rules over a parse")


def commitment(found: Stance) -> float:
    """A stance on the set's scale: 1 it happened, -1 it did not or not yet, 0 unclear."""
    if found.polarity == "-":
        return 0.0 if found.level == "asserted" else -0.6
    return COMMITMENT[found.level]


def bench_parse_speed(folder: Path, figure: Maker) -> Iterator[Figure]:
    texts = [row["text"] for row in rows_of(folder / "attribution_polnear_dev.jsonl")][:20]
    pipeline()
    begin = time.process_time()
    for text in texts:
        pipeline().parse(text, list(sentence_spans(text)))
    rate = sum(len(text.split()) for text in texts) / (time.process_time() - begin)
    yield figure("speed/parse", float(round(rate, -2)), "words/s", 3000.0, "the whole chain")
