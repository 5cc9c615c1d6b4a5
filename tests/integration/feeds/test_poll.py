"""Polling as an operator sees it: what is recorded, what is reported, what is asked again."""

from __future__ import annotations

import asyncio
import itertools
import random
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from ledger.clock import FixedClock, format_time
from ledger.config import Fetch, Schedule, Settings
from ledger.errors import ConflictError, UsageError
from ledger.events import decode, new_event
from ledger.events.types import PayloadRedacted
from ledger.feeds.fetch import Fetcher, UnreachableError
from ledger.feeds.holders import new_owner
from ledger.feeds.poll import Poller
from ledger.feeds.subscriptions import add_feed, feed_history, list_feeds, remove_feed
from ledger.store.memory import MemoryStore
from ledger.store.protocol import TaskDone
from ledger.testing.web import FakeWeb

FEED = "https://brenn.example/feed.xml"
FIRST = "Twelve people died in the flood on Sunday, the mayor of Brenn said."
SECOND = "Nineteen people died in the flood on Sunday, the mayor of Brenn said."


def page(text=FIRST, title="Flood in Brenn", published="2031-05-04T05:00:00Z", modified=None):
    changed = f'<meta property="article:modified_time" content="{modified}">' if modified else ""
    return (
        f'<html lang="en"><head><title>{title} | Brenn Post</title><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{published}">{changed}</head>'
        f"<body><nav>812 links</nav><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )


def entry(
    n=1, title="Flood in Brenn", text="Flood.", content="", date="Sun, 04 May 2031 05:00:00 GMT", guid=None
):
    full = f"<content:encoded><![CDATA[<p>{content}</p>]]></content:encoded>" if content else ""
    return (
        f"<item><title>{title}</title><link>https://brenn.example/{n}</link><guid isPermaLink='false'>"
        f"{guid or f'brenn.example:{n}'}</guid><pubDate>{date}</pubDate><description>{text}</description>{full}</item>"
    )


def rss(*entries, note=""):
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Brenn Post</title><link>https://brenn.example/</link><!-- {note} -->{''.join(entries)}</channel></rss>"
    )


class Desk:
    """A store, a web and a clock, and what was recorded."""

    def __init__(self, seed=1, **fetch):
        self.clock = FixedClock("2031-05-04T06:00:00Z")
        self.store = MemoryStore(self.clock, random.Random(seed).randbytes)
        self.web = FakeWeb()
        self.settings = Settings(home=Path("unused"), fetch=msgspec.structs.replace(Fetch(), **fetch))

    def add(self, url=FEED, **facts):
        return add_feed(self.store, self.clock, url, **facts)

    def poll(self, hours=0.0, **options):
        self.clock.advance(hours * 3600)
        options = {"force": True, **options}

        async def work():
            fetcher = Fetcher(self.web, self.settings.fetch, self.clock)
            try:
                return await Poller(self.store, fetcher, self.clock, self.settings).poll(**options)
            finally:
                await fetcher.close()

        return asyncio.run(work())

    def events(self, prefix=""):
        return [decode(event) for event in self.store.read() if event.type.startswith(prefix)]

    def revisions(self):
        return [e for e in self.events("article.") if hasattr(e, "text")]

    def text(self, event):
        return self.store.get_body(event.text.key).decode()

    def asked(self, url):
        return sum(request.url == url for request in self.web.requests)


@pytest.fixture
def desk():
    desk = Desk()
    desk.add()
    desk.web.set(FEED, rss(entry()), content_type="application/rss+xml")
    desk.web.set("https://brenn.example/1", page())
    return desk


def test_a_new_article_is_recorded_with_its_page_and_dates(desk):
    report = desk.poll()
    (article,) = desk.revisions()
    assert (report.new, report.revised, report.errors) == (1, 0, ())
    assert (article.title, desk.text(article)) == ("Flood in Brenn", FIRST)
    assert (article.outlet, article.url, article.language) == (
        "brenn.example",
        "https://brenn.example/1",
        "en",
    )
    assert format_time(article.p_time) == "2031-05-04T05:00:00Z"
    assert desk.store.get_body(article.raw.key) == page().encode()
    assert [e.outcome for e in desk.events("feed.fetched")] == ["changed"]
    assert desk.store.get_body(desk.events("feed.fetched")[0].body.key) == rss(entry()).encode()


def test_an_unchanged_feed_is_asked_conditionally_and_adds_nothing(desk):
    desk.poll()
    before = desk.store.head()
    report = desk.poll(hours=1)
    assert [feed.status for feed in report.feeds] == [304]
    assert desk.store.head() == before


def test_a_silent_edit_of_a_page_is_found_though_the_feed_stays(desk):
    desk.poll()
    desk.web.set("https://brenn.example/1", page(SECOND))
    assert desk.poll(hours=2).revised == 1
    first, second = desk.revisions()
    assert (second.revision, second.silent, second.p_time) == (2, True, None)
    assert (second.article, second.previous_hash) == (first.article, first.hash)
    assert desk.text(second) == SECOND


def test_a_declared_edit_is_dated_by_its_declaration(desk):
    desk.poll()
    desk.web.set("https://brenn.example/1", page(SECOND, modified="2031-05-04T07:30:00Z"))
    desk.poll(hours=2)
    second = desk.revisions()[1]
    assert (format_time(second.p_time), second.silent) == ("2031-05-04T07:30:00Z", False)


def test_counters_markup_dates_and_order_make_no_revision(desk):
    desk.poll()
    for n in range(5):
        desk.web.set(FEED, rss(entry(), note=f"nonce {n}"))
        desk.web.set(
            "https://brenn.example/1", page(modified=f"2031-05-04T0{n + 1}:00:00Z").replace("812", str(n))
        )
        assert desk.poll(hours=1).revised == 0
    assert len(desk.revisions()) == 1


def test_a_page_that_fails_later_or_leaves_the_window_stays_as_it_was(desk):
    desk.poll()
    desk.web.remove("https://brenn.example/1")
    report = desk.poll(hours=1)
    assert "404" in report.feeds[0].skipped[0]
    desk.web.set(FEED, rss(entry(2)))
    desk.poll(hours=1)
    desk.web.set(FEED, b"", status=503)
    assert desk.poll(hours=1).errors[0].status == 503
    assert len([e for e in desk.events("article.") if e.article == desk.revisions()[0].article]) == 1


def test_a_page_that_is_gone_twice_a_day_apart_is_withdrawn(desk):
    desk.poll()
    desk.web.set("https://brenn.example/1", b"", status=410)
    desk.poll(hours=1)
    assert desk.events("article.withdrawn") == []
    desk.poll(hours=25)
    desk.poll(hours=25)
    (withdrawn,) = desk.events("article.withdrawn")
    assert (withdrawn.article, withdrawn.reason) == (desk.revisions()[0].article, "gone")


def test_without_its_page_the_feed_s_own_text_counts_and_the_page_comes_later(desk):
    desk.web.remove("https://brenn.example/1")
    desk.web.set(FEED, rss(entry(text="Twelve died.")))
    desk.poll()
    assert desk.text(desk.revisions()[0]) == "Twelve died."
    desk.web.set("https://brenn.example/1", page())
    desk.poll(hours=1)
    second = desk.revisions()[1]
    assert desk.text(second) == FIRST
    assert (second.silent, "fuller" in second.flags) == (False, True)
    assert format_time(second.p_time) == "2031-05-04T05:00:00Z"


def test_a_feed_with_more_text_than_its_page_is_preferred_until_the_page_is_edited(desk):
    rest = "The fire brigade brought boats from three towns, and the bridge at Aal is closed. " * 3
    desk.web.set(FEED, rss(entry(content=f"{FIRST}</p><p>{rest}")))
    desk.poll()
    assert desk.text(desk.revisions()[0]).startswith(f"{FIRST}\n\nThe fire brigade")
    desk.poll(hours=1)
    assert len(desk.revisions()) == 1
    desk.web.set("https://brenn.example/1", page("We withdraw this report.", title="Withdrawn"))
    desk.poll(hours=1)
    assert desk.text(desk.revisions()[1]) == "We withdraw this report."


def test_a_page_is_looked_at_again_on_schedule_without_force(desk):
    desk.poll(force=False)
    desk.poll(hours=0.4, force=False)
    assert desk.asked("https://brenn.example/1") == 1
    desk.poll(hours=1, force=False)
    assert desk.asked("https://brenn.example/1") == 2
    for _ in range(40):
        desk.poll(hours=6, force=False)
    assert desk.asked("https://brenn.example/1") == 6
    last = [r for r in desk.web.requests if r.url == "https://brenn.example/1"][-1]
    assert "if-none-match" in last.headers


def test_guid_changes_links_with_tracking_and_two_feeds_are_one_article(desk):
    desk.add("https://brenn.example/world.xml")
    other = entry(guid="brenn.example:new-guid").replace("brenn.example/1", "brenn.example/1?utm_source=rss")
    desk.web.set("https://brenn.example/world.xml", rss(other))
    desk.web.set("https://brenn.example/1?utm_source=rss", page())
    desk.poll()
    desk.web.set(FEED, rss(entry(guid="brenn.example:third-guid")))
    desk.poll(hours=1)
    assert len({e.article for e in desk.revisions()}) == 1
    assert len(desk.revisions()) == 1


def test_a_canonical_link_joins_the_same_article_but_not_different_ones(desk):
    link = '<link rel="canonical" href="https://brenn.example/{}"></head>'
    desk.web.set(FEED, rss(entry(1), entry(2), entry(3, title="Fire in Aal"), entry(4, title="Vote in Aal")))
    for n, (title, text, target) in enumerate(
        [("Flood in Brenn", FIRST, "flood"), ("Flood in Brenn", FIRST, "flood"), ("Fire in Aal", "One.", "all"), ("Vote in Aal", "Two.", "all")],
        start=1,
    ):  # fmt: skip
        desk.web.set(f"https://brenn.example/{n}", page(text, title).replace("</head>", link.format(target)))
    assert desk.poll().new == 3
    assert len({e.article for e in desk.revisions()}) == len(desk.revisions()) == 3


def test_a_changed_figure_in_wire_copy_is_never_swallowed():
    desk = Desk(pages=False)
    desk.add()
    desk.add("https://aal.example/feed.xml")
    desk.web.set(FEED, rss(entry(content="BRENN (WIRE) - The flood killed 23 people, officials said.")))
    desk.web.set(
        "https://aal.example/feed.xml",
        rss(entry(content="BRENN (WIRE) - The flood killed 31 people, officials said.")),
    )
    desk.poll()
    assert sorted(desk.text(e)[30:33] for e in desk.revisions()) == ["d 2", "d 3"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_feeds_does_not_matter(order):
    feeds = ["https://brenn.example/a.xml", "https://brenn.example/b.xml", "https://aal.example/c.xml"]
    documents = [rss(entry(text="Short.")), rss(entry(content=FIRST)), rss(entry(text="Short."))]
    found = []
    for sequence in (range(3), order):
        desk = Desk()
        for n in sequence:
            desk.add(feeds[n])
        for url, document in zip(feeds, documents, strict=True):
            desk.web.set(url, document)
        desk.poll()
        found.append([(e.article, e.revision, e.hash, e.outlet, e.feed) for e in desk.revisions()])
    assert found[0] == found[1]


def test_bad_feeds_are_reported_and_do_no_harm(desk):
    bad = {
        "https://bad.example/html": b"<!doctype html><html></html>",
        "https://bad.example/empty": b"",
        "https://bad.example/laughs": b'<!DOCTYPE x [<!ENTITY a "b">]><rss><channel><title>&a;</title></channel></rss>',
        "https://bad.example/deep": b"<rss>" + b"<a>" * 200_000,
    }
    for url, body in bad.items():
        desk.add(url)
        desk.web.set(url, body)
    desk.add("https://dead.example/feed")
    desk.web.fail("https://dead.example/feed", UnreachableError("The host name does not resolve"))
    report = desk.poll()
    assert report.new == 1
    assert {feed.url for feed in report.errors} == {*bad, "https://dead.example/feed"}
    assert all(feed.error for feed in report.errors)
    health = {feed.url: feed.health for feed in list_feeds(desk.store)}
    assert health[FEED] == "ok"
    assert set(health.values()) == {"ok", "failing"}


def test_a_surprise_in_one_feed_does_not_stop_the_others(desk):
    class Odd(FakeWeb):
        @asynccontextmanager
        async def exchange(self, url, headers):
            if "odd.example" in url:
                raise ZeroDivisionError("odd")
            async with super().exchange(url, headers) as answer:
                yield answer

    desk.web = Odd()
    desk.web.set(FEED, rss(entry(content=FIRST)))
    desk.add("https://odd.example/feed.xml")
    report = desk.poll()
    assert report.new == 1
    assert ["ZeroDivisionError" in feed.error for feed in report.errors] == [True]


def test_one_bad_page_does_not_stop_the_others(desk):
    desk.web.set(FEED, rss(entry(1), entry(2), entry(3, text="")))
    desk.web.set("https://brenn.example/2", b"%PDF-1.7", content_type="application/pdf")
    report = desk.poll()
    assert report.new == 2
    assert len(report.feeds[0].skipped) == 2


def test_an_error_is_an_event_once_and_waits_longer_each_time(desk):
    desk.web.set(FEED, b"", status=500)
    waits = []
    for _ in range(4):
        report = desk.poll(hours=30)
        waits.append((report.feeds[0].next_at - desk.clock.now()).total_seconds())
    assert waits == sorted(waits)
    assert len(desk.events("feed.fetched")) == 1
    desk.web.set(FEED, rss(entry()))
    desk.poll(hours=1)
    assert [e.outcome for e in desk.events("feed.fetched")] == ["error", "changed"]
    assert list_feeds(desk.store)[0].score == 0
    assert [poll.outcome for poll in feed_history(desk.store, FEED)] == ["error"] * 4 + ["changed"]


def test_when_most_hosts_fail_it_is_our_own_network():
    desk = Desk()
    for n in range(5):
        url = f"https://o{n}.example/feed"
        desk.add(url)
        desk.web.fail(url, UnreachableError("The host cannot be reached", which=url))
    assert desk.poll().offline
    assert {feed.score for feed in list_feeds(desk.store)} == {0.0}
    desk.web.set("https://o1.example/feed", rss(entry()))
    desk.web.set("https://o2.example/feed", rss(entry()))
    desk.web.set("https://o3.example/feed", rss(entry()))
    assert not desk.poll(hours=1).offline
    assert sorted(feed.score > 0 for feed in list_feeds(desk.store)) == [False, False, False, True, True]


def test_a_permanent_move_is_believed_after_three_polls_over_two_days(desk):
    new = "https://moved.example/feed.xml"
    desk.web.set(FEED, b"", status=301, headers={"Location": new})
    desk.web.set(new, rss(entry()))
    for _ in range(2):
        desk.poll(hours=30)
    assert list_feeds(desk.store)[0].url == FEED
    desk.poll(hours=30)
    status = list_feeds(desk.store)[0]
    assert status.url == new
    assert [e.url for e in desk.events("feed.changed")] == [new]
    desk.poll(hours=1)
    assert desk.web.requests[-2].url != FEED


def test_from_http_to_https_on_one_host_at_once():
    desk = Desk()
    desk.add("http://brenn.example/feed.xml")
    desk.web.set("http://brenn.example/feed.xml", b"", status=301, headers={"Location": FEED})
    desk.web.set(FEED, rss(entry()))
    desk.poll()
    assert list_feeds(desk.store)[0].url == FEED


def test_a_feed_that_is_gone_is_probed_weekly_and_a_dead_one_called_stale(desk):
    desk.web.set(FEED, b"", status=410)
    desk.poll()
    report = desk.poll(hours=25)
    assert report.feeds[0].outcome == "gone"
    assert (report.feeds[0].next_at - desk.clock.now()).days >= 6
    desk.poll(hours=24 * 31)
    assert [e.reason.partition(":")[0] for e in desk.events("feed.changed")] == ["stale"]
    desk.web.set(FEED, rss(entry()))
    assert desk.poll(hours=1).new == 1


def test_retry_after_is_remembered_for_the_host_across_polls(desk):
    desk.add("https://brenn.example/world.xml")
    desk.web.set(FEED, b"", status=429, headers={"Retry-After": "7200"})
    desk.web.set("https://brenn.example/world.xml", b"", status=429, headers={"Retry-After": "7200"})
    desk.poll()
    asked = len(desk.web.requests)
    desk.poll(hours=1)
    assert len(desk.web.requests) == asked
    assert {feed.score for feed in list_feeds(desk.store)} == {0.5, 0.0}
    desk.web.set(FEED, rss(entry()))
    desk.web.set("https://brenn.example/world.xml", rss(entry()))
    assert desk.poll(hours=1.1).new == 1


def test_a_lost_lease_writes_nothing(desk):
    desk.clock.advance(1)
    (mine,) = desk.store.claim(
        "feed", now=desk.clock.now(), owner="mine", lease_seconds=10, limit=9, force=True
    )
    (held,) = desk.poll().feeds
    assert held.outcome == "taken"
    assert "holds it until 2031-05-04T06:00:11Z" in held.error
    desk.clock.advance(11)
    assert desk.poll().new == 1
    assert mine.fence == 1


def test_what_a_dead_process_of_this_host_held_is_free_at_once_for_a_poll_by_hand(desk):
    ended = subprocess.run(
        [sys.executable, "-c", "from ledger.feeds.holders import new_owner; print(new_owner())"],
        capture_output=True,
        text=True,
        check=True,
    )
    desk.clock.advance(1)
    for owner, outcome in ((new_owner(), "taken"), (ended.stdout.strip(), "changed")):
        desk.clock.advance(400)
        (held,) = desk.store.claim(
            "feed", now=desk.clock.now(), owner=owner, lease_seconds=300, limit=9, force=True
        )
        assert [one.outcome for one in desk.poll().feeds] == [outcome]
    with pytest.raises(ConflictError):
        desk.store.append(
            [], tasks=[TaskDone(kind="feed", key=held.key, fence=held.fence, next_at=held.next_at, data=b"")]
        )


def test_a_crash_before_the_append_is_only_another_fetch(desk):
    desk.store.claim("feed", now=desk.clock.now(), owner="dead", lease_seconds=300, limit=9)
    assert desk.poll(hours=1).new == 1
    assert len(desk.revisions()) == 1


def test_forgotten_memory_makes_no_second_article(desk):
    feed = desk.add()
    desk.poll()
    remove_feed(desk.store, feed, by="ada")
    assert desk.poll(hours=1).feeds == ()
    desk.add()
    assert desk.poll(hours=1).new == 0
    assert [e.TYPE for e in desk.events("feed.") if e.TYPE != "feed.fetched"] == [
        "feed.added",
        "feed.removed",
        "feed.added",
    ]


def test_a_forced_poll_reaches_every_feed_whenever_it_is_due():
    desk = Desk(concurrency=2)
    for n in range(23):
        url = f"https://o{n}.example/feed"
        desk.add(url)
        if n % 3:
            desk.web.set(url, rss(entry()))
    for _ in range(3):
        assert len(desk.poll(hours=1).feeds) == 23
    assert {feed.polls for feed in list_feeds(desk.store)} == {3}


@pytest.mark.parametrize("force", [True, False])
def test_no_feed_of_a_host_with_many_is_left_out_and_a_slow_one_holds_up_no_other(force):
    class Slow(FakeWeb):
        @asynccontextmanager
        async def exchange(self, url, headers):
            async with super().exchange(url, headers) as answer:
                if url.endswith("/0"):
                    await asyncio.wait_for(last.wait(), 20)
                await asyncio.sleep(0)
                if url.endswith("/40"):
                    last.set()
                yield answer

    last = asyncio.Event()
    desk = Desk(concurrency=4)
    desk.web = Slow()
    for n in range(41):
        desk.add(f"https://brenn.example/{n}", outlet=f"o{n}")
        desk.web.set(f"https://brenn.example/{n}", rss(entry(n, title=f"Report {n}", guid=f"g{n}")))
    report = desk.poll(force=force)
    assert [len(report.feeds), report.new, report.errors] == [41, 41, ()]


def test_robots_txt_is_asked_once_a_day_across_polls(desk):
    robots = "https://brenn.example/robots.txt"
    desk.web.set(robots, "User-agent: *\nDisallow: /2\n", content_type="text/plain")
    desk.web.set("https://brenn.example/2", page(SECOND))
    for _ in range(3):
        desk.web.set(FEED, rss(entry(1), entry(2, text="Short.")))
        desk.poll(hours=2)
    assert (desk.asked(robots), desk.asked("https://brenn.example/2")) == (1, 0)
    desk.poll(hours=24)
    assert desk.asked(robots) == 2


def test_a_page_that_hangs_does_not_outlast_the_lease(desk):
    class Hanging(FakeWeb):
        @asynccontextmanager
        async def exchange(self, url, headers):
            if url == "https://brenn.example/1":
                await asyncio.Event().wait()
            async with super().exchange(url, headers) as answer:
                yield answer

    desk.web = Hanging()
    desk.web.set(FEED, rss(entry(text="Twelve died.")))
    desk.settings = msgspec.structs.replace(desk.settings, schedule=Schedule(lease=0.2))
    report = desk.poll()
    assert report.feeds[0].skipped == ("No time left for https://brenn.example/1",)
    assert desk.text(desk.revisions()[0]) == "Twelve died."


def test_only_named_feeds_are_polled_and_the_others_stay_due(desk):
    other = desk.add("https://aal.example/feed.xml")
    due = {task.key: task.next_at for task in desk.store.tasks("feed")}
    report = desk.poll(only={desk.add()})
    assert [feed.url for feed in report.feeds] == [FEED]
    assert {t.key: t.next_at for t in desk.store.tasks("feed")}[other] == due[other]
    assert desk.poll(force=False, limit=1).feeds[0].feed == other


def test_colliding_guids_change_the_policy_once(desk):
    desk.web.set(FEED, rss(*(entry(n, title=f"T{n}", guid="the-same-guid") for n in range(5))))
    assert desk.poll().new == 5
    desk.web.set(FEED, rss(*(entry(n, title=f"T{n}", guid=f"guid-number-{n}") for n in range(5))))
    assert desk.poll(hours=1).new == 0
    assert len(desk.events("feed.changed")) == 1


def test_a_redacted_article_is_not_taken_up_again(desk):
    desk.poll()
    (stored,) = (e for e in desk.store.read() if e.type == "article.ingested")
    event = PayloadRedacted(positions=(stored.position,), bodies=(), by="court", reason="order")
    desk.store.append([new_event(event, stream="ledger", producer=stored.envelope.producer)])
    desk.store.redact([stored.position], [])
    desk.web.set("https://brenn.example/1", page(SECOND))
    assert desk.poll(hours=1).revised == 0


def test_an_article_that_changes_all_the_time_is_called_noisy():
    desk = Desk(pages=False)
    desk.add()
    for n in range(40):
        desk.web.set(FEED, rss(entry(content=f"There are {n} comments so far on this page.")))
        report = desk.poll(hours=0.2)
    assert len(desk.revisions()) == 24
    assert "changes too often" in report.feeds[0].skipped[0]


def test_dates_that_cannot_be_or_lie_ahead_leave_the_recorded_time():
    desk = Desk(pages=False)
    desk.add()
    desk.web.set(
        FEED,
        rss(entry(1, content="One.", date="Mon, 05 May 2031 05:00:00 GMT"), entry(2, content="Two.", date="IST"),
            entry(3, content="Three.", date="")),
    )  # fmt: skip
    desk.poll()
    ahead, unreadable, undated = sorted(desk.revisions(), key=lambda e: e.guid)
    assert ahead.p_time is unreadable.p_time is undated.p_time is None
    assert "date-ahead" in ahead.flags
    assert unreadable.claimed_dates == {"published": "IST"}


def test_adding_a_feed_again_changes_it_and_nonsense_is_refused(desk):
    feed = desk.add(outlet="brenn", interval=3600)
    assert [(e.outlet, e.interval) for e in desk.events("feed.changed")] == [("brenn", 3600)]
    assert list_feeds(desk.store)[0].fixed
    assert desk.add(outlet="brenn") == feed
    assert len(desk.events("feed.changed")) == 1
    for url in ("brenn.example/feed", "file:///etc/passwd", "http://user:pw@brenn.example/"):
        with pytest.raises(UsageError):
            desk.add(url)
    with pytest.raises(UsageError):
        desk.add(interval=1)
