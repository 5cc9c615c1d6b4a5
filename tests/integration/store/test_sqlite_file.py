"""What an operator meets: opening, upgrading, damaged files, and what the file itself refuses."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import ConfigError, CorruptionError, StoreUnavailableError, StoreVersionError
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import PayloadRedacted
from ledger.store import open_store, schema, upgrade
from ledger.store.migrate import REVISIONS
from ledger.store.verify import verify_store

CORE = Producer("core", "1")


def event(payload="{}", stream="article:a-1"):
    return NewEvent(type="article.ingested", stream=stream, payload=payload.encode(), producer=CORE)


def sql(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA recursive_triggers = ON")
        return [connection.execute(statement).fetchall() for statement in statements]
    finally:
        connection.close()


class TestOpening:
    def test_a_missing_home_is_made_and_the_ledger_keeps_its_name(self, tmp_path, clock):
        settings = Settings(home=tmp_path / "a" / "b")
        store = open_store(settings, clock=clock)
        store.append([event()])
        before = store.head()
        store.close()
        again = open_store(settings, clock=clock)
        assert again.head() == before
        assert (tmp_path / "a" / "b" / "ledger.db").exists()
        again.close()

    def test_the_file_is_durable_and_strict(self, store, path):
        with store._engine.connect() as connection:
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in (
                    "journal_mode",
                    "synchronous",
                    "trusted_schema",
                    "recursive_triggers",
                    "secure_delete",
                )
            }
        expected = {
            "journal_mode": "wal",
            "synchronous": 2,
            "trusted_schema": 0,
            "recursive_triggers": 1,
            "secure_delete": 1,
        }
        assert found == expected

    @pytest.mark.parametrize(
        "url", ["mysql://desk:secret@db/ledger", "sqlite://", "sqlite:///:memory:", "nonsense", ""]
    )
    def test_other_urls_are_refused_without_showing_a_password(self, url, clock):
        with pytest.raises(ConfigError) as refused:
            open_store(url, clock=clock)
        assert "secret" not in str(refused.value)

    def test_a_home_that_cannot_be_made(self, tmp_path, clock):
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreUnavailableError, match="file"):
            open_store(Settings(home=tmp_path / "file" / "home"), clock=clock)

    def test_a_folder_in_place_of_the_file(self, tmp_path, clock):
        (tmp_path / "ledger.db").mkdir()
        with pytest.raises(StoreUnavailableError, match="folder"):
            open_store(Settings(home=tmp_path), clock=clock)

    def test_a_file_that_is_no_database(self, path, url, clock):
        path.parent.mkdir()
        path.write_text("Dear diary, " * 1000)
        for readonly in (False, True):
            with pytest.raises(CorruptionError, match=r"ledger\.db"):
                open_store(url, clock=clock, readonly=readonly)
        assert path.read_text() == "Dear diary, " * 1000

    def test_a_database_of_something_else(self, path, url, clock):
        path.parent.mkdir()
        sql(path, "CREATE TABLE recipes (name TEXT)")
        with pytest.raises(StoreVersionError, match="something else"):
            open_store(url, clock=clock)
        with pytest.raises(StoreVersionError):
            upgrade(url)
        assert sql(path, "SELECT name FROM sqlite_master") == [[("recipes",)]]

    def test_a_truncated_file(self, store, path, url, clock):
        store.append([event("x" * 3000) for _ in range(200)])
        store.close()
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.truncate(size // 2)
        with pytest.raises(CorruptionError, match="backup"):
            open_store(url, clock=clock)

    def test_a_locked_ledger_is_unavailable(self, store, path, monkeypatch):
        store._writer.execute("PRAGMA busy_timeout = 20")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.append([event()])
        other.execute("ROLLBACK")
        other.close()
        assert store.append([event()]).positions == (1,)

    def test_a_full_database_is_unavailable_until_there_is_room(self, store):
        store.append([event()])
        pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
        store._writer.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailableError, match="full"):
            store.append([event("x" * 100_000)], keys={"k": "v"})
        assert store.head().position == 1
        store._writer.execute("PRAGMA max_page_count = 1000000")
        assert store.append([event("x" * 100_000)]).positions == (2,)
        assert store.lookup(["k"]) == {}


class TestReadOnly:
    def test_it_reads_and_never_writes(self, store, path, url, clock):
        store.append([event("a")])
        audit = open_store(url, clock=clock, readonly=True)
        assert [e.payload for e in audit.read()] == [b"a"]
        for use in (
            lambda: audit.append([event()]),
            lambda: audit.put_bodies([(b"x", "a/b")]),
            lambda: audit.drop_task("a", "b"),
        ):
            with pytest.raises(StoreUnavailableError, match="reading only"):
                use()
        store.append([event("b")])
        assert audit.head() == store.head()
        audit.close()

    def test_a_closed_ledger_can_be_read(self, store, url, clock):
        store.append([event("a")])
        store.close()
        audit = open_store(url, clock=clock, readonly=True)
        assert audit.head().position == 1
        audit.close()

    def test_a_missing_ledger_is_not_made(self, path, url, clock):
        with pytest.raises(StoreUnavailableError, match="no ledger"):
            open_store(url, clock=clock, readonly=True)
        assert not path.parent.exists()
        path.parent.mkdir()
        path.touch()
        with pytest.raises(StoreUnavailableError, match="no ledger yet"):
            open_store(url, clock=clock, readonly=True)


class TestSchema:
    def test_the_revisions_known_here_are_those_of_the_package(self):
        config = Config()
        config.set_main_option("script_location", "ledger.store:migrations")
        config.set_main_option("path_separator", "os")
        scripts = ScriptDirectory.from_config(config)
        assert tuple(s.revision for s in scripts.walk_revisions())[::-1] == REVISIONS

    def test_the_tables_are_those_that_are_read(self, store, path):
        engine = create_engine(f"sqlite:///{path}")
        found = inspect(engine)
        for table in schema.metadata.sorted_tables:
            columns = [column["name"] for column in found.get_columns(table.name)]
            own = ["fence"] if table.name == "head" else []
            assert columns == [column.name for column in table.columns] + own
        engine.dispose()

    def test_a_newer_database_is_refused_and_left_alone(self, store, path, url, clock):
        store.close()
        sql(path, "UPDATE alembic_version SET version_num = '9999'")
        for readonly in (False, True):
            with pytest.raises(StoreVersionError, match="newer release"):
                open_store(url, clock=clock, readonly=readonly)
        with pytest.raises(StoreVersionError, match="newer release"):
            upgrade(url)

    def test_an_older_database_asks_for_an_upgrade(self, store, path, url, clock, monkeypatch):
        store.close()
        monkeypatch.setattr("ledger.store.migrate.REVISIONS", (*REVISIONS, "9998"))
        for readonly in (False, True):
            with pytest.raises(StoreVersionError, match="newsledger db upgrade"):
                open_store(url, clock=clock, readonly=readonly)

    def test_upgrade_makes_what_is_missing_and_is_safe_to_repeat(self, path, url, clock):
        upgrade(url)
        upgrade(url)
        store = open_store(url, clock=clock)
        assert store.append([event()]).positions == (1,)
        store.close()
        upgrade(url)

    def test_a_ledger_of_the_first_release_gets_the_subtrees_that_it_would_have(
        self, store, path, url, clock
    ):
        for size in (1, 700, 9000):
            store.append([event(stream=f"s:{n % 7}") for n in range(size)])
        roots = [store.root_at(at) for at in (0, 255, 5000, 9701)]
        kept = [tuple(row) for row in store.sealed(1, 0, 99)]
        store.close()
        before = sql(path, "SELECT * FROM events", "SELECT * FROM head")
        sql(path, "DROP TABLE subtrees", "UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(StoreVersionError, match="newsledger db upgrade"):
            open_store(url, clock=clock)
        upgrade(url)
        store = open_store(url, clock=clock)
        assert [tuple(row) for row in store.sealed(1, 0, 99)] == kept
        assert [store.root_at(at) for at in (0, 255, 5000, 9701)] == roots
        assert sql(path, "SELECT * FROM events", "SELECT * FROM head") == before
        store.append([event() for _ in range(100)])
        assert store.root_at(9801) == store.head().root
        assert verify_store(store).problems == ()
        store.close()

    def test_an_interrupted_creation_leaves_nothing_behind(self, path, url, clock, monkeypatch):
        def interrupted(connection):
            connection.exec_driver_sql("CREATE TABLE head (id INTEGER)")
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("ledger.store.sqlite_file.run_upgrade", interrupted)
            with pytest.raises(KeyboardInterrupt):
                open_store(url, clock=clock)
        store = open_store(url, clock=clock)
        assert store.append([event()]).positions == (1,)
        store.close()

    def test_importing_the_store_loads_no_database_library(self):
        import subprocess

        code = "import sys, ledger.store; print([m for m in ('sqlalchemy', 'alembic', 'sqlite3') if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


REFUSED = [
    "DELETE FROM events WHERE position = 3",
    "DELETE FROM events WHERE position = 1",
    "UPDATE events SET recorded_at = 0",
    "UPDATE events SET envelope = x'00' WHERE position = 1",
    "UPDATE events SET payload = x'00' WHERE position = 1",
    "UPDATE events SET payload = NULL WHERE position = 1",
    "UPDATE events SET payload = NULL, salt = NULL WHERE position = 1",
    "UPDATE events SET position = 9 WHERE position = 3",
    "INSERT INTO events SELECT 9, stream, 9, type, producer, x'09', 0, x'', x'', x'' FROM events LIMIT 1",
    "INSERT OR REPLACE INTO events SELECT 1, stream, 9, type, producer, x'09', 0, x'', x'', x'' FROM events LIMIT 1",
    "INSERT OR REPLACE INTO events SELECT 260, stream, 1, type, producer, x'09', 0, x'', x'', x'' FROM events LIMIT 1",
    "INSERT INTO redacted_events VALUES (1, 3)",
    "INSERT INTO redacted_events VALUES (1, 77)",
    "INSERT INTO redacted_bodies VALUES (x'00', 3)",
    "DELETE FROM bodies",
    "UPDATE bodies SET data = x'00'",
    "UPDATE bodies SET data = NULL, salt = NULL, dedupe = NULL",
    "UPDATE streams SET name = 'x'",
    "DELETE FROM streams",
    "DELETE FROM types",
    "UPDATE producers SET version = '9'",
    "DELETE FROM head",
    "DELETE FROM subtrees",
    "UPDATE subtrees SET root = x'00'",
    "UPDATE head SET position = 1",
    "UPDATE head SET ledger = 'other'",
]


class TestAppendOnly:
    @pytest.fixture(autouse=True)
    def _filled(self, store):
        store.append([event(str(n), stream=f"s:{n}") for n in range(3)])
        store.append([event(stream="s:3") for n in range(256)])
        store.put_bodies([(b"text", "text/plain")])

    @pytest.mark.parametrize("statement", REFUSED)
    def test_the_file_itself_refuses(self, store, path, statement):
        before = sql(path, "SELECT * FROM events", "SELECT * FROM bodies", "SELECT * FROM head")
        with pytest.raises(sqlite3.IntegrityError):
            sql(path, statement)
        assert sql(path, "SELECT * FROM events", "SELECT * FROM bodies", "SELECT * FROM head") == before

    def test_a_log_that_another_program_wrote_into_is_said_to_be_corrupt(self, store, path):
        sql(
            path,
            "INSERT INTO events SELECT 260, stream, 9, type, producer, x'09', 0, x'', x'', x'' FROM events LIMIT 1",
        )
        with pytest.raises(CorruptionError, match=r"ledger\.db"):
            store.append([event()])


class TestRedaction:
    @pytest.mark.parametrize("size", [40, 900, 3500, 9000, 60_000])
    def test_the_bytes_are_nowhere_in_the_files(self, store, path, size):
        chance = random.Random(size)
        words = [f"{chance.getrandbits(64):016x}" for _ in range(size // 17 + 1)]
        secret, secret_body = " ".join(words).encode(), chance.randbytes(size)
        store.append([event(f"before {n}" * 20) for n in range(30)])
        (body,) = store.put_bodies([(secret_body, "application/octet-stream")])
        done = store.append([event(secret.decode())])
        (other,) = store.put_bodies([(b"kept" * 500, "text/plain")])
        store.append([event(f"after {n}" * 20) for n in range(30)])
        store._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
        assert words[0].encode() in files(path)
        assert secret_body[:16] in files(path)
        order = PayloadRedacted(positions=done.positions, bodies=(body.key,), by="desk", reason="order")
        store.append([new_event(order, stream="ledger", producer=CORE)])
        store.redact(order.positions, order.bodies)
        left = files(path)
        assert [word for word in words if word.encode() in left] == []
        assert [at for at in range(0, size - 15, 16) if secret_body[at : at + 16] in left] == []
        assert store.get_body(other.key) == b"kept" * 500

    def test_a_reader_in_the_way_is_named_and_the_next_try_succeeds(self, store, path):
        store.append([event("secret-words")])
        order = PayloadRedacted(positions=(1,), bodies=(), by="desk", reason="order")
        store.append([new_event(order, stream="ledger", producer=CORE)])
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM head").fetchall()
        store._writer.execute("PRAGMA busy_timeout = 20")
        with pytest.raises(StoreUnavailableError, match="reader"):
            store.redact([1], [])
        assert next(store.read()).redacted
        reader.execute("COMMIT")
        reader.close()
        store.redact([1], [])
        assert b"secret-words" not in files(path)


def files(path):
    return b"\n".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_a_copied_file_is_the_same_ledger(store, path, tmp_path):
    store.append([event("a")])
    head = store.head()
    store.close()
    shutil.copyfile(path, tmp_path / "copy.db")
    copy = open_store(f"sqlite:///{tmp_path / 'copy.db'}", clock=FixedClock("2031-05-05"))
    assert copy.head() == head
    copy.close()
