"""What was redacted is gone from the views, and from the file that held them."""

from __future__ import annotations

import pytest

from ledger.events import decode
from ledger.events.types import PayloadRedacted

SECRET = "Marlowe Quillfeather"


def texts(room):
    """Everything that the views' files, or all rows of the schema, hold."""
    if not room.server:
        return b"".join(path.read_bytes() for path in sorted(room.home.iterdir()))
    tables = room.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'views' ORDER BY tablename")
    rows = [row for (table,) in tables for row in room.sql(f'SELECT each::text FROM "{table}" AS each')]
    return "\n".join(text for (text,) in rows).encode()


@pytest.fixture
def told(room, claim):
    """An article that names somebody, with a claim that quotes it, beside an innocent one."""
    text = f"{SECRET} was detained. " * 40
    room.at = room.article("a-1", text, title=f"{SECRET} held", byline="ann")
    room.run = room.annotate("a-1", claim(40, who=SECRET))
    room.article("a-2", "The dam holds.")
    room.annotate("a-2", claim(3))
    return room


def body_of(room, position):
    return decode(next(room.store.read(position - 1))).text.key


def test_a_redacted_article_and_all_that_was_read_from_it_is_gone(told):
    views = told.views()
    views.catch_up()
    assert SECRET.encode() in texts(told)
    told.redact(positions=(told.at, told.run), bodies=(body_of(told, told.at),))
    views.catch_up()
    assert SECRET.encode() not in texts(told)
    found = views.article("a-1")
    assert (found.article.status, found.article.title) == ("redacted", "")
    assert views.annotations("a-1", 1) == []
    assert [row.value for row in views.claims()] == [3]
    assert views.search("quillfeather") == []
    assert views.to_article("a-1", 1) is None
    assert len(views.search("dam")) == 1
    assert [slot.reports for slot in views.state().slots] == [1]


def test_without_its_text_nothing_derived_from_it_is_kept(told):
    views = told.views()
    views.catch_up()
    told.redact(bodies=(body_of(told, told.at),))
    views.catch_up()
    assert views.annotations("a-1", 1) == []
    assert views.article("a-1").article.status == "redacted"
    assert views.search("quillfeather") == []
    assert next(views.pending([("claims", "id-2")])).article == "a-2"


def test_a_redacted_annotation_is_not_made_again(told):
    views = told.views()
    views.catch_up()
    told.redact(positions=(told.run,))
    views.catch_up()
    assert views.annotations("a-1", 1) == []
    assert list(views.pending([("claims", "id-1")])) == []


def test_no_older_generation_keeps_what_was_redacted(told):
    views = told.views()
    views.catch_up()
    views.rebuild()
    told.redact(positions=(told.at, told.run), bodies=(body_of(told, told.at),))
    views.catch_up()
    assert {one.state for one in views.list()} == {"live"}
    assert SECRET.encode() not in texts(told)


def test_an_order_counts_before_the_bytes_are_removed(told):
    key = body_of(told, told.at)
    order = PayloadRedacted(positions=(told.at, told.run), bodies=(key,), by="court", reason="order")
    told.append(order, "ledger")
    before = told.views()
    before.catch_up()
    assert before.to_article("a-1", 1) is None
    assert SECRET.encode() not in texts(told)
    told.store.redact((told.at, told.run), (key,))
    after = told.views(told.home.with_name("after"))
    after.catch_up()
    assert after.digests() == before.digests()
