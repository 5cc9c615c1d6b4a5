"""The demo corpus agrees with itself: feeds, pages, dates, claims coded by hand, and the state worked out from them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import lxml.html
import pytest
import trafilatura

from ledger.state.registry import dump_registry, load_registry
from ledger.testing.demo import Manifest, seeds_folder

WORDS = {"two": 2, "twelve": 12}
SEEDS = seeds_folder()
DOCUMENTS = json.loads((SEEDS / "claims_input.json").read_text("utf-8"))["documents"]
VERSIONS = [
    pytest.param(document, version, id=f"{document['id']}.v{version['n']}")
    for document in DOCUMENTS
    for version in document["versions"]
]


@cache
def page(file: str) -> Any:
    return lxml.html.document_fromstring((SEEDS / file).read_text("utf-8"))


def paragraphs(file: str) -> list[str]:
    """The body of a report as a reader sees it: the paragraphs of the article without its byline."""
    return [each.text_content() for each in page(file).xpath("//article//p[not(@class='byline')]")]


def declared(file: str, name: str) -> datetime:
    (value,) = page(file).xpath(f"//meta[@property='article:{name}_time']/@content")
    return datetime.fromisoformat(value).astimezone(UTC)


def numbers(sentence: str) -> set[float]:
    """Every figure that the sentence states, in digits or in words."""
    digits = {float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)}
    return digits | {float(WORDS[word]) for word in sentence.lower().split() if word in WORDS}


@pytest.mark.parametrize(("document", "version"), VERSIONS)
def test_a_page_extracts_to_its_paragraphs_and_nothing_else(
    document: dict[str, Any], version: dict[str, Any]
) -> None:
    raw = (SEEDS / version["file"]).read_text("utf-8")
    (title,) = page(version["file"]).xpath("//h1/text()")
    text = trafilatura.extract(raw, fast=True, include_comments=False, include_tables=False)
    assert text is not None
    assert text.removeprefix(title + "\n").split("\n") == paragraphs(version["file"])


@pytest.mark.parametrize(("document", "version"), VERSIONS)
def test_claims_coded_by_hand_stand_in_the_text(document: dict[str, Any], version: dict[str, Any]) -> None:
    text = paragraphs(version["file"])
    for claim in version["claims"]:
        assert any(claim["sentence"] in each for each in text), claim["sentence"]
        value = claim["value"] or {"point": None}
        if isinstance(value["point"], int):
            assert float(value["point"]) in numbers(claim["sentence"]), claim


@pytest.mark.parametrize(("document", "version"), VERSIONS)
def test_times_of_versions_are_what_the_publisher_declares(
    document: dict[str, Any], version: dict[str, Any], manifest: Manifest
) -> None:
    first_seen = next(
        poll.recorded_at for poll in manifest.polls if poll.articles.get(document["url"]) == version["file"]
    )
    assert version["recorded_at"] == first_seen
    p_time = datetime.fromisoformat(version["p_time"])
    if version["n"] == 1:
        assert p_time == declared(version["file"], "published")
        return
    before = document["versions"][version["n"] - 2]["file"]
    if declared(version["file"], "modified") == declared(before, "modified"):
        assert p_time == datetime.fromisoformat(first_seen), "a silent edit is dated by the poll that sees it"
    else:
        assert p_time == declared(version["file"], "modified")


def test_feeds_parse_and_show_the_pages_of_their_poll(seeds: Path, manifest: Manifest) -> None:
    for poll in manifest.polls:
        for key, file in poll.feeds.items():
            outlet = manifest.outlets[key]
            prefix = outlet.feed.rsplit("example/", 1)[0] + "example/"
            visible = {url: path for url, path in poll.articles.items() if url.startswith(prefix)}
            if file is None:
                assert visible == {}
                continue
            items = items_of(seeds / file, outlet.format)
            assert {item["url"] for item in items} == set(visible)
            for item in items:
                body = paragraphs(visible[item["url"]])
                (title,) = page(visible[item["url"]]).xpath("//h1/text()")
                assert item["title"] == title
                assert item["paragraphs"] == (body if outlet.body == "full" else body[:1])
                assert item["published"] == declared(visible[item["url"]], "published")


def items_of(path: Path, kind: str) -> list[dict[str, Any]]:
    if kind == "json":
        return [
            {
                "url": item["url"],
                "title": item["title"],
                "paragraphs": blocks(item["content_html"]),
                "published": datetime.fromisoformat(item["date_published"]).astimezone(UTC),
            }
            for item in json.loads(path.read_text("utf-8"))["items"]
        ]
    feed = feedparser.parse(path.read_bytes())
    assert not feed.bozo, path
    return [
        {
            "url": entry.link,
            "title": entry.title,
            "paragraphs": blocks(entry.content[0].value if "content" in entry else entry.summary),
            "published": datetime(*entry.published_parsed[:6], tzinfo=UTC),
        }
        for entry in feed.entries
    ]


def blocks(markup: str) -> list[str]:
    return [each.text_content() for each in lxml.html.fragments_fromstring(f"<div>{markup}</div>")[0]] or [
        markup
    ]


def test_the_parts_of_the_corpus_that_the_readme_promises(seeds: Path, coded: dict[str, Any]) -> None:
    readme = (seeds / "README.md").read_text("utf-8")
    for document in coded["documents"]:
        assert f"| {document['id']} |" in readme
    kinds = {c["kind"] for d in coded["documents"] for v in d["versions"] for c in v["claims"]}
    assert {"primary", "derived", "wire", "echo", "background", "forecast", "denial"} <= kinds
    assert any(v["status"] == "retracted" for d in coded["documents"] for v in d["versions"])


def test_the_registry_knows_every_root_outlet_and_slot(
    coded: dict[str, Any], registry: dict[str, Any], expected: dict[str, Any], manifest: Manifest
) -> None:
    assert set(registry["outlets"]) == set(manifest.outlets)
    for document in coded["documents"]:
        host = registry["outlets"][document["outlet"]]["host"]
        assert document["url"].startswith(f"https://{host}/")
        for version in document["versions"]:
            for claim in version["claims"]:
                assert claim["slot"] in registry["slots"]
                assert claim["root"] is None or claim["root"] in registry["sources"]
    assert set(expected["final"]) == set(registry["slots"])
    assert load_registry(dump_registry(load_registry(registry))) == load_registry(registry)


def test_the_state_of_the_claims_coded_by_hand_is_the_expected_one(
    seeds: Path, expected: dict[str, Any], differences: Any
) -> None:
    questions = [("final", None, None, expected["final"])]
    questions += [
        (each["id"], each["recorded_as_of"], each["published_as_of"], each["slots"])
        for each in expected["checkpoints"]
    ]
    for name, recorded, published, wanted in questions:
        command = [sys.executable, "-m", "ledger.state", seeds / "claims_input.json", seeds / "registry.json"]
        command += ["--recorded-as-of", recorded] if recorded else []
        command += ["--published-as-of", published] if published else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert differences(wanted, json.loads(done.stdout)) == [], name


def test_links_of_the_corpus_and_its_pages_lead_somewhere(seeds: Path) -> None:
    docs = Path(__file__).parents[2] / "docs"
    for page_file in (docs / "index.md", docs / "demo.md", seeds / "README.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page_file.read_text("utf-8")):
            assert (page_file.parent / link).exists(), (page_file.name, link)
