"""What the built-in views say of what was recorded."""

from __future__ import annotations

import msgspec
import pytest

from ledger.errors import NotFoundError, UsageError
from ledger.events.types import FeedAdded, FeedChanged, FeedFetched, FeedRemoved
from ledger.state import SlotState


def test_an_article_is_shown_as_its_newest_revision_and_keeps_the_others(room):
    room.article("a-1", "Forty were killed.", title="Quake")
    room.article("a-1", "Fifty were killed.", title="Quake: toll rises")
    room.article("a-2", "The dam holds.", outlet="vdt")
    views = room.views()
    assert views.catch_up() == 3

    found = views.article("a-1")
    assert (found.article.title, found.article.revisions, found.article.status) == (
        "Quake: toll rises",
        2,
        "live",
    )
    assert [row.title for row in found.revisions] == ["Quake", "Quake: toll rises"]
    assert [row.dated for row in found.revisions] == ["declared", "recorded"]
    assert found.revisions[1].p_time == found.revisions[1].recorded_at
    assert [row.article for row in views.articles()] == ["a-2", "a-1"]
    assert [row.article for row in views.articles(before=views.articles()[0].first_position)] == ["a-1"]
    assert [row.article for row in views.articles(outlet="vdt")] == ["a-2"]


def test_an_article_is_found_by_url_and_by_the_beginning_of_its_id(room):
    room.article("a-0123456789abcdef")
    room.article("a-0123456789999999")
    views = room.views()
    views.catch_up()
    assert views.article("https://tna.example/a-0123456789abcdef").article.article == "a-0123456789abcdef"
    assert views.article("a-0123456789a").article.article == "a-0123456789abcdef"
    assert views.article("a-99999") is None
    assert views.article("a-%") is None
    with pytest.raises(UsageError, match="one of a-0123456789999999, a-0123456789abcdef") as several:
        views.article("a-0123456789")
    assert "More than one article fits" in str(several.value)
    room.article("a-6350f00000000000")
    views.catch_up()
    assert views.article("a-635").article.article == "a-6350f00000000000"
    for number in range(7):
        room.article(f"a-77{number}")
    views.catch_up()
    with pytest.raises(UsageError, match=r"one of a-770, a-771, a-772, a-773, a-774, \.\.\."):
        views.article("a-7")


def test_a_withdrawal_is_a_revision_without_a_text(room, claim):
    room.article("a-1", title="Quake")
    room.annotate("a-1", claim(40))
    room.withdraw("a-1")
    views = room.views()
    views.catch_up()
    found = views.article("a-1")
    assert (found.article.status, found.article.title, found.article.revisions) == ("withdrawn", "Quake", 2)
    assert found.revisions[1].reason == "gone"
    assert views.to_article("a-1", 2) is None
    assert views.to_article("a-1", 1).text == "Forty people were killed."
    last = views.reports()[-1]
    assert (last.withdrawn, last.revision, last.url, last.claims) == (True, 2, "https://tna.example/a-1", ())
    assert views.state().get("killed.people") is None or views.state().get("killed.people").reports == 0


def test_a_report_keeps_the_offset_in_which_the_publisher_wrote_the_date(room):
    room.article("a-1", claimed_dates={"published": "4 May 2031, 07:10 (summer time)", "offset": "+02:00"})
    room.article("a-2", claimed_dates={"published": "2031-05-04T01:40:00-03:30", "offset": "-03:30"})
    room.article("a-3", claimed_dates={"offset": "somewhere"})
    room.article("a-4")
    views = room.views()
    views.catch_up()
    offsets = [report.published.utcoffset().total_seconds() / 3600 for report in views.reports()]
    assert offsets == [2, -3.5, 0, 0]
    assert len({report.published for report in views.reports()}) == 1


def test_annotations_survive_byte_for_byte_whatever_their_type(room, claim):
    odd = b'{ "type": "weather.rain", "span": {"start": 3, "end": 5}, "mm": 1.50, "note": "\\u00e9" }'
    shapeless = b'{"type": 7}'
    broken = b'{"type":"core.claim","span":{"start":0,"end":1},"subject":3}'
    room.article()
    room.annotate("a-1", odd, shapeless, broken, claim(40))
    views = room.views()
    views.catch_up()
    stored = views.annotations("a-1", 1)
    assert {one.body for one in stored} == {odd, shapeless, broken, claim(40)}
    assert [(one.start, one.end) for one in stored if one.type == "weather.rain"] == [(3, 5)]
    assert views.known_layers("a-1", 1) == {"claims": [odd, shapeless, broken, claim(40)]}
    assert [row.value for row in views.claims()] == [40]
    problems = room.sql("SELECT body, problem FROM annotations WHERE problem <> ''")
    assert {body.encode() for body, _ in problems} == {shapeless, broken}


def test_the_newest_run_of_a_processor_counts_and_a_failure_replaces_nothing(room, claim):
    room.article()
    first = room.annotate("a-1", claim(40))
    second = room.annotate("a-1", claim(50), identity="id-2")
    room.fail("a-1", identity="id-3")
    views = room.views()
    views.catch_up()
    assert [row.value for row in views.claims()] == [50]
    assert [one.identity for one in views.annotations("a-1", 1)] == ["id-2"]
    assert [one.identity for one in views.failures()] == ["id-3"]

    def then(position):
        return views.reports(room.store.get(room.store.read(position - 1).__next__().id).recorded_at)

    assert [c.value.point for r in then(first) for c in r.claims] == [40]
    assert [c.value.point for r in then(second) for c in r.claims] == [50]
    assert [c.value.point for r in then(first - 1) for c in r.claims] == []


def test_a_failure_that_was_made_good_is_not_listed(room, claim):
    room.article()
    room.fail("a-1")
    views = room.views()
    views.catch_up()
    assert [(one.processor, one.article, one.kind) for one in views.failures()] == [
        ("claims", "a-1", "exception")
    ]
    room.annotate("a-1", claim(40))
    views.catch_up()
    assert views.failures() == []
    row = views.processors()[0]
    assert (row.runs, row.failures, row.annotations, row.last_error) == (2, 1, 1, "exception: ValueError: no")


def test_pending_is_every_revision_that_an_identity_has_no_outcome_for(room, claim):
    room.article("a-1", "one")
    room.article("a-1", "two")
    room.article("a-2", "three")
    room.withdraw("a-2")
    room.annotate("a-1", claim(1), revision=1)
    room.annotate("a-2", revision=1, skipped="language")
    failed = room.fail("a-1", processor="numbers", revision=1, attempt=3)
    views = room.views()
    views.catch_up()
    active = [("numbers", "id-1"), ("claims", "id-1")]
    found = [(one.article, one.revision, one.processors, one.attempts) for one in views.pending(active)]
    assert found == [
        ("a-1", 2, ("numbers", "claims"), {}),
        ("a-2", 1, ("numbers",), {}),
    ]
    assert len(list(views.pending(active, 1))) == 1
    retried = [
        (one.revision, one.processors, one.attempts) for one in views.pending(active, retry_upto=failed)
    ]
    assert retried[0] == (1, ("numbers",), {"numbers": 3})
    assert list(views.pending([])) == []
    other = [("claims", "id-2")]
    assert [(one.article, one.revision) for one in views.pending(other)] == [
        ("a-1", 1),
        ("a-1", 2),
        ("a-2", 1),
    ]


def test_pending_goes_on_over_many_pages(room, monkeypatch):
    monkeypatch.setattr("ledger.projections.queries.PAGE", 3)
    for number in range(10):
        room.article(f"a-{number}", f"text {number}")
    views = room.views()
    views.catch_up()
    assert [one.article for one in views.pending([("claims", "x")])] == [f"a-{n}" for n in range(10)]


def test_feed_health_follows_the_recorded_fetches(room):
    feed = {"feed": "f-1", "url": "https://tna.example/feed.xml"}
    room.append(FeedAdded(**feed, outlet="tna"), "feed:f-1")
    room.append(FeedFetched(**feed, outcome="changed", status=200, items=4, new=3, revised=1), "feed:f-1")
    good = room.clock.now()
    room.append(FeedFetched(**feed, outcome="error", status=503, error="Service unavailable"), "feed:f-1")
    room.append(FeedChanged(feed="f-1", url="https://tna.example/new.xml"), "feed:f-1")
    views = room.views()
    views.catch_up()
    [row] = views.feeds()
    assert (row.url, row.outlet, row.status) == ("https://tna.example/new.xml", "tna", "followed")
    assert (row.outcome, row.http_status, row.error) == ("error", 503, "Service unavailable")
    assert (row.fetches, row.errors, row.new, row.revised, row.items) == (2, 1, 3, 1, 4)
    assert row.last_success_at == good.isoformat().replace("+00:00", "Z")
    room.append(FeedRemoved(feed="f-1"), "feed:f-1")
    views.catch_up()
    assert views.feeds()[0].status == "removed"


def test_registry_and_decisions_are_those_of_the_asked_time(room):
    views = room.views()
    views.catch_up()
    assert views.registry() == b""
    room.registry(sources={})
    before = room.clock.now()
    room.registry(sources={"cp": {"name": "Civil Protection", "reliability": "B"}})
    room.reject("r-1")
    room.reject("r-1", slot="another")
    decided = room.clock.now()
    room.undo("r-1")
    room.undo("r-1")
    views.catch_up()
    assert views.registry(before) == b'{"sources":{}}'
    assert b"Civil Protection" in views.registry()
    assert views.reviews(before) == []
    assert [(one.id, one.undone_at) for one in views.reviews(decided)] == [("r-1", None)]
    [now] = views.reviews()
    assert (now.undone_by, now.undone_reason, now.target["root"]) == ("tom", "right", "civil-protection")
    assert now.target["slot"] == "killed.people"
    assert [one.action for one in views.state_reviews()] == ["reject", "undo"]


def test_search_finds_words_in_title_text_and_claims_of_the_newest_revision(room, claim):
    room.article("a-1", "A wall of the old harbour fell.", title="Storm")
    room.article("a-2", "Rescuers reached Orlund.", title="Quake")
    room.annotate("a-2", claim(40, who="Civil Protection"))
    views = room.views()
    views.catch_up()

    def found(query):
        return [hit.article for hit in views.search(query)]

    assert found("harbour") == ["a-1"]
    assert found("storms") == ["a-1"]
    assert found('"old harbour"') == ["a-1"]
    assert found('"harbour old"') == []
    assert found("orl*") == ["a-2"]
    assert found("civil protection killed") == ["a-2"]
    assert "\x02harbour\x03" in views.search("harbour")[0].snippet
    room.article("a-1", "The wall stands.", title="Storm: corrected")
    views.catch_up()
    assert found("harbour") == []
    assert found("corrected") == ["a-1"]


@pytest.mark.parametrize(
    "query", ["(x", "forty AND", "NEAR(", "title:x", "x^2", "'; DROP TABLE x", "a*b", "é", 'a "b']
)
def test_no_query_is_a_syntax_error(room, query):
    room.article()
    views = room.views()
    views.catch_up()
    assert views.search(query) == []


@pytest.mark.parametrize("query", ["", '"', "-", "* *", "()"])
def test_a_query_without_a_word_is_refused(room, query):
    with pytest.raises(UsageError, match="no word"):
        room.views().search(query)


def test_the_state_and_the_kept_figures_agree(room, claim):
    room.article("a-1", "x", outlet="tna")
    room.annotate("a-1", claim(40, who="Civil Protection"))
    room.article("a-2", "y", outlet="vdt")
    room.annotate("a-2", claim(57, who="the coast guard"))
    views = room.views()
    views.catch_up()
    [slot] = views.state().slots
    [figure] = views.figures()
    assert figure.slot == slot.id
    assert msgspec.json.decode(figure.state, type=SlotState) == slot
    assert (figure.reports, figure.independent_roots, bool(figure.disputed)) == (
        slot.reports,
        slot.independent_roots,
        slot.disputed,
    )
    assert len(views.figure_history(slot.id)) == len(slot.figure_history) == 2


def test_a_state_of_the_past_is_what_it_was(room, claim):
    room.article("a-1", "x")
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up()
    then, before = room.clock.now(), views.state(room.clock.now())
    room.article("a-2", "y", outlet="vdt")
    room.annotate("a-2", claim(90))
    room.registry(config={"fresh_days": 0})
    room.reject(slot=before.slots[0].id, root=before.slots[0].roots[0])
    views.catch_up()
    assert views.state(then) == before
    assert views.state().slots != before.slots


def test_figures_can_be_left_for_later(room, claim):
    room.article()
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up(figures=False)
    assert not views.figures()
    assert views.lag() == 2
    assert views.catch_up() == 0
    assert len(views.figures()) == 1
    assert views.lag() == 0


def test_a_missing_revision_is_named(room):
    views = room.views()
    with pytest.raises(NotFoundError, match="a-9 revision 3"):
        views.to_article("a-9", 3)


def test_the_tables_are_readable_by_other_tools(room, claim):
    room.article()
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up()
    views.rebuild()
    rows = room.sql(
        "SELECT a.title, c.sentence, c.value FROM claims c JOIN runs r USING (position) "
        "JOIN articles a ON a.article = c.article WHERE r.superseded IS NULL"
    )
    assert rows == [("Report a-1", "40 people were killed, Civil Protection said.", 40.0)]
