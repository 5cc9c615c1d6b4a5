"""The whole chain on the demo corpus: real HTTP on loopback, recording, annotation, views, reported state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import Ledger, open_ledger
from ledger.testing import FixedClock
from ledger.testing.demo import StoryServer, seeds_folder

WORDS = {"two": 2, "twelve": 12}


def play(home: Path, story: StoryServer, *, backwards: bool = False) -> Ledger:
    """A ledger that has seen every poll of the story. `backwards` adds the feeds in the opposite order."""
    home.mkdir()
    (home / "newsledger.toml").write_text(
        f'[fetch]\nallow_hosts = ["{story.address}"]\nhost_interval = 0\n', "utf-8"
    )
    story.move_to(0)
    clock = FixedClock(story.recorded_at)
    ledger = open_ledger(home, clock=clock)
    ledger.sources.load(seeds_folder() / "registry.json")
    for outlet, url in sorted(story.feeds.items(), reverse=backwards):
        ledger.feeds.add(url, outlet=outlet)
    for number in range(len(story.manifest.polls)):
        story.move_to(number)
        clock.set(story.recorded_at)
        ledger.poll(force=True)
    return ledger


def exported(ledger: Ledger, **as_of: Any) -> str:
    return json.dumps(ledger.state(**as_of).to_dict(), ensure_ascii=False)


@pytest.fixture(scope="module")
def story() -> Iterator[StoryServer]:
    with StoryServer(seeds_folder()) as server:
        yield server


@pytest.fixture(scope="module")
def ledger(story: StoryServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with play(tmp_path_factory.mktemp("demo") / "home", story) as played:
        yield played


def test_the_state_is_the_one_that_a_careful_reader_writes_down(
    ledger: Ledger, expected: dict[str, Any], differences: Any
) -> None:
    assert differences(expected["final"], ledger.state().to_dict()) == []


@pytest.mark.parametrize("question", ["a1", "a2", "a3", "a4"])
def test_earlier_moments_are_answered_as_they_were(
    question: str, ledger: Ledger, expected: dict[str, Any], differences: Any
) -> None:
    (wanted,) = (each for each in expected["checkpoints"] if each["id"] == question)
    state = ledger.state(
        recorded_as_of=wanted["recorded_as_of"], published_as_of=wanted["published_as_of"]
    ).to_dict()
    assert differences(wanted["slots"], state) == []


def test_no_claim_states_a_figure_that_its_sentence_does_not_contain(ledger: Ledger) -> None:
    for slot in ledger.state().to_dict()["slots"]:
        stated = set()
        for claim in slot["claims"]:
            value = claim["stated"]
            if value is None or value["op"] in ("category", "vague"):
                continue
            found = numbers(claim["sentence"])
            ends = {value[end] for end in ("point", "lo", "hi") if value[end] is not None}
            assert ends <= found, (slot["id"], claim["sentence"], ends)
            if claim["alive"]:
                stated |= ends
        shown = {slot["low"], slot["high"]} | {(slot["best"] or {}).get("point")}
        assert {each for each in shown if isinstance(each, int | float)} <= stated, slot["id"]


def test_every_sentence_of_a_claim_stands_in_the_recorded_text(ledger: Ledger) -> None:
    for slot in ledger.state().to_dict()["slots"]:
        for claim in slot["claims"]:
            page = seeds_text(claim["url"], claim["version"])
            assert claim["sentence"] in page, (slot["id"], claim["sentence"])


def test_playing_the_story_again_gives_the_same_bytes(
    ledger: Ledger, story: StoryServer, tmp_path: Path
) -> None:
    with play(tmp_path / "again", story) as again:
        assert exported(again) == exported(ledger)
    with play(tmp_path / "backwards", story, backwards=True) as other:
        assert exported(other) == exported(ledger)


def test_a_poll_that_finds_nothing_new_changes_nothing(ledger: Ledger, story: StoryServer) -> None:
    before = exported(ledger)
    articles = Counter(each.type for each in ledger.store.read() if each.type.startswith("article."))
    story.move_to(6)
    report = ledger.poll(force=True)
    assert (report.new, report.revised, report.errors) == (0, 0, ())
    assert exported(ledger) == before
    after = Counter(each.type for each in ledger.store.read() if each.type.startswith("article."))
    assert after == articles


def seeds_text(url: str, version: int) -> str:
    """What the page of a report says, as a person reads it."""
    import lxml.html

    documents = json.loads((seeds_folder() / "claims_input.json").read_text("utf-8"))["documents"]
    (file,) = (
        each["file"]
        for document in documents
        for each in document["versions"]
        if url.endswith(document["url"].removeprefix("https://")) and each["n"] == version
    )
    tree = lxml.html.document_fromstring((seeds_folder() / file).read_text("utf-8"))
    return tree.text_content()


def numbers(sentence: str) -> set[float]:
    digits = {float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)}
    return digits | {float(WORDS[word]) for word in sentence.lower().split() if word in WORDS}
