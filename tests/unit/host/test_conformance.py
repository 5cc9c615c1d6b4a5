"""The conformance kit tells good processors from bad ones, and says why."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys

import msgspec
import pytest

from ledger.errors import PluginError
from ledger.plugin import Annotation, Article, Quantity, Span, processor
from ledger.testing import article, check_processor


class Mark(Annotation, frozen=True, kw_only=True, tag="test.mark"):
    size: int = 0


class Loose(Annotation, frozen=True, kw_only=True, tag="test.loose"):
    words: list[str] = msgspec.field(default_factory=list)


def declare(**fields):
    return processor("trial", version="1", **({"provides": [Mark]} | fields))


@declare()
def good(article, context):
    for at, letter in enumerate(article.text):
        if letter.isdigit():
            yield Mark(span=Span(at, at + 1))


def test_a_good_processor_holds_every_law():
    verdicts = check_processor(good)
    assert verdicts.ok, str(verdicts)
    verdicts.require()
    assert len(str(verdicts).splitlines()) == len(verdicts.verdicts) == 7


@declare()
def off_by_one(article, context):
    yield Mark(span=Span(0, len(article.text) + 1))


@declare()
def assumes_text(article, context):
    yield Mark(span=Span(0, 1), size=len(article.text.split()[0]))


counter = itertools.count()


@declare()
def counts(article, context):
    yield Mark(span=Span(0, 0), size=next(counter))


@declare()
def calls_out(article, context):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    return []


@declare(timeout=1e-9)
def slow(article, context):
    return []


@declare()
def rewrites(article, context):
    Article.title.__set__(article, "Mine")
    return []


@declare(replay="sometimes")
def undeclared(article, context):
    return []


@pytest.mark.parametrize(
    ("trial", "law", "message"),
    [
        (off_by_one, "it fails on no article", "lies outside the text of 0 characters"),
        (assumes_text, "it fails on no article", "IndexError"),
        (counts, "it gives the same twice", "only one of two runs gives"),
        (calls_out, "it uses no network", "socket.create_connection"),
        (slow, "it stays within its timeout", "seconds of 1e-09 allowed"),
        (rewrites, "it leaves its input as it was", "it changed the article"),
        (undeclared, "its record is valid", "replay is one of"),
    ],
)
def test_each_law_catches_its_culprit(trial, law, message):
    verdicts = check_processor(trial)
    assert not verdicts.ok
    [verdict] = [verdict for verdict in verdicts.verdicts if verdict.law == law]
    assert not verdict.ok
    assert message in verdict.message
    with pytest.raises(PluginError, match="trial"):
        verdicts.require()


def test_an_order_that_matters_is_caught():
    last = []

    @declare()
    def carries_over(article, context):
        before = last[-1] if last else ""
        last.append(article.url)
        if before != article.url:
            yield Mark(span=Span(0, 0), size=len(before))

    texts = [article(f"Text {n}.", url=f"https://harbour.example/{'x' * n}") for n in range(4)]
    law = next(v for v in check_processor(carries_over, texts).verdicts if v.law.startswith("the order"))
    assert not law.ok


def test_a_changed_layer_is_caught():
    @declare(provides=[Loose])
    def provider(article, context):
        yield Loose(span=Span(0, 0))

    @declare(requires=[Loose])
    def spoils(article, context):
        for loose in context.of(Loose):
            loose.words.append("mine")
        return []

    law = check_processor(spoils, providers=[provider]).verdicts[-1]
    assert law.message.startswith("it changed the layer Loose")


def test_articles_in_other_languages_are_left_out():
    @declare(languages=["uk"])
    def ukrainian(article, context):
        assert article.language == "uk"
        return []

    assert check_processor(ukrainian, [article("Text."), article("Текст.", language="uk")]).ok


def test_sockets_work_again_afterwards():
    check_processor(good)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), timeout=5):
            pass


def test_a_reader_can_be_judged_on_layers_of_its_providers():
    @processor("numbers", version="1", provides=[Quantity])
    def numbers(article, context):
        for at, letter in enumerate(article.text):
            if letter.isascii() and letter.isdigit():
                yield Quantity(span=Span(at, at + 1), kind="cardinal", value=int(letter))

    total = []

    @declare(requires=[Quantity])
    def reader(article, context):
        total.append(len(context.of(Quantity)))
        return []

    assert check_processor(reader, providers=[numbers]).ok
    assert max(total) > 10


def test_importing_the_kit_imports_nothing_heavy():
    program = (
        "import sys, ledger.testing; "
        "heavy = {'sqlalchemy', 'httptools', 'alembic', 'lxml', 'trafilatura', 'hypothesis', 'feedparser'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
