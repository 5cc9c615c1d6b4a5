"""What a reader would say a text counts, measures and bounds; and the laws that hold for any text."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import Article, Quantity, Sentence, Span, TimeSpan
from ledger_numbers import ledger_processors
from ledger_numbers.processor import annotate

TODAY = dt.date(2031, 5, 6)


def quantities(text: str) -> list[Quantity]:
    return [item for item in annotate(text, 0, len(text), TODAY) if isinstance(item, Quantity)]


def only(text: str) -> Quantity:
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("They counted two hundred and two thousand bees.", 202_000),
        ("They counted three-and-a-half million bees.", 3_500_000),
        ("They counted two and a half million bees.", 2_500_000),
        ("They counted half a million bees.", 500_000),
        ("They counted two dozen bees.", 24),
        ("They counted 1.2m bees.", 1_200_000),
        ("They counted 4 thousand 3 hundred and 21 bees.", 4321),
        ("They counted 1,200 bees.", 1200),
        ("They counted 12,34,567 bees.", 1_234_567),
        ("They counted 1 414 021 bees.", 1_414_021),
        ("They counted ninety-nine bees.", 99),
        ("They counted three lakh bees.", 300_000),
    ],
)
def test_numbers_in_digits_words_and_both(text: str, value: int) -> None:
    found = only(text)
    assert (found.kind, found.value, found.noun) == ("cardinal", value, "bee")


@pytest.mark.parametrize(
    ("cue", "op"),
    [
        ("about", "approx"), ("some", "approx"), ("around", "approx"), ("roughly", "approx"), ("nearly", "approx"),
        ("an estimated", "approx"), ("at least", "min"), ("more than", "min"), ("over", "min"), ("no fewer than", "min"),
        ("up to", "max"), ("as many as", "max"), ("fewer than", "max"), ("no more than", "max"), ("not more than", "max"),
    ],
)  # fmt: skip
def test_the_words_before_a_number_set_its_bounds(cue: str, op: str) -> None:
    found = only(f"The storm cut off {cue} 300 villages.")
    assert (found.op, found.value, found.noun) == (op, 300, "village")
    assert (found.low, found.high) == {"approx": (300, 300), "min": (300, None), "max": (None, 300)}[op]
    assert found.quote == f"{cue} 300"


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ("300 villages or more", "min"),
        ("300+ villages", "min"),
        ("300 or so villages", "approx"),
        ("300 or fewer", "max"),
    ],
)
def test_the_words_after_a_number_set_its_bounds(text: str, op: str) -> None:
    assert only(text).op == op


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("between 40 and 50 houses", 40, 50, ""),
        ("40-50 houses", 40, 50, ""),
        ("5 to 10 million litres", 5_000_000, 10_000_000, "liter"),
        ("$3-4bn", 3 * 10**9, 4 * 10**9, "USD"),
        ("10–15 tonnes of rice", 10, 15, "tonne"),
        ("more than 10 but less than 20", 10, 20, ""),
        ("50 to 80%", 50, 80, "percent"),
    ],
)
def test_ranges_keep_both_stated_ends(text: str, low: int, high: int, unit: str) -> None:
    found = only(text)
    assert (found.op, found.value, found.low, found.high, found.unit) == ("range", low, low, high, unit)


def test_a_change_is_two_figures_and_not_a_range() -> None:
    assert [item.value for item in quantities("The toll fell from 60 to 52.")] == [60, 52]
    assert [item.op for item in quantities("The toll rose to 60, up from 52.")] == ["exact", "exact"]


@pytest.mark.parametrize(
    "text",
    [
        "dozens of people",
        "hundreds of thousands of people",
        "several hundred people",
        "tens of thousands of people",
    ],
)
def test_quantity_words_without_a_figure_have_no_value(text: str) -> None:
    found = only(text)
    assert (found.op, found.value, found.low, found.high, found.noun) == ("vague", None, None, None, "people")


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("It costs US$150 million.", "money", 150_000_000, "USD"),
        ("It costs HK$10.05 billion.", "money", 10_050_000_000, "HKD"),
        ("It costs 12 Swedish crowns.", "money", 12, "SEK"),
        ("It costs 2 million crowns.", "money", 2_000_000, "crown"),
        ("It costs 500 roubles.", "money", 500, "RUB"),
        ("It costs 34 cents.", "money", 34, "cent"),
        ("It fell 2.5 per cent.", "percent", 2.5, "percent"),
        ("It fell 2 percentage points.", "percent", 2, "percentage_point"),
        ("It is 30 km away.", "measure", 30, "kilometer"),
        ("It is 1.2m high.", "measure", 1.2, "meter"),
        ("It is -5°C outside.", "measure", -5, "degree_Celsius"),
        ("It weighs 20 pounds.", "measure", 20, "pound"),
        ("It lasted three weeks.", "duration", 3, "week"),
        ("It shook at magnitude 6.8.", "magnitude", 6.8, ""),
        ("It was a 6.8-magnitude shock.", "magnitude", 6.8, ""),
        ("A 23-year-old left.", "age", 23, "year"),
        ("Ada Vale, 47, left.", "age", 47, "year"),
    ],
)
def test_kinds_and_units(text: str, kind: str, value: float, unit: str) -> None:
    found = only(text)
    assert (found.kind, found.value, found.unit) == (kind, value, unit)


def test_later_magnitudes_may_leave_the_word_out() -> None:
    text = "The survey lowered the first tremor to magnitude 7.1 from 7.4 and the strongest later one to 5.9."
    assert [(item.kind, item.value) for item in quantities(text) if item.kind != "ordinal"] == [
        ("magnitude", 7.1), ("magnitude", 7.4), ("magnitude", 5.9)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("two police officers", "police officer"),
        ("two HIMARS rockets", "rocket"),
        ("TWO CHILDREN HURT", "child"),
        ("12 children", "child"),
        ("1,000 Vendrian soldiers have died", "soldier"),
        ("350 wounded civilians", "civilian"),
        ("600 are missing", ""),
        ("one woman was hurt", "woman"),
        ("40 residents fled", "resident"),
    ],
)
def test_what_is_counted_is_named_in_the_singular(text: str, noun: str) -> None:
    assert quantities(text)[0].noun == noun


@pytest.mark.parametrize(
    "text",
    [
        "of the 11,000 settlers in the valley, around 1,000 have left",
        "around 1,000 of the 11,000 settlers have left",
        "There were 11,000 settlers, of whom 1,000 left",
    ],
)
def test_a_part_knows_its_whole_and_takes_its_noun(text: str) -> None:
    part = next(item for item in quantities(text) if item.value == 1000)
    assert (part.whole, part.noun) == (11_000, "settler")


@pytest.mark.parametrize(
    "text",
    [
        "See https://port.example/2031/12345 for more.",
        "Write to desk24@port.example today.",
        "Call +44 20 7946 0958 now.",
        "Call 555-0143 now.",
        "United won 3-1 at home.",
        "They met in 2019.",
        "They met at 14:30 and left at 5 p.m.",
        "The F-16 and the Covid-19 rules",
        "It breaks Article 5 and Section 12.",
        "She lives at 12 Vale Street.",
        "1. Open the lid.",
        "No one came, and no one called.",
        "They spoke on 3 May 2031.",
    ],
)
def test_a_number_that_counts_nothing_is_no_quantity(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It broke on Sunday.", ("instant", "2031-05-04", "", "day")),
        ("It broke on Tuesday.", ("instant", "2031-05-06", "", "day")),
        ("It broke last Tuesday.", ("instant", "2031-04-29", "", "day")),
        ("It broke yesterday.", ("instant", "2031-05-05", "", "day")),
        ("It broke on 3 May.", ("instant", "2031-05-03", "", "day")),
        ("It broke on December 3.", ("instant", "2030-12-03", "", "day")),
        ("It broke on May 3, 2029.", ("instant", "2029-05-03", "", "day")),
        ("It broke in March.", ("instant", "2031-03", "", "month")),
        ("It broke in 2014.", ("instant", "2014", "", "year")),
        ("It broke three days ago.", ("instant", "2031-05-03", "", "day")),
        ("It broke at 5:30 p.m. on Friday.", ("instant", "2031-05-02T17:30", "", "minute")),
        ("It held for the last three weeks.", ("interval", "2031-04-15", "2031-05-06", "day")),
        ("It held from 3 to 5 May.", ("interval", "2031-05-03", "2031-05-05", "day")),
        ("It held in 2016-2018.", ("interval", "2016", "2018", "year")),
        ("It has held since Sunday.", ("since", "2031-05-04", "", "day")),
        ("It held until Sunday.", ("until", "", "2031-05-04", "day")),
        ("By the end of March it held.", ("until", "", "2031-03-31", "day")),
    ],
)
def test_times_are_resolved_against_the_day_of_publication(
    text: str, expected: tuple[str, str, str, str]
) -> None:
    (found,) = (item for item in annotate(text, 0, len(text), TODAY) if isinstance(item, TimeSpan))
    assert (found.kind, found.start, found.end, found.precision) == expected


def test_the_stop_of_the_sentence_is_not_part_of_a_date() -> None:
    text = "Schools open on 19 May. Others wait for Aug. 3."
    assert [item.quote for item in annotate(text, 0, 23, TODAY)] == ["19 May"]
    assert [item.quote for item in annotate(text, 24, len(text), TODAY)] == ["Aug. 3"]


def test_a_duration_is_a_time_and_a_quantity() -> None:
    found = list(annotate("They left in just three months.", 0, 31, TODAY))
    assert [type(item) for item in found] == [TimeSpan, Quantity]
    assert isinstance(found[0], TimeSpan)
    assert found[0].duration == "P3M"


def test_without_a_publication_day_only_complete_dates_are_resolved() -> None:
    text = "On Sunday, three days ago, after 3 May 2031."
    starts = [item.start for item in annotate(text, 0, len(text), None) if isinstance(item, TimeSpan)]
    assert starts == ["", "", "2031-05-03"]


_PIECES = st.sampled_from(
    [
        "one",
        "two",
        "thirty",
        "hundred",
        "thousand",
        "million",
        "and",
        "a",
        "half",
        "third",
        "-",
        "–",
        "to",
        "between",
        "of",
        "the",
        "12",
        "3,400",
        "5.5",
        "$",
        "%",
        "km",
        "people",
        "soldiers",
        "May",
        "Sunday",
        "2031",
        "ago",
        "last",
        "weeks",
        "aged",
        ",",
        ".",
        "(",
        ")",
        "more",
        "than",
        "up",
        "at",
        "least",
        "dozens",
        "several",
        "magnitude",
        "/",
        ":",
        "p.m.",
        "1/2",
        "½",
        "pounds",
        "€",
        "dozen",
        "or",
        "so",
        "+",
        "7th",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=25).map(" ".join) | st.text(max_size=60))
def test_any_text_gives_exact_spans_and_ordered_bounds(text: str) -> None:
    for item in annotate(text, 0, len(text), TODAY):
        assert 0 <= item.span.start < item.span.end <= len(text)
        assert item.quote == text[item.span.start : item.span.end]
        if isinstance(item, Quantity) and item.low is not None and item.high is not None:
            assert item.low <= item.high


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=2, max_value=10**9))
def test_a_written_integer_is_read_back(value: int) -> None:
    assert [item.value for item in quantities(f"They counted {value:,} bees.")] == [value]


def test_hostile_text_without_a_stop_is_read_in_one_pass() -> None:
    for unit in ("one thousand and ", "1-", "1 thousand ", "end of ", "between 1 and ", "$"):
        text = unit * 3000
        assert sum(1 for _ in annotate(text, 0, len(text), TODAY)) >= 0


def test_the_processor_uses_the_publishers_local_day() -> None:
    class Sentences:
        config = None

        def of(self, layer: type, within: Span | None = None) -> list[Sentence]:
            return [Sentence(span=Span(0, 21), quote="It broke on Tuesday. ")]

    (numbers,) = ledger_processors()
    published = dt.datetime(2031, 5, 7, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=10)))
    article = Article(
        id="a",
        revision=1,
        hash="h",
        url="",
        outlet="o",
        title="",
        text="It broke on Wednesday.",
        published=published,
    )
    (found,) = numbers.run(article, Sentences())  # type: ignore[arg-type]
    assert isinstance(found, TimeSpan)
    assert found.start == "2031-05-07"
