"""Pages of plugins: in the layout of all others, escaped, at a moment, and named when they fail."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Plugins, Settings
from ledger.web.server import create_app

PAGES = '''
from ledger.plugin import Page, hookimpl

LIST = """<ul>{% for row in rows %}<li>{{ row.title }} {{ row.marks }}</li>{% endfor %}</ul>
<p>{{ asked }}</p><script>alert(1)</script>"""

@hookimpl
def ledger_pages():
    yield Page(name="tolls", title="Tolls", template=LIST, load=tolls, summary="What was counted.")
    yield Page(name="broken", title="Broken", template=LIST, load=lambda context: 1 / 0)
    yield Page(name="lacking", title="Lacking", template="{{ nothing }}", load=lambda context: {})
    yield Page(name="curious", title="Curious", template="{{ ''.__class__.__mro__ }}", load=lambda context: {})

def tolls(context):
    article = context.article("https://harbour.example/1")
    marks = [one["type"] for one in context.annotations(article) if one["type"] == "core.quantity"]
    slots = len(context.state()["slots"])
    rows = [{"title": article.title, "marks": len(marks), "slots": slots}]
    return {"rows": rows, "asked": context.query.get("q", ""), "none": context.article("nowhere") is None}
'''
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages")
    (root / "plugins").mkdir()
    (root / "plugins" / "counting.py").write_text(PAGES)
    (root / "plugins" / "second.py").write_text(
        PAGES.split('yield Page(name="broken"')[0] + "\ndef tolls(c): return {}\n"
    )
    article = '[{"title": "<b>Flood</b>", "text": "At least 12 people were killed in Karrow, police said.", "url": "https://harbour.example/1", "outlet": "harbour", "published": "2031-05-04T07:00:00Z"}]'
    (root / "articles.json").write_text(article)
    settings = Settings(home=root / "home", plugins=Plugins(directories=(str(root / "plugins"),)))
    with open_ledger(settings=settings, clock=FixedClock("2031-05-05T07:00:00Z")) as ledger:
        ledger.ingest(root / "articles.json")
        with TestClient(
            create_app(ledger), base_url="http://127.0.0.1:8765", raise_server_exceptions=False
        ) as one:
            yield one


def test_a_page_stands_in_the_layout_and_its_values_are_escaped(client):
    answer = client.get("/plugins/tolls?q=<img>", headers=HTML)
    assert answer.status_code == 200
    assert "<h1>Tolls</h1>" in answer.text
    assert "A page of the plugin counting." in answer.text
    assert "&lt;b&gt;Flood&lt;/b&gt; 1</li>" in answer.text
    assert "&lt;img&gt;" in answer.text
    assert "<img>" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy == client.get("/figures.json").headers.get("content-security-policy", policy)
    assert "unsafe" not in policy


def test_it_has_twins_and_a_moment(client):
    assert client.get("/plugins/tolls.json").json() == {
        "rows": [{"title": "<b>Flood</b>", "marks": 1, "slots": 1}],
        "asked": "",
        "none": True,
    }
    assert client.get("/plugins/tolls.csv").text.splitlines() == ["title,marks,slots", "<b>Flood</b>,1,1"]
    past = client.get("/plugins/tolls.json?at=2031-05-01T00:00:00Z").json()
    assert past["rows"][0]["slots"] == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", "ZeroDivisionError: division by zero (counting.py:"),
        ("lacking", "UndefinedError"),
        ("curious", "SecurityError"),
    ],
)
def test_a_page_that_fails_is_named_with_its_plugin(client, name, reason):
    answer = client.get(f"/plugins/{name}", headers=HTML)
    assert answer.status_code == 500
    assert f"The page &#39;{name}&#39; of the plugin counting failed" in answer.text
    assert reason in answer.text
    assert "newsledger plugin disable counting" in answer.text
    assert client.get("/plugins/tolls").status_code == 200


def test_all_pages_are_listed_an_unknown_one_is_not_there_and_a_name_belongs_to_one(client):
    assert [row["page"] for row in client.get("/plugins.json").json()] == [
        "tolls",
        "broken",
        "lacking",
        "curious",
    ]
    assert "/plugins/tolls" in client.get("/plugins", headers=HTML).text
    missing = client.get("/plugins/nothing")
    assert missing.status_code == 404
    assert "tolls" in missing.json()["detail"]
    plugins = client.get("/feeds.json").json()["plugins"]
    [second] = [one for one in plugins if one["name"] == "second"]
    assert second["state"] == "conflict"
    assert "The page name 'tolls' of" in second["reason"]
    assert "is already taken by counting of" in second["reason"]
