"""What rules may ask of a parsed sentence, and the laws of the parse: the same for a sentence whatever stands beside it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import ledger_syntax
from ledger.plugin import Span
from ledger.testing import annotate, article
from ledger_syntax.layer import Syntax
from ledger_syntax.pipeline import LONGEST, pipeline
from ledger_syntax.processor import SyntaxConfig
from ledger_syntax.tree import Parse, Word
from ledger_syntax.universal import Arc, is_clear, to_universal

SENTENCES = (
    "The storm killed 12 people.",
    "Twelve people were killed by the storm in Velde.",
    "The minister said that the dam had not failed.",
    "Rescuers may have found survivors, the agency told reporters.",
    "No bridge was closed.",
    "The mayor wants to leave.",
)


def parsed(text: str) -> Parse:
    (found,) = pipeline().parse(text, [(0, len(text))])
    assert found is not None
    return found


def word(parse: Parse, low: str) -> int:
    return next(i for i, one in enumerate(parse.words) if one.low == low)


def said(parse: Parse, i: int | None) -> str:
    return "" if i is None else parse.words[i].low


def test_roles_of_an_active_and_a_passive_verb() -> None:
    active, passive = parsed(SENTENCES[0]), parsed(SENTENCES[1])
    killed = word(active, "killed")
    assert (said(active, active.subject(killed)), said(active, active.object(killed))) == ("storm", "people")
    killed = word(passive, "killed")
    assert passive.passive(killed)
    assert (said(passive, passive.object(killed)), said(passive, passive.agent(killed))) == (
        "people",
        "storm",
    )


def test_a_complement_its_negation_and_its_auxiliaries() -> None:
    parse = parsed(SENTENCES[2])
    failed = parse.complement(word(parse, "said"))
    assert said(parse, failed) == "failed"
    assert failed is not None
    assert parse.negated(failed)
    assert [said(parse, k) for k in parse.auxiliaries(failed)] == ["had"]
    assert not parse.negated(word(parse, "said"))


def test_no_before_the_subject_denies_the_verb() -> None:
    parse = parsed(SENTENCES[4])
    assert parse.negated(word(parse, "closed"))


def test_the_subject_of_an_infinitive_is_that_of_the_verb_above() -> None:
    parse = parsed(SENTENCES[5])
    assert said(parse, parse.subject(word(parse, "leave"))) == "mayor"


def test_offsets_are_those_of_the_article_also_with_typographic_marks() -> None:
    text = "Intro.  “The  dam’s safe,” said Ida Roth — twice."
    (parse,) = pipeline().parse(text, [(8, len(text))])
    assert parse is not None
    assert all(text[w.start : w.end] == w.text for w in parse.words)
    assert "".join(w.text for w in parse.words) == text[8:].replace(" ", "")


def test_a_sentence_is_parsed_the_same_whatever_is_parsed_with_it() -> None:
    alone = {text: parsed(text).words for text in SENTENCES}
    order = list(SENTENCES) * 3
    random.Random(5).shuffle(order)
    whole, spans, at = "\n".join(order), [], 0
    for text in order:
        spans.append((at, at + len(text)))
        at += len(text) + 1
    for text, (start, _), parse in zip(order, spans, pipeline().parse(whole, spans), strict=True):
        assert parse is not None
        moved = tuple(w._replace(start=w.start - start, end=w.end - start) for w in parse.words)
        assert moved == alone[text]


def test_what_is_no_sentence_is_not_parsed() -> None:
    text = "   " + "word " * (LONGEST + 1)
    assert pipeline().parse(text, [(0, 0), (0, 3), (0, len(text))]) == [None, None, None]


@pytest.mark.slow
def test_a_parse_does_not_depend_on_the_hash_seed() -> None:
    probe = (
        "from ledger_syntax.pipeline import pipeline;"
        f"print([[tuple(w) for w in pipeline().parse(t, [(0, len(t))])[0].words] for t in {SENTENCES!r}])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", probe],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(outputs) == 1


def test_declaring_processors_imports_no_spacy() -> None:
    probe = (
        "import sys, ledger_syntax, ledger_attribution;"
        "list(ledger_syntax.ledger_processors()); list(ledger_attribution.ledger_processors());"
        "print('spacy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_sentence_is_parsed_once_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The dam is safe. The road is open."
    asked: list[tuple[int, int]] = []
    own = pipeline()
    parse = own.parse

    def counted(text: str, spans: list[tuple[int, int]]) -> list[Parse | None]:
        asked.extend(spans)
        return parse(text, spans)

    monkeypatch.setattr(own, "parse", counted)
    syntax = Syntax(text)
    first = syntax.parses([Span(0, 16)])
    assert syntax.parses([Span(0, 16), Span(17, 34)])[0] is first[0]
    assert asked == [(0, 16), (17, 34)]


def test_without_a_parser_there_is_no_parse_and_the_doctor_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ledger_syntax.pipeline.MODEL", tmp_path / "none")
    assert Syntax("The dam is safe.").parses([Span(0, 16)]) == [None]
    (check,) = ledger_syntax.ledger_checks()
    result = check.run()
    assert not result.ok
    assert "sentences are not parsed" in result.message
    assert "pip install" in result.fix


def test_the_doctor_is_content_with_the_shipped_model() -> None:
    (check,) = ledger_syntax.ledger_checks()
    assert check.run().ok


def test_a_model_that_is_not_there_is_named() -> None:
    (processor,) = ledger_syntax.ledger_processors()
    assert processor.config is SyntaxConfig
    with pytest.raises(
        Exception, match=r"model = 'no_such_model'.*install that pipeline, or remove the line"
    ):
        annotate(processor, article("The dam is safe."), settings={"model": "no_such_model"})


# -- the labels of ClearNLP ----------------------------------------------------------------------------------------

CLEAR = (
    ("people", "NNS", 2, "nsubjpass"),
    ("were", "VBD", 2, "auxpass"),
    ("killed", "VBN", 2, "ROOT"),
    ("by", "IN", 2, "agent"),
    ("the", "DT", 5, "det"),
    ("storm", "NN", 3, "pobj"),
    ("in", "IN", 2, "prep"),
    ("velde", "NNP", 6, "pobj"),
)
UNIVERSAL = (
    ("people", "NNS", 2, "nsubj:pass"),
    ("were", "VBD", 2, "aux:pass"),
    ("killed", "VBN", 2, "root"),
    ("by", "IN", 5, "case"),
    ("the", "DT", 5, "det"),
    ("storm", "NN", 2, "obl:agent"),
    ("in", "IN", 7, "case"),
    ("velde", "NNP", 2, "obl"),
)


def test_a_clearnlp_tree_becomes_a_universal_one() -> None:
    assert to_universal([Arc(*row) for row in CLEAR]) == [Arc(*row) for row in UNIVERSAL]
    assert is_clear([label for *_, label in CLEAR])
    assert not is_clear([label for *_, label in UNIVERSAL])


def test_the_predicate_of_a_copula_becomes_the_head() -> None:
    rows = (
        ("roth", "NNP", 1, "nsubj"),
        ("is", "VBZ", 1, "ROOT"),
        ("not", "RB", 1, "neg"),
        ("mayor", "NN", 1, "attr"),
    )
    found = to_universal([Arc(*row) for row in rows])
    assert [(arc.head, arc.label) for arc in found] == [(3, "nsubj"), (3, "cop"), (3, "advmod"), (3, "root")]
    words = [Word(i, i + 1, a.low, a.low, a.tag, a.head, a.label) for i, a in enumerate(found)]
    assert Parse(words).negated(3)
