"""Pages and programming interface over a ledger in PostgreSQL: search, the two clocks, names, decisions, and odd words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import load_settings
from ledger.web.access import TokenBook
from ledger.web.server import create_app
from tests.contract.server import new_database, release_database, text

REPORTS = {
    "tribune": "At least 40 people were killed in Karrow, the interior ministry said on Sunday.",
    "courier": "The floods killed 46 people in Karrow, the Red Crescent said on Sunday. Its head came from Berlin.",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient[Any], Any]]:
    folder = tmp_path_factory.mktemp("served")
    url, clock = new_database(), FixedClock("2031-05-04T20:00:00Z")
    with open_ledger(settings=load_settings(str(folder / "home"), text(url)), clock=clock) as ledger:
        for outlet, sentence in REPORTS.items():
            report = folder / f"{outlet}.txt"
            report.write_text(sentence)
            ledger.ingest(report, outlet=outlet, published="2031-05-04T18:00:00Z")
            clock.advance(3600)
        with TestClient(
            create_app(ledger), base_url="http://127.0.0.1", raise_server_exceptions=False
        ) as client:
            yield client, ledger
    release_database(url)


def test_every_page_answers(served):
    client, ledger = served
    articles = [f"/articles/{row.article}" for row in ledger.views.articles()]
    figures = [f"/figures/{slot.id}" for slot in ledger.state().slots]
    for path in (
        "/",
        "/changes",
        "/articles",
        "/sources",
        "/reviews",
        "/feeds",
        "/audit",
        "/exports",
        *articles,
        *figures,
    ):
        assert client.get(path, headers={"accept": "text/html"}).status_code == 200, path


@pytest.mark.parametrize("words", ["killed", "Karrow ministry", "kill"])
def test_words_are_found_with_their_outlets_and_names(served, words):
    client, _ = served
    found = client.get("/api/v1/search", params={"q": words}).json()
    assert {hit["outlet"] for hit in found["articles"]} <= set(REPORTS)
    assert found["articles"]
    assert {one["value"] for one in found["outlets"]} == {hit["outlet"] for hit in found["articles"]}
    names = client.get("/api/v1/entities", params={"q": "berl"}).json()["entities"]
    assert [one["name"] for one in names] == ["Berlin"]


@pytest.mark.parametrize(
    "words", ["'", '"', "a & b | !c", ":*", "\\", "%_", "_", "x" * 200, "\U0001f600", "--", "<->"]
)
def test_no_word_breaks_the_search(served, words):
    client, _ = served
    for path in ("/api/v1/search", "/search", "/api/v1/entities", "/api/v1/figures"):
        assert client.get(path, params={"q": words}).status_code == 200


def test_the_past_is_as_it_was(served):
    client, _ = served
    (before,) = client.get("/api/v1/figures?at=2031-05-04T20:30:00Z").json()["figures"]
    (after,) = client.get("/api/v1/figures").json()["figures"]
    assert (before["reported"], before["reports"]) == ("at least 40", 1)
    assert after["reports"] == 2
    found = client.get("/api/v1/search?q=killed&at=2031-05-04T20:30:00Z").json()["articles"]
    assert [hit["outlet"] for hit in found] == ["tribune"]
    assert client.get("/api/v1/figures?published=2031-05-04").json()["figures"] == []


def test_a_decision_is_taken_and_taken_back(served):
    client, ledger = served
    secret = TokenBook(ledger.settings.home).add("kim", ("read", "review"), ledger.clock.now())
    headers = {"authorization": f"Bearer {secret}"}
    (slot,) = client.get("/api/v1/state").json()["slots"]
    wish = {
        "action": "reject",
        "target": {"slot": slot["id"], "root": slot["best_roots"][0]},
        "reason": "Misheard",
    }
    taken = client.post("/api/v1/reviews", json=wish, headers=headers)
    assert taken.status_code == 201
    assert client.get("/api/v1/state").json()["slots"][0]["best_roots"] != slot["best_roots"]
    path = f"/api/v1/reviews/{taken.json()['review']}/undo"
    assert client.post(path, json={"reason": "Heard right"}, headers=headers).status_code == 200
    assert client.get("/api/v1/state").json()["slots"][0]["best_roots"] == slot["best_roots"]
