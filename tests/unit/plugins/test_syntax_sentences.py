"""What a reader would call a sentence, and the laws that hold for any text."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.plugin import Sentence
from ledger.testing import annotate, article
from ledger_syntax import ledger_processors
from ledger_syntax.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Mr. Okoro left at 5 p.m. on Friday. He was tired.",
            ["Mr. Okoro left at 5 p.m. on Friday.", "He was tired."],
        ),
        ("It ended at 5 p.m. The rest went home.", ["It ended at 5 p.m.", "The rest went home."]),
        (
            "J. R. Vale paid $3.5m to Orm Inc. The deal closed.",
            ["J. R. Vale paid $3.5m to Orm Inc.", "The deal closed."],
        ),
        (
            "PORT ORM, Aug. 3 (HWS) - Ten died. More are hurt.",
            ["PORT ORM, Aug. 3 (HWS) - Ten died.", "More are hurt."],
        ),
        ('"Stop!" Ada Vale said. Nobody did.', ['"Stop!" Ada Vale said.', "Nobody did."]),
        ("“We wait.” Then they left.", ["“We wait.”", "Then they left."]),
        ("She waited... then went. Wait… The end.", ["She waited... then went.", "Wait…", "The end."]),
        (
            "Room No. 5 is open. He said no. Nobody came.",
            ["Room No. 5 is open.", "He said no.", "Nobody came."],
        ),
        ("Prices fell to 3. In 2019. Nothing since.", ["Prices fell to 3.", "In 2019.", "Nothing since."]),
        ("1. First item. 2. Second item.", ["1. First item.", "2. Second item."]),
        (
            "He was ill. Doctors came. The U.S. Army left.",
            ["He was ill.", "Doctors came.", "The U.S. Army left."],
        ),
        ("A headline of the day\nThe text begins here.", ["A headline of the day", "The text begins here."]),
        ("地震がありました。死者はいません。", ["地震がありました。", "死者はいません。"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_hard_wrapped_line_does_not_end_a_sentence() -> None:
    text = "The council of the harbour town said on Monday that the bridge over the\nOrm River would stay closed."
    assert len(split(text)) == 1


@given(st.text(alphabet=st.sampled_from('aB .!?…"”(1\n-。'), max_size=80) | st.text(max_size=80))
def test_sentences_are_ordered_and_cover_every_visible_character(text: str) -> None:
    spans = list(sentence_spans(text))
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    inside = {at for start, end in spans for at in range(start, end)}
    assert {at for at, letter in enumerate(text) if not letter.isspace()} <= inside
    assert all(not text[start].isspace() and not text[end - 1].isspace() for start, end in spans)


def test_the_processor_numbers_blocks_and_quotes_exactly() -> None:
    (syntax,) = ledger_processors()
    one = article("One here. Two here.\n\nThree.")
    found = [item for item in annotate(syntax, one) if isinstance(item, Sentence)]
    assert [(item.quote, item.block) for item in found] == [("One here.", 0), ("Two here.", 0), ("Three.", 1)]
    assert all(one.text[item.span.start : item.span.end] == item.quote for item in found)


def test_importing_the_package_loads_no_processor_code() -> None:
    probe = "import sys, ledger_syntax; print([name for name in sys.modules if name.startswith('ledger_syntax.')])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
