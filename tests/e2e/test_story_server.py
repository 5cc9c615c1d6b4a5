"""What a client of the demo server sees."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ledger.errors import InputError, UsageError
from ledger.testing.demo import StoryServer


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def test_feeds_and_pages_link_to_the_loopback_address(seeds: Path) -> None:
    with StoryServer(seeds) as story:
        status, headers, body = get(story.feeds["hws"])
        assert status == 200
        assert headers["content-type"].startswith("application/rss+xml")
        assert headers["date"] == "Wed, 29 Jan 2025 18:00:00 GMT"
        link = story.url("https://haldenwire.example/2025/01/29/western-officials-count-north-korean-dead")
        assert link.encode() in body
        assert b"https://haldenwire.example/" not in body
        status, headers, body = get(link)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"About 1,000 North Korean soldiers" in body
        assert story.original(link).startswith("https://haldenwire.example/2025/")
        assert story.original("https://elsewhere.example/a") == "https://elsewhere.example/a"


def test_an_unchanged_document_is_answered_304_until_it_changes(seeds: Path) -> None:
    with StoryServer(seeds) as story:
        feed = story.feeds["courier"]
        etag = get(feed)[1]["etag"]
        assert get(feed, **{"If-None-Match": etag})[0] == 304
        story.move_to(1)
        status, headers, _ = get(feed, **{"If-None-Match": etag})
        assert status == 200
        assert headers["etag"] != etag


def test_a_feed_that_is_down_answers_503_and_its_pages_stay(seeds: Path) -> None:
    with StoryServer(seeds) as story:
        story.move_to(4)
        assert story.recorded_at == "2025-02-03T18:00:00Z"
        assert get(story.feeds["vbc"])[0] == 503
        assert (
            get(story.url("https://vesperbroadcasting.example/news/2025/01/31/prisoners-in-kyiv"))[0] == 200
        )


def test_a_page_appears_changes_and_outlives_the_window(seeds: Path) -> None:
    with StoryServer(seeds) as story:
        seoul = story.url("https://aldermoorcourier.example/world/2025/01/30/seoul-counts-fewer-dead")
        first = story.url("https://haldenwire.example/2025/01/29/western-officials-count-north-korean-dead")
        assert get(seoul)[0] == 404
        story.move_to(1)
        assert b"Some 1,100 North Korean soldiers" in get(seoul)[2]
        story.move_to(6)
        assert b"Some 11,000 North Korean soldiers" in get(seoul)[2]
        assert first.encode() not in get(story.feeds["hws"])[2]
        assert get(first)[0] == 200
        story.move_to(0)
        assert get(seoul)[0] == 404


@pytest.mark.parametrize(
    "path", ["/", "/robots.txt", "/haldenwire.example/../registry.json", "/%2e%2e/etc/passwd"]
)
def test_nothing_else_is_served(seeds: Path, path: str) -> None:
    with StoryServer(seeds) as story:
        assert get(f"http://{story.address}{path}")[0] == 404


def test_misuse_is_told_apart(seeds: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        StoryServer(tmp_path)
    (tmp_path / "manifest.json").write_text('{"story": "x"}')
    with pytest.raises(InputError, match="outlets"):
        StoryServer(tmp_path)
    missing = {
        "story": "x",
        "outlets": {"a": {"name": "A", "feed": "https://a.example/f", "format": "rss"}},
        "polls": [{"recorded_at": "2025-01-01T00:00:00Z", "feeds": {"a": "gone.xml"}}],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(missing))
    with pytest.raises(InputError, match=r"gone\.xml"), StoryServer(tmp_path):
        pass
    with pytest.raises(UsageError, match="not being served"):
        _ = StoryServer(seeds).address
    with StoryServer(seeds) as story, pytest.raises(UsageError, match="from 0 to 6"):
        story.move_to(7)
