"""The conformance kit on whole plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import NotFoundError
from ledger.testing import check_plugin

SOURCE = """
import os, time
from datetime import datetime
from ledger.plugin import Annotation, Sentence, Span, processor

class Mark(Annotation, frozen=True, kw_only=True, tag="trial.mark"):
    note: str = ""

@processor("trial", version="1", requires=[Sentence], provides=[Mark])
def trial(article, context):
    for sentence in context.of(Sentence):
        {body}
"""


@pytest.fixture
def check(tmp_path: Path):
    def run(body: str):
        file = tmp_path / "trial.py"
        file.write_text(SOURCE.format(body=body))
        return check_plugin(file)

    return run


def test_a_good_plugin_passes(check):
    [verdicts] = check("yield Mark(span=sentence.span, note=sentence.quote[:3])")
    assert verdicts.processor == "trial"
    assert verdicts.ok, str(verdicts)
    assert len(verdicts.verdicts) == 9


@pytest.mark.parametrize(
    "body",
    [
        "yield Mark(span=sentence.span, note=next(iter({'one', 'two', 'three', 'four', 'five', 'six', 'seven'})))",
        "yield Mark(span=sentence.span, note=str(datetime.fromtimestamp(0)))",
    ],
    ids=["hash seed", "time zone"],
)
def test_what_depends_on_the_process_is_caught(check, body):
    [verdicts] = check(body)
    assert [v.law for v in verdicts.verdicts if not v.ok] == [
        "it gives the same under every hash seed and time zone"
    ]
    assert "it differs under PYTHONHASHSEED=" in str(verdicts)


def test_a_plugin_that_does_not_load_gets_the_reason(check):
    [verdicts] = check("this is no Python")
    assert not verdicts.ok
    assert "SyntaxError" in str(verdicts)


def test_an_unknown_plugin_is_named():
    with pytest.raises(NotFoundError, match="No such plugin: nobody"):
        check_plugin("nobody")


def test_what_newsledger_ships_passes_its_own_kit():
    verdicts, *others = check_plugin("syntax")
    assert all(one.ok for one in others)
    assert verdicts.ok, str(verdicts)
