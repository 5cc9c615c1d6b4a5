"""The fault table: what is left after a process dies, or its surroundings fail, at every step of what it does.

`make faults` prints it. A step is the beginning of an SQL statement or of a file operation; a process is killed right there,
or up to three milliseconds later, so inside the statement too. NEWSLEDGER_FAULTS is the number of kills per step (20).
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import msgspec
import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy import event as sqlalchemy_event

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.errors import StoreUnavailableError
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import FeedAdded, PayloadRedacted
from ledger.projections import open_views
from ledger.store import open_store, upgrade
from ledger.store.backup import backup
from ledger.store.tlog import Frontier, leaf_hash
from ledger.store.verify import verify_store
from tests.contract.server import new_database, release_database, restart, text

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("NEWSLEDGER_FAULTS", "20"))
EVENTS = 100_000
CORE = Producer("core", "1")
CLOCK = FixedClock("2031-05-04T07:00:00Z")


class Row(msgspec.Struct):
    """A line of the table. Lost, doubled and skipped count events, over all kills of the operation."""

    what: str
    times: int = 0
    lost: int = 0
    doubled: int = 0
    skipped: int = 0


def total(rows):
    """All lines in one."""
    sums = {name: sum(getattr(row, name) for row in rows) for name in ("times", "lost", "doubled", "skipped")}
    return Row("all", **sums)


@pytest.fixture(scope="module")
def table():
    rows = []
    yield rows
    lines = [f"{'fault':<52} {'times':>6} {'lost':>5} {'doubled':>8} {'skipped':>8}"]
    lines += [
        f"{row.what:<52} {row.times:>6} {row.lost:>5} {row.doubled:>8} {row.skipped:>8}"
        for row in (*rows, total(rows))
    ]
    print("\n" + "\n".join(lines))


def note(n, stream="notes"):
    return NewEvent(
        type="note.made", stream=stream, payload=f"note {n}".encode(), producer=CORE, id=f"{n:032x}"
    )


def feed(n):
    added = FeedAdded(feed=f"f-{n:012x}", url=f"https://tribune.example/{n}.xml", outlet="tribune")
    return new_event(added, stream=f"feed:f-{n:012x}", producer=CORE)


# -- dying at a step


def step_of(statement):
    """What a statement is called in the table: a verb and a table without the number of its generation."""
    plain = re.sub(r"\bOR \w+ |\bINTO |\bFROM |\bIF (NOT )?EXISTS |\bledger\.|[\"';]", "", statement.strip())
    words = plain.split()
    verb = words[0].upper() if words else ""
    if verb == "WITH":
        return "INSERT events"
    if verb == "PRAGMA":
        name = re.match("[a-z_]*", words[1].lower())[0]
        return f"PRAGMA {name}" if name in {"wal_checkpoint", "journal_mode", "application_id"} else ""
    if verb in {"INSERT", "UPDATE", "DELETE", "REPLACE", "COPY"}:
        return f"{verb} {re.sub(r'__g[0-9]+|[^a-z_]', '', words[1].lower())}"
    if verb in {"CREATE", "DROP", "ALTER"}:
        return f"{verb} {words[1].upper()}"
    return verb if verb in {"BEGIN", "COMMIT", "VACUUM"} else ""


class Steps:
    """Counts the steps of this process from `armed` on, and ends the process at the chosen one."""

    def __init__(self, wanted="", number=1, delay=0.0):
        self.seen = Counter()
        self.armed = False
        self._chosen = (wanted, number)
        self._delay = delay

    def __call__(self, name):
        if not self.armed or not name:
            return
        self.seen[name] += 1
        if (name, self.seen[name]) == self._chosen:
            if self._delay:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, self._delay)
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self):
        """Look at every connection that is opened from now on, and at files that are synced and renamed."""

        def connected(connection, _record):
            if not isinstance(connection, sqlite3.Connection):
                return
            connection.set_trace_callback(
                lambda statement: None if statement.startswith("--") else self(step_of(statement))
            )

        def sent(send):
            return lambda cursor, statement, *rest, **more: (
                self(step_of(statement) if isinstance(statement, str) else ""),
                send(cursor, statement, *rest, **more),
            )[1]

        sqlalchemy_event.listen(Engine, "connect", connected)
        psycopg.Cursor.execute, psycopg.Cursor.copy = sent(psycopg.Cursor.execute), sent(psycopg.Cursor.copy)
        fsync, rename = os.fsync, Path.rename
        os.fsync = lambda descriptor: (self("sync"), fsync(descriptor))[1]
        Path.rename = lambda path, target: (self("rename"), rename(path, target))[1]


def in_child(work, steps):
    """Run `work(steps)` in a forked process; what it returned, or None when it died."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            steps.watch()
            answer = work(steps)
            os.write(writing, msgspec.json.encode([answer, steps.seen]))
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return msgspec.json.decode(told) if told else None


def kill_everywhere(table, operation, prepare, work, check):
    """Kill `work` at each of its steps, KILLS times each: `prepare(n)`, `work(steps)` in a child, `check(answer, row)`."""
    prepare()
    answer, seen = in_child(work, Steps())
    check(answer, Row(operation))
    chance = random.Random(operation)
    for step, count in sorted(seen.items()):
        row = Row(f"kill -9: {operation}, {step}")
        for kill in range(KILLS):
            prepare()
            delay = 0.0 if kill % 2 else chance.uniform(0.00005, 0.003)
            told = in_child(work, Steps(step, chance.randint(1, count), delay))
            check(told[0] if told else None, row)
            row.times += 1
        table.append(row)
    assert all(row.lost == row.doubled == row.skipped == 0 for row in table)


# -- a ledger of 10^5 events, and what is done with it


class World:
    def __init__(self, where):
        self.where = where
        self.count = 0
        self.before = None
        store = self.open()
        for at in range(0, EVENTS, 5000):
            store.append([note(n) for n in range(at, at + 5000)])
        self.count = EVENTS
        store.close()

    def open(self):
        return open_store(self.where, clock=CLOCK)

    def remember(self):
        store = self.open()
        self.before = store.head()
        self.frontier = Frontier.from_bytes(self.before.position, store._head_row().frontier)
        store.close()

    def append(self, steps, size=5):
        store = self.open()
        self.begin(store)
        steps.armed = True
        new = [note(self.count + k, f"notes {self.count % 7}") for k in range(size)]
        done = store.append(new, keys={f"k{self.count}": "v"})
        return list(done.positions)

    def begin(self, store):
        """What a process does before it is killed."""

    def settle(self):
        """Wait until nothing of a killed process is left."""

    def check_append(self, positions, row, size=5):
        """All or nothing, all once it was told; the root is that of what lies there; the next ones follow without a gap."""
        self.settle()
        store = self.open()
        head, before = store.head(), self.before.position
        events = list(store.read(before))
        wanted = [f"{self.count + k:032x}" for k in range(size)]
        found = [event.id for event in events]
        if positions is not None:
            row.lost += len(set(wanted) - set(found))
        row.lost += 0 if found in ([], wanted) else len(set(wanted) - set(found))
        row.doubled += len(found) - len(set(found))
        row.skipped += sum(1 for n, event in enumerate(events) if event.position != before + 1 + n)
        assert self.frontier.extend([leaf_hash(event.raw) for event in events]).root().hex() == head.root
        assert store.lookup([f"k{self.count}"]) == ({f"k{self.count}": "v"} if found else {})
        store.close()
        self.count += size if found else 0


class ServerWorld(World):
    """A server goes on for a while when its client is dead: until it gives up the lock that the client took."""

    def begin(self, store):
        store.append([])
        with store._writer.use() as connection:
            connection.execute("SELECT pg_advisory_lock(1)")

    def settle(self):
        with psycopg.connect(self.where.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(Settings(home=tmp_path_factory.mktemp("home")))
    yield made
    store = made.open()
    assert verify_store(store).problems == ()
    assert store.head().position >= EVENTS
    store.close()


def test_append(world, table):
    kill_everywhere(table, "append", world.remember, world.append, world.check_append)


def test_append_in_postgresql(table):
    url = new_database()
    world = ServerWorld(text(url))
    kill_everywhere(table, "append to PostgreSQL", world.remember, world.append, world.check_append)
    kill_everywhere(
        table,
        "append 300 to PostgreSQL",
        world.remember,
        lambda steps: world.append(steps, 300),
        lambda positions, row: world.check_append(positions, row, 300),
    )
    store = world.open()
    assert verify_store(store).problems == ()
    store.close()
    release_database(url)


def test_redact(world, table):
    state = {}

    def prepare():
        store = world.open()
        state["at"] = store.append([note(world.count, "secret")]).positions[0]
        (state["body"],) = store.put_bodies([(b"secret %d" % world.count * 40, "text/plain")])
        world.count += 1
        order = PayloadRedacted(
            positions=(state["at"],), bodies=(state["body"].key,), by="desk", reason="order"
        )
        store.append([new_event(order, stream="ledger", producer=CORE)])
        store.close()

    def redact(steps):
        store = world.open()
        steps.armed = True
        store.redact([state["at"]], [state["body"].key])
        return True

    def check(told, row):
        """All or nothing; ordering it again finishes it, and the bytes are in no file."""
        store = world.open()
        (event,) = store.read(state["at"] - 1, limit=1)
        gone = store.get_body(state["body"].key) is None
        assert event.redacted == gone
        row.skipped += bool(told and not gone)
        store.redact([state["at"]], [state["body"].key])
        assert store.get_body(state["body"].key) is None
        store.close()

    kill_everywhere(table, "redact", prepare, redact, check)


def test_migrate(tmp_path, table):
    numbers = iter(range(10**6))
    state = {}

    def prepare():
        state["url"] = f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"

    def migrate(steps):
        steps.armed = True
        upgrade(state["url"])
        return True

    def check(_told, row):
        store = open_store(state["url"], clock=CLOCK)
        store.append([note(1)])
        row.lost += store.head().position != 1
        store.close()

    kill_everywhere(table, "migrate", prepare, migrate, check)


def test_backup(tmp_path, table):
    home = Settings(home=tmp_path / "small")
    store = open_store(home, clock=CLOCK)
    store.append([note(n) for n in range(2000)])
    head = store.head()
    store.close()
    numbers = iter(range(10**6))
    state = {}

    def prepare():
        state["path"] = tmp_path / "copies" / f"{next(numbers)}.db"

    def copy(steps):
        opened = open_store(home, clock=CLOCK)
        steps.armed = True
        backup(opened, state["path"])
        return True

    def check(told, row):
        """There is a whole copy under its name, or none."""
        row.lost += bool(told and not state["path"].exists())
        if state["path"].exists():
            copied = open_store(f"sqlite:///{state['path']}", clock=CLOCK, readonly=True)
            row.lost += copied.head().root != head.root
            copied.close()

    kill_everywhere(table, "backup", prepare, copy, check)


def views_world(tmp_path, table, operation, rebuild):
    settings = Settings(home=tmp_path)
    store = open_store(settings, clock=CLOCK)
    store.append([feed(n) for n in range(300)])
    fresh = open_views(settings, store, clock=CLOCK)
    fresh.catch_up()
    fresh.close()
    store.close()
    state = {"feeds": 300}

    def opened():
        log = open_store(settings, clock=CLOCK)
        return log, open_views(settings, log, clock=CLOCK)

    def prepare():
        log, views = opened()
        log.append([feed(state["feeds"] + n) for n in range(3)])
        state["feeds"] += 3
        views.close()
        log.close()

    def work(steps):
        _log, views = opened()
        steps.armed = True
        views.rebuild() if rebuild else views.catch_up()
        return len(views.feeds())

    def check(told, row):
        """Every feed once, whatever was done when it died; going on is enough."""
        log, views = opened()
        views.catch_up()
        names = [one.feed for one in views.feeds()]
        row.lost += state["feeds"] - len(set(names))
        row.doubled += len(names) - len(set(names))
        row.skipped += bool(told is not None and told != state["feeds"])
        views.close()
        log.close()

    kill_everywhere(table, operation, prepare, work, check)


def test_project(tmp_path, table):
    views_world(tmp_path, table, "project", rebuild=False)


def test_rebuild(tmp_path, table):
    views_world(tmp_path, table, "rebuild", rebuild=True)


# -- surroundings that fail


def test_clock_stepping_back(world, table):
    row, clock = Row("clock stepping back an hour"), FixedClock("2031-05-04T07:00:00Z")
    store = open_store(world.where, clock=clock)
    last = store.head().recorded_at
    for _ in range(KILLS):
        clock.advance(random.Random(row.times).choice((-3600, 1)))
        store.append([note(world.count)])
        world.count += 1
        row.skipped += store.head().recorded_at < last
        last = store.head().recorded_at
        row.times += 1
    store.close()
    table.append(row)
    assert row.skipped == 0


def test_locked_database(world, table, monkeypatch):
    row = Row("database locked by another program")
    store = world.open()
    store._writer.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(store.where.path, isolation_level=None)
    for _ in range(KILLS):
        before = store.head().position
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.append([note(world.count)])
        other.execute("ROLLBACK")
        (at,) = store.append([note(world.count)]).positions
        world.count += 1
        row.doubled += at - before - 1
        row.times += 1
    other.close()
    store.close()
    table.append(row)
    assert row.doubled == 0


def fill(store, first):
    """Append until there is no room; how many events were acknowledged, and what is said then."""
    count = 0
    while True:
        try:
            store.append([note(first + count), note(first + count + 1, "x" * 3000)])
        except StoreUnavailableError as error:
            return count, str(error)
        count += 2


def test_disk_full(tmp_path, table):
    row = Row("disk full (the file may not grow)")
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}", clock=CLOCK)
    acknowledged = 0
    for n in range(KILLS):
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + n % 5}")
        added, told = fill(store, acknowledged)
        assert "full" in told
        acknowledged += added
        store._writer.execute("PRAGMA max_page_count = 1000000")
        store.append([note(acknowledged)])
        acknowledged += 1
        row.lost += acknowledged - store.head().position
        row.times += 1
    assert [event.id for event in store.read()] == [f"{n:032x}" for n in range(acknowledged)]
    assert verify_store(store).problems == ()
    store.close()
    table.append(row)
    assert row.lost == 0


def test_postgresql_restarted(table):
    row, url = Row("PostgreSQL stopped at once and started again"), new_database()
    store = open_store(text(url), clock=CLOCK)
    stop, sizes = threading.Event(), []

    def append():
        while not stop.is_set():
            size = 300 if len(sizes) % 10 == 0 else 3
            first = sum(sizes)
            store.append([note(first + k) for k in range(size)])
            sizes.append(size)

    thread = threading.Thread(target=append)
    thread.start()
    try:
        for _ in range(KILLS):
            if not restart():
                pytest.skip("the server of NEWSLEDGER_TEST_PG_URL is not ours to restart")
            store.wait(store.head().position, timeout=60)
            row.times += 1
    finally:
        stop.set()
        thread.join()
    found = [event.id for event in store.read()]
    wanted = [f"{n:032x}" for n in range(sum(sizes))]
    row.lost += len(set(wanted) - set(found))
    row.doubled += len(found) - len(set(found))
    row.skipped += found != wanted
    assert verify_store(store).problems == ()
    store.close()
    release_database(url)
    table.append(row)
    assert (row.lost, row.doubled, row.skipped) == (0, 0, 0)
