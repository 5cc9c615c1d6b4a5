"""Declared dates: right, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.dates import parse_declared

CASES = [
    [part.strip() for part in line.rsplit("|", 1 + (line.count("|") > 1))]
    for line in (Path(__file__).parent / "dates.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("text", "utc", "flags"), [(*case, "")[:3] for case in CASES])
def test_a_declared_date_is_right_or_not_read_at_all(text, utc, flags):
    declared = parse_declared(text)
    if utc == "-":
        assert declared is None
    else:
        assert declared is not None
        assert declared.at.astimezone(UTC) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
        assert declared.flags == ((flags,) if flags else ())


def test_no_text_is_no_date():
    assert parse_declared("") is None
    assert parse_declared("2026-01-01T12:00:00Z" + " " * 500) is None


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
