"""Quality and speed of extraction on development sets: `make bench-extract DATA=DIR`.

DIR holds `NAME_dev.jsonl` files with gold annotations and `score_NAME.py` scorers. The table shows each figure beside
what simple means reach on the same kind of data; `benchmarks/results/extract.json` keeps it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from extract_claims import bench_casualties
from extract_parse import bench_attribution, bench_factuality, bench_parse_speed, bench_syntax

from ledger.plugin import Quantity, TimeSpan
from ledger_entities.processor import annotate as read_entities
from ledger_numbers.processor import annotate as read_numbers
from ledger_sentiment.tone import read_tones, score, score_towards
from ledger_syntax.sentences import sentence_spans

Row = dict[str, Any]
Figure = dict[str, Any]

RESULTS = Path(__file__).with_name("results") / "extract.json"
TODAY = dt.date(2031, 5, 6)
SECONDS = {
    "year": 31_536_000, "month": 2_592_000, "week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1,
    "decade": 315_360_000, "fortnight": 1_209_600, "weekend": 172_800,
}  # fmt: skip
KINDS = {"cardinal": "number", "money": "currency", "measure": "dimension"}
CUSTOMARY = {"couple": 2, "few": 3, "several": 3, "some": 3}
SUFFIXED = {"age", "temperature", "dimension", "duration"}
TEMPERATURES = {"degree_Celsius", "degree_Fahrenheit", "kelvin"}
NUMBER_BARS = {
    "number": 78.0, "currency": 84.0, "percent": 89.0, "dimension": 77.0, "age": 100.0, "temperature": 91.0, "duration": 92.0,
    "range": 0.0,
}  # fmt: skip
ENTITY_BARS = {"uner": (70.0, 69.0), "worldwide": (71.0, 69.0), "re3d": (58.0, 60.0)}
"""The bar, and what a random field with a gazetteer, features of the document and rules reached on the held-out part."""
SPEED_BARS = {"sentences": 100_000, "numbers": 100_000, "entities": 20_000, "sentiment": 100_000}


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run_scorer(folder: Path, task: str, gold: str, predictions: list[Row], *options: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(row) for row in predictions))
        file.flush()
        command = [sys.executable, f"score_{task}.py", f"{gold}_dev.jsonl", file.name, *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def number_rows(text: str, wanted: str, *, middle: bool) -> Iterator[Row]:
    """Quantities in the scorer's terms: `middle` gives the mean of a range, as one of the sets has it.

    The other set has the end of a range that stands beside the unit ("50 years old" of "40 - 50 years old"), a customary
    figure for a vague count of a unit of time, and no duration inside a date ("the last 3 months").
    """
    items = list(read_numbers(text, 0, len(text), TODAY))
    if middle:
        yield from year_rows(items)
    dates = [item.span for item in items if isinstance(item, TimeSpan) and item.kind != "duration"]
    for item in items:
        if not isinstance(item, Quantity):
            continue
        kind, value = KINDS.get(item.kind, item.kind), item.value
        if item.unit in TEMPERATURES or (item.unit == "degree" and wanted == "temperature"):
            kind = "temperature"
        if item.unit == "dimensionless":
            kind = "number"
        if wanted == "range" and item.op != "exact":
            kind = "range"
        elif item.op == "range" and wanted in SUFFIXED:
            value = item.high
        if wanted == "duration" and kind == "duration":
            if any(date.covers(item.span) for date in dates):
                continue
            count = customary(item.quote) if item.op == "vague" else value
            value = None if count is None else count * SECONDS.get(item.unit, 1)
        if middle:
            if item.kind == "ordinal" or item.op == "vague":
                continue
            kind = "quantity"
            if item.op == "range" and item.low is not None and item.high is not None:
                value = (item.low + item.high) / 2
        yield {
            "start": item.span.start,
            "end": item.span.end,
            "value": value,
            "lo": item.low,
            "hi": item.high,
            "kind": kind,
        }


def year_rows(items: Iterable[Quantity | TimeSpan]) -> Iterator[Row]:
    """The years of a text as plain numbers, as the set without dates has them."""
    for item in items:
        year = re.search(r"\b[12]\d{3}$", item.quote)
        if isinstance(item, TimeSpan) and item.precision == "year" and year:
            end = item.span.end
            yield {
                "start": end - 4,
                "end": end,
                "value": int(year[0]),
                "lo": None,
                "hi": None,
                "kind": "quantity",
            }


def customary(quote: str) -> int | None:
    """How many a vague count of time stands for in the set: "several weeks" are three."""
    return next((count for word, count in CUSTOMARY.items() if word in quote.lower().split()), None)


def bench_numbers(folder: Path) -> Iterator[Figure]:
    for name in ("recognizers", "quantulum"):
        middle = name == "quantulum"
        gold = rows_of(folder / f"numbers_{name}_dev.jsonl")
        made = [
            {"id": row["id"], "pred": list(number_rows(row["text"], row["type"], middle=middle))}
            for row in gold
        ]
        output = run_scorer(folder, "numbers", f"numbers_{name}", made)
        for kind, f1 in re.findall(r"^(\w+) value .*F1\s+([\d.]+)", output, re.MULTILINE):
            if kind not in {"ALL", "ordinal"}:
                bar = 82.8 if middle else NUMBER_BARS[kind]
                yield figure(
                    f"numbers/{name}/{kind} value F1", float(f1), "%", bar, "best library or pattern"
                )


def bench_entities(folder: Path) -> Iterator[Figure]:
    for name, (bar, peer) in ENTITY_BARS.items():
        made = []
        for row in rows_of(folder / f"entities_{name}_dev.jsonl"):
            found = [
                item
                for item in read_entities(row["text"], list(sentence_spans(row["text"])))
                if item.level == "name"
            ]
            made.append(
                {
                    "id": row["id"],
                    "pred": [
                        {
                            "start": item.span.start,
                            "end": item.span.end,
                            "label": "LOC" if item.label in {"GPE", "FAC"} else item.label,
                        }
                        for item in found
                    ],
                }
            )
        options = ["--named"] if name == "re3d" else []
        output = run_scorer(folder, "entities", f"entities_{name}", made, *options)
        f1 = re.search(r"^exact .*F1\s+([\d.]+)", output, re.MULTILINE)
        assert f1
        yield figure(f"entities/{name} exact F1", float(f1[1]), "%", bar, f"random field and rules {peer:g}")


SENTIMENT_BARS = {"nyt": ("Pearson", 0.53, 0.503), "newsmtsc": ("macroF1", 0.56, 0.512)}
"""The measure, the bar, and what VADER reaches."""


def bench_sentiment(folder: Path) -> Iterator[Figure]:
    for name, (measure, bar, peer) in SENTIMENT_BARS.items():
        made: list[Row] = []
        for row in rows_of(folder / f"sentiment_{name}_dev.jsonl"):
            passage = read_tones(row["text"], 0, len(row["text"]))
            if "score" in row:
                made.append({"id": row["id"], "score": score(passage)})
                continue
            targets = [
                {
                    "start": item["start"],
                    "end": item["end"],
                    "score": score_towards(passage, item["start"], item["end"]),
                }
                for item in row["gold"]
            ]
            made.append({"id": row["id"], "pred": targets})
        output = run_scorer(folder, "sentiment", f"sentiment_{name}", made)
        value = re.search(rf"{measure} ([\d.-]+)", output)
        assert value
        yield figure(f"sentiment/{name} {measure}", float(value[1]), "", bar, f"VADER {peer:g}")


def bench_speed(folder: Path) -> Iterator[Figure]:
    text = "\n\n".join(row["text"] for row in rows_of(folder / "entities_worldwide_dev.jsonl"))
    words = len(text.split())
    spans = list(sentence_spans(text))
    list(read_entities("Paris", [(0, 5)]))

    def read_all_numbers() -> None:
        for start, end in spans:
            list(read_numbers(text, start, end, TODAY))

    def read_all_tones() -> None:
        for start, end in spans:
            read_tones(text, start, end)

    readers: dict[str, Callable[[], object]] = {
        "sentences": lambda: list(sentence_spans(text)),
        "numbers": read_all_numbers,
        "entities": lambda: list(read_entities(text, spans)),
        "sentiment": read_all_tones,
    }
    for name, read in readers.items():
        begin = time.process_time()
        read()
        rate = words / (time.process_time() - begin)
        yield figure(f"speed/{name}", float(round(rate, -2)), "words/s", SPEED_BARS[name], "the goal")


def figure(name: str, value: float, unit: str, bar: float, against: str) -> Figure:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "holds": value >= bar, "against": against}


def main(folder: Path) -> None:
    figures: list[Figure] = []
    parts = (
        bench_numbers(folder),
        bench_entities(folder),
        bench_sentiment(folder),
        bench_syntax(folder, figure),
        bench_attribution(folder, run_scorer, figure),
        bench_factuality(folder, run_scorer, figure),
        bench_casualties(folder, run_scorer, figure),
        bench_speed(folder),
        bench_parse_speed(folder, figure),
    )
    for row in itertools.chain.from_iterable(parts):
        figures.append(row)
        mark = "yes" if row["holds"] else "no"
        print(
            f"{row['name']:44s} {row['value']:>12,} {row['unit']:8s} bar {row['bar']:>9,}  {mark:3s}  ({row['against']})"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make bench-extract DATA=DIR, a folder of NAME_dev.jsonl and score_NAME.py files")
    main(Path(sys.argv[1]))
