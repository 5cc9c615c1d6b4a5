"""What is recorded beside the articles: sightings, unlisting, likenesses with their figures; and ingestion replayed."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import FixedClock
from ledger.config import Fetch, Settings
from ledger.errors import FetchError
from ledger.events import decode, new_event
from ledger.events.types import PayloadRedacted
from ledger.feeds.changes import revision_changes
from ledger.feeds.fetch import Fetcher, RobotsError, UnreachableError
from ledger.feeds.figures import figure_differences
from ledger.feeds.files import Failure, IngestReport
from ledger.feeds.ingest import PRODUCER
from ledger.feeds.metrics import metrics_text, overview
from ledger.feeds.poll import Poller
from ledger.feeds.replay import replay_ingestion
from ledger.feeds.similar import containment, mark_similar, sketch
from ledger.feeds.sources import poll_sources
from ledger.feeds.subscriptions import add_feed, list_feeds, remove_feed
from ledger.plugin import Extracted, Extractor
from ledger.store.memory import MemoryStore
from ledger.testing.web import FakeWeb

WIRE = (
    "At least 23 people were killed when a ferry sank off the port of Brenn on Sunday, the harbour police said. "
    "The ferry was carrying more than 140 passengers from the island of Nord when it was hit by a wave in bad weather. "
    "Rescue boats and two helicopters searched for survivors until late in the evening, and 61 people were brought to hospitals. "
    "The ministry of transport said that an investigation had been opened and that the captain was being questioned."
)


class Desk:
    def __init__(self):
        self.clock = FixedClock("2031-05-04T06:00:00Z")
        self.store = MemoryStore(self.clock, random.Random(5).randbytes)
        self.web = FakeWeb()
        self.extractor = None

    def feed(self, name, *numbers, texts=None, order=1):
        """Let the outlet `name` list these items, the newest first."""
        items = "".join(
            f"<item><title>Report {n}</title><link>https://{name}.example/{n}</link><guid>{name}.example:{n}</guid>"
            f"<pubDate>Sun, 04 May 2031 0{n // 10}:{n % 10:02}:00 GMT</pubDate>"
            f"<description>{(texts or {}).get(n, f'The council of {name} decided on matter {n}.')}</description></item>"
            for n in numbers
        )
        self.web.set(
            f"https://{name}.example/feed",
            f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>",
            content_type="application/rss+xml; charset=utf-8",
        )
        return add_feed(self.store, self.clock, f"https://{name}.example/feed", outlet="brenn")

    def poll(self, minutes=60.0, **fetch):
        settings = Settings(home=Path("unused"), fetch=Fetch(**fetch))
        self.clock.advance(minutes * 60)

        async def work():
            fetcher = Fetcher(self.web, settings.fetch, self.clock)
            poller = Poller(self.store, fetcher, self.clock, settings, extractor=self.extractor)
            return await poller.poll(force=True)

        return asyncio.run(work())

    def events(self, kind):
        return [decode(stored) for stored in self.store.read(types=(kind,))]


@pytest.fixture
def desk():
    return Desk()


# -- sightings and unlisting -----------------------------------------------------------------------------------------


def test_an_article_that_another_feed_lists_too_is_sighted_there(desk):
    first = desk.feed("brenn", 3, 2, 1)
    desk.poll(pages=False)
    add_feed(desk.store, desk.clock, "https://sport.example/feed", outlet="brenn")
    body = "<rss version='2.0'><channel><item><guid>brenn.example:2</guid><link>https://brenn.example/2</link><title>Report 2</title><description>The council of brenn decided on matter 2.</description></item></channel></rss>"
    desk.web.set("https://sport.example/feed", body)
    desk.poll(pages=False)
    desk.poll(pages=False)
    (sighted,) = desk.events("article.sighted")
    assert sighted.feed != first
    assert [one.url for one in sighted.sightings] == ["https://brenn.example/2"]
    assert len(desk.events("article.ingested")) == 3


def test_what_comes_back_into_a_feed_is_sighted_again(desk):
    desk.feed("brenn", 3, 2, 1)
    desk.poll(pages=False)
    desk.feed("brenn", 3)
    desk.poll(pages=False)
    desk.feed("brenn", 3, 1)
    desk.poll(pages=False)
    assert [[s.guid for s in e.sightings] for e in desk.events("article.sighted")] == [["brenn.example:1"]]


@pytest.mark.parametrize(
    ("before", "after", "unlisted"),
    [
        ((5, 4, 3, 2, 1), (5, 4, 2, 1), [3]),
        ((5, 4, 3, 2, 1), (7, 6, 5, 3, 2), [4]),
        ((5, 4, 3, 2, 1), (7, 6, 5, 4), []),
        ((5, 4, 3, 2, 1), (9, 8, 7, 6), []),
        ((5, 4, 3, 2, 1), (4, 3, 2, 1), []),
        ((1, 2, 3, 4, 5), (1, 2, 4, 5), [3]),
        ((3, 5, 1, 4, 2), (3, 1, 4, 2), []),
        ((2, 1), (2,), []),
    ],
)
def test_only_what_is_missing_between_older_and_younger_items_is_unlisted(desk, before, after, unlisted):
    desk.feed("brenn", *before)
    desk.poll(pages=False)
    desk.feed("brenn", *after)
    desk.poll(pages=False)
    desk.poll(pages=False)
    assert [e.url for e in desk.events("article.unlisted")] == [
        f"https://brenn.example/{n}" for n in unlisted
    ]
    assert desk.events("article.withdrawn") == []


def test_a_document_that_broke_off_unlists_nothing(desk):
    desk.feed("brenn", 5, 4, 3, 2, 1)
    desk.poll(pages=False)
    desk.feed("brenn", 5, 3, 2, 1, texts={1: "x" * 300})
    page = desk.web._pages["https://brenn.example/feed"]
    desk.web.set("https://brenn.example/feed", page.body[:-200], content_type="application/rss+xml")
    desk.poll(pages=False)
    assert desk.events("article.unlisted") == []


# -- likenesses ------------------------------------------------------------------------------------------------------


def test_three_versions_of_a_wire_story_are_alike_and_their_figures_told(desk):
    for outlet, text in (
        ("wire", WIRE),
        ("tide", WIRE.replace("At least 23", "At least 31").replace("140", "150")),
        ("post", " ".join(WIRE.split()[:45])),
    ):
        desk.feed(outlet, 1, texts={1: text})
        desk.poll(pages=False)
    desk.feed("else", 1, texts={1: WIRE.replace("ferry", "train").replace("people", "sheep").upper()[::-1]})
    desk.poll(pages=False)
    assert mark_similar(desk.store, desk.clock.now()) >= 2
    found = desk.events("article.matched")
    first = desk.events("article.ingested")[0].article
    assert {mark.other for mark in found if mark.other == first} == {first}
    changed = next(mark for mark in found if mark.figures)
    assert [(one.before, one.after) for one in changed.figures] == [("23", "31"), ("140", "150")]
    assert "people were killed" in changed.figures[0].context
    assert all(mark.containment >= 0.5 for mark in found)
    assert mark_similar(desk.store, desk.clock.now()) == 0


def test_marking_in_parts_or_again_after_a_loss_gives_the_same(desk):
    for n, outlet in enumerate(("wire", "tide", "post")):
        desk.feed(outlet, 1, texts={1: WIRE.replace("23", str(23 + n))})
        desk.poll(pages=False)
        mark_similar(desk.store, desk.clock.now())
    before = desk.store.head().position
    desk.store.drop_task("similar", "articles")
    mark_similar(desk.store, desk.clock.now())
    assert desk.store.head().position == before
    assert len(desk.events("article.matched")) == 2


def test_a_likeness_goes_with_the_article_that_is_redacted(desk):
    for outlet in ("wire", "tide"):
        desk.feed(outlet, 1, texts={1: WIRE})
        desk.poll(pages=False)
    mark_similar(desk.store, desk.clock.now())
    (mark,) = desk.store.read(types=("article.matched",))
    sources = {event.id for event in desk.store.read(types=("article.ingested",))}
    assert set(mark.envelope.causes) == sources


def test_an_old_story_is_no_likeness(desk):
    desk.feed("wire", 1, texts={1: WIRE})
    desk.poll(pages=False)
    mark_similar(desk.store, desk.clock.now())
    desk.clock.advance(8 * 86400)
    desk.feed("tide", 1, texts={1: WIRE})
    desk.poll(pages=False)
    assert mark_similar(desk.store, desk.clock.now()) == 0


words = st.lists(st.sampled_from(WIRE.split()), min_size=0, max_size=300).map(" ".join)


@given(words, words)
def test_containment_is_a_share_and_has_no_direction(one, other):
    share = containment(sketch(one), sketch(other))
    assert 0.0 <= share <= 1.0
    assert share == containment(sketch(other), sketch(one))
    assert containment(sketch(one), sketch(one)) == (1.0 if sketch(one) else 0.0)


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("At least 23 people died.", "At least 31 people died.", [("23", "31")]),
        ("Twenty-three people died.", "Thirty people died.", [("Twenty-three", "Thirty")]),
        ("It cost $1.5 and 10% more.", "It cost $2.5 and 12% more.", [("$1.5", "$2.5"), ("10%", "12%")]),
        ("Two people died.", "Two people died, and 5 were hurt.", []),
        ("It fell in 2029.", "It fell.", []),
        ("No figures here.", "None here either.", []),
    ],
)
def test_figures_that_differ(before, after, pairs):
    assert [(one.before, one.after) for one in figure_differences(before, after)] == pairs


def test_changes_of_a_feed_show_text_and_figures(desk):
    feed = desk.feed("wire", 1, texts={1: WIRE})
    desk.poll(pages=False)
    desk.feed("wire", 1, texts={1: WIRE.replace("23", "31")})
    desk.poll(pages=False)
    (change,) = revision_changes(desk.store, feed)
    assert (change.revision, change.silent) == (2, True)
    assert [(one.before, one.after) for one in change.figures] == [("23", "31")]
    assert any(line.startswith("+At least 31") for line in change.diff)


# -- replay ----------------------------------------------------------------------------------------------------------

PAGE = "<html lang='en'><head><meta charset='utf-8'><meta property='article:published_time' content='2031-05-04T05:00:00Z'><title>Report 1</title></head><body><nav>home</nav><article><h1>Report 1</h1><p>{}</p></article></body></html>"


def test_ingestion_replayed_from_the_kept_documents_is_identical(desk):
    desk.feed("brenn", 3, 2, 1)
    desk.web.set("https://brenn.example/1", PAGE.format(WIRE))
    desk.web.set(
        "https://brenn.example/2", PAGE.format("Größe").encode("cp1252").replace(b"utf-8", b"x"),
        content_type="text/html; charset=windows-1252",
    )  # fmt: skip
    desk.poll()
    desk.web.set("https://brenn.example/1", PAGE.format(WIRE.replace("23", "31")))
    desk.poll()
    desk.feed("brenn", 4, 3, 2, 1, texts={3: "The council of brenn decided otherwise on matter 3."})
    desk.poll()
    found = replay_ingestion(desk.store)
    assert (found.holds, found.others) == (True, ())
    assert found.counts == {"identical": 6, "differs": 0, "not kept": 0}


def test_a_replay_sees_what_was_changed_or_removed(desk, monkeypatch):
    desk.feed("brenn", 1)
    desk.web.set("https://brenn.example/1", PAGE.format(WIRE))
    desk.poll()
    monkeypatch.setattr(
        "ledger.feeds.replay.extract_page", lambda *_, **__: (_ for _ in ()).throw(FetchError("no"))
    )
    found = replay_ingestion(desk.store)
    assert not found.holds
    assert found.others[0].outcome == "differs"
    (event,) = desk.events("article.ingested")
    order = PayloadRedacted(positions=(), bodies=(event.raw.key,), by="desk", reason="test")
    desk.store.append([new_event(order, stream="ledger", producer=PRODUCER)])
    desk.store.redact((), (event.raw.key,))
    assert replay_ingestion(desk.store).counts == {"identical": 0, "differs": 0, "not kept": 1}


# -- plugins in polling ----------------------------------------------------------------------------------------------


def test_a_page_of_another_media_type_is_read_by_a_plugin(desk):
    reader = Extractor(
        name="notes", version="2", media_types=("text/x-note",), extract=lambda body, _url: Extracted(title="Note", text=body.decode())
    )  # fmt: skip
    desk.extractor = lambda media_type: reader if media_type in reader.media_types else None
    desk.feed("brenn", 1)
    desk.web.set("https://brenn.example/1", WIRE, content_type="text/x-note")
    desk.poll()
    (event,) = desk.events("article.ingested")
    assert (event.title, event.extractor) == ("Note", "notes 2")
    assert desk.store.get_body(event.text.key).decode() == WIRE
    assert replay_ingestion(desk.store, extractor=desk.extractor).counts["identical"] == 1
    assert not replay_ingestion(desk.store).holds


def test_a_source_is_followed_like_a_feed(desk):
    key = add_feed(desk.store, desk.clock, "folder:/news", outlet="brenn", interval=600)
    answers = [
        IngestReport(documents=2, new=2, articles=("a-1", "a-2")),
        IngestReport(),
        FetchError("The folder is away"),
        IngestReport(documents=1, failures=(Failure("x", "It is broken"),)),
    ]
    asked = []

    def read(kind, location, outlet):
        asked.append((kind, location, outlet))
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    schedule = Settings(home=Path("unused")).schedule
    seen = []
    for _ in range(4):
        seen += poll_sources(desk.store, desk.clock, schedule, read, force=True)
        assert poll_sources(desk.store, desk.clock, schedule, read) == []
        desk.clock.advance(1)
    assert asked == [("folder", "/news", "brenn")] * 4
    assert [one.outcome for one in seen] == ["changed", "unchanged", "error", "error"]
    assert [(e.outcome, e.new) for e in desk.events("feed.fetched")] == [
        ("changed", 2), ("unchanged", 0), ("error", 0), ("error", 0),
    ]  # fmt: skip
    (status,) = list_feeds(desk.store, desk.clock.now())
    assert (status.feed, status.health, status.error) == (key, "failing", "It is broken")
    remove_feed(desk.store, "folder:/news")
    assert list_feeds(desk.store) == []


def test_only_the_sources_that_are_named_are_claimed_and_one_at_a_time(desk):
    first, second, third = (
        add_feed(desk.store, desk.clock, f"folder:/news/{n}", outlet="brenn") for n in range(3)
    )
    others = []

    def read(kind, location, outlet):
        others.append({task.key for task in desk.store.tasks("source") if task.owner})
        return IngestReport()

    schedule = Settings(home=Path("unused")).schedule
    fences = {task.key: task.fence for task in desk.store.tasks("source")}
    seen = poll_sources(desk.store, desk.clock, schedule, read, only={first, third})
    assert [one.feed for one in seen] == sorted([first, third])
    assert sorted(others, key=sorted) == sorted([{first}, {third}], key=sorted)
    assert {task.key: task.fence for task in desk.store.tasks("source")}[second] == fences[second]
    assert [one.feed for one in poll_sources(desk.store, desk.clock, schedule, read)] == [second]


# -- the reasons of failures, and the state of all feeds -------------------------------------------------------------


def ask(web, url, clock):
    async def work():
        return await Fetcher(web, Fetch(), clock).page(url)

    return asyncio.run(work())


def test_a_host_that_is_not_there_is_no_matter_of_robots_txt(desk):
    gone = UnreachableError("The host name does not resolve", which="http://nohost.example/robots.txt")
    desk.web.fail("http://nohost.example/robots.txt", gone)
    with pytest.raises(UnreachableError, match="does not resolve"):
        ask(desk.web, "http://nohost.example/x", desk.clock)
    desk.web.set("https://brenn.example/robots.txt", "", status=503)
    with pytest.raises(RobotsError, match=r"robots\.txt answers with HTTP status 503"):
        ask(desk.web, "https://brenn.example/x", desk.clock)
    desk.web.set("https://nord.example/robots.txt", "User-agent: *\nDisallow: /", content_type="text/plain")
    with pytest.raises(RobotsError, match="does not let this page"):
        ask(desk.web, "https://nord.example/x", desk.clock)


def test_an_hour_without_network_punishes_nobody(desk):
    names = [f"o{n}" for n in range(5)]
    for name in names:
        desk.feed(name, 1)
    desk.poll(pages=False)
    for name in names:
        desk.web.fail(
            f"https://{name}.example/feed", UnreachableError("The host cannot be reached", which=name)
        )
    for _ in range(6):
        assert desk.poll(10, pages=False).offline
    feeds = list_feeds(desk.store, desk.clock.now())
    assert {feed.score for feed in feeds} == {0.0}
    assert max(feed.next_at for feed in feeds) <= desk.clock.now() + timedelta(minutes=11)


def test_a_clock_that_steps_back_starts_no_storm(desk):
    desk.feed("brenn", 1)
    desk.poll(pages=False)
    asked = len(desk.web.requests)
    desk.clock.advance(-3 * 3600)
    settings = Settings(home=Path("unused"))

    async def tick():
        fetcher = Fetcher(desk.web, settings.fetch, desk.clock)
        return await Poller(desk.store, fetcher, desk.clock, settings).poll()

    for _ in range(20):
        assert asyncio.run(tick()).feeds == ()
        desk.clock.advance(15)
    assert len(desk.web.requests) == asked


def test_the_state_of_all_feeds_at_a_glance(desk):
    for name in ("good", "bad", "quiet"):
        desk.feed(name, 1)
    desk.web.remove("https://bad.example/feed")
    desk.poll(pages=False)
    desk.clock.advance(8 * 86400)
    desk.feed("good", 2, 1)
    desk.poll(pages=False)
    seen = overview(desk.store, desk.clock.now())
    assert seen.health == {"ok": 1, "new": 0, "silent": 1, "failing": 1, "stale": 0, "gone": 0}
    assert [feed.url for feed in seen.unwell] == ["https://bad.example/feed", "https://quiet.example/feed"]
    assert seen.quiet == 0
    text = metrics_text(desk.store, desk.clock.now())
    assert 'newsledger_feeds{health="silent"} 1\n' in text
    assert "newsledger_feed_polls_total 6\n" in text
    assert all(line.startswith("#") or len(line.split()) == 2 for line in text.splitlines())
