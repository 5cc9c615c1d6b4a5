"""Alerts as those who watch see them: each transition once, nothing from replays, rebuilds and new rules."""

from __future__ import annotations

import msgspec

from ledger import open_ledger
from ledger.clock import FixedClock

FIRST = "Some 40 people were killed in the Ilm valley, the coast guard said."
SECOND = "In the Ilm valley 41 people were killed, the Red Cross said."


def test_each_transition_is_told_once_and_in_order(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    newsroom.publish(9, "daily", "two", SECOND)
    newsroom.ledger.process()
    assert newsroom.kinds() == [("first", "dead"), ("second-root", "dead")]
    first, second = (each.raised for each in newsroom.ledger.alerts.list())
    assert (first.before, first.after, second.after) == ("", "about 40", "41")


def test_a_small_move_is_no_alert_and_the_threshold_is_a_setting(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    newsroom.publish(
        9, "post", "three", "Some 43 people were killed in the Ilm valley, the coast guard said."
    )
    assert [kind for kind, _ in newsroom.kinds()] == ["first"]
    newsroom.publish(
        11, "post", "four", "Some 80 people were killed in the Ilm valley, the coast guard said."
    )
    assert [kind for kind, _ in newsroom.kinds()] == ["first", "moved"]
    moved = list(newsroom.ledger.alerts.list())[-1].raised
    assert (moved.before, moved.after, moved.share) == ("about 43", "about 80", round(37 / 43, 4))


def test_a_revision_that_takes_the_figure_back_names_the_article(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    newsroom.publish(9, "post", "one", "Some 4 people were killed in the Ilm valley, the coast guard said.")
    revised = [each.raised for each in newsroom.ledger.alerts.list() if each.raised.kind == "revised"]
    assert [each.articles for each in revised] == [
        tuple(claim.document for claim in newsroom.dead().claims[:1])
    ]


def test_rebuilding_and_replaying_tells_nobody(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    before = newsroom.kinds()
    newsroom.ledger.views.rebuild()
    newsroom.ledger.process()
    newsroom.ledger.replay()
    assert newsroom.kinds() == before == [("first", "dead")]


def test_another_registry_changes_the_past_and_tells_nobody(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    table = msgspec.json.decode(newsroom.ledger.views.registry())
    table["slots"]["victims"] = table["slots"].pop("dead")
    newsroom.ledger.sources.set(msgspec.json.encode(table), by="test", reason="renamed")
    newsroom.ledger.process()
    assert newsroom.ledger.state().get("victims") is not None
    assert newsroom.kinds() == [("first", "dead")]


def test_an_article_that_was_recorded_before_it_was_read_is_told_when_it_is_read(newsroom):
    newsroom.publish(7, "post", "one", FIRST, process=False)
    newsroom.ledger.views.catch_up()
    assert newsroom.ledger.alerts.follow() == ()
    newsroom.ledger.process()
    assert newsroom.kinds() == [("first", "dead")]


def test_decisions_are_told_as_news_is(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    newsroom.at(8)
    decision = newsroom.ledger.reviews.reject(slot="dead", root="coast-guard", by="mira", reason="a drill")
    newsroom.ledger.process()
    newsroom.at(9)
    newsroom.ledger.reviews.undo(decision, by="mira", reason="no drill")
    newsroom.ledger.process()
    assert [kind for kind, _ in newsroom.kinds()] == ["first", "gone", "first"]


def test_two_processes_tell_one_story(newsroom, tmp_path):
    with open_ledger(tmp_path / "home", clock=FixedClock("2031-05-04T12:00:00Z"), isolate="never") as other:
        newsroom.publish(7, "post", "one", FIRST)
        other.process()
        newsroom.publish(9, "daily", "two", SECOND)
        other.process()
    assert newsroom.kinds() == [("first", "dead"), ("second-root", "dead")]


def test_reports_that_never_followed_a_correction_are_listed(newsroom):
    newsroom.publish(7, "post", "one", FIRST)
    newsroom.publish(
        8, "daily", "two", "Some 40 people were killed in the Ilm valley, according to The Post."
    )
    assert newsroom.ledger.alerts.unfollowed() == ()
    newsroom.publish(9, "post", "one", "Some 4 people were killed in the Ilm valley, the coast guard said.")
    (left,) = newsroom.ledger.alerts.unfollowed()
    assert (left.slot, left.outlet, left.value) == ("dead", "daily", "about 40")
    revised = next(each.raised for each in newsroom.ledger.alerts.list() if each.raised.kind == "revised")
    assert revised.still == (left.article,)


def test_an_atom_feed_of_alerts_in_a_file(tmp_path):
    import feedparser

    home = tmp_path / "home"
    home.mkdir()
    (home / "newsledger.toml").write_text(
        '[alerts]\nquiet = ["second-root"]\n\n[plugins.alerts]\npath = "alerts.xml"\n'
    )
    with open_ledger(home, clock=FixedClock("2031-05-04T06:00:00Z"), isolate="never") as ledger:
        file = tmp_path / "one.txt"
        for hour, text in (
            ("07", FIRST),
            ("09", "Some 90 people were killed in the Ilm valley, the coast guard said."),
        ):
            ledger.clock.set(f"2031-05-04T{hour}:00:00Z")
            file.write_text(f"The flood\n\n{text}\n")
            ledger.ingest(
                file, outlet="post", url=f"https://post.example/{hour}", published=f"2031-05-04T{hour}:00:00Z"
            )
    feed = feedparser.parse((home / "alerts.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == [
        "People killed, Ilm: about 40 -> about 90",
        "People killed, Ilm: first figure, about 40",
    ]
    assert not feed.bozo
