"""Who says what in ordinary news sentences, through whom, and how surely."""

from __future__ import annotations

from pathlib import Path

import pytest

import ledger_attribution
import ledger_syntax
from ledger.plugin import Annotation, Attribution, Modality
from ledger.testing import annotate, article, check_processor

(ATTRIBUTION,) = ledger_attribution.ledger_processors()
PROVIDERS = list(ledger_syntax.ledger_processors())


def layers(text: str, outlet: str = "harbour") -> list[Annotation]:
    return annotate(ATTRIBUTION, article(text, outlet=outlet), providers=PROVIDERS)


def attributions(text: str, outlet: str = "harbour") -> list[tuple[list[str], str]]:
    """The chain of each attribution as actors, and the words of its content."""
    return [
        ([link.actor for link in a.chain], a.quote)
        for a in layers(text, outlet)
        if isinstance(a, Attribution)
    ]


@pytest.mark.parametrize(
    ("text", "chain", "content"),
    [
        ("The mayor said that the bridge was safe.", ["mayor"], "that the bridge was safe"),
        ("The bridge is safe, the mayor said.", ["mayor"], "The bridge is safe"),
        ("The bridge is safe, Mayor Ida Roth said on Monday.", ["Mayor Ida Roth"], "The bridge is safe"),
        ("“The bridge is safe,” said Ida Roth, the mayor.", ["Ida Roth"], "“The bridge is safe,”"),
        ('Ida Roth said: "The bridge is safe."', ["Ida Roth"], '"The bridge is safe."'),
        ("According to the port authority, two ships sank.", ["port authority"], "two ships sank"),
        ("Two ships sank, according to the port authority.", ["port authority"], "Two ships sank"),
        (
            "On Monday, officials announced that the school would close.",
            ["officials"],
            "that the school would close",
        ),
        ("The agency puts the number of dead at 40.", ["agency"], "the number of dead at 40"),
        (
            "Relief volunteers have registered 300 dead in nine towns.",
            ["Relief volunteers"],
            "300 dead in nine towns",
        ),
        ("The Harbour Office on Monday raised the toll to 52.", ["Harbour Office"], "the toll to 52"),
        ("Reports say at least 40 people died.", ["Reports"], "at least 40 people died"),
        (
            "Roth led Holm, taking 51 percent with 61 percent of the vote counted, the commission said late on Sunday.",
            ["commission"],
            "Roth led Holm, taking 51 percent with 61 percent of the vote counted",
        ),
        (
            "The bridge is safe, a nurse who asked not to be named told us.",
            ["nurse"],
            "The bridge is safe",
        ),
        (
            "An officer, speaking on condition of anonymity because he was afraid, said 40 people died.",
            ["officer"],
            "40 people died",
        ),
        (
            "Rain is near, the Harbour Office said. Two ships sank, its chief said.",
            ["chief", "Harbour Office"],
            "Two ships sank",
        ),
        (
            "The Harbour Office has closed two piers, it announced.",
            ["Harbour Office"],
            "The Harbour Office has closed two piers",
        ),
        (
            "Rain is near, the Harbour Office said. Two ships sank, a spokesman for the office said.",
            ["spokesman for the office", "Harbour Office"],
            "Two ships sank",
        ),
    ],
)
def test_the_source_and_its_content_are_found(text: str, chain: list[str], content: str) -> None:
    assert (chain, content) in attributions(text)


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("Two ships sank, the admiral told the Northern Herald.", ["Northern Herald", "admiral"]),
        ("Two ships sank, the admiral told reporters.", ["admiral"]),
        ("The Herald, citing navy officials, reported that two ships sank.", ["Herald", "navy officials"]),
        (
            "Two ships sank, according to navy officials cited by the Daily Herald.",
            ["Daily Herald", "navy officials"],
        ),
        ("Mayors briefed by the coast guard said that two ships sank.", ["Mayors", "coast guard"]),
        (
            "The Northern Times cited port officials noting that two ships sank.",
            ["Northern Times", "port officials"],
        ),
        ("According to a report in the Harbour Gazette, two ships sank.", ["Harbour Gazette"]),
        ("The operator, Blue Line, said that two ships sank.", ["Blue Line"]),
    ],
)
def test_relays_stand_before_the_origin(text: str, chain: list[str]) -> None:
    assert chain in [found for found, _ in attributions(text)]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("The dam is safe, the Water Board said. It added that the road was open.", "Water Board"),
        ("The dam is safe, Ida Roth said. The road is open, she added.", "Ida Roth"),
        ("The dam is safe, Civil Rescue said.\n\nThe road is open, the agency added.", "Civil Rescue"),
        (
            "The dam is safe, the Hydrological Institute said. The road is open, the institute said.",
            "Hydrological Institute",
        ),
        ("The union says 40 are hurt. The toll is put at 300.", "union"),
        ("“The dam is safe,” Ida Roth said. “The road is open.”", "Ida Roth"),
    ],
)
def test_later_mentions_find_the_source_of_the_passage(text: str, last: str) -> None:
    found = attributions(text)
    assert len(found) == 2
    assert found[-1][0] == [last]


def test_a_bare_institution_is_not_taken_for_the_source_before_it() -> None:
    found = attributions("The dam is safe, the Water Board said. The army said that the road was open.")
    assert [chain for chain, _ in found] == [["Water Board"], ["army"]]


def test_we_is_the_outlet_that_publishes() -> None:
    (found,) = (
        a for a in layers("We have counted 12 graves.", outlet="herald") if isinstance(a, Attribution)
    )
    assert (found.chain[0].actor, found.chain[0].kind) == ("herald", "outlet")


@pytest.mark.parametrize(
    "text",
    [
        "The army declined to comment.",
        "Recent reports have been mixed.",
        "The report was published on Monday.",
        "He could say nothing about it.",
        "The toll is said to be higher.",
    ],
)
def test_words_that_look_like_a_cue_are_none(text: str) -> None:
    assert attributions(text) == []


def test_a_denial_and_a_statement_of_one_source_are_two_attributions() -> None:
    found = [
        a
        for a in layers("The ministry denied it and said that the wall was sound.")
        if isinstance(a, Attribution)
    ]
    assert [(a.chain[0].cue_class, a.quote) for a in found] == [
        ("deny", "it"),
        ("say", "that the wall was sound"),
    ]
    assert found[0].chain[0].polarity == "-"


def test_what_a_source_cannot_confirm_is_doubtful() -> None:
    (found,) = (a for a in layers("The ministry could not confirm the figure.") if isinstance(a, Attribution))
    assert found.chain[0].certainty == "doubtful"
    assert found.quote == "the figure"


@pytest.mark.parametrize(
    ("text", "level", "words"),
    [
        ("Some 700 are missing and 260 may be injured.", "possible", "and 260 may be injured."),
        ("The wall appears to have cracked.", "probable", "The wall appears to have cracked."),
        ("The wall is believed to have cracked.", "probable", "The wall is believed to have cracked."),
        ("The wall is reported to have cracked.", "possible", "The wall is reported to have cracked."),
        ("The wall has reportedly cracked.", "possible", "The wall has reportedly cracked."),
        ("The river will reach the town.", "predicted", "The river will reach the town."),
        ("The river is high, and is expected to rise.", "predicted", "and is expected to rise."),
        ("The agency believes that the wall has cracked.", "probable", "that the wall has cracked"),
        ("At least nine people are feared dead.", "possible", "At least nine people are feared dead."),
        ("Troops killed two suspected smugglers in the raid.", "possible", "suspected smugglers"),
        ("There were 61 confirmed cases and 14 suspected deaths.", "possible", "suspected deaths"),
    ],
)
def test_the_qualifier_holds_for_its_clause(text: str, level: str, words: str) -> None:
    assert (level, words) in [(m.level, m.quote) for m in layers(text) if isinstance(m, Modality)]


def test_an_adjective_qualifies_nothing_but_its_noun() -> None:
    found = [m.quote for m in layers("Police arrested three alleged smugglers and killed two others.")]
    assert found == ["alleged smugglers"]


def test_an_acronym_that_looks_like_a_pronoun_speaks() -> None:
    assert [chain for chain, _ in attributions("There have been 18 deaths, the WHO said.")] == [["WHO"]]


def test_the_month_of_may_qualifies_nothing() -> None:
    assert not [
        m for m in layers("Prices rose by 6 percent in May, the office said.") if isinstance(m, Modality)
    ]


def test_a_negated_clause_has_negative_polarity() -> None:
    (found,) = (m for m in layers("The wall has not cracked.") if isinstance(m, Modality))
    assert (found.level, found.polarity) == ("asserted", "-")


def test_a_dateline_is_no_part_of_the_content() -> None:
    assert attributions("LUNDHAVN (NORD) - Two ships sank, the navy said.") == [(["navy"], "Two ships sank")]


def test_the_processor_conforms() -> None:
    check_processor(ATTRIBUTION, providers=PROVIDERS).require()


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("The coast guard said 12 had died. Spokesperson Lena Orre said more were missing.", ["coast guard"]),
        (
            "The coast guard said 12 had died. More were missing, duty officer Lena Orre said.",
            ["coast guard"],
        ),
        ("Relief Aid, which has 40 trucks, said it had counted 51 dead.", ["Relief Aid"]),
        ("The coast guard called off its search. It counted 52 dead.", ["coast guard"]),
        (
            "Radio Nine has learned from two port officials that the toll is 29.",
            ["Radio Nine", "two port officials"],
        ),
        ("Police minister Ida Kolb spoke at noon, officials said. Kolb said six had died.", ["Kolb"]),
        (
            "Transport chief Ida Kolb said six had died. Kolb said a ship was lost.",
            ["Transport chief Ida Kolb"],
        ),
        (
            "Lawmaker Han Sorel said after a briefing by the spy agency that 300 had died.",
            ["Lawmaker Han Sorel", "spy agency"],
        ),
        ("Ana Holt, 63, a nurse who lives nearby, said the road was flooded.", ["Ana Holt"]),
        ("Senator Ana Holt (Green) said the road was flooded.", ["Senator Ana Holt"]),
        ("Since the war began the agency has counted 74 dead.", ["agency"]),
        ("Analysts doubt that number. Officials, however, said the road was flooded.", ["Officials"]),
    ],
)
def test_the_last_statement_has_this_chain(text: str, chain: list[str]) -> None:
    found = attributions(text)[-1][0]
    assert found[-len(chain) :] == chain


def test_a_statement_goes_on_after_its_source() -> None:
    (said,) = attributions("Ten people died, the agency said, and 30 are missing.")
    assert said == (["agency"], "Ten people died, the agency said, and 30 are missing")


# -- what only a parse shows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chain", "content"),
    [
        ("Many doubted the mayor’s claim that the bridge was safe.", ["mayor"], "that the bridge was safe"),
        ("The sensors say that the river has risen.", ["sensors"], "that the river has risen"),
        ("“The bridge is not safe.” — Ida Roth, teacher", ["Ida Roth"], "“The bridge is not safe.”"),
        ("Ida Roth called for new elections in the spring.", ["Ida Roth"], "for new elections in the spring"),
    ],
)
def test_attributions_that_no_pattern_of_words_shows(text: str, chain: list[str], content: str) -> None:
    assert (chain, content) in attributions(text)


def test_the_source_has_its_whole_extent_and_keeps_its_name() -> None:
    text = "Ida Roth, who leads the harbour office in Velde, said that the quay was closed."
    (found,) = (a for a in layers(text) if isinstance(a, Attribution))
    assert found.chain[0].actor == "Ida Roth"
    assert text[found.source.start : found.source.end] == "Ida Roth, who leads the harbour office in Velde"


@pytest.mark.parametrize(
    "text",
    [
        "The army did not say that the bridge was safe.",
        "The mayor would not say whether the bridge was safe.",
        "The storm made sure that the bridge stayed closed.",
    ],
)
def test_a_verb_that_says_nothing_has_no_source(text: str) -> None:
    assert attributions(text) == []


def test_without_a_parser_the_patterns_answer_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ledger_syntax.pipeline.MODEL", tmp_path / "none")
    assert attributions("The mayor said that the bridge was safe.") == [
        (["mayor"], "that the bridge was safe")
    ]


def test_a_headline_in_the_line_above_is_no_part_of_a_source() -> None:
    text = (
        "Harbour Office Says Two Ships Sank off Karl Island\nPort officials report that the bridge is safe."
    )
    assert [chain for chain, _ in attributions(text)][-1] == ["Port officials"]
