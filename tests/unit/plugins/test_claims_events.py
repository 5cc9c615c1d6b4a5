"""Events without a figure, parts of a figure, what a correction puts in place, and denials of a named figure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.plugin import Claim, Notice
from ledger.testing import annotate, article

(CLAIMS,) = ledger_claims.ledger_processors()
PROVIDERS = [
    *ledger_syntax.ledger_processors(),
    *ledger_numbers.ledger_processors(),
    *ledger_attribution.ledger_processors(),
]
SUNDAY = datetime(2031, 6, 8, 12, tzinfo=UTC)


def made(text: str, title: str = "A report") -> list[Claim | Notice]:
    found = annotate(CLAIMS, article(text, title=title, published=SUNDAY), providers=PROVIDERS)
    return [each for each in found if isinstance(each, Claim | Notice)]


def claims(text: str, title: str = "A report") -> list[Claim]:
    return sorted((c for c in made(text, title) if isinstance(c, Claim)), key=lambda c: (c.span, c.support))


def events(text: str) -> list[tuple[str, object, str, str]]:
    return [
        (c.subject, c.value.point, c.polarity, c.modality)
        for c in claims(text)
        if c.measure == "event" and c.value is not None
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Varnish forces launched an offensive.", ("Varnish forces", "launch offensive", "+", "asserted")),
        ("Varna has imposed sanctions on Orl.", ("Varna", "impose sanctions", "+", "asserted")),
        ("Fighting has intensified.", ("fighting", "intensify", "+", "asserted")),
        (
            "The Karl guards reported a withdrawal of Varnish soldiers.",
            ("Varnish soldier", "withdrawal", "+", "asserted"),
        ),
        (
            "Karl officials report a potential withdrawal of Varnish soldiers.",
            ("Varnish soldier", "withdrawal", "+", "possible"),
        ),
        (
            "While the withdrawal is slow, it indicates a growing concern regarding their morale.",
            ("withdrawal", "indicate concern", "+", "asserted"),
        ),
        ("Clashes have not stopped.", ("clashes", "stop", "-", "asserted")),
        ("The war shows no signs of ending.", ("war", "sign of ending", "-", "asserted")),
        ("The pause may be temporary.", ("pause", "temporary", "+", "possible")),
        ("There were heavy losses among the Orl marines.", ("Orl marines", "heavy losses", "+", "asserted")),
        ("They have not encountered Orl troops since May.", ("Orl soldier", "encountered", "-", "asserted")),
        ("Varna will sign a treaty.", ("Varna", "sign treaty", "+", "predicted")),
    ],
)
def test_an_event_without_a_figure_is_a_claim(text: str, expected: tuple[str, object, str, str]) -> None:
    assert events(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "If Varna launched an offensive, the road would close.",
        "Varna could not launch an offensive.",
        "The mayor opened a letter and lost patience.",
        "The offensive was launched by nobody in particular.",
        "As the war continues, prices are a worry.",
        "Maria Holt made breakfast.",
    ],
)
def test_no_event_is_read_into_this(text: str) -> None:
    assert events(text) == []


def figures(text: str, title: str = "A report") -> list[tuple[str, str, str, object]]:
    return [(c.measure, c.scope, c.period, c.value and c.value.point) for c in claims(text, title)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Relief workers counted 51 dead, 18 of them in the Ober valley.",
            [("killed", "", "cumulative", 51), ("killed", "Ober valley", "cumulative", 18)],
        ),
        (
            "About 3,000 people were evacuated, 900 of them in the past week.",
            [("evacuated", "", "cumulative", 3000), ("evacuated", "", "2031-06-02/2031-06-08", 900)],
        ),
        (
            "The clinic treated 37 people, four of them in intensive care.",
            [("treated", "", "cumulative", 37)],
        ),
        (
            "More than 9,000 people were evacuated, most of them from Elbing.",
            [("evacuated", "", "cumulative", 9000)],
        ),
        (
            "Nineteen people were killed in Drava between 1 and 5 June.",
            [("killed", "Drava", "2031-06-01/2031-06-05", 19)],
        ),
        ("Twelve people died when the Sund bridge collapsed.", [("killed", "Sund bridge", "cumulative", 12)]),
        (
            "The toll reached 33, with another 18 missing.",
            [("killed", "", "cumulative", 33), ("missing", "", "cumulative", 18)],
        ),
        ("Three died.", [("killed", "", "cumulative", 3)]),
        ("A ferry carrying 214 people ran into trouble.", [("aboard", "", "cumulative", 214)]),
        ("Cholera cases rose to 88 from 61.", [("infected", "", "cumulative", 88)]),
        ("A convoy of 26 lorries entered Ketta.", [("supplied", "", "cumulative", 26)]),
        ("Of the 900 soldiers, 40 are casualties.", [("killed or injured", "", "cumulative", 40)]),
        ("The town counted the cost, and four have died of it.", []),
    ],
)
def test_what_a_figure_is_a_part_of(text: str, expected: list[tuple[str, str, str, object]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Correction: we said that 30 people were missing. It should have said 13.", ("missing", 13)),
        (
            "Correction: our report gave the number of dead as 450. The correct figure is 480.",
            ("killed", 480),
        ),
        ("A quiet day.\n\nCORRECTION: The death toll is 61, not 71.", ("killed", 61)),
    ],
)
def test_a_note_puts_a_figure_in_the_place_of_the_wrong_one(text: str, new: tuple[str, int]) -> None:
    assert [(c.measure, c.value and c.value.point) for c in claims(text)] == [new]
    assert [note.kind for note in made(text) if isinstance(note, Notice)] == ["correction"]


def test_a_figure_that_the_report_gives_already_is_not_said_again_by_its_note() -> None:
    text = "The hospital said 480 people had been killed.\n\nCorrection: we said that 450 people had been killed. The correct figure is 480."
    assert [(c.chain[-1].actor, c.value and c.value.point) for c in claims(text)] == [("hospital", 480)]


def test_a_denial_of_a_named_figure_is_about_that_figure() -> None:
    text = "At least 12 people were killed. The Karl bridge is closed. The coast guard said it could not confirm the death toll."
    assert [(c.measure, c.kind) for c in claims(text)] == [
        ("killed", "primary"),
        ("status", "primary"),
        ("killed", "unconfirmed"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trains are running again on the Elbing line, the operator said.", ("Elbing line", "running")),
        ("Train services on the Elbing line have been suspended.", ("Elbing line", "suspended")),
        ("Schools in Marrow are closed.", ("schools in Marrow", "closed")),
        ("The hospital in Ketta is out of service.", ("hospital in Ketta", "out of service")),
        ("A ceasefire between the two sides is holding.", ("ceasefire", "holding")),
        ("The Sel bridge has been blown up.", ("Sel bridge", "blown up")),
        ("Police have closed the Sel bridge.", ("Sel bridge", "closed")),
        ("The council lifted the curfew on Friday.", ("curfew", "lifted")),
        ("Dorn has closed its border with Karl, the guards said.", ("Dorn border with Karl", "closed")),
        ("Production at the Elbing plant has been halted by a strike.", ("Elbing plant", "halted")),
        ("Mobile internet was restored on Friday.", ("mobile internet", "restored")),
        ("Pay talks are under way.", ("pay talks", "under way")),
        ("A truce brokered by the mission is holding.", ("truce", "holding")),
        ("The army says Karl airport is in rebel hands.", ("Karl airport", "in rebel hands")),
        (
            "The army says Karl airport was captured by the rebels.",
            ("Karl airport", "captured by the rebels"),
        ),
    ],
)
def test_services_places_and_truces_have_states(text: str, expected: tuple[str, str]) -> None:
    assert [(c.subject, c.value and c.value.point) for c in claims(text) if c.measure == "status"] == [
        expected
    ]


def test_a_day_beside_another_clause_is_not_when_the_source_spoke() -> None:
    text = "Power was cut on Friday, the grid said: 800 households are without power."
    assert {claim.said_on for claim in claims(text) if claim.measure == "without power"} == {""}
    (put,) = claims("The coast guard put the toll at 44 on Friday, up from 31.")
    assert put.said_on == "2031-06-06"
    (opening,) = claims("On Monday evening the coast guard put the number of dead at 12.")
    assert (opening.said_on, opening.chain[-1].actor) == ("2031-06-02", "coast guard")


@pytest.mark.parametrize("text", ["Donate $10 to save 4 children.", "They flew in to rescue 30 people."])
def test_what_is_meant_to_be_done_is_not_done(text: str) -> None:
    assert claims(text) == []


def test_what_was_managed_is_done() -> None:
    assert figures("Crews managed to rescue 40 people.") == [("rescued", "", "cumulative", 40)]
