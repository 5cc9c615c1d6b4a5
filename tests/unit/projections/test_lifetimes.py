"""Views of plugins: kept and brought forward in turns, kept and brought forward with each append, or in memory."""

from __future__ import annotations

import pytest

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import NotFoundError, PluginError, ProjectionError
from ledger.events import Producer, new_event
from ledger.events.types import ArticleIngested, FeedRemoved
from ledger.plugin import Projection
from ledger.projections.lifetimes import FollowedStore
from ledger.store import open_store
from ledger.store.backup import backup


def counted(rows, events):
    """How often each article was ingested, and how many events there were: a doubled or lost event shows."""
    for _, payload, recorded in events:
        row = rows.setdefault(payload["article"], {"count": 0, "last": ""})
        row["count"] += 1
        row["last"] = recorded.isoformat()


def declared(lifetime, fold=counted, name="ingested"):
    return Projection(name=name, version="1", types=(ArticleIngested.TYPE,), fold=fold, lifetime=lifetime)


def counts(views):
    return {key: row["count"] for key, row in views.plugin_rows("ingested").items()}


def test_an_inline_view_has_what_was_appended_when_the_append_returns(room):
    views = room.views(projections=[declared("inline")])
    room.store = views.followed(room.store)
    for number in range(3):
        room.article(f"a-{number}")
        assert counts(views) == {f"a-{n}": 1 for n in range(number + 1)}
    assert [one.lag for one in views.list() if one.name == "articles"] == [room.store.head().position]


def test_an_inline_view_goes_on_where_a_killed_process_left_it(room):
    """The append was made, the process died before the view was brought forward: the next append does both, once."""
    views = room.views(projections=[declared("inline")])
    bare = room.store
    room.store = views.followed(bare)
    room.article("a-1")
    room.store = bare
    room.article("a-2")
    assert counts(views) == {"a-1": 1}
    other = room.views(projections=[declared("inline")])
    room.store = other.followed(bare)
    room.article("a-3")
    views.catch_up()
    room.store = views.followed(bare)
    room.article("a-4")
    assert counts(other) == counts(views) == {f"a-{n}": 1 for n in (1, 2, 3, 4)}


def test_an_inline_view_that_fails_stops_alone_and_keeps_nothing_from_being_recorded(room):
    def fold(rows, events):
        if any(payload["article"] == "a-2" for _, payload, _ in events):
            raise ValueError("no")
        counted(rows, events)

    views = room.views(projections=[declared("inline", fold)])
    room.store = views.followed(room.store)
    for number in (1, 2, 3):
        room.article(f"a-{number}")
    assert room.store.head().position == 3
    assert counts(views) == {"a-1": 1}
    stopped = next(one for one in views.list() if one.name == "ingested")
    assert (stopped.state, stopped.position) == ("stopped", 1)
    assert stopped.error.startswith("position 2")
    views.catch_up()
    assert len(views.articles()) == 3


def test_where_no_view_is_inline_the_store_is_the_store_itself(room):
    views = room.views(projections=[declared("async")])
    assert views.followed(room.store) is room.store


def test_a_live_view_is_at_the_head_whenever_it_is_asked_and_nowhere_on_disk(room):
    views = room.views(projections=[declared("live")])
    room.article("a-1")
    assert counts(views) == {"a-1": 1}
    room.article("a-2")
    room.unknown()
    assert counts(views) == counts(views) == {"a-1": 1, "a-2": 1}
    assert "ingested" not in {one.name for one in views.list()}
    assert counts(room.views(projections=[declared("live")])) == {"a-1": 1, "a-2": 1}


def test_a_live_view_forgets_what_was_redacted(room):
    views = room.views(projections=[declared("live")])
    at = room.article("a-1")
    room.article("a-2")
    assert len(counts(views)) == 2
    room.redact(positions=(at,))
    assert counts(views) == {"a-2": 1}


def test_a_live_view_that_fails_says_where_and_begins_anew(room):
    broken = [True]

    def fold(rows, events):
        counted(rows, events)
        if broken[0]:
            raise ValueError("no")

    views = room.views(projections=[declared("live", fold)])
    room.article("a-1")
    with pytest.raises(ProjectionError, match="positions 1 to 1: no"):
        views.plugin_rows("ingested")
    broken[0] = False
    assert counts(views) == {"a-1": 1}


def test_what_an_asker_does_to_the_rows_of_a_live_view_stays_with_him(room):
    views = room.views(projections=[declared("live")])
    room.article("a-1")
    views.plugin_rows("ingested")["a-1"]["count"] = 99
    assert counts(views) == {"a-1": 1}


@pytest.mark.parametrize("lifetime", ["async", "inline", "live"])
def test_each_event_acts_once_however_often_and_by_whomever_a_view_is_brought_forward(room, lifetime):
    bare, asked = room.store, []
    for number in range(12):
        if number % 4 == 0:
            asked.append(room.views(projections=[declared(lifetime)]))
        room.store = asked[number % len(asked)].followed(bare)
        room.article(f"a-{number}")
        if number % 3 == 0:
            asked[-1].catch_up()
        if number % 5 == 0:
            asked[0].rebuild()
    asked[0].catch_up()
    for views in asked:
        assert counts(views) == {f"a-{n}": 1 for n in range(12)}


@pytest.mark.parametrize("lifetime", ["", "forever"])
def test_an_unknown_lifetime_is_refused(room, lifetime):
    with pytest.raises(PluginError, match="async, inline, live"):
        room.views(projections=[declared(lifetime)])


def test_a_live_view_takes_no_name_that_is_taken(room):
    with pytest.raises(PluginError):
        room.views(projections=[declared("live", name="articles")])
    with pytest.raises(PluginError):
        room.views(projections=[declared("live"), declared("async")])
    with pytest.raises(NotFoundError, match="ingested"):
        room.views(projections=[declared("live")]).plugin_rows("other")


def test_a_followed_store_is_backed_up_like_any_other(tmp_path):
    store = open_store(Settings(home=tmp_path), clock=FixedClock("2031-05-04T07:00:00Z"))
    try:
        followed = FollowedStore(store, lambda: None)
        followed.append([new_event(FeedRemoved(feed="f-1"), stream="feed:f-1", producer=Producer("x", "1"))])
        backup(followed, tmp_path / "copy.db")
        assert (tmp_path / "copy.db").stat().st_size
    finally:
        store.close()
