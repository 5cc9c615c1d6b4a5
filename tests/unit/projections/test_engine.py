"""Checkpoints, generations, other histories, poison events: what keeps the views right."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa

from ledger.errors import (
    NotFoundError,
    PluginConflictError,
    PluginError,
    ProjectionError,
    StoreUnavailableError,
)
from ledger.events import NewEvent, Producer
from ledger.plugin import Projection
from ledger.projections import catalogue, folding
from ledger.projections.articles import Articles
from ledger.projections.search import Search
from ledger.store import MemoryStore


def info(views, name, state="live"):
    return next(one for one in views.list() if one.name == name and one.state == state)


def test_small_batches_give_the_rows_of_large_ones(room, claim, monkeypatch):
    for number in range(12):
        room.article(f"a-{number % 5}", f"text {number}")
        room.annotate(f"a-{number % 5}", claim(number + 1))
    large = room.views()
    large.catch_up()
    monkeypatch.setattr(folding, "BATCH_EVENTS", 2)
    small = room.views(room.home.with_name("other"))
    seen = []
    assert small.catch_up(lambda done, total: seen.append((done, total))) == 24
    assert small.digests() == large.digests()
    assert seen[-1] == (24, 24)
    assert len(seen) == 12


def test_a_batch_ends_at_its_size_in_bytes(room, monkeypatch):
    monkeypatch.setattr(folding, "BATCH_BYTES", 1)
    for number in range(5):
        room.article(f"a-{number}", f"text {number}")
    views, seen = room.views(), []
    views.catch_up(lambda done, total: seen.append(done))
    assert seen == [1, 2, 3, 4, 5]


def test_views_that_were_deleted_come_back_the_same(file_room, claim):
    file_room.article()
    file_room.annotate("a-1", claim(40))
    views = file_room.views()
    views.catch_up()
    before = views.digests()
    views.close()
    shutil.rmtree(file_room.home)
    again = file_room.views()
    again.catch_up()
    assert again.digests() == before


def test_a_rebuild_makes_a_new_generation_and_keeps_the_old_one(room, claim):
    room.article()
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up()
    before = views.digests()
    assert views.rebuild("articles") == 2
    assert (info(views, "articles").generation, info(views, "articles", "old").generation) == (2, 1)
    assert info(views, "feeds").generation == 1
    found = views.diff("articles", 1, 2)
    assert (found.same, found.text()) == (True, "no difference")
    views.rebuild()
    assert views.digests() == before
    assert [one.generation for one in views.list() if one.name == "articles"] == [2, 3]
    assert [one.generation for one in views.list() if one.name == "figures"] == [1, 2]


def test_a_difference_between_generations_is_counted_and_named(room):
    for name in ("a-1", "a-2", "a-3"):
        room.article(name)
    views = room.views()
    views.catch_up()
    views.rebuild("articles")
    room.sql("UPDATE articles__g1 SET title = 'forged' WHERE article = 'a-2'")
    room.sql("DELETE FROM articles__g1 WHERE article = 'a-3'")
    found = views.diff("articles", 1, 2)
    assert not found.same
    assert found.text() == "articles: 0 only in the older, 1 only in the newer, 1 changed (a-2, a-3)"
    with pytest.raises(NotFoundError, match="articles 9"):
        views.diff("articles", 1, 9)


def test_rollback_shows_the_older_generation_which_then_catches_up(room):
    room.article("a-1")
    views = room.views()
    views.catch_up()
    views.rebuild("articles")
    room.sql("UPDATE articles__g1 SET title = 'as it was'")
    assert views.rollback("articles") == 1
    assert views.article("a-1").article.title == "as it was"
    room.article("a-2")
    views.catch_up()
    assert [row.title for row in views.articles()] == ["Report a-2", "as it was"]
    assert info(views, "articles", "old").generation == 2
    with pytest.raises(NotFoundError, match="No such view"):
        views.rollback("nothing")


def test_rollback_without_an_older_generation_says_so(room):
    views = room.views()
    with pytest.raises(ProjectionError, match="no older generation"):
        views.rollback("feeds")


def test_other_code_rebuilds_the_view_by_itself_and_older_code_takes_its_generation_back(room, monkeypatch):
    room.article("a-1")
    old = room.views()
    old.catch_up()
    with monkeypatch.context() as newer:
        newer.setattr(Articles, "config", lambda self: b"newer")
        new = room.views()
        assert new.article("a-1").article.title == "Report a-1"
        assert (info(new, "articles").generation, info(new, "feeds").generation) == (2, 1)
        with pytest.raises(ProjectionError, match="other code"):
            new.rollback("articles")
    back = room.views()
    back.catch_up()
    assert info(back, "articles").generation == 1


def test_a_restored_older_ledger_is_recognised(room):
    for number in range(4):
        room.article(f"a-{number}")
    views = room.views()
    views.catch_up()
    older = MemoryStore(room.clock)
    room.store, room.versions = older, {}
    room.article("a-0")
    again = room.views()
    assert again.catch_up() == 1
    assert [row.article for row in again.articles()] == ["a-0"]
    assert len(again.search("forty")) == 1


@pytest.mark.parametrize("extra", [0, 3])
def test_a_ledger_with_another_history_of_the_same_length_is_recognised(room, extra):
    for number in range(4):
        room.article(f"a-{number}", "first history")
    views = room.views()
    views.catch_up()
    room.store, room.versions = MemoryStore(room.clock), {}
    for number in range(4 + extra):
        room.article(f"a-{number}", "second history")
    again = room.views()
    assert again.catch_up() == 4 + extra
    assert again.to_article("a-0", 1).text == "second history"
    assert again.search("first") == []


def test_a_checkpoint_of_another_history_is_recognised_also_below_the_head(file_room):
    for number in range(4):
        file_room.article(f"a-{number}")
    views = file_room.views()
    views.catch_up()
    expected = views.digests()
    file_room.sql("UPDATE projection SET root = '00' WHERE name = 'articles'")
    file_room.sql("DELETE FROM articles__g1 WHERE article = 'a-0'")
    file_room.article("a-4")
    views.catch_up()
    assert info(views, "articles").generation == 2
    assert len(views.articles()) == 5
    assert views.digests()["feeds"] == expected["feeds"]


def test_two_projectors_share_the_work_and_apply_each_event_once(room, claim, monkeypatch):
    monkeypatch.setattr(folding, "BATCH_EVENTS", 3)
    first, second = room.views(), room.views()
    for number in range(10):
        room.article(f"a-{number}")
        room.annotate(f"a-{number}", claim(number + 1))

    def meanwhile(done, total):
        if done == 6:
            second.catch_up()

    first.catch_up(meanwhile)
    assert first.lag() == second.lag() == 0
    assert [row.runs for row in first.processors()] == [10]
    fresh = room.views(room.home.with_name("fresh"))
    fresh.catch_up()
    assert fresh.digests() == first.digests()


def test_a_projector_that_was_overtaken_cannot_move_a_checkpoint(room):
    room.article()
    views = room.views()
    views.catch_up()
    with views._database.write() as connection:
        before = catalogue.generations(connection)[0]
        assert catalogue.advance(connection, before, before)
        assert not catalogue.advance(connection, before, before)
        assert not catalogue.stamp(connection, before, state="old")


def test_a_poison_event_stops_only_the_views_that_want_it_and_is_named(room):
    room.article("a-1")
    bad = NewEvent(
        type="article.revised", stream="article:a-1", payload=b'{"no": 1}', producer=Producer("x", "1")
    )
    room.store.append([bad])
    room.article("a-2")
    views = room.views()
    with pytest.raises(ProjectionError) as caught:
        views.catch_up()
    assert "position 2, article.revised" in str(caught.value)
    assert "Nothing recorded is lost" in str(caught.value)
    assert info(views, "articles", "stopped").position == 1
    assert info(views, "feeds").position == 3
    assert (info(views, "search").position, info(views, "search").parked) == (3, 1)
    assert [(one.name, one.position) for one in views.parked()] == [("search", 2)]
    assert [row.article for row in views.articles()] == ["a-1"]
    with pytest.raises(ProjectionError):
        views.catch_up()
    assert views.rebuild("feeds") == 3


def test_a_stopped_view_goes_on_when_its_code_is_mended(room, monkeypatch):
    room.article("a-1")
    room.article("a-2", title="poison")
    room.article("a-3")
    honest = Articles.fold

    def fold(self, tables, facts, context):
        if any(getattr(fact.content, "title", "") == "poison" for fact in facts):
            raise ValueError("cannot")
        honest(self, tables, facts, context)

    views = room.views()
    with monkeypatch.context() as broken:
        broken.setattr(Articles, "fold", fold)
        with pytest.raises(ProjectionError, match=r"position 2, article\.ingested: cannot"):
            views.catch_up()
    views.catch_up()
    assert len(views.articles()) == 3
    assert info(views, "articles").error == ""


def test_what_the_database_refuses_is_told_in_its_words_without_the_statement(room, monkeypatch):
    room.article("a-1")

    def fold(self, tables, facts, context):
        raise sa.exc.IntegrityError("INSERT INTO secrets", {}, ValueError("no such place"))

    views = room.views()
    monkeypatch.setattr(Articles, "fold", fold)
    with pytest.raises(ProjectionError, match=r"position 1, article\.ingested: no such place\. ") as told:
        views.catch_up()
    assert "INSERT" not in str(told.value)


def test_an_event_of_a_newer_release_stops_with_the_advice_to_upgrade(room):
    newer = NewEvent(
        type="article.ingested", stream="article:a-1", payload=b"{}", producer=Producer("x", "9"), schema=99
    )
    room.store.append([newer])
    with pytest.raises(ProjectionError, match=r"newer release: article\.ingested v99\. Upgrade"):
        room.views().catch_up()


def test_unknown_event_types_pass_by(room):
    room.unknown()
    room.article()
    views = room.views()
    assert views.catch_up() == 2
    assert len(views.articles()) == 1


def test_a_full_disk_is_no_poison(room, monkeypatch):
    room.article()

    def full(self, tables, facts, context):
        raise StoreUnavailableError("The disk is full")

    views = room.views()
    with monkeypatch.context() as now:
        now.setattr(Search, "fold", full)
        with pytest.raises(StoreUnavailableError):
            views.catch_up()
    assert views.parked() == []
    views.catch_up()
    assert len(views.search("forty")) == 1


def test_views_of_another_release_are_made_anew(room, claim):
    room.article()
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up()
    expected = views.digests()
    views.close()
    room.sql("ALTER TABLE projection ADD COLUMN frontier TEXT NOT NULL DEFAULT ''")
    room.sql("UPDATE articles__g1 SET title = 'as it was'")
    again = room.views()
    assert again.digests() == expected
    assert again.search("forty")
    assert info(again, "articles").generation == 1


def test_a_file_that_is_no_database_is_named(file_room):
    file_room.home.mkdir()
    (file_room.home / "views.db").write_bytes(b"not a database, but long enough to look like one" * 50)
    with pytest.raises(StoreUnavailableError, match=r"views\.db.*rebuilt from the ledger"):
        file_room.views()


def test_a_home_that_cannot_be_made_is_named(file_room):
    file_room.home.write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="folder for the views"):
        file_room.views()


# -- views that plugins bring ---------------------------------------------------------------------------------


def by_outlet(rows, events):
    for _, payload, recorded in events:
        row = rows.setdefault(payload["outlet"], {"articles": 0})
        row["articles"] += 1
        row["last"] = recorded.isoformat()


def counted(views, name="by_outlet"):
    with views._database.read() as connection:
        return connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()


def test_a_plugin_view_is_kept_and_rebuilt_like_the_others(room, monkeypatch):
    monkeypatch.setattr(folding, "BATCH_EVENTS", 2)
    declared = Projection(name="by_outlet", version="1", types=("article.ingested",), fold=by_outlet)
    for number in range(5):
        room.article(f"a-{number}", outlet="tna" if number % 2 else "vdt")
    views = room.views(projections=[declared])
    views.catch_up()
    rows = counted(views)
    assert [(key, '"articles":2' in row or '"articles":3' in row) for key, row in rows] == [
        ("tna", True),
        ("vdt", True),
    ]
    views.rebuild("by_outlet")
    assert counted(views) == rows


def test_a_failing_plugin_view_is_listed_and_harms_no_other(room):
    def fold(rows, events):
        raise RuntimeError("bug in the plugin")

    declared = Projection(name="broken", version="1", types=("article.ingested",), fold=fold)
    room.article()
    views = room.views(projections=[declared])
    assert views.catch_up() == 1
    assert len(views.articles()) == 1
    assert "bug in the plugin" in info(views, "broken", "stopped").error


def test_a_new_version_of_a_plugin_view_rebuilds_it(room):
    room.article()
    first = Projection(name="by_outlet", version="1", types=("article.ingested",), fold=by_outlet)
    views = room.views(projections=[first])
    views.catch_up()

    def fold(rows, events):
        rows["all"] = {"n": len(events)}

    second = Projection(name="by_outlet", version="2", types=("article.ingested",), fold=fold)
    newer = room.views(projections=[second])
    newer.catch_up()
    assert counted(newer) == [("all", '{"n":1}')]


@pytest.mark.parametrize(
    ("name", "error"),
    [("articles", PluginConflictError), ("runs", PluginConflictError), ("No name", PluginError)],
)
def test_a_plugin_view_needs_a_free_plain_name(room, name, error):
    declared = Projection(name=name, version="1", types=(), fold=by_outlet)
    with pytest.raises(error):
        room.views(projections=[declared])
