"""Files, folders, archives, and feeds that are looked at before they are followed."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from ledger.clock import FixedClock
from ledger.config import Fetch
from ledger.errors import FetchError
from ledger.events import decode
from ledger.feeds import discover as sites
from ledger.feeds.fetch import Fetcher
from ledger.feeds.files import ingest_documents, read_path
from ledger.store.memory import MemoryStore
from ledger.testing.web import FakeWeb

CLOCK = FixedClock("2031-05-05T06:00:00Z")
PAGE = '<html lang="en"><head><link rel="canonical" href="https://brenn.example/1"></head><body><article><h1>Flood in Brenn</h1><p>Twelve people died, the mayor said.</p></article></body></html>'
RSS = "<rss version='2.0'><channel><title>Brenn Post</title><link>https://brenn.example/</link><item><title>Flood in Brenn</title><link>https://brenn.example/1</link><guid>brenn.example:1</guid><description>Twelve people died, the mayor said.</description></item></channel></rss>"
MAIL = "From: Press Office <press@brenn.example>\nDate: Sun, 04 May 2031 08:10:00 +0300\nSubject: Toll rises\n\nThe toll rose to 19,\nthe mayor said.\n\nMore later.\n"


@pytest.fixture
def store():
    return MemoryStore(CLOCK, random.Random(1).randbytes)


def articles(store):
    found = [decode(event) for event in store.read()]
    return [(e.title, store.get_body(e.text.key).decode(), e.outlet) for e in found]


def test_every_kind_of_file_in_a_folder(store, tmp_path):
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text(PAGE)
    (folder / "b.txt").write_text("Toll rises\n\nNineteen people died, the mayor said.\n")
    (folder / "c.json").write_text(
        json.dumps({"title": "J", "text": "One died.", "url": "https://aal.example/7?utm_source=x"})
    )
    (folder / "d.eml").write_text(MAIL)
    (folder / "e.jsonl").write_text(
        '{"title": "L1", "text": "Two died."}\n{"title": "L2", "body": "Three died."}\n'
    )
    (folder / ".hidden").write_text("Nobody")
    report = ingest_documents(store, CLOCK, read_path(tmp_path))
    assert (report.documents, report.new, report.failures) == (5, 6, ())
    assert articles(store) == [
        ("Flood in Brenn", "Twelve people died, the mayor said.", "brenn.example"),
        ("Toll rises", "Nineteen people died, the mayor said.", "local"),
        ("J", "One died.", "aal.example"),
        ("Toll rises", "The toll rose to 19, the mayor said.\n\nMore later.", "brenn.example"),
        ("L1", "Two died.", "local"),
        ("L2", "Three died.", "local"),
    ]


def test_ingesting_again_changes_nothing_and_a_feed_of_the_same_articles_adds_none(store, tmp_path):
    (tmp_path / "a.html").write_text(PAGE)
    first = ingest_documents(store, CLOCK, read_path(tmp_path))
    again = ingest_documents(store, CLOCK, read_path(tmp_path))
    assert (again.new, again.unchanged, again.articles) == (0, 1, first.articles)
    (tmp_path / "feed.xml").write_text(RSS)
    report = ingest_documents(store, CLOCK, read_path(tmp_path / "feed.xml"))
    assert (report.new, report.articles) == (0, first.articles)


def test_what_cannot_be_read_is_listed_and_the_rest_goes_on(store, tmp_path):
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "c.json").write_text("{broken")
    (tmp_path / "d.xml").write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><rss/>")
    (tmp_path / "e.warc.gz").write_bytes(b"\x1f\x8bnothing")
    (tmp_path / "f.html").write_text("<html><body></body></html>")
    (tmp_path / "g.eml").write_text("Subject: nothing\n\n")
    (tmp_path / "h.txt").write_text("One died, the mayor said.")
    with (tmp_path / "i.txt").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    report = ingest_documents(store, CLOCK, read_path(tmp_path))
    assert report.new == 1
    assert [failure.name[-5:] for failure in report.failures] == [
        "a.txt", "b.txt", ".json", "d.xml", "rc.gz", ".html", "g.eml", "i.txt",
    ]  # fmt: skip
    assert all(failure.error for failure in report.failures)
    (missing,) = ingest_documents(store, CLOCK, read_path(tmp_path / "none")).failures
    assert "no such file" in missing.error


def test_outlet_url_and_date_may_be_given(store, tmp_path):
    (tmp_path / "a.txt").write_text("One died, the mayor said.")
    options = {"outlet": "brenn", "url": "https://brenn.example/1", "published": "2031-05-04T05:00:00Z"}
    ingest_documents(store, CLOCK, read_path(tmp_path), **options)
    (tmp_path / "a.txt").write_text("Two died, the mayor said.")
    report = ingest_documents(store, CLOCK, read_path(tmp_path), **options)
    assert report.revised == 1
    second = decode(list(store.read())[1])
    assert (second.outlet, second.revision, second.silent) == ("brenn", 2, True)
    assert second.published.isoformat() == "2031-05-04T05:00:00+00:00"


def ask(web, work):
    async def run():
        fetcher = Fetcher(web, Fetch(), CLOCK)
        try:
            return await work(fetcher)
        finally:
            await fetcher.close()

    return asyncio.run(run())


def test_feeds_are_discovered_by_link_and_by_guess():
    web = FakeWeb()
    web.set(
        "https://brenn.example/",
        '<html><head><link rel="alternate" type="application/rss+xml" href="/news.xml"></head><body><a href="/old">RSS</a></body></html>',
    )
    web.set("https://brenn.example/news.xml", RSS)
    web.set("https://aal.example/", "<html><body>Nothing here</body></html>")
    web.set("https://aal.example/rss.xml", RSS)
    found = ask(web, lambda fetcher: sites.discover(fetcher, "https://brenn.example/"))
    assert [(c.url, c.title, c.kind, c.items) for c in found] == [
        ("https://brenn.example/news.xml", "Brenn Post", "rss", 1)
    ]
    assert [c.url for c in ask(web, lambda f: sites.discover(f, "https://aal.example/"))] == [
        "https://aal.example/rss.xml"
    ]
    assert [c.url for c in ask(web, lambda f: sites.discover(f, "https://brenn.example/news.xml"))] == [
        "https://brenn.example/news.xml"
    ]
    with pytest.raises(FetchError, match="404"):
        ask(web, lambda f: sites.discover(f, "https://none.example/"))


def test_a_feed_can_be_tried_without_recording():
    web = FakeWeb()
    web.set("https://brenn.example/feed", RSS)
    tried = ask(web, lambda fetcher: sites.test_feed(fetcher, "https://brenn.example/feed"))
    (item,) = tried.items
    assert (tried.kind, tried.title, tried.etag) == ("rss", "Brenn Post", True)
    assert (item.title, item.words, item.identity) == ("Flood in Brenn", 6, "guid")


def test_one_page_by_its_url(store):
    web = FakeWeb()
    web.set("https://brenn.example/1", PAGE)
    report = ask(web, lambda f: sites.ingest_url(f, store, CLOCK, "https://brenn.example/1", outlet="brenn"))
    assert report.new == 1
    assert articles(store)[0][2] == "brenn"
    with pytest.raises(FetchError):
        ask(web, lambda f: sites.ingest_url(f, store, CLOCK, "https://brenn.example/2"))
