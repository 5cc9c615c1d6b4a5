"""What makes a revision, and when it was published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.revision import Dates, declared_dates, timing, visible_hash

NINE = datetime(2031, 5, 4, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
NOON = NINE + timedelta(hours=3)


def test_only_what_a_reader_sees_counts():
    assert visible_hash("A  title", "One.\n\nTwo.") == visible_hash("A title", "One. \n\n Two.\u200b")
    assert visible_hash("A title", "23 died.") != visible_hash("A title", "31 died.")
    assert visible_hash("A title", "x") != visible_hash("Another", "x")


def test_a_first_revision_is_dated_by_what_it_declares():
    assert timing(Dates(NINE, TEN), NOON, before=None).p_time == TEN
    assert timing(Dates(NINE), NOON, before=None).p_time == NINE
    assert timing(Dates(), NOON, before=None).p_time is None


def test_an_edit_without_a_new_date_is_silent():
    when = timing(Dates(NINE, NINE), NOON, before=(NINE, NINE))
    assert (when.p_time, when.silent) == (None, True)


def test_an_edit_with_a_new_date_is_not():
    when = timing(Dates(NINE, TEN), NOON, before=(NINE, NINE))
    assert (when.p_time, when.silent) == (TEN, False)


def test_dates_that_move_backwards_do_not_move():
    assert timing(Dates(NINE), NOON, before=(NINE, TEN)).silent


def test_fuller_text_is_no_edit():
    when = timing(Dates(NINE), NOON, before=(NINE, None), fuller=True)
    assert (when.p_time, when.silent) == (NINE, False)


def test_a_time_ahead_of_now_is_not_believed():
    when = timing(Dates(NOON + timedelta(minutes=11)), NOON, before=None)
    assert when.p_time is None
    assert when.flags == ("date-ahead",)
    assert timing(Dates(NOON + timedelta(minutes=9)), NOON, before=None).p_time is not None


def test_a_full_date_is_preferred_and_the_words_are_kept():
    dates = declared_dates(["2031-05-04", "Sun, 04 May 2031 08:10:00 +0300"], [])
    assert dates.published == datetime(2031, 5, 4, 5, 10, tzinfo=UTC)
    assert dates.claimed == {"published": "Sun, 04 May 2031 08:10:00 +0300", "offset": "+03:00"}
    assert dates.flags == ()


def test_an_unreadable_date_is_kept_in_words():
    dates = declared_dates(["vorgestern"], [])
    assert dates.published is None
    assert dates.claimed == {"published": "vorgestern"}
    assert dates.flags == ("published-unreadable",)


def test_a_change_before_the_publication_is_none():
    assert declared_dates(["2031-05-04T10:00:00Z"], ["2031-05-04T09:00:00Z"]).modified is None


instants = st.integers(0, 500_000).map(lambda seconds: NINE + timedelta(seconds=seconds))


@given(
    st.builds(Dates, st.none() | instants, st.none() | instants),
    instants,
    st.none() | st.tuples(st.none() | instants, st.none() | instants),
)
def test_the_published_time_is_never_far_ahead_and_a_silent_edit_has_none(dates, now, before):
    when = timing(dates, now, before=before)
    assert when.p_time is None or when.p_time <= now + timedelta(minutes=10)
    assert not (when.silent and when.p_time)
    assert before is not None or not when.silent
