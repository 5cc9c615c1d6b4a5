"""What `newsledger annotate` shows, and what it says to input that it cannot show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.cli.layers import reads_as
from ledger.cli.root import cli
from ledger.errors import InputError

TEXT = "At least 120 people left Paris on 3 May 2031."


def annotate(*arguments: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(
        cli, ["annotate", *arguments], input=text, env={"COLUMNS": "80", "NO_COLOR": "1"}
    )


def test_layers_are_shown_in_eighty_columns() -> None:
    shown = annotate(
        TEXT, "--layer", "core.quantity", "--layer", "core.entity", "--layer", "core.time"
    ).output
    assert TEXT in shown
    assert "cardinal, at least 120 people" in shown
    assert "instant, 2031-05-03" in shown
    assert "GPE, city:2988507" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_json_gives_the_text_that_the_spans_are_of() -> None:
    shown = json.loads(annotate("Two  dogs\n\n\nleft.", "--json", "--layer", "core.quantity").output)
    (one,) = shown["annotations"]
    assert shown["text"][one["span"]["start"] : one["span"]["end"]] == one["quote"] == "Two"


@pytest.mark.parametrize("name", ["nofile.txt", "folder/none", "./none", "https://harbour.example/1"])
def test_what_looks_like_a_file_and_is_none_is_an_error(name: str) -> None:
    ended = annotate(name)
    assert isinstance(ended.exception, InputError)
    assert "There is no such file" in str(ended.exception)
    assert name in str(ended.exception)


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    assert "That is a folder" in str(annotate(str(tmp_path)).exception)


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00a", b"%PDF-1.7\x00\x00", b"caf\xe9"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "report.bin"
    file.write_bytes(raw)
    assert "Not a UTF-8 text" in str(annotate(str(file)).exception)
    assert "Not a UTF-8 text" in str(annotate("-", text=raw).exception)


def test_a_huge_text_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "huge.txt"
    file.write_bytes(b"a" * 4_000_001)
    assert "too long to be shown" in str(annotate(str(file)).exception)


@pytest.mark.parametrize("text", ["Ünïcode", "U.N.", "3.5", "Hm...", "a/b is a path, and this is a sentence"])
def test_short_texts_are_texts(text: str) -> None:
    assert annotate(text, "--layer", "core.none").output.startswith(text)


def test_an_empty_text_has_nothing_in_it() -> None:
    assert annotate("-", text="").output.strip() == "Nothing found."


@pytest.mark.parametrize(
    ("one", "line"),
    [
        ({"type": "core.quantity", "kind": "measure", "op": "range", "value": 40, "low": 40, "high": 50, "unit": "meter"}, "measure, 40 to 50 meter"),
        ({"type": "core.quantity", "kind": "cardinal", "op": "vague", "noun": "people"}, "cardinal, no figure people"),
        ({"type": "core.quantity", "kind": "cardinal", "op": "approx", "value": 1000, "noun": "soldier", "whole": 11000}, "cardinal, about 1,000 soldier of 11,000"),
        ({"type": "core.sentiment", "level": "target", "score": 0.5, "target": "org:orm"}, "+0.50 towards org:orm"),
        ({"type": "core.attribution", "mode": "direct", "chain": [{"actor": "the Post"}, {"actor": "police", "certainty": "probable"}]}, "the Post < police (probable), direct"),
        ({"type": "core.claim", "subject": "people", "measure": "killed", "value": {"op": "min", "point": 12}, "scope": "Karrow", "modality": "possible", "chain": [{"actor": "police"}]}, "people killed: at least 12, Karrow, cumulative, possible, by police"),
        ({"type": "core.notice", "kind": "correction", "old": [12], "new": [13]}, "correction, 12 to 13"),
        ({"type": "hazards.mention", "quote": "flood", "span": {}, "word": "flood"}, "word=flood"),
    ],
)  # fmt: skip
def test_an_annotation_reads_as_one_line(one: dict[str, object], line: str) -> None:
    assert reads_as(one) == line
