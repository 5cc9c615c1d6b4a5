"""OPML, archives, and when a feed is due."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.config import Schedule
from ledger.errors import InputError, UsageError
from ledger.feeds.due import error_delay, jittered, next_interval, next_look
from ledger.feeds.memory import FeedMemory
from ledger.feeds.opml import Subscription, read_opml, write_opml
from ledger.feeds.subscriptions import feed_address, silent_after
from ledger.feeds.warc import read_warc

NOW = datetime(2031, 5, 4, tzinfo=UTC)
SCHEDULE = Schedule()
names = st.text("abÄß&<>\"'-", min_size=1, max_size=6)


@given(
    st.lists(
        st.builds(Subscription, url=st.integers(1, 99).map(lambda n: f"https://o{n}.example/f?a=1&b=2"), title=names, folder=st.lists(names, max_size=2).map("/".join)),
        unique_by=lambda s: s.url,
        max_size=6,
    )
)  # fmt: skip
def test_opml_round_trips(feeds):
    assert sorted(read_opml(write_opml(feeds)), key=lambda f: f.url) == sorted(feeds, key=lambda f: f.url)


def test_opml_that_is_none_or_has_entities():
    for body in (b"", b"hello", b"<rss/>", b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>'):
        with pytest.raises(InputError):
            read_opml(body)


def record(kind, url, content):
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def test_warc_gives_good_answers_only(tmp_path):
    good = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(b"<p>x</p>")
    )
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    bad = b"HTTP/1.1 404 Not Found\r\n\r\nno"
    records = [
        record("warcinfo", "", b"x"),
        record("response", "https://o.example/1", good),
        record("response", "https://o.example/2", bad),
        record("response", "https://o.example/3", chunked),
    ]
    file = tmp_path / "a.warc.gz"
    file.write_bytes(b"".join(gzip.compress(r) for r in records))
    assert [(p.url, p.body, p.charset) for p in read_warc(file)] == [
        ("https://o.example/1", b"<p>x</p>", "utf-8"),
        ("https://o.example/3", b"abcde", ""),
    ]
    file.write_bytes(b"no archive")
    with pytest.raises(InputError):
        list(read_warc(file))


def test_a_busy_feed_is_asked_more_often_and_a_quiet_one_less():
    def after(**facts):
        return next_interval(1800, steady=True, schedule=SCHEDULE, **facts)

    assert after(items=30, known=3, changed=True) == 900
    assert after(items=30, known=29, changed=True) == 2250
    assert after(items=0, known=0, changed=False) == pytest.approx(1980)
    assert next_interval(1800, items=30, known=0, changed=True, steady=False, schedule=SCHEDULE) == 1800


@given(st.floats(0, 1e6), st.integers(0, 50), st.integers(0, 50), st.booleans(), st.booleans())
def test_the_interval_stays_within_its_bounds(interval, items, known, changed, steady):
    after = next_interval(
        interval, items=items, known=known, changed=changed, steady=steady, schedule=SCHEDULE
    )
    assert SCHEDULE.min_interval <= after <= SCHEDULE.max_interval


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_errors_never_shorten_the_wait(one, two):
    low, high = sorted((one, two))
    assert error_delay(1800, low, SCHEDULE) <= error_delay(1800, high, SCHEDULE) <= SCHEDULE.max_interval


@given(st.text(max_size=10), st.floats(1, 1e5))
def test_jitter_is_at_most_a_tenth_and_always_the_same(feed, seconds):
    due = jittered(feed, NOW, seconds)
    assert due == jittered(feed, NOW, seconds)
    assert seconds * 0.9 - 1 <= (due - NOW).total_seconds() <= seconds * 1.1 + 1


def test_pages_are_looked_at_five_times_in_a_week():
    looks, now = [], NOW
    while (look := next_look(NOW, now)) is not None:
        looks.append(look - NOW)
        now = look
    assert looks == [
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    ]


def heard(*days):
    memory = FeedMemory(url="https://outlet.example/feed")
    for day in days:
        memory.hear(NOW + timedelta(days=day))
    return silent_after(memory)


def test_a_feed_is_silent_by_its_own_rhythm():
    assert heard() == heard(0) == timedelta(days=7)
    assert heard(*(hour / 24 for hour in range(30))) == timedelta(days=1)
    assert heard(*range(20)) == timedelta(days=10)
    assert heard(*range(0, 90, 7)) == timedelta(days=60)
    slowing = heard(*range(20), 25, 30, 35)
    assert timedelta(days=10) < slowing < timedelta(days=50)


@pytest.mark.parametrize(
    "text", ["RUBBISH", "", "ftp://outlet.example/feed", "https://", "http://[::1", "two words"]
)
def test_what_is_no_address_is_told_so_in_one_sentence(text):
    with pytest.raises(UsageError) as refused:
        feed_address(text)
    assert str(refused.value).count("Not the address of a feed or site") == 1


def test_an_address_with_a_password_is_refused_with_the_reason():
    with pytest.raises(UsageError, match=r"credentials"):
        feed_address("https://ada:secret@outlet.example/feed")
