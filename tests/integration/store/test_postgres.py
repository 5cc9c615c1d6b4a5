"""What only a ledger in PostgreSQL has: rights, a server that goes away, processes that come together."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from ledger.clock import FixedClock, SystemClock
from ledger.errors import (
    ConfigError,
    ConflictError,
    DuplicateEventError,
    StoreUnavailableError,
    StoreVersionError,
)
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import PayloadRedacted
from ledger.store import Task, TaskDone, open_store, upgrade
from ledger.store.migrate import REVISIONS
from ledger.store.verify import verify_store
from tests.contract.server import maintenance, new_database, release_database, restart, text

CORE = Producer("core", "1")


def event(payload, stream="s:1", event_id=""):
    return NewEvent(type="note.made", stream=stream, payload=payload.encode(), producer=CORE, id=event_id)


@pytest.fixture
def database():
    url = new_database()
    yield url
    release_database(url)


@pytest.fixture
def url(database):
    return text(database)


@pytest.fixture
def store(url, clock):
    opened = open_store(url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def user(database):
    """Makes a login of a role; gives the URL that it connects with."""
    made = []

    def make(name, *roles):
        with maintenance(database) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {name}")
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
            for role in roles:
                connection.execute(f"GRANT {role} TO {name}")
        made.append(name)
        return text(database.set(username=name, password="x"))

    yield make
    with maintenance(database) as connection:
        for name in made:
            connection.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


class TestRights:
    def test_the_application_appends_and_cannot_change_or_redact(self, store, user):
        url = user("test_app", "ledger_app")
        app = open_store(url, clock=SystemClock())
        app.append([event("one"), event("two")], keys={"k": "v"})
        app.put_tasks([Task(kind="feed", key="f", next_at=datetime(2031, 1, 1, tzinfo=UTC))])
        (held,) = app.claim("feed", now=datetime(2031, 1, 2, tzinfo=UTC), owner="w", lease_seconds=9, limit=1)
        app.append(
            [event("x")],
            tasks=[TaskDone(kind="feed", key="f", fence=held.fence, next_at=held.next_at, data=b"")],
        )
        order = PayloadRedacted(positions=(1,), bodies=(), by="desk", reason="order")
        app.append([new_event(order, stream="ledger", producer=CORE)])
        with pytest.raises(StoreUnavailableError, match="ledger_redactor"):
            app.redact([1], [])
        app.close()
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in (
                "UPDATE ledger.events SET payload = NULL",
                "DELETE FROM ledger.events",
                "TRUNCATE ledger.events",
                "UPDATE ledger.head SET ledger = 'x'",
                "DROP TABLE ledger.events",
                "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        assert len(list(store.read())) == 4

    def test_the_redactor_removes_what_is_ordered(self, store, database, user):
        store.append([event("secret " * 2000), event("stays")])
        (body,) = store.put_bodies([(b"secret body " * 2000, "text/plain")])
        redactor = open_store(user("test_redactor", "ledger_redactor"), clock=SystemClock())
        order = PayloadRedacted(positions=(1,), bodies=(body.key,), by="desk", reason="order")
        redactor.append([new_event(order, stream="ledger", producer=CORE)])
        with maintenance(database) as connection:
            may_rewrite = connection.info.server_version >= 170000
        if may_rewrite:
            redactor.redact([1], [body.key])
        else:
            with pytest.raises(StoreUnavailableError, match="VACUUM"):
                redactor.redact([1], [body.key])
            store.redact([1], [body.key])
        redactor.close()
        assert [stored.payload is None for stored in store.read()] == [True, False, False]
        assert store.get_body(body.key) is None
        assert verify_store(store).holds

    def test_a_reader_needs_no_right_to_write(self, store, database, user):
        store.append([event("one")])
        url = user("test_reader")
        with maintenance(database) as connection:
            connection.execute("GRANT USAGE ON SCHEMA ledger TO test_reader")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO test_reader")
        reader = open_store(url, clock=SystemClock(), readonly=True)
        assert verify_store(reader).holds
        with pytest.raises(StoreUnavailableError, match="reading only"):
            reader.append([event("two")])
        reader.close()

    def test_an_owner_who_may_not_create_roles_gets_a_ledger_all_the_same(self, user):
        fresh = new_database(empty=True)
        with maintenance(fresh) as connection:
            connection.execute("DROP ROLE IF EXISTS test_owner")
            connection.execute("CREATE ROLE test_owner LOGIN PASSWORD 'x' NOCREATEROLE")
            connection.execute(f"ALTER DATABASE {fresh.database} OWNER TO test_owner")
        opened = open_store(text(fresh.set(username="test_owner", password="x")), clock=SystemClock())
        opened.append([event("one")])
        assert verify_store(opened).holds
        opened.close()
        with maintenance() as connection:
            connection.execute(f"DROP DATABASE {fresh.database} WITH (FORCE)")
            connection.execute("DROP ROLE test_owner")


STATEMENTS = [
    "UPDATE ledger.events SET payload = 'x' WHERE position = 1",
    "UPDATE ledger.events SET payload = NULL, salt = NULL WHERE position = 1",
    "UPDATE ledger.events SET envelope = 'x' WHERE position = 1",
    "DELETE FROM ledger.events WHERE position = 2",
    "TRUNCATE ledger.events",
    "DELETE FROM ledger.head",
    "UPDATE ledger.head SET position = 1",
    "UPDATE ledger.head SET position = 300",
    "UPDATE ledger.head SET recorded_at = 0",
    "INSERT INTO ledger.redacted_events VALUES (1, 2)",
    "DELETE FROM ledger.streams",
    "UPDATE ledger.types SET name = 'x'",
    "DELETE FROM ledger.subtrees",
    "UPDATE ledger.subtrees SET root = 'x'",
    "TRUNCATE ledger.subtrees",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_not_even_the_owner_changes_the_log(store, database, statement):
    store.append([event("one"), event("two"), *(event(str(n)) for n in range(254))])
    with maintenance(database) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute(statement)
    assert verify_store(store).holds


def test_a_ledger_of_the_first_release_gets_the_subtrees_that_it_would_have(store, url, database):
    for size in (1, 700, 4500):
        store.append([event(str(n)) for n in range(size)])
    kept = list(store.sealed(1, 0, 99))
    roots = [store.root_at(at) for at in (0, 255, 3000, 5201)]
    with maintenance(database) as connection:
        connection.execute("DROP TABLE ledger.subtrees")
        connection.execute("UPDATE ledger.alembic_version SET version_num = '0001'")
    upgrade(url)
    assert list(store.sealed(1, 0, 99)) == kept
    assert [store.root_at(at) for at in (0, 255, 3000, 5201)] == roots
    store.append([event(str(n)) for n in range(100)])
    assert store.root_at(5301) == store.head().root


def test_a_log_with_a_hole_cannot_be_made(store, database):
    store.append([event("one")])
    with maintenance(database) as connection:
        connection.execute("BEGIN")
        connection.execute(
            """
            INSERT INTO ledger.events SELECT 3, stream, 2, type, producer, 'x', recorded_at, envelope, salt, payload
            FROM ledger.events
            """
        )
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="gaps"):
            connection.execute("UPDATE ledger.head SET position = 3")


class TestProcesses:
    def test_four_processes_may_create_a_ledger_at_once(self, children):
        fresh = new_database(empty=True)
        ledgers = children.together(*(children("create", text(fresh)) for _ in range(4)))
        assert len({lines[0] for lines in ledgers}) == 1
        release_database(fresh)

    def test_four_writers_and_two_readers_lose_and_double_nothing(self, url, store, children):
        total = 4 * 2 * 25
        writers = [children("write", url, f"w:{n}", 25) for n in range(4)]
        readers = [children("tail", url, total) for _ in range(2)]
        assert children.together(*writers, *readers)[4:] == [[str(total)]] * 2
        expected = {f"w:{n}/{k}/{half}".encode() for n in range(4) for k in range(25) for half in range(2)}
        assert {stored.payload for stored in store.read()} == expected
        assert verify_store(store).holds

    def test_a_task_goes_to_one_process_only(self, url, store, children):
        due = datetime(2001, 5, 4, tzinfo=UTC)
        store.put_tasks([Task(kind="feed", key=f"f{n:02}", next_at=due) for n in range(40)])
        claimed = children.together(*(children("claim", url, f"w{n}") for n in range(3)))
        lines = [line.split() for output in claimed for line in output]
        assert sorted(key for key, _ in lines) == [f"f{n:02}" for n in range(40)]
        assert len({fence for _, fence in lines}) == 40

    def test_what_another_process_appends_ends_the_waiting(self, url, store, children):
        child = children("write", url, "w:1", 1)
        child.wait_ready()
        child.go()
        assert store.wait(1, timeout=60) == 2
        child.result()


class TestWhatAProcessRemembers:
    """A process that appended last appends without looking first; what others did meanwhile must not escape it."""

    @pytest.fixture
    def other(self, url, clock):
        opened = open_store(url, clock=clock)
        yield opened
        opened.close()

    def test_two_that_take_turns_see_each_other(self, store, other):
        for n in range(6):
            writer = (store, other)[n % 2]
            assert writer.append([event(f"{n}")], {"s:1": n}).positions == (n + 1,)
        for writer in (store, other):
            with pytest.raises(ConflictError):
                writer.append([event("late")], {"s:1": 5})
        assert [stored.payload for stored in store.read()] == [b"%d" % n for n in range(6)]
        assert verify_store(other).holds

    def test_a_stream_that_it_never_wrote_is_not_taken_for_a_new_one(self, store, other):
        other.append([event("theirs", "s:2")])
        store.append([event("ours")])
        with pytest.raises(ConflictError):
            store.append([event("again", "s:2")], {"s:2": 0})
        store.append([event("again", "s:2")], {"s:2": 1})
        assert [stored.envelope.version for stored in store.read()] == [1, 1, 2]
        assert verify_store(store).holds

    def test_an_event_that_it_never_wrote_is_not_recorded_twice(self, store, other):
        named = event("theirs", event_id="0" * 31 + "1")
        other.append([named])
        store.append([event("ours")])
        assert store.append([named]).new == 0
        with pytest.raises(DuplicateEventError):
            store.append([event("something else", event_id="0" * 31 + "1")])
        assert store.append([event("more")]).positions == (3,)

    def test_one_that_appends_alone_asks_the_server_once(self, store):
        store.append([event("first")])
        sent = []
        with store._writer.use() as connection:
            execute = connection.execute
            connection.execute = lambda *given, **named: (sent.append(given), execute(*given, **named))[1]
            store.append([event("known"), event("new stream", "s:9")], keys={"k": "v"})
            store.append([event("named", event_id="0" * 31 + "9")], {"s:1": 2})
            del connection.execute
        assert len(sent) == 2
        assert verify_store(store).holds


class TestLostConnections:
    def test_a_terminated_connection_is_replaced_and_nothing_is_doubled(self, store, database):
        for n in range(20):
            store.append([event(f"{n}/{half}") for half in range(2)])
            with maintenance(database) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        assert [stored.payload.decode() for stored in store.read()] == [
            f"{n}/{half}" for n in range(20) for half in range(2)
        ]
        assert verify_store(store).holds

    def test_a_server_restarted_in_mid_append_loses_and_doubles_nothing(self, store):
        stop = threading.Event()
        acknowledged = []

        def append():
            n = 0
            while not stop.is_set():
                size = 300 if n % 10 == 0 else 3
                done = store.append([event(f"{n}/{k}") for k in range(size)])
                acknowledged.append((n, size, done))
                n += 1

        thread = threading.Thread(target=append)
        thread.start()
        store.wait(0, timeout=60)
        for _ in range(3):
            if not restart():
                stop.set()
                thread.join()
                pytest.skip("the server of NEWSLEDGER_TEST_PG_URL is not ours to restart")
            store.wait(store.head().position, timeout=60)
        stop.set()
        thread.join()
        expected = [f"{n}/{k}" for n, size, _ in acknowledged for k in range(size)]
        assert [stored.payload.decode() for stored in store.read()] == expected
        assert [at for _, _, done in acknowledged for at in done.positions] == list(
            range(1, len(expected) + 1)
        )
        assert all(done.new == size for _, size, done in acknowledged)
        assert verify_store(store).holds

    def test_no_server_is_told_with_its_address_and_without_the_password(self):
        with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1") as told:
            open_store("postgresql+psycopg://desk:geheim@127.0.0.1:1/none", clock=SystemClock())
        assert "geheim" not in str(told.value)


class TestOpening:
    def test_time_never_goes_back(self, store, clock):
        store.append([event("one")])
        clock.advance(-3600)
        store.append([event("two")])
        first, second = store.read()
        assert second.recorded_at == first.recorded_at
        clock.advance(3600 + 5)
        store.append([event("three")])
        assert store.position_at(first.recorded_at + timedelta(seconds=4)) == 2

    def test_a_missing_ledger_is_not_made_for_a_reader(self):
        fresh = new_database(empty=True)
        with pytest.raises(StoreUnavailableError, match="no ledger yet"):
            open_store(text(fresh), clock=SystemClock(), readonly=True)
        upgrade(text(fresh))
        open_store(text(fresh), clock=SystemClock()).close()
        release_database(fresh)

    def test_another_release_is_named(self, store, url, database):
        with maintenance(database) as connection:
            connection.execute("UPDATE ledger.alembic_version SET version_num = '9999'")
            with pytest.raises(StoreVersionError, match="newer"):
                open_store(url, clock=SystemClock())
            connection.execute(f"UPDATE ledger.alembic_version SET version_num = '{REVISIONS[-1]}'")

    def test_a_database_in_another_encoding_is_refused(self):
        with maintenance() as connection:
            connection.execute(
                "CREATE DATABASE ledger_latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            )
        with pytest.raises(ConfigError, match="UTF-8"):
            open_store(text(new_database_url("ledger_latin")), clock=FixedClock("2031-05-04"))
        with maintenance() as connection:
            connection.execute("DROP DATABASE ledger_latin WITH (FORCE)")


def new_database_url(name):
    from tests.contract.server import server

    return server().set(database=name)
