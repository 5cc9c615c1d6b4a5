"""The programming interface: pages by cursor, past moments, problem details, tokens, and following changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import anyio
import feedparser
import msgspec
import pytest
from litestar.testing import TestClient

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.web.access import TokenBook
from ledger.web.desk import Desk
from ledger.web.following import _changes
from ledger.web.server import create_app

HERE = "http://127.0.0.1:8765"


def every(client, path, key):
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(path, params={"limit": 5, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()[key]
        cursor = answer.json()["next"]
        if not answer.json()[key]:
            break
    return found


def test_the_description_names_every_endpoint_and_loads_nothing(client):
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    paths = described["paths"]
    for path in (
        "state",
        "figures",
        "claims",
        "articles",
        "annotations",
        "entities",
        "events",
        "feeds",
        "reviews",
        "audit",
    ):
        assert f"/api/v1/{path}" in paths
    assert not [path for path in paths if not path.startswith("/api/v1/")]
    assert "json" in client.get("/api/").headers["content-type"], "no page that loads from elsewhere"


@pytest.mark.parametrize(
    ("path", "key", "identity"),
    [
        ("/api/v1/figures", "figures", lambda one: one["slot"]),
        ("/api/v1/claims", "claims", lambda one: (one["position"], one["ordinal"])),
        ("/api/v1/articles", "articles", lambda one: one["article"]),
        ("/api/v1/annotations", "annotations", lambda one: (one["event"], str(one["body"]))),
        ("/api/v1/events", "events", lambda one: one["position"]),
    ],
)
def test_cursors_give_everything_once(client, ledger, path, key, identity):
    found = [identity(one) for one in every(client, path, key)]
    assert len(found) == len(set(found))
    expected = {
        "figures": len(ledger.state().slots),
        "claims": len(ledger.views.claims()),
        "articles": len(ledger.views.articles()),
        "events": ledger.store.head().position,
    }
    assert len(found) == expected.get(key, len(found))
    assert found


def test_an_event_cursor_stays_good_for_the_events_to_come(client, ledger):
    head = ledger.store.head().position
    answer = client.get("/api/v1/events", params={"cursor": head}).json()
    assert answer == {"events": [], "next": str(head)}


def test_events_are_given_as_stored(client, ledger):
    (stored,) = ledger.store.read(limit=1)
    answer = client.get("/api/v1/events/1")
    assert stored.raw in answer.content
    assert client.get(f"/api/v1/events/{stored.id}").json() == answer.json()


def test_state_and_figures_answer_for_a_past_moment(client):
    moment = {"at": "2025-01-30T20:00:00Z"}
    state = client.get("/api/v1/state", params=moment).json()
    assert state["recorded_as_of"] == moment["at"]
    (killed,) = [slot for slot in state["slots"] if slot["id"] == "killed"]
    assert killed["best"]["point"] == 300
    assert client.get("/api/v1/figures/killed", params=moment).json()["reports"] == killed["reports"]
    now = client.get("/api/v1/figures/killed").json()
    assert (now["best"]["point"], len(now["why"]) > 1) == (1000, True)
    (gone,) = now["places"]
    assert (gone["version"], gone["newest"], gone["fate"], gone["span"]) == (1, 2, "gone", None)
    before = client.get("/api/v1/figures/killed", params={"at": "2025-02-01T20:00:00Z"}).json()
    assert [claim for claim in before["claims"] if claim["document"] == gone["document"]]
    assert before["places"] == [], "the retraction came later"


def mentions(client, **moment):
    found = client.get("/api/v1/entities", params={"limit": 1000, **moment}).json()["entities"]
    return {(one["name"], one["label"]): one["mentions"] for one in found}


def test_articles_claims_annotations_and_names_answer_for_a_past_moment(client, ledger):
    moments = ({"at": "2025-01-30T20:00:00Z"}, {"published": "2025-01-30T20:00:00Z"})
    for path, key in (("articles", "articles"), ("claims", "claims"), ("annotations", "annotations")):
        now = every(client, f"/api/v1/{path}", key)
        for moment in moments:
            then = client.get(f"/api/v1/{path}", params={"limit": 1000, **moment}).json()[key]
            assert 0 < len(then) < len(now), (path, moment)
    then = client.get("/api/v1/articles", params=moments[0]).json()["articles"]
    assert all(
        one["recorded_at"] <= moments[0]["at"] and one["changed_at"] <= moments[0]["at"] for one in then
    )
    now = mentions(client)
    for moment in moments:
        then = mentions(client, **moment)
        assert 0 < sum(then.values()) < sum(now.values())
        assert all(count <= now[key] for key, count in then.items())


def test_an_article_of_the_past_reads_as_it_did(client, ledger):
    (later,) = [row for row in ledger.views.articles() if row.title.startswith("RETRACTED")]
    before = {"at": "2025-02-01T20:00:00Z"}
    (then,) = [
        one
        for one in client.get("/api/v1/articles", params=before).json()["articles"]
        if one["article"] == later.article
    ]
    assert not then["title"].startswith("RETRACTED")
    assert then["revisions"] < later.revisions


def test_search_counts_the_outlets_and_keeps_to_one(client):
    found = client.get("/api/v1/search", params={"q": "kursk"}).json()
    assert sum(one["count"] for one in found["outlets"]) == len(found["articles"])
    only = client.get("/api/v1/search", params={"q": "kursk", "outlet": "hws"}).json()
    assert {hit["outlet"] for hit in only["articles"]} == {"hws"}
    assert only["outlets"] == found["outlets"]


def test_an_unchanged_answer_is_not_sent_again(client):
    first = client.get("/api/v1/figures")
    again = client.get("/api/v1/figures", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/figures/nope", 404),
        ("/api/v1/articles/zzzzzzzzz", 404),
        ("/api/v1/events/999999", 404),
        ("/api/v1/events/nope", 404),
        ("/api/v1/claims?cursor=x", 400),
        ("/api/v1/claims?limit=0", 400),
        ("/api/v1/state?at=soon", 400),
        ("/api/v1/search", 400),
        ("/api/v1/nothing", 404),
    ],
)
def test_problems_are_problem_details(client, path, status):
    answer = client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {"type", "title", "status"} >= {"title", "status"} & answer.json().keys()
    assert answer.json()["status"] == status


@pytest.fixture
def writing(story, tmp_path) -> Iterator[tuple[Any, Any]]:
    shutil.copytree(story, tmp_path / "home")
    with (
        open_ledger(tmp_path / "home", clock=FixedClock("2025-02-08T09:00:00Z")) as ledger,
        TestClient(create_app(ledger), base_url=HERE) as client,
    ):
        yield client, ledger


def bearer(ledger, *scopes):
    secret = TokenBook(ledger.settings.home).add("-".join(scopes), scopes, ledger.clock.now())
    return {"authorization": f"Bearer {secret}"}


def test_a_token_reviews_with_preview_and_undo(writing):
    client, ledger = writing
    decision = {
        "action": "reject",
        "target": {"slot": "killed", "root": "us-officials"},
        "reason": "Misheard",
    }
    for headers in ({}, {"origin": HERE}, bearer(ledger, "read"), bearer(ledger, "read", "ingest")):
        assert client.post("/api/v1/reviews", json=decision, headers=headers).status_code == 403
    allowed = bearer(ledger, "read", "review")
    effects = client.post("/api/v1/reviews/preview", json=decision, headers=allowed).json()["effects"]
    assert [one["slot"] for one in effects] == ["killed"]
    made = client.post("/api/v1/reviews", json=decision, headers=allowed)
    assert made.status_code == 201
    name = made.json()["review"]
    assert client.get("/api/v1/reviews").json()["reviews"][-1]["by"] == "read-review"
    assert (
        client.post(f"/api/v1/reviews/{name}/undo", json={"reason": "Right"}, headers=allowed).status_code
        == 200
    )
    assert client.get("/api/v1/reviews").json()["reviews"][-1]["status"] == "taken back"
    for bad in (
        {},
        {"action": "erase", "target": {}},
        {"action": "reject", "target": {"slot": "nope", "root": "x"}},
    ):
        assert client.post("/api/v1/reviews", json=bad, headers=allowed).status_code in (400, 404)


def test_a_token_adds_and_removes_feeds(writing):
    client, ledger = writing
    allowed = bearer(ledger, "read", "ingest")
    made = client.post("/api/v1/feeds", json={"url": "https://tarsiannews.example/feed.xml"}, headers=allowed)
    assert made.status_code == 201
    assert made.json()["feed"] in {one["feed"] for one in client.get("/api/v1/feeds").json()["feeds"]}
    assert client.delete(f"/api/v1/feeds/{made.json()['feed']}", headers=allowed).status_code == 200
    assert client.post("/api/v1/feeds", json={"url": "javascript:1"}, headers=allowed).status_code in (
        400,
        404,
        422,
    )


def test_a_token_records_articles(writing):
    client, ledger = writing
    allowed = bearer(ledger, "read", "ingest")
    sent = {
        "title": "Fire in Tarsia",
        "content": "TARSIA - Three people were killed in a fire on Monday, police said.",
        "url": "https://tarsiannews.example/fire",
        "published": "2025-02-08T08:00:00Z",
    }
    assert client.post("/api/v1/articles", json=sent, headers=bearer(ledger, "read")).status_code == 403
    made = client.post("/api/v1/articles", json=sent, headers=allowed)
    assert (made.status_code, made.json()["outcome"]) == (200, "new")
    article = client.get(f"/api/v1/articles/{made.json()['article']}").json()
    assert (article["article"]["outlet"], article["article"]["title"]) == (
        "tarsiannews.example",
        "Fire in Tarsia",
    )
    claims = client.get("/api/v1/claims", params={"article": made.json()["article"]}).json()["claims"]
    assert [(one["measure"], one["value"]) for one in claims] == [("killed", 3)]
    assert client.post("/api/v1/articles", json=sent, headers=allowed).json()["outcome"] == "unchanged"
    revised = {**sent, "content": sent["content"].replace("Three", "Four")}
    assert client.post("/api/v1/articles", json=revised, headers=allowed).json()["outcome"] == "revised"
    body = "<p>" + "Water rose in the harbour of Tarsia. " * 10 + "</p>"
    page = {"content": f"<html><body><article><h1>Flood</h1>{body}</article></body></html>", "format": "html"}
    assert client.post("/api/v1/articles", json=page, headers=allowed).json()["outcome"] == "new"
    empty = client.post("/api/v1/articles", json={"content": "<p></p>", "format": "html"}, headers=allowed)
    assert (empty.json()["outcome"], empty.json()["article"]) == ("refused", None)
    assert "No article text" in empty.json()["reason"]
    assert made.json()["dated"] == "declared"
    soon = {"content": "It will rain on Sunday, the weather service said.", "published": "soon"}
    assert client.post("/api/v1/articles", json=soon, headers=allowed).json()["dated"] == "recorded"
    for bad in ({}, {"content": ""}, {"content": 3}, {"content": "a", "url": "file:///x"}):
        assert client.post("/api/v1/articles", json=bad, headers=allowed).status_code == 400


def test_a_session_is_for_pages_only(writing):
    client, ledger = writing
    secret = TokenBook(ledger.settings.home).add("kim", ("admin",), ledger.clock.now())
    client.post("/login", data={"token": secret}, headers={"origin": HERE})
    answer = client.post("/api/v1/feeds", json={"url": "https://a.example/f"}, headers={"origin": HERE})
    assert answer.status_code == 403


def test_changes_come_as_atom(client):
    feed = feedparser.parse(client.get("/changes.atom").content)
    assert not feed.bozo
    assert feed.entries[0].updated == "2025-02-07T20:00:00Z"
    assert len({entry.id for entry in feed.entries}) == len(feed.entries)
    link = feed.entries[0].link.removeprefix(HERE)
    assert client.get(link, headers={"accept": "text/html"}).status_code == 200


def test_changes_come_as_they_are_recorded(writing):
    _, ledger = writing

    async def follow():
        messages = _changes(Desk(ledger), None, lambda: False)
        await anext(messages)
        ledger.clock.advance(60)
        ledger.reviews.reject(slot="killed", root="us-officials", by="kim", reason="Misheard")
        with anyio.fail_after(20):
            return await anext(messages)

    message = anyio.run(follow)
    step = msgspec.json.decode(message.data)
    assert (message.event, step["slot"], step["at"]) == ("change", "killed", "2025-02-08T09:01:00Z")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/api/v1/feeds", {"url": "https://tribune.example/feed", "title": "Tri\0bune"}),
        ("/api/v1/articles", {"content": "Three people were killed.", "outlet": "tri\0bune"}),
        ("/api/v1/reviews", {"action": "reject", "target": {"slot": "killed", "root": "us-officials"}, "reason": "Mis\0heard"}),
        ("/api/v1/reviews", {"action": "grade", "target": {"root": "a\0b", "grade": "A"}, "reason": "Heard"}),
    ],
)  # fmt: skip
def test_a_zero_byte_is_not_recorded(writing, path, sent):
    client, ledger = writing
    head = ledger.store.head().position
    assert client.post(path, json=sent, headers=bearer(ledger, "admin")).status_code == 400
    assert ledger.store.head().position == head


@pytest.mark.parametrize("body", [b"\xff", b'{"url": "\xff"}', b"{", b"[]", b"null", b""])
def test_a_body_that_is_no_json_is_not_valid(writing, body):
    client, ledger = writing
    headers = {**bearer(ledger, "admin"), "content-type": "application/json"}
    assert client.post("/api/v1/feeds", content=body, headers=headers).status_code == 400
