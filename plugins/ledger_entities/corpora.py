"""Readers of the corpora that the name tagger is trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ledger_entities.lexicon import lexicon, word_set

__all__ = ["Document", "Sentence", "read_columns", "read_gum"]

Sentence = tuple[str, list[tuple[int, int, str]]]
"""The text of a sentence, and (start, end, label) of its tokens."""
Document = list[Sentence]
"""The sentences of a document, or of a stretch of a corpus that does not tell where its documents end."""

_STRETCH = 25

_GUM_LABELS = {"person": "PER", "organization": "ORG", "place": "LOC"}
_GUM_MARK = re.compile(r"\((?P<open>\d+)-(?P<type>[a-z]+)-[^()]*(?P<single>\))?|(?P<close>\d+)\)")
_BRIDGES = word_set("""
    of the and - & de for la du von van
""")


def read_columns(path: Path) -> Iterator[Document]:
    """The documents of an IOB2 file (`token label` or numbered columns); labels other than PER, ORG and LOC become O."""
    document: Document = []
    last = ""
    for comments, rows in _blocks(path):
        words = []
        for columns in rows:
            numbered = columns[0].isdigit() and len(columns) > 2
            word, label = (columns[1], columns[2]) if numbered else (columns[0], columns[-1])
            words.append((word, label if label[2:] in {"PER", "ORG", "LOC"} else "O"))
        name = comments.get("sent_id", "").rpartition("-")[0]
        if document and (name != last or (not name and len(document) == _STRETCH)):
            yield document
            document = []
        last = name
        document.append(_placed(comments.get("text") or " ".join(word for word, _ in words), words))
    if document:
        yield document


def read_gum(path: Path) -> Iterator[Document]:
    """The documents of a GUM file with their entity mentions cut down to their proper names."""
    document: Document = []
    for comments, block in _blocks(path):
        if "newdoc id" in comments and document:
            yield document
            document = []
        rows = [columns for columns in block if columns[0].isdigit()]
        words = [(row[1], label) for row, label in zip(rows, _gum_labels(rows), strict=True)]
        document.append(_placed(comments["text"], words))
    if document:
        yield document


def _blocks(path: Path) -> Iterator[tuple[dict[str, str], list[list[str]]]]:
    """The comments and the rows of every sentence."""
    comments: dict[str, str] = {}
    rows: list[list[str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("# "):
            name, _, value = line[2:].partition(" = ")
            comments[name] = value
        elif line.strip():
            rows.append(line.split("\t") if "\t" in line else line.split(" "))
        elif rows:
            yield comments, rows
            comments, rows = {}, []


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
