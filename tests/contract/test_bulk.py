"""A log in a database is checked in bulk wherever it is, and what was changed there by hand is named as event by event."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import make_url

from ledger.events import NewEvent, Producer
from ledger.store import Store
from ledger.store.bulk import check_log_in_bulk
from ledger.store.rows import Where
from ledger.store.verify import verify_log
from tests.contract.conftest import BACKENDS
from tests.contract.server import maintenance
from tests.integration.store.logs import redact

DATABASES = sorted(set(BACKENDS) - {"memory"})
ZEROS = "00" * 16
CHANGED = {
    "payload": ("payload = {00}", 5, "commits to"),
    "salt": (f"salt = {{{ZEROS}}}", 5, "commits to"),
    "no payload": ("payload = NULL, salt = NULL", 5, "no event orders"),
    "half a payload": ("payload = NULL", 5, "Only one"),
    "type": ("type = 3 - type", 5, "type"),
    "version": ("version = 99", 5, "version"),
    "time": ("recorded_at = recorded_at + 1", 5, "recorded time"),
    "id": (f"event_id = {{{ZEROS}}}", 5, "event id"),
    "producer": ("producer = 3 - producer", 5, "producer"),
    "envelope": ("envelope = {7b}", 5, "cannot be read"),
}


@pytest.fixture(params=DATABASES)
def store(request, clock, tmp_path):
    with BACKENDS[request.param](clock, random.Random(7).randbytes, tmp_path) as opened:
        yield opened
        opened.close()


def fill(store: Store, count: int) -> None:
    for at in range(0, count, 50):
        store.append(
            [
                NewEvent(
                    type=("note.made", "note.kept")[number % 7 == 0],
                    stream=f"s:{number % 90}",
                    payload=b'{"n":%d}' % number,
                    producer=Producer("core", str(number % 11 == 0)),
                    causes=("ab" * 16,) if number % 3 == 0 else (),
                )
                for number in range(at, min(at + 50, count))
            ]
        )


def change(where: Where, assignments: str) -> None:
    """Write to the events as whoever owns the database can."""
    for number in ("00", "7b", ZEROS):
        blob = f"x'{number}'" if where.path else f"decode('{number}', 'hex')"
        assignments = assignments.replace(f"{{{number}}}", blob)
    if where.path:
        with closing(sqlite3.connect(where.path, isolation_level=None)) as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(f"UPDATE events SET {assignments} WHERE position = 5")
        return
    with maintenance(make_url(where.url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"UPDATE ledger.events SET {assignments} WHERE position = 5")


def test_a_log_in_order_is_checked_in_bulk_by_any_number_of_processes(store) -> None:
    fill(store, 1300)
    redact(store, [7])
    head = store.head()
    alone = check_log_in_bulk(store.where, head.position, head.root, {}, jobs=1, stretch=256)
    assert alone is not None
    assert alone.redacted == {7}
    assert alone.frontier.root().hex() == head.root
    assert check_log_in_bulk(store.where, head.position, head.root, {}, jobs=3, stretch=256) == alone
    verification, checked = verify_log(store)
    assert verification.holds
    assert checked is not None


@pytest.mark.parametrize(("assignments", "position", "what"), CHANGED.values(), ids=CHANGED)
def test_what_was_changed_is_named(store, assignments: str, position: int, what: str) -> None:
    fill(store, 30)
    assert verify_log(store)[1] is not None
    change(store.where, assignments)
    verification, checked = verify_log(store)
    assert checked is None
    assert verification.first == position
    assert any(problem.position == position and what in problem.what for problem in verification.problems)
