"""Declared dates: right, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.dates import parse_declared

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Thu, 01 Jan 2026 12:00:00 GMT", NOON),
        ("Thu, 01 Jan 2026 12:00:00 +0000", NOON),
        ("Thu, 1 Jan 26 12:00 UT", NOON),
        ("1 January 2026 12:00:00 Z", NOON),
        ("Thu, 01 Jan 2026 14:00:00 CEST", NOON),
        ("Thu, 01 Jan 2026 13:00:00 CET", NOON),
        ("Thu, 01 Jan 2026 13:00:00 BST", NOON),
        ("Thu, 01 Jan 2026 21:00:00 JST", NOON),
        ("Thu, 01 Jan 2026 23:00:00 AEDT", NOON),
        ("Thu, 01 Jan 2026 07:00:00 EST", NOON),
        ("Thu, 01 Jan 2026 13:00:00 +0100 (CET)", NOON),
        ("Thu, 01 Jan 2026 14:00:00 GMT+2", NOON),
        ("Thu, 01-Jan-2026 12:00:00 GMT", NOON),
        ("2026-01-01T12:00:00Z", NOON),
        ("2026-01-01t12:00:00z", NOON),
        ("2026-01-01T17:30:00+05:30", NOON),
        ("2026-01-01 12:00:00 +0000", NOON),
        ("2026-01-01T12:00:00,000Z", NOON),
        ("20260101T120000Z", NOON),
        ("January 1, 2026 7:00 AM EST", NOON),
        ("Thu Jan  1 12:00:00 UTC 2026", NOON),
        ("1767268800", NOON),
        ("1767268800000", NOON),
        ("2025-12-31T24:00:00Z", NOON - timedelta(hours=12)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_declared_date_is_read_to_the_second(text, utc):
    declared = parse_declared(text)
    assert declared is not None
    assert declared.at.astimezone(UTC) == utc
    assert declared.flags == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Thu, 01 Jan 2026 12:00:00 IST",  # Ireland, Israel or India
        "Thu, 01 Jan 2026 12:00:00 XYZT",
        "Thu, 01 Jan 2026 12:00:00 A",  # military letters were used both ways round
        "01/02/2026",
        "2026-02-30T12:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T12:00:00+99:00",
        "0000-00-00 00:00:00",
        "1970-01-01T00:00:00Z",
        "0",
        "2026",
        "2026-01",
        "Thu, 01 Foo 2026 12:00:00 GMT",
        "99999999999999999999",
    ],
)
def test_doubt_gives_no_date(text):
    assert parse_declared(text) is None


def test_a_date_without_zone_or_hour_says_so():
    assert parse_declared("2026-01-01T12:00:00").flags == ("no-zone",)
    assert parse_declared("2026-01-01").flags == ("day-only",)


def test_the_publisher_s_offset_is_kept():
    assert parse_declared("Sun, 04 May 2031 08:10:00 +0300").at.utcoffset() == timedelta(hours=3)


@given(
    st.integers(min_value=631_260_000, max_value=7_258_000_000),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_both_standard_forms_round_trip(seconds, offset):
    instant = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset)))
    assert parse_declared(instant.isoformat()).at == instant
    assert parse_declared(format_datetime(instant)).at == instant


@given(st.text(max_size=60))
def test_any_text_gives_a_date_or_none(text):
    declared = parse_declared(text)
    assert declared is None or declared.at.tzinfo is not None
