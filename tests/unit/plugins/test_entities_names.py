"""Who and what a reader finds named, joined and linked."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import ENTITY_LABELS, Article, Entity, Sentence, Span
from ledger_entities import ledger_processors
from ledger_entities.processor import annotate
from ledger_syntax.sentences import sentence_spans

STORY = (
    "PORT ORM (HWS) - An earthquake rattled the Orlund valley early on Sunday, the Seismological Institute said. "
    "The Civil Aviation Board (CAB) closed Orm Airport near Vendrel. CAB inspectors, led by Ada Vale, 47, flew in from Paris. "
    "President Ivan Dorn met German Chancellor Greta Holm in Berlin. Vale spoke to reporters. The institute said it was "
    "watching the Orm dam. Israel and the United States sent help."
)


def entities(text: str) -> list[Entity]:
    return list(annotate(text, list(sentence_spans(text))))


def named(text: str, quote: str) -> Entity:
    return next(item for item in entities(text) if item.quote == quote)


@pytest.mark.parametrize(
    ("quote", "label"),
    [
        ("PORT ORM", "LOC"),
        ("HWS", "ORG"),
        ("Seismological Institute", "ORG"),
        ("Civil Aviation Board", "ORG"),
        ("Orm Airport", "FAC"),
        ("Orlund valley", "LOC"),
        ("Orm dam", "FAC"),
        ("Ada Vale", "PER"),
        ("Ivan Dorn", "PER"),
        ("German", "NORP"),
        ("Berlin", "GPE"),
        ("Israel", "GPE"),
    ],
)
def test_labels_of_a_news_story(quote: str, label: str) -> None:
    assert named(STORY, quote).label == label


@pytest.mark.parametrize(
    ("quote", "link"),
    [("Israel", "iso:IL"), ("United States", "iso:US"), ("German", "iso:DE"), ("Paris", "city:2988507")],
)
def test_countries_peoples_and_cities_are_linked(quote: str, link: str) -> None:
    assert named(STORY, quote).link == link


def test_a_title_is_a_role_and_not_part_of_the_name() -> None:
    found = [(item.label, item.quote) for item in entities(STORY)]
    assert ("ROLE", "President") in found
    assert ("ROLE", "Chancellor") in found
    assert named(STORY, "Ivan Dorn").name == "Ivan Dorn"


def test_a_surname_alone_is_the_person_named_before() -> None:
    full, alone = named(STORY, "Ada Vale"), named(STORY, "Vale")
    assert (alone.label, alone.name, alone.key) == ("PER", "Ada Vale", full.key)


def test_an_acronym_in_brackets_joins_later_uses_to_the_full_name() -> None:
    keys = {item.key for item in entities(STORY) if item.quote in {"Civil Aviation Board", "CAB"}}
    assert keys == {"org:civil aviation board"}
    assert sum(item.quote == "CAB" for item in entities(STORY)) == 2


def test_the_institute_is_the_last_organisation_of_that_kind() -> None:
    nominal = named(STORY, "The institute")
    assert (nominal.level, nominal.name) == ("nominal", "Seismological Institute")
    assert nominal.key == named(STORY, "Seismological Institute").key


def test_an_agency_that_was_never_named_gives_no_mention() -> None:
    assert [
        item for item in entities("The agency said nothing. The ministry agreed.") if item.label == "ORG"
    ] == []


def test_a_sentence_opener_is_no_name() -> None:
    text = "Rescuers came. However, nobody was there. Meanwhile rain fell."
    assert [item.quote for item in entities(text) if item.level == "name"] == []


def test_weapons_and_roles_are_marked_without_a_name() -> None:
    found = {(item.label, item.key) for item in entities("Two missiles hit a depot, the spokesman said.")}
    assert found == {("WEAPON", "weapon:missile"), ("ROLE", "role:spokesman")}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "The",
                "Paris",
                "Vale",
                "Ada",
                "of",
                "and",
                "the",
                "(",
                ")",
                "CAB",
                "Civil",
                "Aviation",
                "Board",
                "said",
                ",",
                ".",
                "-",
                "Mr",
                "Dr",
                "North",
                "Korean",
                "U.S.",
                "'s",
                "al-Orm",
                "F-16",
                "valley",
                "dam",
                "12",
                "agency",
            ]
        ),
        max_size=30,
    ).map(" ".join)
    | st.text(max_size=50)
)
def test_any_text_gives_exact_spans_known_labels_and_a_key(text: str) -> None:
    previous = Span(0, 0)
    for item in entities(text):
        assert 0 <= item.span.start < item.span.end <= len(text)
        assert item.quote == text[item.span.start : item.span.end]
        assert item.label in ENTITY_LABELS
        assert item.key
        assert item.span >= previous
        previous = item.span


def test_the_answer_does_not_depend_on_the_hash_seed() -> None:
    probe = (
        "import sys; from ledger_entities.processor import annotate; from ledger_syntax.sentences import sentence_spans;"
        "text = sys.argv[1]; print([(e.span.start, e.label, e.key, e.link) for e in annotate(text, list(sentence_spans(text)))])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", probe, STORY],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "77")
    }
    assert len(outputs) == 1


def test_the_processor_reads_the_sentences_of_the_article() -> None:
    class Sentences:
        config = None

        def of(self, layer: type, within: Span | None = None) -> list[Sentence]:
            return [Sentence(span=Span(*span)) for span in sentence_spans(STORY)]

    (processor,) = ledger_processors()
    article = Article(id="a", revision=1, hash="h", url="", outlet="o", title="", text=STORY)
    assert list(processor.run(article, Sentences())) == entities(STORY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "quote", "label"),
    [
        ("A flood hit the town of Deir Atiyah. Help reached Deir Atiyah late.", "Deir Atiyah", "LOC"),
        ("The daily Kuleba wrote so. Later Kuleba said it was wrong.", "Kuleba", "ORG"),
        ("The Union of Free Workers (TLO) marched.", "TLO", "ORG"),
        ("Ana da Santa Cruz spoke.", "Ana da Santa Cruz", "PER"),
    ],
)
def test_what_the_words_beside_a_name_say_holds_in_the_whole_article(
    text: str, quote: str, label: str
) -> None:
    found = [item.label for item in entities(text) if item.quote == quote]
    assert found == [label] * text.count(quote)


def test_an_abbreviation_that_everybody_uses_is_no_organisation() -> None:
    text = "Cheaper LNG and AI lifted GDP, the R & D centre said."
    assert [item.quote for item in entities(text) if item.label == "ORG" and item.level == "name"] == []


@pytest.mark.parametrize(
    ("text", "quote", "name"),
    [
        ("Spokesman Ivo Tarn came. The spokesman left.", "The spokesman", "Ivo Tarn"),
        ("Ada Vale, the mayor of Orm, came. The mayor left.", "The mayor", "Ada Vale"),
        (
            "A spokesman for the Water Board, Ivo Tarn, came. The spokesman left.",
            "The spokesman",
            "Ivo Tarn",
        ),
        ("The Karrow Water Agency closed. The KWA said so.", "KWA", "Karrow Water Agency"),
    ],
)
def test_a_role_and_an_acronym_are_who_the_article_said_they_are(text: str, quote: str, name: str) -> None:
    assert named(text, quote).name == name
    assert named(text, quote).key == named(text, name).key


@pytest.mark.parametrize(
    "text",
    [
        "Spokesman Ivo Tarn came. The spokesman for the union left.",
        "Ivo Tarn came. The spokesman left.",
        "The minister, the governor and Ivo Tarn came. The governor left.",
    ],
)
def test_a_role_that_nobody_was_given_stays_a_role(text: str) -> None:
    assert [item.name for item in entities(text) if item.label == "PER"] == ["Ivo Tarn"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("NANJING, July 18 (Xinhua) - Rain fell.", "NANJING"),
        ("KUWAIT: Rain fell on Sunday.", "KUWAIT"),
        ("PORT ORM, May 3 - Rain fell.", "PORT ORM"),
    ],
)
def test_the_place_in_capitals_at_the_head_of_a_report(text: str, place: str) -> None:
    assert named(text, place).label in {"GPE", "LOC"}


def test_a_weapon_is_no_organisation() -> None:
    text = "They fired HIMARS at the depot, and Shahed drones came."
    assert {item.quote for item in entities(text) if item.label == "WEAPON" and item.level == "name"} == {
        "HIMARS",
        "Shahed",
    }


@pytest.mark.parametrize(
    ("text", "quote", "label"),
    [
        ("They had AK-47s and maps.", "AK-47s", "WEAPON"),
        ("Two Tu-95 bombers took off.", "Tu-95", "WEAPON"),
        ("They fired Katyusha rockets.", "Katyusha", "WEAPON"),
        ("Then Hurricane Ilda came.", "Hurricane Ilda", "EVENT"),
        ("It was after the Battle of Karrow.", "Battle of Karrow", "EVENT"),
        ("Many Californians left.", "Californians", "NORP"),
        ("Engineers saw the Kakhovka dam.", "Kakhovka dam", "FAC"),
    ],
)
def test_names_that_their_form_shows(text: str, quote: str, label: str) -> None:
    assert named(text, quote).label == label


def test_surnames_that_look_like_a_people_and_codes_that_look_like_arms_are_neither() -> None:
    text = "Ann Walters met Tom Sanders. The COVID-19 rules and the F-1 form changed."
    assert not {item.label for item in entities(text)} & {"NORP", "WEAPON"}
