"""A log that was tampered with is found out, and the first position that differs is named."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import CorruptionError, StoreUnavailableError, UsageError
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import ArticleIngested, BodyRef, PayloadRedacted
from ledger.store import MemoryStore, open_store
from ledger.store.backup import backup, restore
from ledger.store.verify import check_log, verify_store

CORE = Producer("core", "1")
MISSING = BodyRef("00" * 32, "text/plain", 3)


def event(payload="{}", stream="article:a-1", **more):
    return NewEvent(type="note.made", stream=stream, payload=payload.encode(), producer=CORE, **more)


def fill(store, count=12):
    for n in range(count):
        store.append([event(f"payload {n}", stream=f"s:{n % 3}")])
    store.put_bodies([(b"some text " * 50, "text/plain"), (b"other", "text/plain")])


def tamper(path, *statements):
    """Write past the triggers, as somebody with the file in hand can."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def redact(store, positions=(), bodies=()):
    order = PayloadRedacted(positions=tuple(positions), bodies=tuple(bodies), by="desk", reason="order")
    store.append([new_event(order, stream="ledger", producer=CORE)])
    store.redact(order.positions, order.bodies)


def test_an_untouched_log_holds_and_progress_is_told(store):
    fill(store)
    told = []
    found = verify_store(store, lambda done, total: told.append((done, total)))
    assert (found.holds, found.position, found.root) == (True, 12, store.head().root)
    assert (found.redacted, found.bodies, found.first) == (0, 2, None)
    assert told[-1] == (12, 12)


def test_an_empty_log_holds(store):
    assert verify_store(store).holds


def test_a_redacted_log_holds(store):
    fill(store)
    (key, _) = store.body_keys()
    redact(store, [4, 7], [key])
    found = verify_store(store)
    assert (found.problems, found.redacted, found.bodies) == ((), 2, 1)


TAMPERED = {
    "payload": ("UPDATE events SET payload = x'00' WHERE position = 5", 5, "commits to"),
    "salt": ("UPDATE events SET salt = zeroblob(16) WHERE position = 6", 6, "commits to"),
    "no payload": ("UPDATE events SET payload = NULL, salt = NULL WHERE position = 7", 7, "no event orders"),
    "half a payload": ("UPDATE events SET payload = NULL WHERE position = 7", 7, "Only one"),
    "type": ("INSERT INTO types VALUES (9, 'x'); UPDATE events SET type = 9 WHERE position = 3", 3, "type"),
    "stream": ("UPDATE events SET stream = 2, version = 99 WHERE position = 4", 4, "stream"),
    "version": ("UPDATE events SET version = 99 WHERE position = 9", 9, "version"),
    "time": ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2", 2, "recorded time"),
    "id": ("UPDATE events SET event_id = zeroblob(16) WHERE position = 8", 8, "event id"),
    "producer": ("UPDATE producers SET version = '2'", 1, "producer"),
    "missing": ("DELETE FROM events WHERE position = 5", 5, "Missing"),
    "cut off": ("DELETE FROM events WHERE position > 10", 11, "ends here"),
    "unreadable": ("UPDATE events SET envelope = x'7b' WHERE position = 6", 6, "cannot be read"),
}


@pytest.mark.parametrize(("statement", "position", "what"), TAMPERED.values(), ids=TAMPERED)
def test_the_first_position_that_differs_is_named(store, path, statement, position, what):
    fill(store)
    tamper(path, *statement.split(";"))
    found = verify_store(store)
    assert not found.holds
    assert found.first == position
    assert any(problem.position == position and what in problem.what for problem in found.problems)


def swap_causes(path):
    tamper(
        path,
        """UPDATE events SET envelope = CAST(replace(CAST(envelope AS TEXT), '"causes":[]', '"causes":["00"]') AS BLOB)
           WHERE position = 6""",
    )


def test_a_changed_envelope_changes_the_root(store, path):
    fill(store)
    swap_causes(path)
    found = verify_store(store)
    assert found.root != store.head().root
    assert "root of the head" in found.problems[0].what


def test_roots_known_from_outside_say_where(store, path, clock):
    roots = {}
    for n in range(5):
        store.append([event(f"{n}/{k}") for k in range(2)])
        roots[store.head().position] = store.head().root
    assert verify_store(store, roots=roots).holds
    swap_causes(path)
    assert verify_store(store, roots=roots).first == 5
    assert verify_store(store, roots={4: roots[4]}).first == 5
    assert not verify_store(store, roots={99: "00" * 32}).holds


def test_a_rewritten_log_is_only_seen_by_a_root_from_outside(tmp_path, clock):
    honest, forged = (MemoryStore(clock) for _ in range(2))
    honest.append([event("12 injured")])
    forged.append([event("2 injured")])
    known = {1: honest.head().root}
    assert verify_store(forged).holds
    assert not verify_store(forged, roots=known).holds


def test_a_damaged_body_and_a_lost_one_are_found(store, path):
    fill(store)
    tamper(
        path,
        "UPDATE bodies SET data = substr(data, 1, 10) WHERE id = 1",
        "UPDATE bodies SET data = NULL WHERE id = 2",
    )
    kinds = [problem.what for problem in verify_store(store).problems]
    assert len(kinds) == 2
    assert "cannot be unpacked" in kinds[0]
    assert "no event orders" in kinds[1]
    with pytest.raises(CorruptionError):
        store.get_body(next(store.body_keys()))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM head",
        "UPDATE head SET frontier = x'00'",
        "UPDATE head SET position = 11",
        "UPDATE head SET position = 13",
    ],
)
def test_a_damaged_head_is_found(store, path, statement):
    fill(store)
    tamper(path, statement)
    assert not verify_store(store).holds


def test_an_event_past_the_head_is_found(store, path):
    fill(store)
    tamper(
        path,
        "INSERT INTO events SELECT 13, stream, 99, type, producer, x'00', 0, envelope, x'', x'' FROM events LIMIT 1",
    )
    assert verify_store(store).first == 13


def test_a_log_that_lost_its_head_does_not_get_a_new_one(store, path, url, clock):
    fill(store)
    store.close()
    tamper(path, "DELETE FROM head")
    with pytest.raises(CorruptionError, match="no head row"):
        open_store(url, clock=clock)


def test_reading_a_log_with_a_hole_is_refused(store, path):
    fill(store)
    tamper(path, "DELETE FROM events WHERE position = 5")
    with pytest.raises(CorruptionError, match="position 5"):
        list(store.read())
    with pytest.raises(CorruptionError, match="position 5"):
        list(store.leaf_hashes(0, 12))
    tamper(path, "DELETE FROM events WHERE position > 10")
    with pytest.raises(CorruptionError, match="position 11"):
        list(store.read(5))


class TestCheckLog:
    def article(self, text, **more):
        return ArticleIngested(
            article="a-1",
            revision=1,
            hash="ab",
            url="https://x.example/",
            outlet="x",
            title="T",
            text=text,
            **more,
        )

    def test_counts_types_unknown_and_redacted(self, store):
        fill(store, 3)
        (text,) = store.put_bodies([(b"Flood.", "text/plain")])
        store.append([new_event(self.article(text), stream="article:a-1", producer=CORE)])
        redact(store, [1])
        found = check_log(store)
        assert found.holds
        assert found.types == {"article.ingested": 1, "note.made": 3, "payload.redacted": 1}
        assert (found.unknown, found.redacted, found.position) == ({"note.made v1": 2}, 1, 5)

    def test_names_what_cannot_be_decoded_and_what_is_missing(self, store):
        bad = NewEvent(type="article.ingested", stream="article:a-1", payload=b'{"article":1}', producer=CORE)
        store.append([bad, new_event(self.article(MISSING), stream="article:a-2", producer=CORE)])
        found = check_log(store)
        assert [problem.position for problem in found.problems] == [1, 2]
        assert MISSING.key in found.problems[1].what


def in_home(folder):
    return Settings(home=folder)


class TestBackup:
    def test_a_copy_is_verified_and_comes_back_as_the_same_ledger(self, store, tmp_path):
        fill(store)
        copied = backup(store, tmp_path / "kept" / "monday.db")
        store.append([event("later")])
        assert (copied.position, copied.path) == (12, tmp_path / "kept" / "monday.db")
        assert copied.size == copied.path.stat().st_size
        assert [file.name for file in copied.path.parent.iterdir()] == ["monday.db"]
        restored = restore(copied.path, in_home(tmp_path / "new"))
        assert (restored.position, restored.root) == (12, copied.root)
        assert [file.name for file in restored.path.parent.iterdir()] == ["ledger.db"]
        again = open_store(f"sqlite:///{restored.path}", clock=FixedClock("2031-06-01"))
        assert again.head().ledger == store.head().ledger
        assert list(again.read()) == list(store.read(upto=12))
        assert again.append([event("goes on")]).positions == (13,)
        assert again.position_at(datetime(2031, 5, 31, tzinfo=UTC)) == 12
        again.close()

    def test_it_comes_back_where_the_url_says(self, store, tmp_path):
        fill(store)
        copied = backup(store, tmp_path / "copy.db")
        assert (
            restore(copied.path, f"sqlite:///{tmp_path}/other/log.db").path == tmp_path / "other" / "log.db"
        )
        assert (tmp_path / "other" / "log.db").exists()
        with pytest.raises(UsageError, match="pg_restore"):
            restore(copied.path, "postgresql+psycopg://nobody@127.0.0.1:1/none")

    def test_it_can_be_made_from_a_ledger_opened_for_reading(self, store, url, tmp_path, clock):
        fill(store)
        audit = open_store(url, clock=clock, readonly=True)
        assert backup(audit, tmp_path / "copy.db").root == store.head().root
        audit.close()

    def test_redacted_bytes_are_not_in_a_copy(self, store, tmp_path):
        store.append([event("secret-words " * 100)])
        redact(store, [1])
        assert b"secret-words" not in backup(store, tmp_path / "copy.db").path.read_bytes()

    def test_nothing_is_overwritten(self, store, path, tmp_path):
        copied = backup(store, tmp_path / "copy.db")
        with pytest.raises(UsageError, match="already"):
            backup(store, copied.path)
        with pytest.raises(UsageError, match="already"):
            restore(copied.path, in_home(path.parent))

    def test_a_ledger_that_does_not_hold_leaves_no_copy(self, store, path, tmp_path):
        fill(store)
        tamper(path, "UPDATE events SET payload = x'00' WHERE position = 5")
        with pytest.raises(CorruptionError, match="position 5"):
            backup(store, tmp_path / "kept" / "copy.db")
        assert list((tmp_path / "kept").iterdir()) == []

    def test_a_damaged_backup_is_not_restored(self, store, tmp_path):
        fill(store)
        copied = backup(store, tmp_path / "copy.db")
        tamper(copied.path, "UPDATE events SET payload = x'00' WHERE position = 5")
        with pytest.raises(CorruptionError, match="position 5"):
            restore(copied.path, in_home(tmp_path / "new"))
        assert list((tmp_path / "new").iterdir()) == []

    def test_what_is_no_backup_is_refused(self, tmp_path):
        (tmp_path / "empty.db").touch()
        with pytest.raises(StoreUnavailableError):
            restore(tmp_path / "empty.db", in_home(tmp_path / "new"))
        with pytest.raises(StoreUnavailableError):
            restore(tmp_path / "none.db", in_home(tmp_path / "new"))
        assert not (tmp_path / "new").exists()

    def test_a_folder_that_cannot_be_written(self, store, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(StoreUnavailableError):
            backup(store, tmp_path / "file" / "copy.db")

    def test_a_ledger_in_memory_has_no_backup(self, tmp_path, clock):
        with pytest.raises(UsageError):
            backup(MemoryStore(clock), tmp_path / "copy.db")

    def test_an_older_backup_is_upgraded_on_the_way(self, store, tmp_path, monkeypatch):
        fill(store)
        copied = backup(store, tmp_path / "copy.db")

        def second_revision(connection):
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")

        monkeypatch.setattr("ledger.store.migrate.REVISIONS", ("0001", "0002"))
        monkeypatch.setattr("ledger.store.sqlite_file.run_upgrade", second_revision)
        assert restore(copied.path, in_home(tmp_path / "new")).root == copied.root
        assert [file.name for file in (tmp_path / "new").iterdir()] == ["ledger.db"]
