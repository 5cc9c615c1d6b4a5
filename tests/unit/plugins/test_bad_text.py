"""Text that is no prose: numbers, entities and sentiment neither fail on it nor find what is not there."""

from __future__ import annotations

import datetime as dt
import math

import msgspec
import pytest

from ledger.plugin import Entity, Quantity, TimeSpan
from ledger_entities.processor import annotate as read_entities
from ledger_numbers.processor import annotate as read_numbers
from ledger_sentiment.tone import read_tones, score, score_towards

TODAY = dt.date(2031, 5, 6)
REPEATED = {
    "prose without a stop": "the rain fell on Karrow and ",
    "capitals": "KARROW FELL ",
    "names": "Ada Vale of Orlund Bank (OB) ",
    "initials": "J. R. R. ",
    "one letter": "A",
    "one word of hyphens": "Kim-",
    "digits": "1",
    "groups of digits": "1,000,",
    "spaced digits": "100 000 ",
    "number words": "one thousand and ",
    "scales": "one trillion trillion ",
    "half a range": "between 1 and ",
    "currency signs": "$",
    "percents": "5%-",
    "slashes": "1/",
    "months": "May 3 ",
    "brackets": "((((",
    "quotes": '"“ ',
    "right to left": "مرحبا بالعالم ١٢ ",
    "another language": "Der Regen fiel auf Karrow und ",
    "emoji": "😀👍🏽 ",
    "control characters": "\x00\x07\x1b ",
    "combining marks": "Z̷̢a̶l̵g̷o̸ ",
    "a table": "12\t34\t56\n",
    "tickers": "AAPL 170.12 +1.3% ",
    "results": "Orm 3-1 Vale, ",
    "addresses": "http://a.example/x?y=1&z=2 a@b.example ",
}


def found_in(text: str) -> list[Quantity | TimeSpan | Entity]:
    """What the processors find, checked to lie in the text and to be fit for a ledger."""
    found: list[Quantity | TimeSpan | Entity] = list(read_numbers(text, 0, len(text), TODAY))
    found += read_entities(text, [(0, len(text))])
    for one in found:
        assert 0 <= one.span.start < one.span.end <= len(text)
        assert one.quote == text[one.span.start : one.span.end]
        if isinstance(one, Quantity):
            assert all(value is None or math.isfinite(value) for value in (one.value, one.low, one.high))
    assert msgspec.json.encode(found)
    passage = read_tones(text, 0, len(text))
    assert -1 <= score(passage) <= 1
    assert -1 <= score_towards(passage, 0, 1) <= 1
    return found


@pytest.mark.parametrize("unit", REPEATED.values(), ids=REPEATED)
def test_no_text_makes_a_processor_fail(unit: str) -> None:
    found_in(unit * (3_000 // len(unit)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["prose without a stop", "capitals", "digits", "number words", "one word of hyphens"]
)
def test_two_megabytes_of_it_without_a_stop_are_read(name: str) -> None:
    unit = REPEATED[name]
    found_in(unit * (2_000_000 // len(unit)))


@pytest.mark.parametrize(
    "text", ["", "a", "?", "\n", "\u200b", "\ufeff", "\x00", "😀", "١", "½", "%", "$", "#1", "1" * 5000]
)
def test_a_sign_alone_is_read(text: str) -> None:
    found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Orm 3-1 Vale",
        "Vale won 6-4, 7-5, 6-2 in the final.",
        "Call 555-1234 or +1 202 555 0147.",
        "ISBN 978-3-16-148410-0",
        "192.168.0.1:8080",
        "See Section 4.2 and Table 3.",
        "v2.10.3",
        "9" * 60,
        "1,000," * 20,
    ],
)
def test_what_counts_nothing_is_no_quantity(text: str) -> None:
    assert [one for one in found_in(text) if isinstance(one, Quantity) and one.kind != "ordinal"] == []


@pytest.mark.parametrize(
    "text", ["()[]{}", "--- *** ---", "12 34 56", "😀😀😀", "lorem ipsum dolor sit amet"]
)
def test_what_names_nobody_has_no_entity(text: str) -> None:
    assert [one for one in found_in(text) if isinstance(one, Entity)] == []
