"""Processors that ask a service, without a host: the kit and recorded histories answer as the host does."""

from __future__ import annotations

import itertools
import json

import pytest

from ledger.errors import PluginError
from ledger.events.types import ServiceCall
from ledger.host.calls import Asked, Calls
from ledger.plugin import Annotation, Answer, Span, processor
from ledger.testing import annotate, article, check_processor, compare_history, record_history


class Said(Annotation, frozen=True, kw_only=True, tag="says.said"):
    words: str


@processor("says", version="1", provides=[Said], replay="recorded")
def says(article, context):
    """What a service says of the title."""
    answer = context.post("https://service.example/", json.dumps(article.title), key="")
    yield Said(span=Span(0, 0), words=answer.text)


def echo(url: str, body: str) -> Answer:
    return Answer(status=200, text=body)


def test_the_kit_judges_it_with_a_service_and_says_what_is_missing_without_one():
    assert check_processor(says, service=echo).ok
    [only] = check_processor(says).verdicts
    assert "service=" in only.message
    with pytest.raises(PluginError, match="there is no network here"):
        annotate(says, article("Text."))


def test_a_service_that_changes_its_mind_is_seen():
    counter = itertools.count()
    verdicts = check_processor(says, service=lambda url, body: Answer(200, str(next(counter))))
    assert next(one.law for one in verdicts.verdicts if not one.ok) == "it gives the same twice"


def test_a_history_keeps_the_answers(tmp_path):
    file = tmp_path / "history.jsonl"
    record_history(file, says, [article("Text.", title="First")], service=echo)
    assert compare_history(file, says).ok

    @processor("says", version="2", provides=[Said], replay="recorded")
    def curious(article, context):
        context.post("https://service.example/", "another question")
        return []

    diff = compare_history(file, curious)
    assert not diff.ok
    assert "the record holds no answer to this request" in str(diff)


def test_equal_requests_get_their_answers_in_order_and_an_error_comes_again():
    answers = iter([Answer(200, "one"), Answer(500, "two"), OSError("gone")])

    def ask(asked: Asked) -> Answer:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    asked = Asked("https://service.example/", "{}")
    live = Calls(ask)
    assert [live.post(asked).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(OSError, match="gone"):
        live.post(asked)
    assert [call.status for call in live.made] == [200, 500, 0]
    again = Calls(record=live.made)
    assert [again.post(asked).status for _ in range(2)] == [200, 500]
    with pytest.raises(OSError, match="gone"):
        again.post(asked)
    assert again.made == live.made
    with pytest.raises(OSError, match="holds no answer"):
        again.post(asked)


def test_a_key_must_be_named_in_the_settings():
    asked = Asked("https://service.example/", "", key="HOME")
    for keys, message in (((), "do not name the variable HOME"), (("HOME",), "no network")):
        with pytest.raises(OSError, match=message):
            Calls(keys=keys).post(asked)
    assert Calls(record=[ServiceCall(url=asked.url, request="", status=204)]).post(asked) == Answer(204, "")
