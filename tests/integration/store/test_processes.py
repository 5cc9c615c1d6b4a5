"""Several processes on one ledger, and processes that are killed."""

from __future__ import annotations

import random
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.clock import SystemClock
from ledger.events import NewEvent, Producer
from ledger.store import Task, open_store
from ledger.store.verify import verify_store
from tests.integration.store.logs import event


def test_four_processes_may_create_a_ledger_at_once(url, children):
    ledgers = children.together(*(children("create", url) for _ in range(4)))
    assert len({lines[0] for lines in ledgers}) == 1


def test_four_writers_and_two_readers_lose_and_double_nothing(url, children):
    open_store(url, clock=SystemClock()).close()
    total = 4 * 2 * 25
    writers = [children("write", url, f"w:{n}", 25) for n in range(4)]
    readers = [children("tail", url, total) for _ in range(2)]
    seen = children.together(*writers, *readers)[4:]
    assert seen == [[str(total)]] * 2
    store = open_store(url, clock=SystemClock())
    stored = list(store.read())
    assert [event.position for event in stored] == list(range(1, total + 1))
    expected = {f"w:{n}/{k}/{half}".encode() for n in range(4) for k in range(25) for half in range(2)}
    assert {event.payload for event in stored} == expected
    assert verify_store(store).holds
    store.close()


def test_whoever_reads_may_append_after_somebody_else_did(url, store, clock):
    """SQLite refuses a transaction that began by reading and finds the log changed when it writes; ours never begin so."""
    other = open_store(url, clock=clock)
    store.append([event("1/0"), event("1/1")])
    reading = store.read()
    next(reading)
    other.append([event("2/0")])
    assert store.append([event("1/2", stream="w:1")], {"w:1": 0}).positions == (4,)
    assert [stored.position for stored in reading] == [2]
    other.close()


def test_a_task_goes_to_one_process_only(url, children):
    store = open_store(url, clock=SystemClock())
    due = datetime(2031, 5, 4, tzinfo=UTC).replace(year=2001)
    store.put_tasks([Task(kind="feed", key=f"f{n:02}", next_at=due) for n in range(40)])
    store.close()
    claims = children.together(*(children("claim", url, f"worker {n}") for n in range(3)))
    given = [line.split() for lines in claims for line in lines]
    assert sorted(key for key, _ in given) == [f"f{n:02}" for n in range(40)]
    assert sorted(int(fence) for _, fence in given) == list(range(1, 41))


def test_what_was_acknowledged_survives_kill_9(url, path, children):
    chance = random.Random(11)
    appended, redacted = {}, {}
    for _ in range(6):
        child = children("work", url)
        child.wait_ready()
        child.go()
        for _ in range(chance.randrange(1, 25)):
            note(child.process.stdout.readline(), appended, redacted)
        child.process.send_signal(signal.SIGKILL)
        for line in child.process.stdout:
            note(line, appended, redacted)
        child.process.communicate()
        check(url, path, appended, redacted)


def note(line, appended, redacted):
    if line.endswith("\n"):
        verb, n, position, body = line.split()
        {"append": appended, "redact": redacted}[verb][int(n)] = (int(position), body)


def check(url, path, appended, redacted):
    store = open_store(url, clock=SystemClock())
    work = list(store.read(stream="work"))
    last = max(appended, default=0)
    assert last <= len(work) <= last + 1
    assert [event.id for event in work] == [f"{n:032x}" for n in range(1, len(work) + 1)]
    for n, (position, body) in appended.items():
        assert work[n - 1].position == position
        assert store.lookup([f"k{n}"]) == {f"k{n}": str(n)}
        assert store.get_body(body) in (f"body {n}".encode() * 40, None)
    for n, (_, body) in redacted.items():
        assert work[n - 1].redacted
        assert store.get_body(body) is None
    found = verify_store(store)
    assert found.problems == ()
    assert found.root == store.head().root
    store.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(url, children):
    child = children("fill", url)
    ((line,),) = children.together(child)
    count, message = line.split(maxsplit=1)
    assert "disk" in message
    assert "ledger.db" in message
    store = open_store(url, clock=SystemClock())
    assert store.head().position == int(count)
    assert verify_store(store).problems == ()
    store.close()


def test_a_home_that_may_only_be_read(children, tmp_path):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        url = f"sqlite:///{home / 'ledger.db'}"
        store = open_store(url, clock=SystemClock())
        store.append([NewEvent(type="t", stream="s", payload=b"", producer=Producer("core", "1"))])
        store.close()
        (home / "ledger.db").chmod(0o444)
        home.chmod(0o555)
        Path(folder).chmod(0o555)
        child = children(
            "denied", url, f"sqlite:///{folder}/missing/ledger.db", f"sqlite:///{tmp_path / 'x.db'}"
        )
        (lines,) = children.together(child)
        Path(folder).chmod(0o755)
        home.chmod(0o755)
    assert "cannot be written" in lines[0]
    assert "ledger.db" in lines[0]
    assert "missing" in lines[1]
    assert lines[2:] == ["1 1"]


def test_a_store_does_not_cross_a_fork(store, monkeypatch):
    from ledger.errors import StoreUnavailableError

    monkeypatch.setattr("os.getpid", lambda: 1)
    with pytest.raises(StoreUnavailableError, match="parent process"):
        store.append([NewEvent(type="t", stream="s", payload=b"", producer=Producer("core", "1"))])
    monkeypatch.undo()
