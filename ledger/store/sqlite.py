"""The log in an SQLite file.

All writing goes through one connection per process under one lock, always in `BEGIN IMMEDIATE`, so that processes take
turns by SQLite's write lock and nobody's transaction is refused half way. The hot path speaks to the driver directly.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.exc import DBAPIError

from ledger.clock import Clock, parse_time
from ledger.errors import NotFoundError, StoreError, StoreUnavailableError
from ledger.events.envelope import NewEvent, Producer, StoredEvent
from ledger.events.types import BodyRef, PayloadRedacted
from ledger.store import queue
from ledger.store.bodies import NewBody, key_bytes, pack, prepare_bodies
from ledger.store.commit import (
    End,
    Kind,
    Plan,
    Prepared,
    Recorded,
    check_key,
    plan,
    prepare,
    streams_of,
    to_us,
)
from ledger.store.protocol import Appended, Entropy, Task, TaskDone
from ledger.store.redaction import Removal, allowed
from ledger.store.rows import Where
from ledger.store.sql import Pages, SqlReader, events_of, task_of
from ledger.store.sqlite_file import open_file, translate
from ledger.store.tlog import Frontier

__all__ = ["SqliteStore"]

_IN_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Lists are looked up in these sizes, filled up with NULL, so that few statements serve all lengths."""

_POLL = 0.05
"""Seconds between two looks at the file's change counter, which costs a few microseconds."""

_CHANGES = "PRAGMA data_version"
_JOURNAL_IN_MEMORY = "PRAGMA temp_store = MEMORY"
"""A statement with a trigger keeps a journal of its own, which else costs as much as five events."""

_NEW_HEAD = """
    INSERT INTO head SELECT 1, ?, ?, 0, x'', 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM head) AND NOT EXISTS (SELECT 1 FROM events)
"""
_END = "SELECT position, frontier, recorded_at FROM head"
_MOVE_HEAD = "UPDATE OR ROLLBACK head SET position = ?, frontier = ?, recorded_at = ?"
_INSERT = "INSERT OR ROLLBACK INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SEAL = "INSERT OR ROLLBACK INTO subtrees VALUES (?, ?, ?)"
_PAGE = "SELECT position, envelope, payload, salt FROM events WHERE position > ? AND position <= ? ORDER BY position"
_RECORDED = "SELECT event_id, position, envelope, salt FROM events WHERE event_id IN (%s)"
_VERSIONS = """
    SELECT name, id, (SELECT max(version) FROM events WHERE stream = streams.id) FROM streams WHERE name IN (%s)
"""
_NEW_STREAM = "INSERT INTO streams (name) VALUES (?)"
_PRODUCER = "SELECT id FROM producers WHERE name = ? AND version = ? AND identity = ?"
_NEW_PRODUCER = "INSERT INTO producers (name, version, identity) VALUES (?, ?, ?)"
_TASK = "SELECT * FROM tasks WHERE kind = ? AND key = ?"
_PUT_TASK = "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?, '', NULL, 0)"
_EVER = 2**63 - 1
_BUSY = "SELECT grp, count(*) FROM tasks WHERE kind = ? AND lease_until > ? GROUP BY grp"
_FREE = """
    SELECT * FROM tasks WHERE kind = ?1 AND (lease_until IS NULL OR lease_until <= ?2) AND next_at <= ?3
    ORDER BY next_at, key
"""
# A cross join keeps its order in SQLite: from the few keys asked for to their tasks, not over all that are due.
_FREE_OF = """
    SELECT tasks.* FROM json_each(?4) CROSS JOIN tasks ON kind = ?1 AND tasks.key = value
    WHERE (lease_until IS NULL OR lease_until <= ?2) AND next_at <= ?3
    ORDER BY next_at, tasks.key
"""
_LEASE = "UPDATE tasks SET owner = ?, lease_until = ?, fence = ? WHERE kind = ? AND key = ?"
_FINISH = """
    UPDATE tasks SET next_at = ?, data = ?, owner = '', lease_until = NULL WHERE kind = ? AND key = ? AND fence = ? AND fence > 0
"""
_KEEP_BODY = "INSERT INTO bodies (key, dedupe, salt, codec, size, data) VALUES (?, ?, ?, ?, ?, ?)"
_VALUES = "SELECT key, value FROM keys WHERE key IN (%s)"
_KEPT_BODIES = "SELECT dedupe, key FROM bodies WHERE dedupe IN (%s)"


def _select_in(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> Iterator[Any]:
    """The rows of `statement`, whose `IN (%s)` is filled with `values` in parts."""
    at = 0
    while at < len(values):
        rest = len(values) - at
        size = next((size for size in _IN_SIZES if size >= rest), _IN_SIZES[-1])
        part = [*values[at : at + size]]
        part += [None] * (size - len(part))
        yield from connection.execute(statement % ",".join("?" * size), part)
        at += size


class SqliteStore(SqlReader):
    """A `Store` in the SQLite file at `path`, which is made when missing unless `readonly`. Use `open_store`."""

    def __init__(
        self, path: Path, clock: Clock, entropy: Entropy = os.urandom, *, readonly: bool = False
    ) -> None:
        super().__init__(open_file(path, readonly=readonly), str(path))
        self.where = Where(path=str(path))
        self._clock = clock
        self._entropy = entropy
        self._process = os.getpid()
        self._write_lock = threading.Lock()
        self._types: dict[str, int] = {}
        self._producers: dict[Producer, int] = {}
        self._writer: sqlite3.Connection | None = None
        try:
            if not readonly:
                self._pooled = self._engine.raw_connection()
                self._writer = self._pooled.driver_connection
                with self._transaction() as connection:
                    connection.execute(_NEW_HEAD, (entropy(16).hex(), entropy(32)))
                connection.execute(_JOURNAL_IN_MEMORY)
            self._dedupe_key: bytes = self._head_row().dedupe_key
        except BaseException:
            self.close()
            raise

    def _translate(self, error: BaseException) -> StoreError:
        return translate(error, self._which)

    def _check_open(self) -> None:
        super()._check_open()
        if os.getpid() != self._process:
            raise StoreUnavailableError(
                "The store was opened by the parent process", which=self._which, fix="Open it in each process"
            )

    @contextmanager
    def _pages(self) -> Iterator[Pages]:
        """One connection for all pages; between them it stands in no transaction, so nobody waits for a slow reader."""
        self._check_open()
        with self._understood():
            pooled = self._engine.raw_connection()
        execute: Any = pooled.driver_connection.execute  # type: ignore[union-attr]

        def page(after: int, upto: int) -> list[StoredEvent]:
            self._check_open()
            with self._understood(), closing(execute(_PAGE, (after, upto))) as rows:
                return events_of(rows)

        try:
            yield page
        finally:
            if self._closed:
                pooled.invalidate()
            pooled.close()

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Gives the errors of reading their meaning."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except DBAPIError as error:
            raise self._translate(error.orig or error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """The writer connection in a transaction that holds SQLite's write lock; all or nothing."""
        with self._write_lock:
            self._check_open()
            connection = self._writer
            if connection is None:
                raise StoreUnavailableError(
                    "The ledger is opened for reading only", which=self._which, fix="Open it for writing"
                )
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._translate(error) from error
            finally:
                if connection.in_transaction:
                    connection.rollback()

    def append(
        self,
        events: Sequence[NewEvent],
        expected: Mapping[str, int] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        tasks: Sequence[TaskDone] = (),
    ) -> Appended:
        """See `Store.append`."""
        prepared = prepare(events, entropy=self._entropy, now=self._clock.now())
        wanted = dict(expected or {})
        aliases = [(check_key(key), check_key(value)) for key, value in (keys or {}).items()]
        with self._transaction() as connection:
            versions, stream_ids = self._streams(connection, streams_of(prepared, wanted))
            decided = plan(
                prepared,
                recorded=self._recorded(connection, prepared),
                versions=versions,
                expected=wanted,
                end=self._end(connection),
                now=self._clock.now(),
            )
            self._finish(connection, tasks)
            if decided.rows:
                self._insert(connection, decided, stream_ids)
            if aliases:
                connection.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", aliases)
        if decided.rows:
            self._tell_growth()
        return decided.appended

    def _await_growth(self, after: int, timeout: float) -> None:
        """Look at the file's change counter now and then; a condition wakes up when this process itself appends."""
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            deadline = time.monotonic() + timeout
            seen = driver.execute(_CHANGES).fetchone()
            if self._head_row().position > after:
                return
            with self._grown:
                while (rest := deadline - time.monotonic()) > 0 and not self._closed:
                    if self._grown.wait(min(rest, _POLL)) or driver.execute(_CHANGES).fetchone() != seen:
                        return

    def _end(self, connection: sqlite3.Connection) -> End:
        position, frontier, recorded_us = connection.execute(_END).fetchone()
        return End(Frontier.from_bytes(position, frontier), recorded_us)

    def _recorded(
        self, connection: sqlite3.Connection, prepared: Sequence[Prepared]
    ) -> dict[bytes, Recorded]:
        ids = [item.raw_id for item in prepared if item.named]
        rows = _select_in(connection, _RECORDED, ids)
        return {event_id: Recorded(position, envelope, salt) for event_id, position, envelope, salt in rows}

    def _streams(
        self, connection: sqlite3.Connection, names: Sequence[str]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """The last version and the id of every stream of `names`; a new one has version 0 and no id."""
        versions = dict.fromkeys(names, 0)
        ids: dict[str, int] = {}
        for name, stream_id, version in _select_in(connection, _VERSIONS, names):
            versions[name], ids[name] = version or 0, stream_id
        return versions, ids

    def _insert(self, connection: sqlite3.Connection, decided: Plan, stream_ids: dict[str, int]) -> None:
        rows = decided.rows
        for name in streams_of([row.prepared for row in rows], {}):
            if name not in stream_ids:
                stream_ids[name] = int(connection.execute(_NEW_STREAM, (name,)).lastrowid or 0)
        ids = self._dictionaries(connection, {row.prepared.kind for row in rows})
        recorded_us = decided.end.recorded_us
        connection.executemany(
            _INSERT,
            (
                (
                    row.position,
                    stream_ids[(item := row.prepared).new.stream],
                    row.version,
                    *ids[item.kind],
                    item.raw_id,
                    recorded_us,
                    row.envelope,
                    item.salt,
                    item.new.payload,
                )
                for row in rows
            ),
        )
        if decided.subtrees:
            connection.executemany(_SEAL, decided.subtrees)
        end = decided.end
        connection.execute(_MOVE_HEAD, (end.position, end.frontier.to_bytes(), recorded_us))

    def _dictionaries(
        self, connection: sqlite3.Connection, kinds: Iterable[Kind]
    ) -> dict[Kind, tuple[int, int]]:
        """Ids of type and producer of each of `kinds`. What this transaction adds is not remembered: it may fail."""
        types, producers = dict(self._types), dict(self._producers)
        for kind in kinds:
            name, producer = kind.type, kind.producer
            if name not in types:
                known = connection.execute("SELECT id FROM types WHERE name = ?", (name,)).fetchone()
                if known:
                    types[name] = self._types[name] = known[0]
                else:
                    added = connection.execute("INSERT INTO types (name) VALUES (?)", (name,))
                    types[name] = int(added.lastrowid or 0)
            if producer not in producers:
                parts = (producer.name, producer.version, producer.identity)
                known = connection.execute(_PRODUCER, parts).fetchone()
                if known:
                    producers[producer] = self._producers[producer] = known[0]
                else:
                    added = connection.execute(_NEW_PRODUCER, parts)
                    producers[producer] = int(added.lastrowid or 0)
        return {kind: (types[kind.type], producers[kind.producer]) for kind in kinds}

    def lookup(self, keys: Collection[str]) -> dict[str, str]:
        """See `Store.lookup`."""
        self._check_open()
        with self._understood(), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            return dict(_select_in(driver, _VALUES, sorted(set(keys))))

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """See `Store.put_tasks`."""
        rows = [
            (task.kind, task.key, task.group, to_us(task.next_at), task.data)
            for task in map(queue.as_put, tasks)
        ]
        with self._transaction() as connection:
            connection.executemany(_PUT_TASK, rows)

    def drop_task(self, kind: str, key: str) -> None:
        """See `Store.drop_task`."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM tasks WHERE kind = ? AND key = ?", (kind, key))

    def claim(
        self,
        kind: str,
        *,
        now: datetime,
        owner: str,
        lease_seconds: float,
        limit: int,
        per_group: int = 4,
        force: bool = False,
        keys: Collection[str] | None = None,
    ) -> list[Task]:
        """See `Store.claim`."""
        at = parse_time(now)
        check_key(owner)
        leased: list[Task] = []
        with self._transaction() as connection:
            given = (kind, to_us(at), _EVER if force else to_us(at))
            if keys is None:
                rows = connection.execute(_FREE, given)
            else:
                rows = connection.execute(_FREE_OF, (*given, msgspec.json.encode(sorted(keys)).decode()))
            free = map(task_of, rows)
            if (first := next(free, None)) is None:
                return []
            busy = dict(connection.execute(_BUSY, (kind, to_us(at))))
            chosen = queue.choose(
                chain((first,), free), busy, now=at, limit=limit, per_group=per_group, force=force
            )
            (fence,) = connection.execute("SELECT fence FROM head").fetchone()
            for number, task in enumerate(chosen, fence + 1):
                leased.append(queue.lease(task, owner=owner, now=at, seconds=lease_seconds, fence=number))
            connection.executemany(
                _LEASE,
                ((owner, to_us(held.lease_until or at), held.fence, held.kind, held.key) for held in leased),
            )
            connection.execute("UPDATE head SET fence = ?", (fence + len(leased),))
        return leased

    def _finish(self, connection: sqlite3.Connection, tasks: Sequence[TaskDone]) -> None:
        given = [(to_us(parse_time(t.next_at)), t.data, t.kind, t.key, t.fence) for t in tasks]
        if not given or connection.executemany(_FINISH, given).rowcount == len(given):
            return
        for done in tasks:
            row = connection.execute(_TASK, (done.kind, done.key)).fetchone()
            queue.check_done(done, task_of(row) if row else None)

    def put_bodies(self, bodies: Iterable[tuple[bytes, str]]) -> list[BodyRef]:
        """See `Store.put_bodies`."""
        prepared = prepare_bodies(bodies, dedupe_key=self._dedupe_key, entropy=self._entropy)
        packed = {body.dedupe: pack(body.content) for body in prepared}
        keys: dict[bytes, str] = {}
        with self._transaction() as connection:
            for dedupe, key in _select_in(connection, _KEPT_BODIES, list(packed)):
                keys[dedupe] = key.hex()
            new = []
            for body in prepared:
                if body.dedupe not in keys:
                    keys[body.dedupe] = body.ref.key
                    new.append(self._body_row(body, packed[body.dedupe]))
            connection.executemany(_KEEP_BODY, new)
        return [msgspec.structs.replace(body.ref, key=keys[body.dedupe]) for body in prepared]

    @staticmethod
    def _body_row(body: NewBody, packed: tuple[int, bytes]) -> tuple[Any, ...]:
        codec, data = packed
        return (key_bytes(body.ref.key), body.dedupe, body.salt, codec, body.ref.size, data)

    def redact(self, positions: Collection[int], bodies: Collection[str]) -> None:
        """See `Store.redact`.

        The bytes are overwritten in the file, and the write-ahead log that may still hold them is emptied. Raises
        StoreUnavailableError when a reader stands in the way of that; then redact again.
        """
        removal = allowed(positions, bodies, self.read(types=(PayloadRedacted.TYPE,)))
        with self._transaction() as connection:
            self._remove(connection, removal)
        with self._write_lock:
            self._empty_wal()

    def _remove(self, connection: sqlite3.Connection, removal: Removal) -> None:
        for position, order in removal.positions.items():
            connection.execute("INSERT OR IGNORE INTO redacted_events VALUES (?, ?)", (position, order))
            connection.execute(
                "UPDATE events SET salt = NULL, payload = NULL WHERE position = ?", (position,)
            )
        for key, order in removal.bodies.items():
            raw = key_bytes(key)
            if not connection.execute("SELECT 1 FROM bodies WHERE key = ?", (raw,)).fetchone():
                raise NotFoundError("The ledger holds no body with this key", which=key)
            connection.execute("INSERT OR IGNORE INTO redacted_bodies VALUES (?, ?)", (raw, order))
            connection.execute(
                "UPDATE bodies SET dedupe = NULL, salt = NULL, data = NULL WHERE key = ?", (raw,)
            )

    def _empty_wal(self) -> None:
        self._check_open()
        connection = self._writer
        if connection is None:
            return
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise self._translate(error) from error
        if busy:
            raise StoreUnavailableError(
                "The redaction is recorded, but a reader keeps removed bytes in the write-ahead log",
                which=f"{self._which}-wal",
                fix="Stop the reader and redact again; closing the ledger everywhere empties it too",
            )

    def copy_to(self, path: Path) -> None:
        """Write the ledger as it is at this instant to the new file `path`, without holding up anybody."""
        self._check_open()
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
        except DBAPIError as error:
            raise translate(error.orig or error, str(path)) from error

    def close(self) -> None:
        """See `Store.close`."""
        with self._write_lock:
            if self._closed:
                return
            self._closed = True
            self._tell_growth()
            if self._writer is not None:
                self._writer = None
                self._pooled.close()
            self._engine.dispose()
