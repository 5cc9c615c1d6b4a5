"""Whole reports of different kinds, with the claims and notices that a careful reader takes from them."""

from __future__ import annotations

import pytest

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.plugin import Annotation, Claim, Notice
from ledger.testing import annotate, article

(CLAIMS,) = ledger_claims.ledger_processors()
PROVIDERS = [
    *ledger_syntax.ledger_processors(),
    *ledger_numbers.ledger_processors(),
    *ledger_attribution.ledger_processors(),
]

FERRY = """LUNDHAVN (NORDPRESS) - A passenger ferry with 212 people on board capsized off Tollen island early on Friday, \
the coast guard said.

At least 31 people died and 64 are missing, coast guard spokeswoman Ines Falk told reporters. Some 117 have been rescued, \
she said, including 12 crew members.

The operator, Blue Line, put the number of passengers at 198. It denied that the ship had been overloaded.

The death toll could rise to 90, according to a salvage expert who was not involved in the search. Three crew of the tug \
Anna were injured during the rescue.

The port of Tollen has been closed to traffic."""

FLOOD = """Flooding along the Sorn has killed 22 people and forced about 15,000 from their homes, the Emergency Office said \
on Monday, revising an earlier figure of 19.

In the town of Elbing, 9 people drowned when a dyke gave way, mayor Rosa Lind told the Elbing Courier.

The Kettel dam is holding, the water authority said. It could not confirm reports that the spillway had cracked.

Reports say more than 100 people are missing in the upper valley. The Emergency Office denied the reports.

The river stood at 7.4 metres on Monday evening, up from 6.9 metres on Sunday, and is expected to reach 8 metres by Wednesday.

In 1997, floods in the same valley killed 114 people.

Read more: 5 things to pack in a flood kit"""

SIEGE = """Shelling has killed 480 people in Dorn since the siege began, the hospital's director told Globe Radio.

The army says it has captured about 300 rebels. The rebels deny this.

Half of the 2,000 soldiers deployed to the plain have been withdrawn, a senior army official said.

The governor told the Northern Herald that the road to Dorn is open. The army declined to comment.

Correction: an earlier version of this article said that 450 people had been killed. The correct figure is 480."""

VOTE = """The Unity party has won 43.5 percent of the vote and 61 of 120 seats, the electoral commission announced on Sunday \
night. Turnout was 67.2 percent, it said, the highest since 2004.

Police arrested 37 people and two officers were slightly injured.

Alliance leader Jonas Berg said that more than 200,000 ballots had been invalidated. The commission rejected the claim."""

CHOLERA = """MARROW, Sept 3 (Reuters) - Health officials have confirmed 148 cases of cholera and six deaths in Marrow \
district, up from 96 cases a week ago.

As many as 2,000 people may have been exposed, the ministry of health warned.

The outbreak is not under control, said Dr. Lena Moss of the Relief Federation. She expects 500 cases by October.

Reporting by Anna Lund; with additional reporting by Velmark Press"""


def read(text: str, title: str = "A report", published: str = "2031-09-22T08:00:00Z") -> list[Annotation]:
    return annotate(CLAIMS, article(text, title=title, published=published), providers=PROVIDERS)


def lines(text: str, **fields: str) -> set[str]:
    """One line a claim: subject, measure and place, value, modality, kind, origin."""
    return {line(claim) for claim in read(text, **fields) if isinstance(claim, Claim)}


def line(claim: Claim) -> str:
    value = claim.value
    if value is None:
        said = "none"
    else:
        said = {"exact": "", "approx": "~", "min": ">=", "max": "<=", "category": ""}[value.op] + str(
            value.point
        )
    origin = claim.chain[-1].actor if claim.chain else "-"
    place = f" @ {claim.scope}" if claim.scope else ""
    sign = "" if claim.polarity == "+" else "not "
    return f"{claim.subject} {claim.measure}{place}: {sign}{said} | {claim.modality} {claim.kind} | {origin}"


STORIES = {
    "ferry": (
        FERRY,
        {
            "people aboard @ Tollen island: 212 | asserted primary | coast guard",
            "people killed: >=31 | asserted primary | coast guard spokeswoman Ines Falk",
            "people missing: 64 | asserted primary | coast guard spokeswoman Ines Falk",
            "people rescued: ~117 | asserted primary | coast guard spokeswoman Ines Falk",
            "people aboard: 198 | asserted primary | Blue Line",
            "people killed: 90 | predicted forecast | salvage expert",
            "port of Tollen status: closed | asserted primary | -",
        },
    ),
    "flood": (
        FLOOD,
        {
            "people killed: 22 | asserted primary | Emergency Office",
            "people displaced: ~15000 | asserted primary | Emergency Office",
            "people killed @ Elbing: 9 | asserted primary | mayor Rosa Lind",
            "Kettel dam status: holding | asserted primary | water authority",
            "Kettel dam status: none | asserted unconfirmed | water authority",
            "people missing: >=100 | asserted hearsay | Reports",
            "people missing: not none | asserted denial | Emergency Office",
            "river level: 7.4 | asserted primary | -",
            "people killed: 114 | asserted primary | -",
        },
    ),
    "siege": (
        SIEGE,
        {
            "people killed @ Dorn: 480 | asserted primary | hospital's director",
            "rebel captured: ~300 | asserted primary | army",
            "rebel captured: not none | asserted denial | rebels",
            "soldier deployed: 2000 | asserted primary | senior army official",
            "road to Dorn status: open | asserted primary | governor",
        },
    ),
    "vote": (
        VOTE,
        {
            "Unity party vote share: 43.5 | asserted primary | electoral commission",
            "Unity party seats: 61 | asserted primary | electoral commission",
            "voter turnout: 67.2 | asserted primary | electoral commission",
            "people arrested: 37 | asserted primary | -",
            "officer injured: 2 | asserted primary | -",
            "ballot invalidated: >=200000 | asserted primary | Alliance leader Jonas Berg",
            "ballot invalidated: not none | asserted denial | electoral commission",
        },
    ),
    "cholera": (
        CHOLERA,
        {
            "people infected @ Marrow district: 148 | asserted primary | Health officials",
            "people killed @ Marrow district: 6 | asserted primary | Health officials",
            "people exposed: <=2000 | possible primary | ministry of health",
            "outbreak status: not under control | asserted primary | Dr. Lena Moss of the Relief Federation",
            "people infected: 500 | predicted forecast | Dr. Lena Moss of the Relief Federation",
        },
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_report_makes_these_claims_and_no_others(name: str) -> None:
    text, expected = STORIES[name]
    assert lines(text) == expected


def test_the_old_flood_is_a_figure_of_its_own_year() -> None:
    periods = {c.value.point: c.period for c in read(FLOOD) if isinstance(c, Claim) and c.value is not None}
    assert (periods[114], periods[22]) == ("1997", "cumulative")


@pytest.mark.parametrize("name", STORIES)
def test_the_headline_repeated_in_the_body_and_a_sentence_printed_twice_change_nothing(name: str) -> None:
    text, expected = STORIES[name]
    title = "Officials: 7,000 dead and 8,000 missing"
    first, _, rest = text.partition("\n\n")
    assert lines(f"{title}\n\n{first}\n\n{rest}\n\n{first}", title=title) == expected


def test_page_furniture_makes_no_claim() -> None:
    text = f"{FERRY}\n\nStorm leaves 30,000 homes without power\n\nWheat price up 4% to 310 dollars"
    assert lines(text) == STORIES["ferry"][1]


def test_a_correction_note_names_the_old_and_the_new_figure() -> None:
    (note,) = (n for n in read(SIEGE) if isinstance(n, Notice))
    assert (note.kind, note.old, note.new) == ("correction", (450,), (480,))


def test_a_correction_item_states_the_new_figure_and_names_the_report() -> None:
    text = "Our report “Sorn floods: 22 dead” of 10 March gave a wrong figure. The Emergency Office counts 19 dead, not 22."
    made = read(text, title="Correction: Sorn floods")
    (note,) = (n for n in made if isinstance(n, Notice))
    assert (note.subject, note.new) == ("Sorn floods: 22 dead", (19,))
    assert [line(c) for c in made if isinstance(c, Claim)] == [
        "people killed: 19 | asserted primary | Emergency Office"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "This article has been withdrawn. It was based on a document that we could not authenticate.",
        "We withdraw our story of Tuesday. The letter was a forgery.",
        "The Herald has retracted its report on the ferry.",
    ],
)
def test_a_retraction_is_noticed(text: str) -> None:
    assert [n.kind for n in read(text) if isinstance(n, Notice)] == ["retraction"]


def test_news_of_a_withdrawal_of_troops_is_no_retraction() -> None:
    made = read(
        "Half of the soldiers have been withdrawn, the army said. The reports were not withdrawn lightly."
    )
    assert not [n for n in made if isinstance(n, Notice)]


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("LUNDHAVN (NORDPRESS) - Two ships sank.", "NORDPRESS"),
        ("MARROW, Sept 3 (Reuters) - Two ships sank.", "Reuters"),
        ("Two ships sank.\n\nWith additional reporting by Velmark Press", "Velmark Press"),
        ("Two ships sank.\n\nVelmark Press contributed to this report.", "Velmark Press"),
    ],
)
def test_a_credit_names_the_agency(text: str, agency: str) -> None:
    assert [(n.kind, n.subject) for n in read(text) if isinstance(n, Notice)] == [("wire-credit", agency)]
