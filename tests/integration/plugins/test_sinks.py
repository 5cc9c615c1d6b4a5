"""Sinks get what was committed: in order, at least once, after the commit, and never in a replay."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import feedparser
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ledger.config import Fetch

SINK = """
import json, pathlib, threading
import msgspec
from ledger.plugin import Sink, hookimpl

class Settings(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    mode: str = "good"

@hookimpl
def ledger_sinks():
    yield Sink(name="notes", deliver=deliver, config=Settings, types=("article.ingested", "article.revised"),
               history={history}, timeout=0.5)

def deliver(events, context):
    print("a sink may print")
    mode = pathlib.Path(context.config.mode)
    if mode.exists():
        if mode.read_text() == "stuck":
            threading.Event().wait(30)
        raise RuntimeError(mode.read_text())
    with (pathlib.Path(context.home) / context.config.path).open("a") as file:
        for event in events:
            file.write(json.dumps([event.position, event.type, event.id]) + "\\n")
"""


@pytest.fixture
def notes(tmp_path, opened, write):
    """A ledger with one sink of a plugin; whatever is in the file `mode` makes it fail."""
    write("notes", SINK.format(history=False))

    class Notes:
        mode = tmp_path / "mode"

        def open(self, **settings):
            table = {"path": "notes.jsonl", "mode": str(self.mode)}
            return opened(settings=settings or {"notes": table})

        def lines(self):
            file = tmp_path / "home" / "notes.jsonl"
            return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return Notes()


def record(ledger, tmp_path, number):
    file = tmp_path / f"{number}.txt"
    file.write_text(f"At least {number} people were killed in Karrow, police said.")
    return ledger.ingest(file, outlet="harbour")


def test_it_gets_what_was_recorded_since_it_is_there(notes, tmp_path, opened, capsys):
    with opened() as ledger:
        record(ledger, tmp_path, 3)
    with notes.open() as ledger:
        record(ledger, tmp_path, 4)
        record(ledger, tmp_path, 5)
        articles = [event.position for event in ledger.store.read(types=["article.ingested"])]
        assert [line[0] for line in notes.lines()] == articles[1:]
        ledger.process()
        ledger.replay()
        ledger.views.rebuild()
        assert len(notes.lines()) == 2
    with notes.open() as ledger:
        record(ledger, tmp_path, 6)
        assert len({line[2] for line in notes.lines()}) == 3
    assert "a sink may print" not in capsys.readouterr().out


def test_it_gets_the_history_when_it_asks_for_it(notes, tmp_path, opened, write):
    with opened() as ledger:
        record(ledger, tmp_path, 3)
    write("notes", SINK.format(history=True))
    with notes.open() as ledger:
        ledger.process()
        assert [line[1] for line in notes.lines()] == ["article.ingested"]


@pytest.mark.parametrize(
    ("mode", "error"), [("no disk", "RuntimeError: no disk"), ("stuck", "longer than 0.5 seconds")]
)
def test_a_failure_is_tried_again_later_and_loses_nothing(mode, error, notes, tmp_path):
    notes.mode.write_text(mode)
    with notes.open() as ledger:
        record(ledger, tmp_path, 3)
        assert len(ledger.state().slots) == 1
        [status] = ledger.sinks.status()
        assert error in status.error
        assert (status.failures, status.next_at - ledger.clock.now()) == (1, timedelta(seconds=30))
    notes.mode.unlink()
    with notes.open() as ledger:
        ledger.process()
        assert notes.lines() == []
        ledger.clock.advance(31)
        record(ledger, tmp_path, 4)
        assert [line[1] for line in notes.lines()] == ["article.ingested"] * 2
        assert ledger.sinks.status()[0].error == ""


def test_without_its_settings_it_is_off_and_no_problem(notes, tmp_path, opened):
    with opened() as ledger:
        record(ledger, tmp_path, 3)
        assert ledger.sinks.status() == ()
        assert ledger.hooks.inventory.problems == ()


def test_wrong_settings_are_named(notes):
    with notes.open(notes={"path": 7}) as ledger:
        [problem] = ledger.hooks.inventory.problems
        assert "notes is off" in problem.what
        assert "Expected `str`, got `int`" in problem.what


def test_the_file_sink_mends_half_a_line(opened, tmp_path):
    file = tmp_path / "home" / "out" / "events.jsonl"
    settings = {"file": {"path": "out/events.jsonl", "types": ["article.ingested"]}}
    with opened(settings=settings) as ledger:
        record(ledger, tmp_path, 3)
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"position":2,"id"')
    with opened(settings=settings) as ledger:
        record(ledger, tmp_path, 4)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert file.read_bytes().startswith(whole)
    assert [line["type"] for line in lines] == ["article.ingested"] * 2
    assert lines[0]["payload"]["outlet"] == "harbour"


def test_the_atom_sink_keeps_the_newest(opened, tmp_path):
    settings = {"atom": {"path": "feed.xml", "entries": 2, "title": "What came in"}}
    with opened(settings=settings) as ledger:
        for number in (3, 4, 5):
            record(ledger, tmp_path, number)
    feed = feedparser.parse((tmp_path / "home" / "feed.xml").read_bytes())
    assert not feed.bozo
    assert feed.feed.title == "What came in"
    assert len(feed.entries) == 2
    assert all(entry.id.startswith("urn:newsledger:") for entry in feed.entries)


def test_the_webhook_is_signed_and_sent_again_until_it_is_taken(opened, tmp_path, httpserver: HTTPServer):
    answers = [500, 204, 204]
    got: list[Request] = []

    def take(request: Request) -> Response:
        got.append(request)
        request.get_data()
        return Response(status=answers[len(got) - 1])

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    settings = {
        "webhook": {"url": httpserver.url_for("/hook"), "secret": "s3cret", "types": ["article.ingested"]}
    }
    fetch = Fetch(allow_hosts=(f"{httpserver.host}:{httpserver.port}",))
    with opened(fetch, settings=settings) as ledger:
        record(ledger, tmp_path, 3)
        assert "HTTP status 500" in ledger.sinks.status()[0].error
        ledger.clock.advance(31)
        record(ledger, tmp_path, 4)
    first, second = got[0], got[1]
    digest = hmac.new(b"s3cret", second.get_data(), hashlib.sha256).hexdigest()
    assert second.headers["X-Newsledger-Signature-256"] == f"sha256={digest}"
    events = [json.loads(one.get_data())["events"] for one in (first, second)]
    assert events[0][0]["id"] == events[1][0]["id"]
    assert {event["type"] for event in events[1]} == {"article.ingested"}
    assert len(events[1]) == 2


def test_the_webhook_reaches_no_private_address(opened, tmp_path, httpserver: HTTPServer):
    settings = {"webhook": {"url": httpserver.url_for("/hook")}}
    with opened(settings=settings) as ledger:
        record(ledger, tmp_path, 3)
        assert "Not a public address" in ledger.sinks.status()[0].error
    assert httpserver.log == []
