"""Long lists a page at a time, and one article as it was known, at the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from click.testing import CliRunner

from ledger.cli.root import cli
from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import NotFoundError
from ledger.events import Producer, new_event
from ledger.events.types import ArticleAnnotated, ArticleIngested, ArticleRevised
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.store import open_store

MEASURES = ("killed", "injured", "missing", "arrested", "evacuated")


@pytest.fixture
def newsledger(tmp_path):
    def run(*args):
        return CliRunner().invoke(cli, ["--home", str(tmp_path / "home"), *args])

    return run


@pytest.fixture
def told(tmp_path):
    """One article on five figures, revised an hour later on one of them."""
    clock = FixedClock("2031-05-04T07:00:00Z")
    store = open_store(Settings(home=tmp_path / "home"), clock=clock)
    for revision, numbers in enumerate([(1, 2, 3, 4, 5), (9, 2, 3, 4, 5)], 1):
        text = " ".join(f"{n} people were {m}." for n, m in zip(numbers, MEASURES, strict=False))
        [body] = store.put_bodies([(text.encode(), "text/plain")])
        fields = {
            "article": "a-0001",
            "revision": revision,
            "hash": str(revision) * 64,
            "url": "https://tna.example/1",
            "outlet": "tna",
            "title": f"Version {revision}",
            "text": body,
            "published": datetime(2031, 5, 4, 6, tzinfo=UTC),
            "p_time": clock.now(),
        }
        kind = ArticleIngested(**fields) if revision == 1 else ArticleRevised(**fields, previous_hash="0")
        claims = tuple(
            msgspec.Raw(msgspec.json.encode(claim(n, m))) for n, m in zip(numbers, MEASURES, strict=False)
        )
        read = ArticleAnnotated(
            article="a-0001",
            revision=revision,
            hash=fields["hash"],
            processor="claims",
            annotations=claims,
        )
        store.append(
            [
                new_event(kind, stream="article:a-0001", producer=Producer("newsledger", "1")),
                new_event(read, stream="annotations:a-0001", producer=Producer("claims", "1", "id")),
            ]
        )
        clock.advance(3600)
    store.close()


def claim(number, measure):
    return Claim(
        span=Span(0, 10),
        quote=f"{number} people were {measure}.",
        subject="people",
        measure=measure,
        value=ClaimValue(op="exact", point=number),
        chain=(Link(actor="Police", surface="Police", kind="organisation"),),
    )


@pytest.mark.usefixtures("told")
def test_the_state_comes_a_page_at_a_time(newsledger):
    whole = json.loads(newsledger("state", "--json").stdout)["slots"]
    seen, after = [], []
    while True:
        shown = newsledger("state", "--limit", "2", *after, "--json")
        found = [slot["id"] for slot in json.loads(shown.stdout)["slots"]]
        if not found:
            break
        seen += found
        after = ["--after", found[-1]]
    assert sorted(seen) == sorted(slot["id"] for slot in whole)
    first = newsledger("state", "--limit", "2")
    assert first.output.count("asserted") == 2
    assert f"3 more: repeat it with --after {seen[1]}" in first.output
    assert "more:" not in newsledger("state", "--limit", "5").output
    assert "more:" not in newsledger("state").output


@pytest.mark.usefixtures("told")
def test_figures_are_listed_a_page_at_a_time(newsledger):
    first = newsledger("slot", "list", "--limit", "3")
    assert "2 more:" in first.output
    rest = json.loads(newsledger("slot", "list", "--after", "injured.people", "--json").stdout)
    assert [one["id"] for one in rest] == ["killed.people", "missing.people"]


@pytest.mark.usefixtures("told")
def test_a_page_after_nothing_that_is_listed_is_an_error(newsledger):
    for command in (("state",), ("slot", "list")):
        assert isinstance(newsledger(*command, "--after", "no.such").exception, NotFoundError)
        assert newsledger(*command, "--limit", "0").exit_code == 2


@pytest.mark.usefixtures("told")
def test_an_article_is_shown_as_it_was_known(newsledger):
    newest = newsledger("article", "a-0001")
    assert "Version 2" in newest.output
    assert "9 people were killed" in newest.output
    then = newsledger("article", "a-0001", "--as-of", "2031-05-04T07:30:00Z")
    assert "Version 1" in then.output
    assert "4 people were arrested" in then.output
    assert "9 people" not in then.output
    shown = json.loads(newsledger("article", "a-0001", "--as-of", "2031-05-04T07:30:00Z", "--json").stdout)
    assert (len(shown["revisions"]), len(shown["annotations"])) == (1, 5)
    before = newsledger("article", "a-0001", "--as-of", "2031-05-04T06:30:00Z")
    assert isinstance(before.exception, NotFoundError)
    assert "2031-05-04" in str(before.exception)


@pytest.mark.usefixtures("told")
def test_claims_of_an_older_text_say_where_their_words_are_now(newsledger):
    shown = json.loads(newsledger("article", "a-0001", "--revision", "1", "--json").stdout)
    assert {one["now"] for one in shown["annotations"]} == {"gone"}  # "1 people w" is "9 people w" now
    assert "in the newest text" in newsledger("article", "a-0001", "--revision", "1").output
    assert "in the newest text" not in newsledger("article", "a-0001").output
