"""Processors that ask outside services: over a real server, with the answers in the log, and replayed when the server is gone."""

from __future__ import annotations

import json
import threading
from importlib.metadata import entry_points

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ledger.config import Fetch
from ledger.events import decode
from ledger.events.types import AnnotationFailed, ArticleAnnotated
from ledger.host.backlog import outcome_event, record_events

OTHERS = tuple(sorted(point.name for point in entry_points(group="ledger") if point.name != "llm"))
TEXT = "At least 12 people were killed, police said.\n\nThe ministry denies the figure of 40. It denies it."
KEY = "sk-very-secret-0123"


def completion(*marks: dict[str, str], **choice: object) -> str:
    content = json.dumps({"findings": list(marks)})
    first = {
        "index": 0,
        "message": {"role": "assistant", "content": content},
        "finish_reason": "stop",
        **choice,
    }
    return json.dumps({"id": "c-1", "model": "tiny-2031", "choices": [first], "usage": {"total_tokens": 7}})


def mark(quote: str, label: str = "denial", note: str = "The ministry denies it.") -> dict[str, str]:
    return {"label": label, "quote": quote, "note": note}


class Service:
    """A server that answers with whatever `reply` holds, and remembers what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.reply: Response | str = completion()
        self.asked: list[Request] = []
        self.slow = threading.Event()
        self.together: threading.Barrier | None = None
        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        if self.reply == "never":
            self.slow.wait(10)
        if self.together is not None:
            self.together.wait(10)
        return (
            self.reply
            if isinstance(self.reply, Response)
            else Response(self.reply, content_type="application/json")
        )


@pytest.fixture
def service():
    with HTTPServer(threaded=True) as server:  # of the test's own, since some tests stop it
        found = Service(server)
        yield found
        found.slow.set()


@pytest.fixture
def ask(service, opened, tmp_path, monkeypatch):
    """Open the test's ledger with the language model on; `article` also records one."""
    monkeypatch.setenv("MODEL_KEY", KEY)

    def make(article: str = TEXT, *, listed: bool = True, disabled: tuple[str, ...] = OTHERS, **settings):
        table = {
            "endpoint": f"http://127.0.0.1:{service.server.port}/v1",
            "model": "tiny",
            "key_env": "MODEL_KEY",
            **settings,
        }
        fetch = Fetch(allow_hosts=(f"127.0.0.1:{service.server.port}",) if listed else ())
        ledger = opened(fetch=fetch, disabled=disabled, settings={"llm": table})
        if article:
            file = tmp_path / "report.txt"
            file.write_text(article, "utf-8")
            ledger.ingest(file, outlet="harbour")
        return ledger

    return make


def outcomes(ledger):
    events = ledger.store.read(types=["article.annotated", "annotation.failed"])
    return [decode(event) for event in events]


def test_it_marks_the_words_of_the_text_and_keeps_what_was_asked_and_answered(ask, service):
    service.reply = completion(mark("denies the figure of 40"), mark("denies"), mark("denies"))
    with ask() as ledger:
        [event] = outcomes(ledger)
        stored = b"".join(one.payload + msgspec.json.encode(one.envelope) for one in ledger.store.read())
    assert isinstance(event, ArticleAnnotated)
    found = [json.loads(bytes(raw)) for raw in event.annotations]
    assert [a["quote"] for a in found] == ["denies", "denies the figure of 40", "denies"]
    assert [a["span"]["start"] for a in found] == [
        TEXT.index("denies"),
        TEXT.index("denies"),
        TEXT.rindex("denies"),
    ]
    [call] = event.calls
    sent = json.loads(call.request)
    assert (sent["model"], json.loads(call.response)["model"]) == ("tiny", "tiny-2031")
    assert TEXT in sent["messages"][1]["content"]
    assert sent["response_format"]["json_schema"]["schema"]["properties"]["findings"]["type"] == "array"
    assert service.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in stored


FAILING = {
    "slow down": (Response('{"error": "too many"}', 429), "exception", "HTTP status 429"),
    "server error": (Response("on fire", 500), "exception", "HTTP status 500: on fire"),
    "moved": (Response("", 307, {"Location": "http://127.0.0.1:1/"}), "exception", "HTTP status 307"),
    "a key that does not fit": (Response(f"wrong key {KEY}", 401), "exception", "wrong key [key]"),
    "no JSON": ("<html>", "exception", "no chat completion"),
    "no choice": ('{"choices": []}', "exception", "no choice"),
    "cut off": (completion(finish_reason="length"), "exception", "raise max_tokens"),
    "a refusal": (completion(message={"refusal": "I would rather not"}), "exception", "I would rather not"),
    "another shape": (
        completion(message={"content": '{"found": []}'}),
        "exception",
        "does not fit the schema",
    ),
    "broken content": (
        completion(message={"content": '{"findings": ['}),
        "exception",
        "does not fit the schema",
    ),
    "nothing said": (completion(message={"content": None}), "exception", "does not fit the schema"),
    "a label of its own": (
        completion(mark("police said", "truth")),
        "exception",
        "a label of its own: truth",
    ),
    "an invented quote": (
        completion(mark("police said"), mark("400 people were killed")),
        "exception",
        "quotes words that the text does not contain: '400 people were killed'",
    ),
    "an empty quote": (completion(mark(" ")), "exception", "words that the text does not contain: ''"),
    "no answer": ("never", "exception", "No answer within 0.3 seconds"),
}


@pytest.mark.parametrize("case", FAILING)
def test_an_answer_that_cannot_be_used_is_a_named_failure_and_replays_as_one(case, ask, service):
    service.reply, kind, message = FAILING[case]
    with ask(timeout=0.3 if case == "no answer" else 20.0) as ledger:
        [event] = outcomes(ledger)
        assert isinstance(event, AnnotationFailed)
        assert event.kind == kind
        assert message in event.message
        assert len(event.calls) == 1
        assert KEY not in event.calls[0].response
        service.slow.set()
        service.reply = completion(mark("police said"))
        replay = ledger.replay()
        assert replay.counts == {"identical": 1}, replay.reruns
        assert len(service.asked) == 1, "a replay asks nobody"
        assert ledger.process(retry=True).recorded == 1
        assert isinstance(outcomes(ledger)[-1], ArticleAnnotated)


def test_a_replay_needs_no_server_and_no_key(ask, service, monkeypatch):
    service.reply = completion(mark("police said"))
    with ask() as ledger:
        assert isinstance(outcomes(ledger)[0], ArticleAnnotated)
    service.server.stop()
    monkeypatch.delenv("MODEL_KEY")
    with ask("") as ledger:
        assert ledger.replay().counts == {"identical": 1}


def test_a_replay_sees_that_the_record_was_changed(ask, service):
    service.reply = completion(mark("police said"))
    with ask() as ledger:
        [stored] = ledger.store.read(types=["article.annotated"])
        event = decode(stored)
        article = ledger.views.to_article(event.article, 1)
        [same] = ledger.host.annotate(article, record={"llm": event.calls})
        other = [msgspec.structs.replace(event.calls[0], response=completion(mark("killed")))]
        [changed] = ledger.host.annotate(article, record={"llm": other})
        [nothing] = ledger.host.annotate(article, record={})
    assert same.annotations == tuple(map(bytes, event.annotations))
    assert b'"killed"' in changed.annotations[0]
    assert "the record holds no answer to this request" in nothing.failure.message
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("settings", "listed", "message"),
    [
        ({"key_env": ""}, False, "Not a public address"),
        ({"key_env": "NO_SUCH_VARIABLE"}, True, "the environment variable NO_SUCH_VARIABLE is not set"),
        ({"endpoint": "http://service.example/v1"}, True, "a key is sent over https only"),
    ],
)
def test_it_goes_only_where_it_may(settings, listed, message, ask, service):
    with ask(listed=listed, **settings) as ledger:
        [event] = outcomes(ledger)
    assert message in event.message
    assert service.asked == []


def test_it_is_off_until_it_is_configured(opened, newsledger):
    with opened(disabled=OTHERS) as ledger:
        [info] = [one for one in ledger.host.plugins if one.name == "llm"]
        assert info.status == "inactive: off until [plugins.llm] gives endpoint and model"
        assert ledger.host.problems == ()
    for table, word in (
        ({"endpoint": "http://x.example", "model": "m", "key_env": KEY}, "key_env"),
        ({"model": "m"}, "endpoint"),
    ):
        with opened(disabled=OTHERS, settings={"llm": table}) as ledger:
            [problem] = ledger.host.problems
            assert word in problem.what
            assert KEY not in problem.what
    shown = newsledger("plugin", "config", "llm").stdout
    assert "# endpoint =    # string, required" in shown


WORKER = """
import json, os
import msgspec
from ledger.plugin import Annotation, Span, processor

class Said(Annotation, frozen=True, kw_only=True, tag="asker.said"):
    words: str

class Settings(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    key: str = ""

@processor("asker", version="1", provides=[Said], config=Settings, replay="{replay}", timeout=0.5)
def asker(article, context):
    for number in range(2):
        answer = context.post(context.config.url, json.dumps([number, article.text]), key={key})
        yield Said(span=Span(0, 1), words=str(number) + answer.text + str(os.environ.get("MODEL_KEY")))
"""


@pytest.fixture
def asker(ask, service, write):
    def make(replay: str = "recorded", key: str = "context.config.key"):
        write("asker", WORKER.format(replay=replay, key=key))
        return f"http://127.0.0.1:{service.server.port}/v1/chat/completions"

    return make


def test_a_processor_in_a_worker_asks_through_the_host(asker, service, opened, tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_KEY", KEY)
    url = asker()
    service.reply = "yes"
    with opened(
        fetch=Fetch(allow_hosts=(f"127.0.0.1:{service.server.port}",)),
        disabled=(*OTHERS, "llm"),
        settings={"asker": {"url": url, "key": "MODEL_KEY"}},
    ) as ledger:
        file = tmp_path / "report.txt"
        file.write_text(TEXT)
        ledger.ingest(file, outlet="harbour")
        [event] = outcomes(ledger)
        assert isinstance(event, ArticleAnnotated), event
        assert [json.loads(bytes(raw))["words"] for raw in event.annotations] == ["0yesNone", "1yesNone"]
        assert [json.loads(call.request)[0] for call in event.calls] == [0, 1]
        assert len(service.asked) == 2, "the second look is answered from the record"
        service.server.stop()
        assert ledger.replay().counts == {"identical": 1}
        assert ledger.host.keep_health()["asker"].notes == {}


@pytest.mark.parametrize(
    ("replay", "key", "message"),
    [
        ("recorded", "'HOME'", "the settings of the processor do not name the variable HOME"),
        ("pure", "''", 'only a processor of the replay class "recorded" may call outside services'),
    ],
)
def test_a_worker_cannot_ask_for_more(replay, key, message, asker, service, opened, tmp_path):
    url = asker(replay, key)
    with opened(
        fetch=Fetch(allow_hosts=(f"127.0.0.1:{service.server.port}",)),
        disabled=(*OTHERS, "llm"),
        settings={"asker": {"url": url}},
    ) as ledger:
        file = tmp_path / "report.txt"
        file.write_text(TEXT)
        ledger.ingest(file, outlet="harbour")
        [event] = outcomes(ledger)
    assert message in event.message
    assert service.asked == []


def test_of_two_processes_that_ask_at_one_time_the_first_answer_stays(ask, service):
    service.reply = completion(mark("police said"))
    with ask("") as late, ask() as early:
        [first] = outcomes(early)
        article = early.views.to_article(first.article, 1)
        [cause] = early.store.read(types=["article.ingested"])
        service.reply = completion(mark("killed"))
        [second] = late.host.annotate(article)
        assert second.annotations != tuple(map(bytes, first.annotations))
        assert record_events(late.store, [outcome_event(article, cause.id, second, 1)]) == 0
        assert outcomes(late) == [first]


TEXTS = [f"Report {number}. The ministry denies the figure of {number}." for number in range(6)]


@pytest.fixture
def several(service, opened, tmp_path, monkeypatch):
    """A ledger of six reports, which the model is asked about with so many calls at a time."""
    monkeypatch.setenv("MODEL_KEY", KEY)

    def make(home: str, calls: int):
        table = {"endpoint": f"http://127.0.0.1:{service.server.port}/v1", "model": "tiny"}
        fetch = Fetch(allow_hosts=(f"127.0.0.1:{service.server.port}",))
        with opened(fetch, home, disabled=(*OTHERS, "llm")) as ledger:
            for number, text in enumerate(TEXTS):
                file = tmp_path / f"{number}.txt"
                file.write_text(text, "utf-8")
                ledger.ingest(file, outlet="harbour")
        return opened(fetch, home, disabled=OTHERS, settings={"llm": table}, calls=calls)

    return make


def test_calls_for_several_reports_are_under_way_together_and_recorded_in_the_same_order(several, service):
    service.reply = completion(mark("The ministry denies the figure"))
    with several("one", 1) as ledger:
        ledger.process()
        one_by_one = outcomes(ledger)
    service.together = threading.Barrier(3)
    with several("three", 3) as ledger:
        ledger.process()
        together = outcomes(ledger)
    assert len(together) == len(TEXTS)
    assert all(isinstance(event, ArticleAnnotated) for event in together)
    assert together == one_by_one
