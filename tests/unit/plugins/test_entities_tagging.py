"""How a name is found: words taken apart, spans checked, one word judged by all its places, and what the tables know."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_entities.checks import checked, stretched
from ledger_entities.document import read_document
from ledger_entities.forms import FORMS, cluster, form
from ledger_entities.processor import annotate
from ledger_entities.tagger import LABELS, MODEL, label_spans, load
from ledger_entities.tokens import tokenise
from ledger_syntax.sentences import sentence_spans


def words(text: str) -> list[str]:
    return [token.text for token in tokenise(text, 0, len(text))]


def names(text: str) -> list[tuple[str, str]]:
    found = annotate(text, list(sentence_spans(text)))
    return [(item.quote, item.label) for item in found if item.level == "name"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Iran-backed fighters", ["Iran", "-", "backed", "fighters"]),
        ("the Iran-Iraq war", ["the", "Iran", "-", "Iraq", "war"]),
        ("London-based Kim Jong-il", ["London", "-", "based", "Kim", "Jong-il"]),
        ("Coca-Cola and Jean-Paul", ["Coca-Cola", "and", "Jean-Paul"]),
        ("al-Qaeda's men", ["al-Qaeda", "men"]),
        ("U.S.-led", ["U.S.", "-", "led"]),
    ],
)
def test_compounds_are_taken_apart_and_names_kept_whole(text: str, parts: list[str]) -> None:
    assert words(text) == parts


@pytest.mark.parametrize(
    ("text", "label", "kept"),
    [
        ("Ed Vale of the board", "PER", ("Ed Vale", "PER")),
        ("Minister of Health", "ORG", None),
        ("Foreign Secretary", "ORG", None),
        ("the ", "ORG", None),
        ("of Orlund Trust", "ORG", ("Orlund Trust", "ORG")),
    ],
)
def test_a_span_is_cut_where_its_words_say_so(text: str, label: str, kept: tuple[str, str] | None) -> None:
    tokens = tokenise(text, 0, len(text))
    found = checked(tokens, 0, len(tokens), label)
    assert kept == (found and (text[tokens[found[0]].start : tokens[found[1] - 1].end], found[2]))


@pytest.mark.parametrize(
    ("text", "span", "label", "read"),
    [
        ("it lies near Vorlund now", (3, 4), "PER", "LOC"),
        ("it hit Gen. Vorlund there", (4, 5), "LOC", "PER"),
        ("it said North Korea fired", (2, 4), "ORG", "LOC"),
        ("it said Mr Chad fired", (3, 4), "PER", "PER"),
        ("he thanked Jordan for it", (2, 3), "PER", "PER"),
        ("OSLO - Rain fell", (0, 1), "ORG", "LOC"),
        ("a spokesman of the VRDC said so", (4, 5), "PER", "ORG"),
        ("a spokesman of Vorlund said so", (3, 4), "PER", "PER"),
    ],
)
def test_a_neighbour_can_rule_a_label_out(text: str, span: tuple[int, int], label: str, read: str) -> None:
    found = checked(tokenise(text, 0, len(text)), *span, label)
    assert found is not None
    assert found[2] == read


@pytest.mark.parametrize(
    ("text", "stop", "label", "end"),
    [
        ("Orlund Works, Inc. closed", 2, "ORG", 4),
        ("Orlund Works, and others", 2, "ORG", 2),
        ("Prayu Chan - ocha left", 2, "PER", 4),
        ("Ada Vale - the mayor", 2, "PER", 2),
        ("Ada Vale-the mayor", 2, "PER", 2),
    ],
)
def test_a_name_goes_on_behind_a_comma_or_a_spaced_hyphen(text: str, stop: int, label: str, end: int) -> None:
    assert stretched(tokenise(text, 0, len(text)), stop, label) == end


def test_the_plural_of_a_people_is_no_country_and_the_other_way_round() -> None:
    assert names("It lies in the Philippines, said three Kenyans.") == [
        ("Philippines", "GPE"),
        ("Kenyans", "NORP"),
    ]


def test_the_letters_of_a_currency_are_no_country() -> None:
    assert names("They paid US$12 for it.") == []


def test_an_article_tells_in_what_company_its_words_stand() -> None:
    text = "Mr Vale met John Dorn in Karrow. Dorn said the rain fell. Vale left Orlund Bank."
    document = read_document(text, [tokenise(text, 0, len(text))])
    assert "rain" in document.lower
    assert set("T") <= set(document.company["vale"])
    assert set("GS") <= set(document.company["dorn"])
    assert set("I") <= set(document.company["karrow"])
    assert set("O") <= set(document.company["orlund"])


def test_one_word_has_one_label_where_its_places_outvote_the_doubtful_one() -> None:
    text = (
        "The spokesman of Brenn Holdings, Ivar Tal, said the company would close. "
        "Tal said the plant was old. Tal thanked the workers. Then came Tal."
    )
    labels = {label for quote, label in names(text) if quote == "Tal"}
    assert labels == {"PER"}


def test_the_tables_know_words_by_their_form() -> None:
    assert form("maria").names.startswith("F")
    assert "L" in form("smith").names
    assert form("the").rarity < form("paris").rarity
    assert form("qqzzxx").rarity == 99
    assert cluster("Paris") == cluster("London")
    assert cluster("Paris") != cluster("paris")
    assert cluster("qqzzxx") == ""


def test_the_files_are_small_and_hold_whole_numbers() -> None:
    assert FORMS.stat().st_size + MODEL.stat().st_size < 10_000_000
    table = json.loads(gzip.decompress(MODEL.read_bytes()))
    assert all(isinstance(value, int) for row in table.values() for value in row)
    assert all(0 <= label < len(LABELS) for row in load().values() for label, _ in row)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LABELS), max_size=12))
def test_spans_of_labels_do_not_overlap(labels: list[str]) -> None:
    last = 0
    for first, stop, label in label_spans(labels):
        assert last <= first < stop <= len(labels)
        assert all(tag[2:] == label for tag in labels[first:stop])
        last = stop
