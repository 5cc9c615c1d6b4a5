"""Readers of the corpora that the name tagger is trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ledger_entities.lexicon import lexicon, word_set

__all__ = ["Sentence", "read_columns", "read_gum"]

Sentence = tuple[str, list[tuple[int, int, str]]]
"""The text of a sentence, and (start, end, label) of its tokens."""

_GUM_LABELS = {"person": "PER", "organization": "ORG", "place": "LOC"}
_GUM_MARK = re.compile(r"\((?P<open>\d+)-(?P<type>[a-z]+)-[^()]*(?P<single>\))?|(?P<close>\d+)\)")
_BRIDGES = word_set("""
    of the and - & de for la du von van
""")


def read_columns(path: Path) -> Iterator[Sentence]:
    """The sentences of an IOB2 file (`token label` or numbered columns); labels other than PER, ORG and LOC become O."""
    text = ""
    words: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("# text = "):
            text = line.removeprefix("# text = ")
        elif not line.strip():
            if words:
                yield _placed(text or " ".join(word for word, _ in words), words)
            text, words = "", []
        elif not line.startswith("#"):
            columns = line.split("\t") if "\t" in line else line.split(" ")
            numbered = columns[0].isdigit() and len(columns) > 2
            word, label = (columns[1], columns[2]) if numbered else (columns[0], columns[-1])
            words.append((word, label if label[2:] in {"PER", "ORG", "LOC"} else "O"))


def read_gum(path: Path) -> Iterator[Sentence]:
    """The sentences of a GUM file with its entity mentions cut down to their proper names."""
    text = ""
    rows: list[list[str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("# text = "):
            text = line.removeprefix("# text = ")
        elif not line.strip():
            if rows:
                labels = _gum_labels(rows)
                yield _placed(text, [(row[1], label) for row, label in zip(rows, labels, strict=True)])
            text, rows = "", []
        elif not line.startswith("#"):
            columns = line.split("\t")
            if columns[0].isdigit():
                rows.append(columns)


def _gum_labels(rows: list[list[str]]) -> list[str]:
    """IOB2 labels from the bracketed mentions in the last column; of nested mentions the outermost name counts."""
    opened: list[tuple[str, int, str]] = []
    spans: list[tuple[int, int, str]] = []
    for at, row in enumerate(rows):
        entity = next((part[7:] for part in row[9].split("|") if part.startswith("Entity=")), "")
        for mark in _GUM_MARK.finditer(entity):
            if mark["close"]:
                index = next((j for j in range(len(opened) - 1, -1, -1) if opened[j][0] == mark["close"]), -1)
                if index >= 0:
                    _, first, kind = opened.pop(index)
                    spans.append((first, at + 1, kind))
            elif mark["single"]:
                spans.append((at, at + 1, mark["type"]))
            else:
                opened.append((mark["open"], at, mark["type"]))
    labels = ["O"] * len(rows)
    for first, stop, kind in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        label = _GUM_LABELS.get(kind)
        core = _core(rows, first, stop, label or "")
        if label and core and all(labels[at] == "O" for at in range(*core)):
            labels[core[0]] = f"B-{label}"
            labels[core[0] + 1 : core[1]] = [f"I-{label}"] * (core[1] - core[0] - 1)
    return labels


def _core(rows: list[list[str]], first: int, stop: int, label: str) -> tuple[int, int] | None:
    """The proper name with which a mention begins; None where its head is a common noun."""
    while first < stop and (
        rows[first][3] == "DET" or (label == "PER" and rows[first][1].lower().rstrip(".") in lexicon().titles)
    ):
        first += 1
    end = first
    while end < stop and (
        rows[end][3] == "PROPN"
        or (rows[end][1].lower() in _BRIDGES and end + 1 < stop and _proper_next(rows, end, stop))
    ):
        end += 1
    if end == first or (end < stop and rows[end][3] in {"NOUN", "PART"}):
        return None
    return first, end


def _proper_next(rows: list[list[str]], at: int, stop: int) -> bool:
    following = at + 2 if at + 2 < stop and rows[at + 1][1] == "the" else at + 1
    return rows[following][3] == "PROPN" and rows[at][1] != "and"


def _placed(text: str, words: list[tuple[str, str]]) -> Sentence:
    placed: list[tuple[int, int, str]] = []
    at = 0
    for word, label in words:
        start = text.find(word, at)
        if start < 0:
            continue
        at = start + len(word)
        placed.append((start, at, label))
    return text, placed
