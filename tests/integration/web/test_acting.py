"""What a signed-in person does, and what nobody may do without a token."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient
from lxml import html

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.errors import ConfigError
from ledger.web.access import TokenBook
from ledger.web.server import create_app

HTML = {"accept": "text/html"}
HERE = "http://127.0.0.1:8765"
FROM_HERE = {"origin": HERE, **HTML}


@pytest.fixture
def own(story, tmp_path) -> Iterator[Any]:
    shutil.copytree(story, tmp_path / "home")
    clock = FixedClock("2025-02-08T09:00:00Z")
    with open_ledger(tmp_path / "home", clock=clock) as ledger:
        yield ledger


@pytest.fixture
def book(own) -> TokenBook:
    return TokenBook(own.settings.home)


def client_of(ledger, **options) -> TestClient[Any]:
    client = TestClient(create_app(ledger, **options), base_url=HERE)
    client.follow_redirects = False
    return client


def sign_in(client, book, *scopes):
    secret = book.add("kim", ("read", *scopes), FixedClock("2025-02-08T09:00:00Z").now())
    answer = client.post("/login", data={"token": secret, "next": "/reviews"}, headers=FROM_HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reviews")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def csrf(client, path):
    return html.fromstring(client.get(path, headers=HTML).text).xpath("//input[@name='csrf']/@value")[0]


def words(text):
    return " ".join(html.fromstring(text).text_content().split())


def test_reject_with_preview_and_undo(own, book):
    with client_of(own) as client:
        sign_in(client, book, "review")
        head = own.store.head().position
        path = "/reviews/new?action=reject&slot=killed&root=us-officials"
        preview = client.get(path, headers=HTML)
        assert "2 of 3" in words(preview.text)
        assert "1 of 2" in words(preview.text)
        assert own.store.head().position == head, "a preview records nothing"
        form = {"action": "reject", "slot": "killed", "root": "us-officials", "reason": "Misheard"}
        done = client.post("/reviews", data={**form, "csrf": csrf(client, path)}, headers=FROM_HERE)
        assert done.status_code == 303
        decision = done.headers["location"]
        assert own.state().get("killed").best_independent_roots == 1
        assert "by kim" in words(client.get(decision, headers=HTML).text)
        undone = client.post(
            f"{decision}/undo",
            data={"reason": "Heard right", "csrf": csrf(client, decision)},
            headers=FROM_HERE,
        )
        assert undone.status_code == 303
        assert own.state().get("killed").best_independent_roots == 2
        assert "taken back" in words(client.get("/reviews", headers=HTML).text)


def test_a_link_still_shows_the_same_after_a_decision(own, book):
    with client_of(own) as client:
        tree = html.fromstring(client.get("/figures/killed", headers=HTML).text)
        (link,) = [one.get("href") for one in tree.xpath("//footer//a") if one.text == "Permanent link"]
        before = client.get(link, headers=HTML).text
        own.clock.advance(3600)
        own.reviews.reject(slot="killed", root="us-officials", by="kim", reason="Misheard")
        assert html.fromstring(client.get(link, headers=HTML).text).xpath(
            "string(//main)"
        ) == html.fromstring(before).xpath("string(//main)")
        assert "1 of 2" in words(client.get("/figures/killed", headers=HTML).text)


def test_add_and_remove_a_feed(own, book):
    with client_of(own) as client:
        sign_in(client, book, "ingest")
        form = {
            "url": "https://tarsiannews.example/feed.xml",
            "outlet": "tna",
            "csrf": csrf(client, "/feeds"),
        }
        assert client.post("/feeds", data=form, headers=FROM_HERE).status_code == 303
        (feed,) = [one for one in own.feeds.list() if one.outlet == "tna"]
        assert "tarsiannews.example" in words(client.get("/feeds", headers=HTML).text)
        path = f"/feeds/{feed.feed}"
        gone = client.post(f"{path}/remove", data={"csrf": csrf(client, path)}, headers=FROM_HERE)
        assert gone.status_code == 303
        assert "tna" not in {one.outlet for one in own.feeds.list()}


def test_change_the_registry_with_preview(own, book):
    with client_of(own) as client:
        sign_in(client, book, "admin")
        raw = own.sources.export().decode().replace('"reliability": "B"', '"reliability": "F"')
        secret = csrf(client, "/sources")
        preview = client.post("/sources/preview", data={"registry": raw, "csrf": secret}, headers=FROM_HERE)
        assert preview.status_code in (200, 201)
        assert "what it would change" in words(preview.text)
        assert own.sources.registry().grade("us-officials") == "B"
        done = client.post(
            "/sources", data={"registry": raw, "reason": "Try", "csrf": secret}, headers=FROM_HERE
        )
        assert done.status_code == 303
        assert own.sources.registry().grade("us-officials") == "F"
        assert "Try" in words(client.get("/sources", headers=HTML).text)
        bad = client.post("/sources/preview", data={"registry": "{", "csrf": secret}, headers=FROM_HERE)
        assert bad.status_code == 400


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/reviews", {"action": "reject", "slot": "killed", "root": "us-officials", "reason": "No"}),
        ("/feeds", {"url": "https://a.example/feed"}),
        ("/sources", {"registry": "{}", "reason": "No"}),
        ("/sources/preview", {"registry": "{}"}),
        ("/audit", {}),
    ],
)
def test_nothing_is_written_without_a_token_or_its_scope_or_the_forms_secret(own, book, path, form):
    with client_of(own) as client:
        head = own.store.head().position
        assert client.post(path, data=form, headers=FROM_HERE).status_code == 403
        sign_in(client, book)
        secret = csrf(client, "/")
        assert client.post(path, data={**form, "csrf": secret}, headers=FROM_HERE).status_code == 403
        client.cookies.clear()
        book.remove("kim")
        sign_in(client, book, "admin")
        assert client.post(path, data=form, headers=FROM_HERE).status_code == 403
        assert client.post(path, data={**form, "csrf": "x" * 32}, headers=FROM_HERE).status_code == 403
        assert client.post(path, data={**form, "csrf": secret}, headers=FROM_HERE).status_code == 403
        fresh = {**form, "csrf": csrf(client, "/")}
        for origin in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
            assert client.post(path, data=fresh, headers=origin).status_code == 403
        assert own.store.head().position == head


def test_a_zero_byte_in_a_form_is_not_recorded(own, book):
    with client_of(own) as client:
        sign_in(client, book, "review")
        head = own.store.head().position
        form = {"action": "reject", "slot": "killed", "root": "us-officials", "reason": "Mis\0heard"}
        answer = client.post("/reviews", data={**form, "csrf": csrf(client, "/")}, headers=FROM_HERE)
        assert answer.status_code == 400
        assert own.store.head().position == head


def test_a_removed_token_ends_its_session(own, book):
    with client_of(own) as client:
        sign_in(client, book, "review")
        assert "kim" in words(client.get("/", headers=HTML).text)
        book.remove("kim")
        assert "Sign in" in words(client.get("/", headers=HTML).text)


def test_signing_out(own, book):
    with client_of(own) as client:
        sign_in(client, book, "review")
        done = client.post("/logout", data={"csrf": csrf(client, "/")}, headers=FROM_HERE)
        assert done.status_code == 303
        assert not html.fromstring(client.get("/", headers=HTML).text).xpath("//input[@name='csrf']")


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nx: y", "javascript:1"]
)
def test_signing_in_leads_nowhere_else(own, book, target):
    with client_of(own) as client:
        secret = book.add("kim", ("read",), own.clock.now())
        answer = client.post("/login", data={"token": secret, "next": target}, headers=FROM_HERE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "x" not in answer.headers


def test_elsewhere_nothing_is_read_without_a_token(own, book):
    with pytest.raises(ConfigError):
        create_app(own, host="0.0.0.0")
    secret = book.add("kim", ("read",), own.clock.now())
    with client_of(own, host="0.0.0.0") as client:
        for path in (
            "/",
            "/figures.json",
            "/articles",
            "/events/1",
            "/feeds",
            "/audit",
            "/changes",
            "/nothing",
        ):
            answer = client.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert client.get(path, headers=HTML).headers["location"].startswith("/login?next=")
        login = client.get("/login", headers=HTML)
        assert login.status_code == 200
        assert own.store.head().root[:8] not in login.text
        bearer = {"authorization": f"Bearer {secret}"}
        assert client.get("/figures.json", headers=bearer).status_code == 200
        assert client.get("/figures.json", headers={"authorization": "Bearer nl_wrong"}).status_code == 401


def test_a_token_that_only_records_reads_nothing_elsewhere_and_here_what_all_may_read(own, book):
    bearer = {"authorization": f"Bearer {book.add('hand', ('ingest',), own.clock.now())}"}
    for host, reading in (("0.0.0.0", 401), ("127.0.0.1", 200)):
        with client_of(own, host=host) as client:
            sent = {"content": "Three people were killed in Karrow, police said.", "outlet": host}
            assert client.post("/api/v1/articles", json=sent, headers=bearer).status_code == 200
            assert client.get("/api/v1/articles", headers=bearer).status_code == reading
            decision = {"action": "grade", "target": {"root": "police", "grade": "A"}, "reason": "Known"}
            assert client.post("/api/v1/reviews", json=decision, headers=bearer).status_code == 403


def test_tokens_are_kept_as_hashes_in_a_file_of_their_owner(own, book):
    secret = book.add("kim", ("read",), own.clock.now())
    file = own.settings.home / "web-tokens.json"
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
