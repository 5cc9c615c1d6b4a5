"""A backup is one SQLite file, whichever database the ledger lies in, and becomes a ledger in either."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import CorruptionError, StoreUnavailableError, StoreVersionError, UsageError
from ledger.events import Producer
from ledger.store import MemoryStore, Task, open_store
from ledger.store.backup import backup, restore
from ledger.store.migrate import REVISIONS
from ledger.store.verify import verify_store
from tests.contract.server import maintenance, new_database, release_database, text
from tests.integration.store.logs import event, fill, redact, tamper

DATABASES = ("sqlite", "postgres")


@pytest.fixture
def database():
    """A database with the schema of the log and nothing in it."""
    url = new_database()
    yield url
    release_database(url)


@pytest.fixture(params=DATABASES)
def place(request, url):
    """The URL of a ledger to be backed up."""
    return url if request.param == "sqlite" else text(request.getfixturevalue("database"))


@pytest.fixture
def store(place, clock):
    opened = open_store(place, clock=clock)
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def target(request, tmp_path):
    """The URL of a place for a ledger, in another database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/other/log.db"
        return
    made = new_database()
    yield text(made)
    release_database(made)


def in_home(folder):
    return Settings(home=folder)


def everything(store):
    """All that a ledger holds, as far as anybody can ask for it."""
    bodies = {key: (store.get_body(key), store.body_salt(key)) for key in store.body_keys()}
    return (
        store.head(),
        list(store.read()),
        list(store.index_rows()),
        bodies,
        store.lookup(["k"]),
        store.tasks("feed"),
    )


def test_the_same_ledger_comes_back_in_either_database(store, target, tmp_path):
    fill(store)
    store.append([event("keyed")], keys={"k": "v"})
    redact(store, [3], [next(iter(store.body_keys()))])
    store.put_tasks([Task(kind="feed", key="f", next_at=datetime(2031, 1, 1, tzinfo=UTC), data=b"x")])
    (lease,) = store.claim("feed", now=datetime(2031, 1, 2, tzinfo=UTC), owner="w", lease_seconds=9, limit=1)
    copied = backup(store, tmp_path / "monday.db")
    restored = restore(Path(copied.where), target)
    assert (restored.position, restored.root) == (copied.position, copied.root) == (14, store.head().root)
    again = open_store(target, clock=FixedClock("2031-06-01"))
    assert everything(again) == everything(store)
    assert verify_store(again).holds
    other = msgspec.structs.replace(event("other"), type="note.added", producer=Producer("desk", "2"))
    more = [event("goes on", "s:1"), event("anew", "s:new"), other]
    assert again.append(more, {"s:1": 4, "s:new": 0}).positions == (15, 16, 17)
    (body,) = again.put_bodies([(b"one more", "text/plain")])
    assert again.get_body(body.key) == b"one more"
    (next_lease,) = again.claim(
        "feed", now=datetime(2031, 1, 9, tzinfo=UTC), owner="w", lease_seconds=9, limit=1
    )
    assert next_lease.fence > lease.fence
    assert verify_store(again).holds
    again.close()


def test_a_copy_has_its_name_only_when_it_is_whole(store, tmp_path):
    fill(store)
    copied = backup(store, tmp_path / "kept" / "monday.db")
    store.append([event("later")])
    assert (copied.position, copied.where) == (12, str(tmp_path / "kept" / "monday.db"))
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["monday.db"]


def test_it_can_be_made_from_a_ledger_opened_for_reading(store, place, tmp_path, clock):
    fill(store)
    audit = open_store(place, clock=clock, readonly=True)
    assert backup(audit, tmp_path / "copy.db").root == store.head().root
    audit.close()


def test_redacted_bytes_are_not_in_a_copy(store, tmp_path):
    store.append([event("secret-words " * 100)])
    redact(store, [1])
    backup(store, tmp_path / "copy.db")
    assert b"secret-words" not in (tmp_path / "copy.db").read_bytes()


def test_nothing_is_overwritten(store, place, tmp_path):
    fill(store)
    copied = backup(store, tmp_path / "copy.db")
    with pytest.raises(UsageError, match="already"):
        backup(store, tmp_path / "copy.db")
    before = everything(store)
    with pytest.raises(UsageError, match="already"):
        restore(Path(copied.where), place)
    assert everything(store) == before


def test_a_ledger_that_does_not_hold_leaves_no_copy(place, database, tmp_path, clock):
    opened = open_store(place, clock=clock)
    fill(opened)
    if place.startswith("sqlite"):
        tamper(place.removeprefix("sqlite:///"), "UPDATE events SET payload = x'00' WHERE position = 5")
    else:
        with maintenance(database) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE ledger.events SET payload = '\\x00' WHERE position = 5")
    with pytest.raises(CorruptionError, match="position 5"):
        backup(opened, tmp_path / "kept" / "copy.db")
    assert list((tmp_path / "kept").iterdir()) == []
    opened.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET payload = x'00' WHERE position = 5",
        "UPDATE events SET stream = 99 WHERE position = 5",
        "DELETE FROM events WHERE position = 5",
        "UPDATE events SET payload = 'a text' WHERE position = 5",
        "UPDATE head SET position = 11, frontier = x''",
        "DELETE FROM head",
    ],
)
def test_a_damaged_backup_is_not_restored(store, target, tmp_path, damage):
    fill(store)
    backup(store, tmp_path / "copy.db")
    tamper(tmp_path / "copy.db", damage)
    with pytest.raises(CorruptionError):
        restore(tmp_path / "copy.db", target)
    fresh = open_store(target, clock=FixedClock("2031-06-01"))
    assert (fresh.head().position, list(fresh.body_keys())) == (0, [])
    fresh.close()


def test_a_ledger_that_is_in_use_may_stand_for_a_backup(target, path, url, tmp_path, clock):
    """What is still in its write-ahead log is part of it."""
    opened = open_store(url, clock=clock)
    fill(opened)
    assert path.with_name("ledger.db-wal").stat().st_size
    assert restore(path, target).root == opened.head().root
    opened.close()


def test_it_can_be_read_where_nothing_may_be_written(store, tmp_path, clock):
    fill(store)
    folder = tmp_path / "archive"
    copied = backup(store, folder / "copy.db")
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    reading = open_store(f"sqlite:///{copied.where}", clock=clock, readonly=True)
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    assert reading.head().root == copied.root
    reading.close()


def test_what_is_no_backup_is_refused(target, tmp_path):
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    for name in ("empty.db", "none.db"):
        with pytest.raises(StoreUnavailableError):
            restore(tmp_path / name, target)
    with pytest.raises(StoreVersionError):
        restore(tmp_path / "foreign.db", target)


def test_a_folder_that_cannot_be_written(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError):
        backup(store, tmp_path / "file" / "copy.db")


def test_a_ledger_in_memory_has_no_backup(tmp_path, clock):
    with pytest.raises(UsageError):
        backup(MemoryStore(clock), tmp_path / "copy.db")


def test_an_older_backup_is_upgraded_on_the_way(store, tmp_path, monkeypatch):
    fill(store)
    copied = backup(store, tmp_path / "copy.db")

    def second_revision(connection):
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9998'")

    monkeypatch.setattr("ledger.store.migrate.REVISIONS", (*REVISIONS, "9998"))
    monkeypatch.setattr("ledger.store.sqlite_file.run_upgrade", second_revision)
    assert restore(Path(copied.where), in_home(tmp_path / "new")).root == copied.root
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["ledger.db"]
