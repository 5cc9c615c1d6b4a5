"""The host as its callers see it: order, layers, settings, languages, isolation, recovery."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from ledger.config import Plugins
from ledger.errors import NotFoundError, UsageError
from ledger.host import Host, Limits, UnknownAnnotation, decode_annotation

CHAIN = """
from ledger.plugin import Annotation, Ephemeral, Quantity, Span, processor

class Parse(Ephemeral):
    def __init__(self, words): self.words = words

class Tall(Annotation, frozen=True, kw_only=True, tag="chain.tall"):
    words: int
    first: Span | None = None

@processor("zparse", version="1", provides=[Parse])
def zparse(article, context):
    yield Parse(article.text.split())

@processor("numbers2", version="1", provides=[Quantity])
def numbers2(article, context):
    if "fail" in article.text:
        raise ValueError("told to fail")
    for at, letter in enumerate(article.text):
        if letter.isdigit():
            yield Quantity(span=Span(at, at + 1), kind="cardinal", value=int(letter))

@processor("above", version="1", requires=[Quantity, Parse], provides=[Tall])
def above(article, context):
    [parse] = context.of(Parse)
    for quantity in context.of(Quantity):
        if quantity.value > 4:
            yield Tall(span=quantity.span, words=len(parse.words), first=Span(0, 1))
"""

READER = """
from ledger.plugin import Annotation, Quantity, Span, processor

class Sum(Annotation, frozen=True, kw_only=True, tag="reader.sum"):
    value: int

@processor("areader", version="1", requires=[Quantity], provides=[Sum])
def areader(article, context):
    found = context.of(Quantity)
    inside = context.of(Quantity, Span(0, 6))
    yield Sum(span=Span(0, 0), value=100 * len(inside) + sum(q.value for q in found))
"""


@pytest.fixture(params=["auto", "never"])
def isolate(request):
    return request.param


def test_processors_run_by_type_not_by_name(make_host, make_article, isolate):
    host = make_host({"chain": CHAIN, "reader": READER}, isolate=isolate)
    assert [p.name for p in host.processors] == ["numbers2", "zparse", "above", "areader"]
    assert host.problems == ()
    outcomes = host.annotate(make_article("12 of 97."))
    assert [o.processor for o in outcomes] == ["numbers2", "zparse", "above", "areader"]
    assert [len(o.annotations) for o in outcomes] == [4, 0, 2, 1]
    assert msgspec.json.decode(outcomes[2].annotations[0]) == {
        "type": "chain.tall",
        "span": {"start": 6, "end": 7},
        "quote": "9",
        "confidence": None,
        "words": 3,
        "first": {"start": 0, "end": 1},
    }
    assert b'"value":219' in outcomes[3].annotations[0]


def test_isolation_changes_no_byte(make_host, make_article):
    plugins = {"chain": CHAIN, "reader": READER}
    article = make_article("12 of 97, 5 and 6.", published=datetime(2031, 5, 4, tzinfo=UTC))
    inline = make_host(plugins, isolate="never").annotate(article)
    apart = make_host(plugins, isolate="always").annotate(article)
    assert inline == apart


def test_a_worker_sees_the_publishers_own_offset(make_host, make_article, isolate):
    source = """
from ledger.plugin import Annotation, Span, processor
class Day(Annotation, frozen=True, kw_only=True, tag="day.day"):
    day: str
@processor("day", version="1", provides=[Day])
def day(article, context):
    yield Day(span=Span(0, 0), day=article.published.isoformat())
"""
    host = make_host({"day": source}, isolate=isolate)
    published = datetime(2031, 5, 4, 1, tzinfo=timezone(timedelta(hours=9)))
    [outcome] = host.annotate(make_article("Now.", published=published))
    assert b"2031-05-04T01:00:00+09:00" in outcome.annotations[0]


def test_only_those_asked_for_answer_and_the_others_are_computed(make_host, make_article, isolate):
    host = make_host({"chain": CHAIN, "reader": READER}, isolate=isolate)
    article = make_article("12 of 97.")
    whole = {o.processor: o for o in host.annotate(article)}
    [alone] = host.annotate(article, ["above"])
    assert alone == whole["above"]


def test_known_layers_stand_in_for_a_run(make_host, make_article, isolate):
    host = make_host({"chain": CHAIN, "reader": READER}, isolate=isolate)
    article = make_article("12 of 97.")
    numbers = host.annotate(article, ["numbers2"])[0].annotations
    for known in (list(numbers[:2]), [decode_annotation(raw, host.types) for raw in numbers[:2]]):
        [outcome] = host.annotate(article, ["areader"], {"numbers2": known})
        assert b'"value":203' in outcome.annotations[0]
    [outcome] = host.annotate(article, ["areader"], {"numbers2": []})
    assert b'"value":0' in outcome.annotations[0]
    # A parse cannot be stored: its maker runs again although it is known to have answered.
    [outcome] = host.annotate(article, ["above"], {"numbers2": numbers, "zparse": []})
    assert len(outcome.annotations) == 2


def test_known_annotations_of_types_that_are_not_installed_are_carried_along(make_host, make_article):
    host = make_host({"chain": CHAIN})
    raw = b'{"type":"gone.thing","span":{"start":0,"end":2},"quote":"12","confidence":null,"extra":[1]}'
    unknown = decode_annotation(raw, host.types)
    assert isinstance(unknown, UnknownAnnotation)
    [outcome] = host.annotate(make_article("12 of 97."), ["above"], {"numbers2": [unknown]})
    assert outcome.annotations == ()


def test_a_failure_skips_those_who_lack_its_layer_for_now(make_host, make_article, isolate):
    host = make_host({"chain": CHAIN, "reader": READER}, isolate=isolate)
    outcomes = {o.processor: o for o in host.annotate(make_article("97 fail."))}
    assert outcomes["numbers2"].failure.kind == "exception"
    for name in ("above", "areader"):
        assert outcomes[name].failure is None
        assert outcomes[name].skipped == "core.quantity is missing: numbers2 failed (exception)"
        assert outcomes[name].deferred
    assert outcomes["zparse"].skipped == ""


def test_a_second_provider_keeps_the_readers_going(make_host, make_article, isolate):
    second = """
from ledger.plugin import Quantity, Span, processor
@processor("second", version="1", provides=[Quantity])
def second(article, context):
    yield Quantity(span=Span(0, 1), kind="cardinal", value=40)
"""
    host = make_host({"chain": CHAIN, "reader": READER, "second": second}, isolate=isolate)
    outcomes = {o.processor: o for o in host.annotate(make_article("97 fail."))}
    assert outcomes["numbers2"].failure is not None
    assert b'"value":140' in outcomes["areader"].annotations[0]


def test_an_article_in_another_language_is_skipped_for_good(make_host, make_article, isolate):
    source = CHAIN.replace('"numbers2", version="1"', '"numbers2", version="1", languages=["en", "uk"]')
    host = make_host({"chain": source, "reader": READER}, isolate=isolate)
    article = make_article("12 of 97.", language="fr")
    outcomes = {o.processor: o for o in host.annotate(article)}
    assert outcomes["numbers2"].skipped == "the article's language is fr; it reads en, uk"
    assert outcomes["areader"].skipped == "core.quantity is missing: numbers2 was skipped"
    assert not any(o.deferred or o.failure for o in outcomes.values())
    [later] = host.annotate(article, ["areader"], {"numbers2": []})
    assert later == outcomes["areader"]
    for language in ("en-GB", "EN", ""):
        assert host.annotate(make_article("12.", language=language))[0].skipped == ""


def test_what_lacks_a_provider_is_inactive_with_the_reason(make_host):
    host = make_host({"reader": READER})
    [info] = [info for info in host.plugins if info.name == "reader"]
    assert host.processors == ()
    assert info.state == "inactive"
    assert info.reason == "requires core.quantity, which no active processor provides"
    assert any("Processor areader is inactive" in problem.what for problem in host.problems)


CONFIGURED = """
import msgspec
from typing import Annotated
from ledger.plugin import Annotation, Span, processor

class Settings(msgspec.Struct, frozen=True, kw_only=True):
    least: Annotated[int, msgspec.Meta(ge=0)] = 1
    words: tuple[str, ...] = ()

class Hit(Annotation, frozen=True, kw_only=True, tag="configured.hit"):
    least: int

@processor("configured", version="1", provides=[Hit], config=Settings)
def configured(article, context):
    yield Hit(span=Span(0, 0), least=context.config.least)
"""


def test_settings_reach_the_processor_and_its_identity(make_host, make_article, isolate):
    identities = set()
    for settings, least in (({}, 1), ({"configured": {"least": 5}}, 5), ({"configured": {"least": 1}}, 1)):
        host = make_host({"configured": CONFIGURED}, isolate=isolate, settings=settings)
        [outcome] = host.annotate(make_article("Text."))
        assert f'"least":{least}'.encode() in outcome.annotations[0]
        identities.add((least, outcome.identity))
        assert host.processors[0].identity == outcome.identity
    assert len(identities) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"least": "many"}, "[plugins.configured]. Expected `int`, got `str` - at `$.least`"),
        ({"least": -1}, "Expected `int` >= 0 - at `$.least`"),
        ({"leest": 1}, "Unknown setting: [plugins.configured] leest. Known settings: least, words"),
    ],
)
def test_a_wrong_setting_is_named_and_stops_only_its_processor(
    make_host, make_article, healthy_source, isolate, table, message
):
    host = make_host(
        {"configured": CONFIGURED, "healthy": healthy_source}, isolate=isolate, settings={"configured": table}
    )
    [info] = [info for info in host.plugins if info.name == "configured"]
    assert message in info.inactive["configured"]
    assert [p.name for p in host.processors] == ["healthy"]
    assert len(host.problems) == 1


def test_settings_for_nobody_are_a_problem(make_host, healthy_source):
    host = make_host({"healthy": healthy_source}, settings={"helthy": {"x": 1}, "healthy": {"x": 1}})
    assert "[plugins.helthy]" in host.problems[-1].what
    assert "takes no settings" in host.problems[0].what


def test_disabled_plugins_and_processors_do_not_run(make_host, make_article, healthy_source):
    plugins = {"healthy": healthy_source, "chain": CHAIN, "broken": "raise SystemExit"}
    host = make_host(plugins, disabled=("broken", "above"))
    assert [p.name for p in host.processors] == ["healthy", "numbers2", "zparse"]
    states = {info.name: info for info in host.plugins}
    assert states["broken"].state == "disabled"
    assert states["chain"].inactive == {"above": "disabled in the settings"}
    assert host.problems == ()


def test_the_breaker_lets_a_failing_processor_rest_and_tries_again(make_host, make_article, isolate):
    source = """
from ledger.plugin import Annotation, Span, processor
class Mark(Annotation, frozen=True, kw_only=True, tag="shaky.mark"): pass
@processor("shaky", version="1", provides=[Mark])
def shaky(article, context):
    if "bad" in article.text: raise ValueError("no model")
    yield Mark(span=Span(0, 1))
"""
    host = make_host({"shaky": source}, isolate=isolate, limits=Limits(breaker=3))
    outcomes = [host.annotate(make_article("bad", n))[0] for n in range(12)]
    assert [bool(o.failure) for o in outcomes] == [True] * 3 + [False] * 8 + [True]
    for rested in outcomes[3:11]:
        assert rested.deferred
        assert (
            "rests after 3 failures in a row, the last one: exception, ValueError: no model" in rested.skipped
        )
    resting = [host.annotate(make_article("good", n))[0] for n in range(17)]
    assert [o.deferred for o in resting] == [True] * 16 + [False]
    assert resting[-1].annotations
    assert host.annotate(make_article("bad"))[0].failure is not None
    assert host.annotate(make_article("good"))[0].annotations


def test_a_worker_is_started_again_after_it_was_stopped(make_host, make_article):
    source = """
import os
from ledger.plugin import Annotation, Ephemeral, Span, processor
class Parse(Ephemeral):
    pass
class Mark(Annotation, frozen=True, kw_only=True, tag="phoenix.mark"): pass
@processor("parse", version="1", provides=[Parse])
def parse(article, context):
    yield Parse()
@processor("phoenix", version="1", requires=[Parse], provides=[Mark])
def phoenix(article, context):
    if "die" in article.text: os.abort()
    for _ in context.of(Parse): yield Mark(span=Span(0, 1))
"""
    host = make_host({"phoenix": source})
    kinds = []
    for text in ("one", "die", "two", "die", "die", "three"):
        outcome = host.annotate(make_article(text))[1]
        kinds.append(outcome.failure.kind if outcome.failure else len(outcome.annotations))
    assert kinds == [1, "crash", 1, "crash", "crash", 1]


def test_annotations_are_sorted_and_quoted_whatever_the_order_of_yielding(make_host, make_article, isolate):
    source = """
from ledger.plugin import Annotation, Span, processor
class A(Annotation, frozen=True, kw_only=True, tag="sorted.a"): pass
class B(Annotation, frozen=True, kw_only=True, tag="sorted.b"): pass
@processor("sorted", version="1", provides=[B, A])
def sort(article, context):
    return [B(span=Span(3, 5)), A(span=Span(3, 5), quote=article.text[3:5]), B(span=Span(0, 9)), A(span=Span(0, 2))]
"""
    host = make_host({"sorted": source}, isolate=isolate)
    [outcome] = host.annotate(make_article("🦊é3 fünf."))
    rows = [msgspec.json.decode(raw) for raw in outcome.annotations]
    assert [(r["type"], r["span"]["start"], r["quote"]) for r in rows] == [
        ("sorted.a", 0, "🦊é"),
        ("sorted.b", 0, "🦊é3 fünf."),
        ("sorted.a", 3, " f"),
        ("sorted.b", 3, " f"),
    ]


def test_an_inner_span_outside_the_text_is_refused(make_host, make_article, isolate):
    source = """
from ledger.plugin import Attribution, Link, Span, processor
@processor("inner", version="1", provides=[Attribution])
def inner(article, context):
    link = Link(actor="a", surface="a", kind="person", span=Span(0, 99))
    yield Attribution(span=Span(0, 1), source=Span(0, 1), chain=(link,))
"""
    host = make_host({"inner": source}, isolate=isolate)
    [outcome] = host.annotate(make_article("Text."))
    assert outcome.failure.kind == "invalid"
    assert (
        outcome.failure.message
        == "core.attribution: an inner span 0-99 lies outside the text of 5 characters"
    )


def test_records_of_other_hooks_are_imported_when_they_are_used(make_host, tmp_path):
    source = """
from ledger.plugin import Check, CheckResult, hookimpl
@hookimpl
def ledger_checks():
    yield Check(name="tide", run=lambda: CheckResult(ok=True, message="High water"))
"""
    host = make_host({"tide": source})
    [info] = [info for info in host.plugins if info.name == "tide"]
    assert info.state == "active"
    assert info.offers == {"ledger_checks": ("tide",)}
    [check] = host.records("ledger_checks")
    assert check.run().message == "High water"
    with pytest.raises(UsageError, match="No such hook: checks"):
        host.records("checks")


def test_names_that_are_not_active_are_refused(make_host, make_article, healthy_source):
    host = make_host({"healthy": healthy_source})
    with pytest.raises(NotFoundError, match="No such active processor: nobody"):
        host.annotate(make_article("Text."), ["nobody"])
    with pytest.raises(UsageError, match="No such isolation: maybe"):
        Host(Plugins(), isolate="maybe")


def test_a_missing_folder_or_data_file_is_a_problem(make_host, tmp_path):
    source = """
from ledger.plugin import processor
@processor("lexicon", version="1", data=["/nonexistent/words.txt"])
def lexicon(article, context):
    return []
"""
    host = make_host({"lexicon": source})
    assert "its data file cannot be read: FileNotFoundError" in host.problems[0].what
    host = Host(Plugins(directories=(str(tmp_path / "nowhere"),)))
    assert any("nowhere does not exist" in problem.what for problem in host.problems)
    host.close()


def test_closing_twice_is_no_matter(make_host, healthy_source):
    host = make_host({"healthy": healthy_source})
    host.close()
    host.close()


def test_the_memory_of_workers_is_a_setting(tmp_path, make_article):
    (tmp_path / "big.py").write_text("""
from ledger.plugin import processor
@processor("big", version="1")
def big(article, context):
    bytearray(600 * 1024**2)
    return []
""")
    kinds = []
    for memory in (512, 0):
        host = Host(Plugins(directories=(str(tmp_path),), memory=memory))
        [outcome] = host.annotate(make_article("Text."), ["big"])
        kinds.append(outcome.failure.kind if outcome.failure else "")
        host.close()
    assert kinds == ["memory", ""]


def test_threads_share_a_host(make_host, make_article):
    host = make_host({"chain": CHAIN, "reader": READER})
    articles = [make_article(f"{n} of 97.", n) for n in range(40)]
    expected = [host.annotate(one) for one in articles]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(host.annotate, articles)) == expected
