"""Which figures a sentence states: measure, who is counted, value; and which numbers are none."""

from __future__ import annotations

import pytest

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.errors import LedgerError
from ledger.plugin import Claim
from ledger.testing import annotate, article

(CLAIMS,) = ledger_claims.ledger_processors()
PROVIDERS = [
    *ledger_syntax.ledger_processors(),
    *ledger_numbers.ledger_processors(),
    *ledger_attribution.ledger_processors(),
]


def claims(text: str, **settings: object) -> list[Claim]:
    made = annotate(
        CLAIMS,
        article(text, published="2031-05-08T10:00:00Z"),
        providers=PROVIDERS,
        settings=settings or None,
    )
    return sorted((claim for claim in made if isinstance(claim, Claim)), key=lambda c: (c.span, c.support))


def figures(text: str) -> list[tuple[str, str, str, float | int | str | None]]:
    return [
        (c.subject, c.measure, c.value.op, c.value.point)
        for c in claims(text)
        if c.value is not None and c.value.op != "category" and c.confidence is None
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a state in the quantity's own phrase
        ("The blast left 14 people dead and 50 wounded.", [("people", "killed", "exact", 14), ("people", "injured", "exact", 50)]),
        ("Rescuers worked all night, with 320 people missing.", [("people", "missing", "exact", 320)]),
        ("At least 12 were confirmed dead.", [("people", "killed", "min", 12)]),
        ("Some 30,000 households are without electricity.", [("household", "without power", "approx", 30000)]),
        # a counted noun
        ("The office reported six deaths and 48 cases.", [("people", "killed", "exact", 6), ("people", "infected", "exact", 48)]),
        # a predicate after it
        ("Some 700 are missing and 260 are injured.", [("people", "missing", "approx", 700), ("people", "injured", "exact", 260)]),
        ("About 400 people in the upper town have died.", [("people", "killed", "approx", 400)]),
        ("Twelve passengers, including two children, are still unaccounted for.", [("passenger", "missing", "exact", 12)]),
        ("Two officers and five civilians were killed.", [("officer", "killed", "exact", 2), ("civilian", "killed", "exact", 5)]),
        ("Around 8,500 nurses are on strike.", [("nurse", "on strike", "approx", 8500)]),
        ("More than 3,500 of them have been killed or wounded.", [("people", "killed or injured", "min", 3500)]),
        ("The mayor said 90 trucks carrying food had arrived.", [("truck", "supplied", "exact", 90)]),
        ("Forty houses were painted.", [("house", "painted", "exact", 40)]),
        ("About 70 tonnes of supplies had reached the coast.", [("supply", "supplied", "approx", 70)]),
        ("Between 50 and 60 people are being treated for their injuries.", [("people", "injured", "range", 50)]),
        ("Some 30 people are being treated for dehydration.", [("people", "treated", "approx", 30)]),
        ("Some 40,000 people have been driven from their homes.", [("people", "displaced", "approx", 40000)]),
        ("Nine hostages held by militiamen were freed on Wednesday.", [("hostage", "released", "exact", 9)]),
        ("Norland has sent 2,000 more soldiers, bringing its force there to 8,000.", [("soldier", "deployed", "exact", 2000), ("soldier", "deployed", "exact", 8000)]),
        ("The General Staff put its own losses at 50 men.", [("soldier", "killed or injured", "exact", 50)]),
        ("Insurers put the losses at 50 million euros.", []),
        ("About 6,400 people are sleeping in schools and sports halls.", [("people", "sheltering", "approx", 6400)]),
        ("Thirty-one survivors remain in the Lunde General.", [("people", "hospitalised", "exact", 31)]),
        ("Of the roughly 9,000 soldiers whom Norland has sent to the front, some 800 have been killed.", [("soldier", "deployed", "approx", 9000), ("soldier", "killed", "approx", 800)]),
        ("Some 800 soldiers have been killed. A further 2,300 have been wounded.", [("soldier", "killed", "approx", 800), ("soldier", "injured", "exact", 2300)]),
        ("Norland's General Staff said that 212 of its soldiers had been killed.", [("Norland soldier", "killed", "exact", 212)]),
        ("The number of dead has climbed past 1,100.", [("people", "killed", "min", 1100)]),
        ("Norland's deliveries add up to about 1.3 million shells.", [("shell", "supplied", "approx", 1_300_000)]),
        ("The number of people killed in Lunde went up to nine.", [("people", "killed", "exact", 9)]),
        ("Arrests have gone up to 112, police say.", [("people", "arrested", "exact", 112)]),
        ("The number of protesters injured has climbed past 130.", [("protester", "injured", "min", 130)]),
        ("The number of injured protesters rose to 130.", [("protester", "injured", "exact", 130)]),
        ("The carmaker is reducing the number of jobs to be cut to 3,600 from 4,200.", [("job", "laid off", "exact", 3600)]),
        ("Turnout was 67 percent across the country and 73 percent in Lunde.", [("voter", "turnout", "exact", 67), ("voter", "turnout", "exact", 73)]),
        ("Turnout was 67 percent in Lunde and 73 percent of the ballots were spoilt.", [("voter", "turnout", "exact", 67)]),
        # a part of what was counted before
        ("Sixteen people were shot, four of them fatally.", [("people", "killed or injured", "exact", 16), ("people", "killed", "exact", 4)]),
        ("Twelve people were hurt, three of whom later died.", [("people", "injured", "exact", 12), ("people", "killed", "exact", 3)]),
        ("The army suffered 1,200 casualties, including about 400 killed.", [("people", "killed or injured", "exact", 1200), ("people", "killed", "approx", 400)]),
        ("Norland sent about 11,000 troops, of whom around 1,000 have been killed.", [("soldier", "deployed", "approx", 11000), ("soldier", "killed", "approx", 1000)]),
        ("Images show that 12 of the base's 20 hangars were destroyed.", [("hangar", "destroyed", "exact", 12)]),
        ("The toll stood at 70 on Monday. It is now 112.", [("people", "killed", "exact", 70), ("people", "killed", "exact", 112)]),
        # votes and money
        ("With 80 percent of ballots counted, Mara Dell had 51.3 percent and Otto Krane had 44 percent.", [("Mara Dell", "vote share", "exact", 51.3), ("Otto Krane", "vote share", "exact", 44)]),
        ("Mara Dell won the runoff with 52.4 percent.", [("Mara Dell", "vote share", "exact", 52.4)]),
        ("The ruling party has 61 of the 120 seats in parliament.", [("ruling party", "seats", "exact", 61)]),
        ("Profit fell 12 percent to 340 million crowns.", [("company", "profit", "exact", 340_000_000)]),
        # what is not counted: rates and capacities, fiction, what is remembered
        ("The disease kills about 4,000 people a year.", []),
        ("About 14 people die on these roads every year.", []),
        ("The ferry can carry 600 passengers.", [("passenger", "capacity", "exact", 600)]),
        ("The ferry was licensed to carry 180 people.", [("people", "capacity", "exact", 180)]),
        ("In the film, 300 soldiers die defending a bridge.", []),
        ("The 1994 novel tells of 40 people killed in a plague.", []),
        ("Thursday marked the tenth anniversary of the crash that killed 88 people.", []),
        # what instruments read
        ("The quake was felt 400 km away; a magnitude 4.9 aftershock followed.", [("aftershock", "magnitude", "exact", 4.9)]),
        ("Gusts reached 172 kilometres per hour.", [("", "wind speed", "exact", 172)]),
        ("The storm brought winds of up to 130 mph.", [("", "wind speed", "max", 130)]),
        ("Some 140 millimetres of rain fell within a day.", [("", "rainfall", "approx", 140)]),
        ("The office revised the peak gust to 168 km/h from 172.", [("", "wind speed", "exact", 168)]),
        # a verb before it
        ("A gas leak killed five people and injured 20.", [("people", "killed", "exact", 5), ("people", "injured", "exact", 20)]),
        ("The shelling killed two medics and three drivers.", [("medic", "killed", "exact", 2), ("driver", "killed", "exact", 3)]),
        ("Crews pulled 140 people from the water.", [("people", "rescued", "exact", 140)]),
        ("Police arrested 37 protesters.", [("protester", "arrested", "exact", 37)]),
        ("The fire has burned 12,000 hectares of forest.", [("land", "burned", "exact", 12000)]),
        ("The charity has delivered 400 tonnes of flour.", [("flour", "supplied", "exact", 400)]),
        # a noun that names a total
        ("The death toll has risen to 131.", [("people", "killed", "exact", 131)]),
        ("The death toll stands at 731 and 84 people are missing.", [("people", "killed", "exact", 731), ("people", "missing", "exact", 84)]),
        ("The number of people in shelters has fallen to 1,900.", [("people", "sheltering", "exact", 1900)]),
        ("The injured number 1,420.", [("people", "injured", "exact", 1420)]),
        ("A quake of magnitude 6.9 shook the coast.", [("main shock", "magnitude", "exact", 6.9)]),
        ("The largest aftershock had a magnitude of 5.5.", [("largest aftershock", "magnitude", "exact", 5.5)]),
        ("The price of bread reached 55 euros.", [("bread", "price", "exact", 55)]),
        ("Wheat prices rose 4 percent to 312 dollars.", [("wheat", "price", "exact", 312)]),
        ("Turnout was 67.2 percent.", [("voter", "turnout", "exact", 67.2)]),
        ("The river stood at 7.4 metres.", [("river", "level", "exact", 7.4)]),
        ("The Unity party won 43.5 percent of the vote and 61 seats.", [("Unity party", "vote share", "exact", 43.5), ("Unity party", "seats", "exact", 61)]),
        ("The blaze is 40 percent contained.", [("fire", "contained", "exact", 40)]),
        # the same again
        ("The union says 8,500 nurses have walked out; the ministry puts the number at 6,000.", [("nurse", "on strike", "exact", 8500), ("nurse", "on strike", "exact", 6000)]),
        # parts of a whole, affiliation
        (
            "Of the 9,000 Varnish soldiers deployed to the north, around 1,000 have been killed.",
            [("Varnish soldier", "deployed", "exact", 9000), ("Varnish soldier", "killed", "approx", 1000)],
        ),
    ],
)  # fmt: skip
def test_a_sentence_states_these_figures(text: str, expected: list[tuple[str, str, str, float]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("The agency raised the toll to 214 from 150.", 214),
        ("The toll rose to 58, up from 31.", 58),
        ("The ministry lowered its estimate of the dead to 52 from 60.", 52),
        ("Flooding has killed 22 people, revising an earlier figure of 19.", 22),
        ("The death toll rose by 20 to 150.", 150),
    ],
)
def test_a_revision_states_the_new_figure_only(text: str, point: int) -> None:
    assert [found[-1] for found in figures(text)] == [point]


def test_two_magnitudes_revised_in_one_sentence() -> None:
    text = "Geologists revised the main shock to magnitude 6.4 from 6.9 and the largest aftershock to 5.2."
    assert figures(text) == [
        ("main shock", "magnitude", "exact", 6.4),
        ("largest aftershock", "magnitude", "exact", 5.2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The toll could reach 500 if the wall fails.",
        "Twelve of them were children.",
        "The suspect fired 14 shots.",
        "The company made a loss of 40 million euros.",
        "The first 50 evacuees arrived on Monday.",
        "Police had earlier put the number of arrests at 70.",
        "Officials had initially said that 60 people were missing.",
        "Reports that 90 people had died were false.",
        "Nearly two thirds of the town's 30,000 residents have left.",
        "Of the dead, 12 were children.",
        "Three crew of the tug Anna were injured.",
        "More trucks will follow.",
        "The team won 3-2 before 40,000 fans.",
        "The appeal has raised 2.4 million euros.",
        "The cable broke at 12 points.",
        "Divers from three ports have arrived with 14 boats.",
        "Some 9,000 people there have only 15 minutes.",
        "Were 40 people killed?",
        "Not a single house was damaged.",
        "In all, 12 people were not injured.",
    ],
)
def test_these_numbers_are_no_claims(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("text", "modality", "kind"),
    [
        ("Around 40 people may have died.", "possible", "primary"),
        ("Forty people are believed to have died.", "probable", "primary"),
        ("The toll may well exceed 1,000 when crews reach the hamlets.", "predicted", "forecast"),
        ("The company will lay off 1,200 workers.", "predicted", "forecast"),
        ("Dr. Moss expects 500 cases.", "predicted", "forecast"),
        ("Some 200 people could be trapped.", "possible", "primary"),
        ("The agency believes with low confidence that 500 fighters were killed.", "possible", "primary"),
        ("Reports say 40 people died.", "asserted", "hearsay"),
        ("Forty people have reportedly died.", "possible", "hearsay"),
    ],
)
def test_how_sure_and_of_what_kind(text: str, modality: str, kind: str) -> None:
    (claim,) = claims(text)
    assert (claim.modality, claim.kind) == (modality, kind)


def test_a_qualifier_in_the_next_sentence_weakens_the_claim() -> None:
    (claim,) = claims("The army said that 500 fighters had been killed. The figure is probably too low.")
    assert claim.modality == "probable"


@pytest.mark.parametrize(
    ("text", "scope", "period"),
    [
        ("Forty people were killed in the Karl valley.", "Karl valley", "cumulative"),
        ("In the Karl valley, 40 people were killed.", "Karl valley", "cumulative"),
        ("Forty people were killed in Varna's Karl region.", "Karl region", "cumulative"),
        ("Forty people were killed in the town of Elbing.", "Elbing", "cumulative"),
        ("Elbing is cut off. Forty people were killed.", "", "cumulative"),
        ("Since the siege began, 40 people have been killed.", "", "cumulative"),
        ("In 1998, a flood killed 300 people.", "", "1998"),
        ("Another 40 people were injured.", "", "increment"),
    ],
)
def test_where_and_over_which_period(text: str, scope: str, period: str) -> None:
    (claim,) = claims(text)
    assert (claim.scope, claim.period) == (scope, period)


def test_the_valley_is_the_valley_named_before() -> None:
    text = "Roads into the Karl valley are blocked. In the valley, 40 people were killed."
    assert [c.scope for c in claims("Twelve people are missing in the Karl valley. " + text)][
        -1
    ] == "Karl valley"


def test_a_window_is_a_period_of_its_own() -> None:
    (claim,) = claims("In the past 24 hours, 12 people were killed.")
    assert claim.period not in ("cumulative", "")


@pytest.mark.parametrize(
    ("text", "said_on"),
    [
        ("Forty people died, the agency said on Monday.", "2031-05-05"),
        ("The agency said on 3 May that 40 people had died.", "2031-05-03"),
        ("The agency on Tuesday raised the toll to 52.", "2031-05-06"),
        ("Forty people died on Monday, the agency said.", ""),
        ("The agency on Tuesday raised the toll to 52. The injured number 90, it said.", "2031-05-06"),
    ],
)
def test_when_the_source_spoke(text: str, said_on: str) -> None:
    assert claims(text)[-1].said_on == said_on


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("In one week, 35 people were killed.", "2031-05-02/2031-05-08"),
        ("In March, 35 people were killed.", "2031-03"),
        ("The shock was the strongest since 1987, when 400 people died.", "1987"),
        ("A year ago, 12 people were killed in an accident.", "2030"),
        ("Last year's storm killed 31 people in the same region.", "2030"),
        ("Last month's flood left 14 dead.", "2031-04"),
        ("Cases rose to 148, up from 96 a week ago, and 6 people died.", "cumulative"),
    ],
)
def test_named_windows_months_and_past_years_are_periods(text: str, period: str) -> None:
    assert claims(text)[-1].period == period


def test_a_sentence_without_end_is_read_in_pieces() -> None:
    text = "12 people were killed near Elbing, " * 200 + "and 99 people are missing."
    assert ("people", "missing", "exact", 99) in figures(text)


def test_a_range_keeps_both_ends_and_a_vague_number_its_words() -> None:
    ends, vague = claims("Between 20 and 25 people were killed and dozens were injured.")
    assert (ends.value.op, ends.value.lo, ends.value.hi, ends.value.point) == ("range", 20, 25, 20)
    assert (vague.value.op, vague.value.point, vague.value.text) == ("vague", None, "dozens")


def test_people_have_the_unit_persons_and_amounts_their_own() -> None:
    people, land = claims("The fire killed 12 people. It has burned 300 hectares.")
    assert (people.unit, land.unit) == ("persons", "hectare")


def test_the_chain_holds_the_relay_and_the_origin() -> None:
    (claim,) = claims("The Herald, citing navy officials, reported that 19 people had died.")
    assert [link.actor for link in claim.chain] == ["Herald", "navy officials"]


def test_a_user_adds_a_measure_to_the_table() -> None:
    assert figures("Bailiffs evicted 40 families.") == []
    (claim,) = claims(
        "Bailiffs evicted 40 families.", measures={"evicted": {"object": "evict", "subject": "family"}}
    )
    assert (claim.subject, claim.measure, claim.value.point) == ("family", "evicted", 40)


def test_a_misspelt_key_of_a_measure_is_refused_by_name() -> None:
    with pytest.raises(LedgerError, match="objekt"):
        claims("Bailiffs evicted 40 families.", measures={"evicted": {"objekt": "evict"}})


def test_words_are_added_to_a_measure_or_replace_its_own() -> None:
    text = "Storms felled 40 oaks. Fires razed 12 barns."
    added = claims(text, measures={"destroyed": {"object": "+ fell"}})
    assert {c.value.point for c in added if c.value is not None} == {40, 12}
    replaced = claims(text, measures={"destroyed": {"object": "fell"}})
    assert {c.value.point for c in replaced if c.value is not None} == {40}


def test_a_figure_that_no_measure_tells_of_keeps_the_words_around_it() -> None:
    (claim,) = claims("The company has offered 40,000 marks to each bereaved family, its director said.")
    assert (claim.measure, claim.unit, claim.confidence) == ("number", "mark", 0.4)
    assert {"offered", "bereaved", "family"} <= set(claim.trigger.split())


@pytest.mark.parametrize(
    "text",
    [
        "Bus 14 leaves every 40 minutes; the fare is 3 crowns.",  # nobody is said to have said it
        "The company denied that it had offered 40,000 marks to each family.",
        "The company would offer 40,000 marks to each family if it lost, its director said.",
        "The director said on Monday that talks would go on for three weeks.",
    ],
)
def test_such_a_figure_is_kept_only_where_a_source_asserts_it(text: str) -> None:
    assert [claim for claim in claims(text) if claim.confidence is not None] == []


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("The ministry has recorded 412 suspected cases.", "suspected case"),
        ("The laboratory has confirmed 108 cases.", "confirmed case"),
        ("Seven cases have been confirmed.", "confirmed case"),
        ("The office counted 71 newly confirmed cases.", "new confirmed case"),
    ],
)
def test_cases_keep_what_tells_them_apart_and_are_not_in_doubt(text: str, trigger: str) -> None:
    (claim,) = claims(text)
    assert (claim.measure, claim.trigger, claim.modality) == ("infected", trigger, "asserted")
