"""Whole stories, told by different hands, from feeds to the reported state: a ferry, a front, a flood.

A story file holds polls, a registry, the reports with their revisions, and what a careful reader makes of them.
"""

from __future__ import annotations

import html
import json
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ledger import open_ledger
from ledger.config import load_settings
from ledger.testing import FakeWeb, FixedClock

STORIES = Path(__file__).with_name("stories")
WINDOW = 4


def address(story: dict[str, Any], document: dict[str, Any]) -> str:
    return f"https://{story['registry']['outlets'][document['outlet']]['host']}/{document['id']}"


def paragraphs(version: dict[str, Any]) -> str:
    return "".join(f"<p>{html.escape(each)}</p>\n" for each in version["text"])


def page(document: dict[str, Any], version: dict[str, Any]) -> str:
    title = html.escape(document["title"])
    modified = version.get("modified", version["published"])
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="article:published_time" content="{version["published"]}">
<meta property="article:modified_time" content="{modified}"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>{title}</h1>
{paragraphs(version)}</article><aside><h3>Most read</h3><ul><li><a href="/1">35 dead in coach crash</a></li></ul></aside>
</body></html>"""


def rss(story: dict[str, Any], items: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    entries = "".join(
        f"<item><title>{html.escape(document['title'])}</title><link>{address(story, document)}</link>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(version['published']))}</pubDate>"
        f"<description>{html.escape(version['text'][0])}</description></item>"
        for document, version in items
    )
    return f'<rss version="2.0"><channel><title>x</title><link>https://x.example/</link>{entries}</channel></rss>'


def atom(story: dict[str, Any], items: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    entries = "".join(
        f'<entry><title>{html.escape(document["title"])}</title><link href="{address(story, document)}"/>'
        f"<id>{address(story, document)}</id><published>{version['published']}</published>"
        f"<updated>{version.get('modified', version['published'])}</updated>"
        f'<content type="html">{html.escape(paragraphs(version))}</content></entry>'
        for document, version in items
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>urn:x</id>'
        f"<updated>2031-01-01T00:00:00Z</updated>{entries}</feed>"
    )


def show(web: FakeWeb, story: dict[str, Any], poll: int) -> None:
    """Put the feeds and pages of one poll on the web: each feed holds the newest reports of its outlet."""
    for outlet, kind in story["formats"].items():
        items = []
        for document in (each for each in story["documents"] if each["outlet"] == outlet):
            out = [version for version in document["versions"] if version["poll"] <= poll]
            if out:
                items.append((document, out[-1]))
                web.set(
                    address(story, document),
                    page(document, out[-1]).encode(),
                    content_type="text/html; charset=utf-8",
                )
        newest = sorted(items, key=lambda item: item[1]["published"], reverse=True)[:WINDOW]
        body = rss(story, newest) if kind == "rss" else atom(story, newest)
        web.set(feed(story, outlet), body.encode(), content_type=f"application/{kind}+xml")


def feed(story: dict[str, Any], outlet: str) -> str:
    return f"https://{story['registry']['outlets'][outlet]['host']}/feed.xml"


@pytest.mark.parametrize("name", ["ferry", "flood", "front"])
def test_a_story_ends_in_the_state_that_a_careful_reader_expects(name: str, tmp_path: Path) -> None:
    story = json.loads((STORIES / f"{name}.json").read_text("utf-8"))
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps(story["registry"]), "utf-8")
    web, clock = FakeWeb(), FixedClock(story["polls"][0])
    home = tmp_path / "home"
    home.mkdir()
    with open_ledger(settings=load_settings(home), clock=clock, transport=web, isolate="never") as opened:
        opened.sources.load(registry)
        for outlet in story["formats"]:
            opened.feeds.add(feed(story, outlet), outlet=outlet)
        for number, recorded_at in enumerate(story["polls"]):
            clock.set(recorded_at)
            show(web, story, number)
            assert not opened.poll(force=True).errors
        found = {slot["id"]: slot for slot in json.loads(json.dumps(opened.state().to_dict()))["slots"]}
    for slot, expected in story["expected"].items():
        have = {key: found[slot][key] for key in expected if key != "best"}
        have["best"] = found[slot]["best"]["point"]
        assert have == expected, slot
