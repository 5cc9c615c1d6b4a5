"""Hostile input: stored text never becomes markup, addresses and headers stay what they are, large bodies are refused."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient
from lxml import html

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.web.server import MOST_BYTES, create_app

HTML = {"accept": "text/html"}
NASTY = "<script>alert(1)</script><svg onload=alert(2)><img src=x onerror=alert(3)>"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    report = folder / "report.txt"
    report.write_text(
        f"At least 40 {NASTY} people were killed in \"Karrow\" & 'Ost', the <b>interior</b> ministry said on Sunday.\n\n"
        f"{NASTY}\n\nThe {NASTY} ministry said 12 people were injured in Karrow.",
    )
    with open_ledger(folder / "home", clock=FixedClock("2031-05-04T20:00:00Z")) as ledger:
        ledger.ingest(
            report,
            outlet=f"tribune{NASTY}",
            url=f"https://tribune.example/{NASTY}",
            published="2031-05-04T18:00:00Z",
        )
        ledger.feeds.add("https://tribune.example/?q=%22%3E%3Cscript%3E", outlet=NASTY, title=NASTY)
        ledger.views.catch_up()
        with TestClient(
            create_app(ledger), base_url="http://127.0.0.1", raise_server_exceptions=False
        ) as client:
            yield client, ledger


def paths(ledger) -> list[str]:
    names = [row.article for row in ledger.views.articles()]
    slots = [slot.id for slot in ledger.state().slots]
    return [
        "/", "/articles", "/feeds", "/sources", "/reviews", "/audit", "/changes", "/search?q=people", "/events/1", "/events/2",
        *(f"/articles/{name}" for name in names),
        *(f"/articles/{name}?layers=claim&layers=name&layers=source&layers=number&layers=time" for name in names),
        *(f"/figures/{slot}" for slot in slots),
        f"/search?q={NASTY}", f"/?q={NASTY}", f"/figures/{NASTY}", f"/articles/{NASTY}", f"/reviews/new?slot={NASTY}&root={NASTY}",
        f"/changes?since={NASTY}", f"/?at={NASTY}", f"/login?next={NASTY}", f"/articles?outlet={NASTY}",
    ]  # fmt: skip


def test_stored_markup_is_text_on_every_page(hostile):
    client, ledger = hostile
    assert ledger.state().slots, "the report must have been read"
    seen = 0
    for path in paths(ledger):
        answer = client.get(path, headers=HTML)
        assert answer.status_code < 500, path
        tree = html.fromstring(answer.text)
        scripts = [one.get("src", "") for one in tree.xpath("//script")]
        assert all(source.startswith("/static/keys.js") for source in scripts), path
        for node in tree.iter():
            if isinstance(node.tag, str):
                assert node.tag not in ("img", "iframe", "object", "embed", "base"), path
                assert not [name for name in node.attrib if name.startswith("on") or name == "style"], path
                for name in ("href", "src", "action"):
                    assert not node.get(name, "").lower().startswith(("javascript:", "data:")), path
        seen += "alert(1)" in answer.text
    assert seen > 5, "the hostile text is shown, as text"


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(hostile):
    client, _ = hostile
    for path in ("/", "/nothing", "/static/style.css", "/figures.json", "/login"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80@127.0.0.1",
        "",
        "[::1",
        "127.0.0.1:99999",
        "127.0.0.1:x",
    ],
)
def test_a_foreign_host_name_is_refused(hostile, host):
    client, _ = hostile
    assert client.get("/figures.json", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml",
    ],
)
def test_no_file_outside_the_folder_is_served(hostile, path):
    client, _ = hostile
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "import" not in answer.text


def test_an_oversized_body_is_refused(hostile):
    client, _ = hostile
    for kind in ("application/x-www-form-urlencoded", "application/json"):
        answer = client.post(
            "/login",
            content=b"token=" + b"a" * (MOST_BYTES + 1),
            headers={"content-type": kind, "origin": "http://127.0.0.1"},
        )
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "name", ["if-none-match", "cookie", "authorization", "accept", "origin", "x-forwarded-host"]
)
def test_odd_headers_do_no_harm(hostile, name):
    client, _ = hostile
    for value in ("'\"><script>", "a" * 5000, ";;;===", "\x00"[:0] + "é".encode().decode("latin-1")):
        answer = client.get("/figures.json", headers={name: value.encode("latin-1", "replace")})
        assert answer.status_code < 500


def test_a_table_does_not_hand_formulas_to_a_spreadsheet(hostile):
    from ledger.web.rendering import _cell

    assert _cell("=1+2") == "'=1+2"
    assert _cell(-2) == -2
    client, _ = hostile
    assert client.get("/feeds.csv").status_code == 200


def test_the_same_page_is_the_same_bytes(hostile: Any):
    client, ledger = hostile
    for path in ("/", f"/figures/{ledger.state().slots[0].id}", "/figures.csv"):
        assert client.get(path, headers=HTML).content == client.get(path, headers=HTML).content


@pytest.mark.parametrize(
    "path", ["/", "/figures.json", "/static/style.css", "/api/v1/figures", "/exports/state.jsonl", "/nothing"]
)
def test_head_is_get_without_the_body(hostile, path):
    client, _ = hostile
    whole, head = client.get(path, headers=HTML), client.head(path, headers=HTML)
    assert head.content == b""
    assert (head.status_code, head.headers) == (whole.status_code, whole.headers)


def test_asking_for_the_head_of_the_stream_ends(hostile):
    client, _ = hostile
    assert client.head("/api/v1/changes/stream").headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("path", ["/static/%00", "/articles/%00", "/search?q=%00", "/api/v1/entities?q=%00"])
def test_nothing_has_a_zero_byte_in_its_name(hostile, path):
    client, _ = hostile
    assert client.get(path).status_code == 404
