"""The log in PostgreSQL, schema `ledger`.

An append takes two statements: one reads the end of the log and all that `plan` has to know, at one instant; one moves the
head row and inserts, on the condition that the head is still where it was. When somebody was quicker, or a task has to be
finished with it, the same is done under the head row's lock. So positions follow the order of commits, without a gap, and
what is visible is complete.

The server's answer to a commit can be lost. The events then have ids already, so the append is made again: what was
recorded is found, what was not is written.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import URL, Executable, Row
from sqlalchemy.exc import DBAPIError

from ledger.clock import Clock, parse_time
from ledger.errors import NotFoundError, StoreError, StoreUnavailableError
from ledger.events.envelope import NewEvent, Producer
from ledger.events.types import BodyRef, PayloadRedacted
from ledger.store import queue
from ledger.store.bodies import key_bytes, pack, prepare_bodies
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
from ledger.store.postgres_server import WAIT_SECONDS, is_lost, open_server, shown, translate
from ledger.store.protocol import Appended, Entropy, Task, TaskDone
from ledger.store.redaction import Removal, allowed
from ledger.store.sql import PAGE, SqlReader, task_of
from ledger.store.tlog import Frontier

__all__ = ["PostgresStore"]

_LOOK = 5.0
"""Seconds between two looks at the head while listening."""

_COPY_FROM = 200
"""Events from which COPY is quicker than a statement with arrays."""

_SCAN = """
    SELECT position, envelope, payload, salt FROM ledger.events WHERE position > %s AND position <= %s
    ORDER BY position LIMIT %s
"""
_NEW_HEAD = """
    INSERT INTO ledger.head SELECT 1, %s, %b, 0, '', 0
    WHERE NOT EXISTS (SELECT FROM ledger.head) AND NOT EXISTS (SELECT FROM ledger.events) ON CONFLICT DO NOTHING
"""
_LOCK_HEAD = "BEGIN; SELECT FROM ledger.head FOR UPDATE"
_KNOWN = """
    SELECT 0, '', position, recorded_at, frontier, NULL::bytea, NULL::bytea FROM ledger.head
    UNION ALL
    SELECT 1, name, id, (SELECT version FROM ledger.events WHERE stream = s.id ORDER BY version DESC LIMIT 1), NULL, NULL, NULL
    FROM ledger.streams s WHERE name = ANY(%b::text[])
    UNION ALL
    SELECT 2, '', position, 0, event_id, envelope, salt FROM ledger.events WHERE event_id = ANY(%b::bytea[])
"""
_MOVE_HEAD = """
    UPDATE ledger.head SET position = %b, frontier = %b, recorded_at = %b WHERE position = %b AND recorded_at = %b
"""
_APPEND = f"""
    WITH moved AS ({_MOVE_HEAD} RETURNING 1),
    named AS (
        INSERT INTO ledger.streams SELECT * FROM unnest(%b::bigint[], %b::text[]) WHERE EXISTS (SELECT FROM moved)
    ),
    keyed AS (
        INSERT INTO ledger.keys SELECT * FROM unnest(%b::text[], %b::text[]) WHERE EXISTS (SELECT FROM moved)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO ledger.events
    SELECT position, stream, version, type, producer, event_id, %b, envelope, salt, payload FROM unnest(
        %b::bigint[], %b::bigint[], %b::integer[], %b::integer[], %b::integer[], %b::bytea[], %b::bytea[], %b::bytea[],
        %b::bytea[]
    ) AS given (position, stream, version, type, producer, event_id, envelope, salt, payload)
    WHERE EXISTS (SELECT FROM moved)
"""  # noqa: S608 - a constant
_COPY = "COPY ledger.events FROM STDIN (FORMAT BINARY)"
_COPIED = ("int8", "int8", "int4", "int4", "int4", "bytea", "int8", "bytea", "bytea", "bytea")
_NEW_STREAMS = "INSERT INTO ledger.streams SELECT * FROM unnest(%b::bigint[], %b::text[])"
_NEW_KEYS = "INSERT INTO ledger.keys SELECT * FROM unnest(%b::text[], %b::text[]) ON CONFLICT DO NOTHING"
_TYPE = "SELECT id FROM ledger.types WHERE name = %s"
_NEW_TYPE = "INSERT INTO ledger.types (name) VALUES (%s) ON CONFLICT DO NOTHING"
_PRODUCER = "SELECT id FROM ledger.producers WHERE name = %s AND version = %s AND identity = %s"
_NEW_PRODUCER = (
    "INSERT INTO ledger.producers (name, version, identity) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
)
_TASK = "SELECT * FROM ledger.tasks WHERE kind = %s AND key = %s FOR UPDATE"
_PUT_TASK = """
    INSERT INTO ledger.tasks VALUES (%s, %s, %s, %s, %b, '', NULL, 0) ON CONFLICT (kind, key) DO UPDATE
    SET grp = excluded.grp, next_at = excluded.next_at, data = excluded.data, owner = '', lease_until = NULL, fence = 0
"""
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_BUSY = "SELECT grp, count(*) FROM ledger.tasks WHERE kind = %s AND lease_until > %s GROUP BY grp"
_FREE = """
    SELECT * FROM ledger.tasks WHERE kind = %s AND (lease_until IS NULL OR lease_until <= %s) AND (next_at <= %s OR %s)
    ORDER BY next_at, key FOR UPDATE SKIP LOCKED
"""
_LEASE = "UPDATE ledger.tasks SET owner = %s, lease_until = %s, fence = %s WHERE kind = %s AND key = %s"
_FINISH = """
    UPDATE ledger.tasks SET next_at = %s, data = %b, owner = '', lease_until = NULL WHERE kind = %s AND key = %s
"""
_KEPT_BODIES = "SELECT dedupe, key FROM ledger.bodies WHERE dedupe = ANY(%b::bytea[])"
_KEEP_BODY = """
    INSERT INTO ledger.bodies (key, dedupe, salt, codec, size, data) VALUES (%b, %b, %b, %s, %s, %b)
    ON CONFLICT (dedupe) DO NOTHING
"""

Driver = psycopg.Connection[tuple[Any, ...]]


class PostgresStore(SqlReader):
    """A `Store` in the database at `url`, whose schema is made when missing unless `readonly`. Use `open_store`."""

    def __init__(
        self, url: URL, clock: Clock, entropy: Entropy = os.urandom, *, readonly: bool = False
    ) -> None:
        super().__init__(open_server(url, readonly=readonly), shown(url))
        self._clock = clock
        self._entropy = entropy
        self._process = os.getpid()
        self._readonly = readonly
        self._write_lock = threading.RLock()
        self._pooled: Any = None
        self._types: dict[str, int] = {}
        self._producers: dict[Producer, int] = {}
        try:
            if not readonly and not self._fetch_head():
                with self._writing() as connection:
                    connection.execute(_NEW_HEAD, (entropy(16).hex(), entropy(32)))
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

    def _fetch(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Reading does no harm twice: a connection that the server gave up while it lay idle is replaced."""
        self._check_open()
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement, values or {}).all()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise self._translate(error.orig or error) from error
        return super()._fetch(statement, values)

    def _scan(self, after: int, upto: int) -> Sequence[Sequence[Any]]:
        self._check_open()
        try:
            with self._engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                rows: list[tuple[Any, ...]] = driver.execute(
                    _SCAN, (after, upto, PAGE), binary=True
                ).fetchall()
        except (psycopg.Error, DBAPIError):
            return super()._scan(after, upto)
        return rows

    def _await_growth(self, after: int, timeout: float) -> None:
        """Listen to the server, and look now and then all the same: a notice may be lost with its connection."""
        try:
            with self._engine.connect() as pooled:
                driver: Any = pooled.connection.driver_connection
                driver.execute("LISTEN ledger")
                try:
                    if self._head_row().position <= after:
                        for _ in driver.notifies(timeout=min(timeout, _LOOK), stop_after=1):
                            return
                finally:
                    if not driver.closed:
                        driver.execute("UNLISTEN ledger")
        except (psycopg.Error, DBAPIError) as error:
            lost = error.orig if isinstance(error, DBAPIError) and error.orig else error
            if not is_lost(lost):
                raise self._translate(lost) from error
            time.sleep(min(timeout, 0.05))

    # -- writing

    @contextmanager
    def _writing(self) -> Iterator[Driver]:
        """The writer connection, which commits statement by statement. It is thrown away when it is lost."""
        with self._write_lock:
            self._check_open()
            if self._readonly:
                raise StoreUnavailableError(
                    "The ledger is opened for reading only", which=self._which, fix="Open it for writing"
                )
            try:
                if self._pooled is None:
                    self._pooled = self._engine.raw_connection()
                connection: Driver = self._pooled.driver_connection
                yield connection
            except DBAPIError as error:
                self._drop_writer()
                raise self._translate(error.orig or error) from error
            except psycopg.Error as error:
                if is_lost(error):
                    self._drop_writer()
                raise self._translate(error) from error
            finally:
                self._roll_back()

    def _roll_back(self) -> None:
        """End what an exception left open."""
        if self._pooled is None:
            return
        connection: Driver = self._pooled.driver_connection
        if connection.closed:
            self._drop_writer()
        elif connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            try:
                connection.execute("ROLLBACK")
            except psycopg.Error:
                self._drop_writer()

    def _drop_writer(self) -> None:
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            with contextlib.suppress(psycopg.Error, DBAPIError):
                pooled.invalidate()

    @contextmanager
    def _transaction(self) -> Iterator[Driver]:
        """The writer connection in a transaction; all or nothing."""
        with self._writing() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def append(
        self,
        events: Sequence[NewEvent],
        expected: Mapping[str, int] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        tasks: Sequence[TaskDone] = (),
    ) -> Appended:
        """See `Store.append`.

        A lost connection is replaced for some seconds, as when the server is restarted, and the append made again. When
        the server stays away it is not known whether the events were recorded: StoreUnavailableError says so.
        """
        prepared = prepare(events, entropy=self._entropy, now=self._clock.now())
        wanted = dict(expected or {})
        aliases = {check_key(key): check_key(value) for key, value in (keys or {}).items()}
        first: Plan | None = None
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            attempt = _Attempt(prepared, wanted, aliases, tasks)
            try:
                done = self._attempt(attempt)
            except StoreUnavailableError as error:
                lost = isinstance(error.__cause__, BaseException) and _was_lost(error.__cause__)
                if not lost or self._closed:
                    raise
                if time.monotonic() > deadline:
                    raise _unknown(error, attempt.sent) from error
            else:
                repeated = first is not None and done.new == 0 and done.positions == first.appended.positions
                return first.appended if first is not None and repeated else done
            first = attempt.sent or first
            prepared = [msgspec.structs.replace(item, named=True) for item in prepared]
            time.sleep(0.05)

    def _attempt(self, attempt: _Attempt) -> Appended:
        with self._writing() as connection:
            quick = not attempt.tasks and len(attempt.prepared) < _COPY_FROM
            if quick:
                decided = self._decide(connection, attempt)
                if self._insert(connection, attempt, decided):
                    return decided.appended
            connection.execute(_LOCK_HEAD)
            decided = self._decide(connection, attempt)
            for done in attempt.tasks:
                self._finish(connection, done)
            if len(decided.rows) >= _COPY_FROM:
                self._copy(connection, attempt, decided)
            else:
                self._insert(connection, attempt, decided)
            connection.execute("COMMIT")
        return decided.appended

    def _decide(self, connection: Driver, attempt: _Attempt) -> Plan:
        """Plan the append by what the log holds at one instant."""
        names = streams_of(attempt.prepared, attempt.expected)
        versions = dict.fromkeys(names, 0)
        stream_ids: dict[str, int] = {}
        recorded: dict[bytes, Recorded] = {}
        end: End | None = None
        ids = [item.raw_id for item in attempt.prepared if item.named]
        for sort, name, number, second, raw, envelope, salt in connection.execute(
            _KNOWN, (names, ids), binary=True
        ):
            if sort == 0:
                end = End(Frontier.from_bytes(number, raw), second)
            elif sort == 1:
                stream_ids[name], versions[name] = number, second or 0
            else:
                recorded[raw] = Recorded(number, envelope, salt)
        if end is None:
            self._head_row()
            raise StoreUnavailableError("The head of the log is not to be seen", which=self._which)
        attempt.stream_ids = stream_ids
        attempt.before = end
        return plan(
            attempt.prepared,
            recorded=recorded,
            versions=versions,
            expected=attempt.expected,
            end=end,
            now=self._clock.now(),
        )

    def _insert(self, connection: Driver, attempt: _Attempt, decided: Plan) -> bool:
        """Write all in one statement; False when the head is not where it was, and nothing was written."""
        rows, end, before = decided.rows, decided.end, attempt.before
        keys = list(attempt.keys), list(attempt.keys.values())
        if not rows:
            if attempt.keys:
                connection.execute(_NEW_KEYS, keys)
            return True
        new_streams, stream_ids = _number_streams(decided, attempt.stream_ids)
        ids = self._dictionaries({row.prepared.kind for row in rows})
        items = [row.prepared for row in rows]
        pairs = [ids[item.kind] for item in items]
        attempt.sent = decided
        written = connection.execute(
            _APPEND,
            (
                end.position,
                end.frontier.to_bytes(),
                end.recorded_us,
                before.position,
                before.recorded_us,
                list(new_streams.values()),
                list(new_streams),
                *keys,
                end.recorded_us,
                [row.position for row in rows],
                [stream_ids[item.new.stream] for item in items],
                [row.version for row in rows],
                [pair[0] for pair in pairs],
                [pair[1] for pair in pairs],
                [item.raw_id for item in items],
                [row.envelope for row in rows],
                [item.salt for item in items],
                [item.new.payload for item in items],
            ),
        )
        if written.rowcount == len(rows):
            return True
        attempt.sent = None
        return False

    def _copy(self, connection: Driver, attempt: _Attempt, decided: Plan) -> None:
        """Write all under the head row's lock, the events by COPY."""
        rows, end, before = decided.rows, decided.end, attempt.before
        new_streams, stream_ids = _number_streams(decided, attempt.stream_ids)
        ids = self._dictionaries({row.prepared.kind for row in rows})
        if new_streams:
            connection.execute(_NEW_STREAMS, (list(new_streams.values()), list(new_streams)))
        if attempt.keys:
            connection.execute(_NEW_KEYS, (list(attempt.keys), list(attempt.keys.values())))
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_COPIED)
            for row in rows:
                item = row.prepared
                copy.write_row(
                    (
                        row.position,
                        stream_ids[item.new.stream],
                        row.version,
                        *ids[item.kind],
                        item.raw_id,
                        end.recorded_us,
                        row.envelope,
                        item.salt,
                        item.new.payload,
                    )
                )
        connection.execute(
            _MOVE_HEAD,
            (
                end.position,
                end.frontier.to_bytes(),
                end.recorded_us,
                before.position,
                before.recorded_us,
            ),
        )
        attempt.sent = decided

    def _dictionaries(self, kinds: Collection[Kind]) -> dict[Kind, tuple[int, int]]:
        """Ids of type and producer of each of `kinds`; new ones are committed at once, and stay whatever follows."""
        if missing := [
            kind for kind in kinds if kind.type not in self._types or kind.producer not in self._producers
        ]:
            with self._engine.connect() as pooled:
                driver: Any = pooled.connection.driver_connection
                for kind in missing:
                    producer = kind.producer
                    parts = (producer.name, producer.version, producer.identity)
                    self._types[kind.type] = _number(driver, _TYPE, _NEW_TYPE, (kind.type,))
                    self._producers[producer] = _number(driver, _PRODUCER, _NEW_PRODUCER, parts)
        return {kind: (self._types[kind.type], self._producers[kind.producer]) for kind in kinds}

    # -- tasks

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """See `Store.put_tasks`."""
        rows = [
            (task.kind, task.key, task.group, to_us(task.next_at), task.data)
            for task in map(queue.as_put, tasks)
        ]
        with self._transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(_PUT_TASK, rows)

    def drop_task(self, kind: str, key: str) -> None:
        """See `Store.drop_task`."""
        with self._writing() as connection:
            connection.execute("DELETE FROM ledger.tasks WHERE kind = %s AND key = %s", (kind, key))

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
    ) -> list[Task]:
        """See `Store.claim`. Claims of one kind take turns, so that groups are counted right; appends do not hold them up."""
        at = parse_time(now)
        check_key(owner)
        leased: list[Task] = []
        with self._transaction() as connection:
            connection.execute(_TURN, (f"ledger.claim {kind}",))
            counted = connection.execute(_BUSY, (kind, to_us(at))).fetchall()
            busy: dict[str, int] = {row[0]: row[1] for row in counted}
            free = map(task_of, connection.execute(_FREE, (kind, to_us(at), to_us(at), force)).fetchall())
            for task in queue.choose(free, busy, now=at, limit=limit, per_group=per_group, force=force):
                row = connection.execute("SELECT nextval('ledger.fences')").fetchone()
                held = queue.lease(
                    task, owner=owner, now=at, seconds=lease_seconds, fence=row[0] if row else 0
                )
                until = to_us(held.lease_until or at)
                connection.execute(_LEASE, (owner, until, held.fence, held.kind, held.key))
                leased.append(held)
        return leased

    def _finish(self, connection: Driver, done: TaskDone) -> None:
        row = connection.execute(_TASK, (done.kind, done.key)).fetchone()
        task = queue.finished(queue.check_done(done, task_of(row) if row else None), done)
        connection.execute(_FINISH, (to_us(task.next_at), task.data, task.kind, task.key))

    # -- bodies and redaction

    def put_bodies(self, bodies: Iterable[tuple[bytes, str]]) -> list[BodyRef]:
        """See `Store.put_bodies`."""
        prepared = prepare_bodies(bodies, dedupe_key=self._dedupe_key, entropy=self._entropy)
        packed = {body.dedupe: pack(body.content) for body in prepared}
        wanted = list(packed)
        with self._transaction() as connection:
            keys = dict(connection.execute(_KEPT_BODIES, (wanted,), binary=True).fetchall())
            missing = {body.dedupe: body for body in reversed(prepared) if body.dedupe not in keys}
            for dedupe in wanted:
                if dedupe in missing:
                    body, (codec, data) = missing[dedupe], packed[dedupe]
                    row = (key_bytes(body.ref.key), dedupe, body.salt, codec, body.ref.size, data)
                    connection.execute(_KEEP_BODY, row)
            if missing:
                keys = dict(connection.execute(_KEPT_BODIES, (wanted,), binary=True).fetchall())
        return [msgspec.structs.replace(body.ref, key=keys[body.dedupe].hex()) for body in prepared]

    def redact(self, positions: Collection[int], bodies: Collection[str]) -> None:
        """See `Store.redact`.

        The tables are written anew without the removed bytes, which needs the owner's right, or ledger_redactor's from
        PostgreSQL 17 on; else StoreUnavailableError names the command. The server's own write-ahead log and its archives
        hold the bytes until they are recycled.
        """
        removal = allowed(positions, bodies, self.read(types=(PayloadRedacted.TYPE,)))
        with self._transaction() as connection:
            self._remove(connection, removal)
        tables = [
            name
            for name, removed in (("ledger.events", removal.positions), ("ledger.bodies", removal.bodies))
            if removed
        ]
        with self._writing() as connection:
            for table in tables:
                self._rewrite(connection, table)

    def _remove(self, connection: Driver, removal: Removal) -> None:
        for position, order in removal.positions.items():
            connection.execute(
                "INSERT INTO ledger.redacted_events VALUES (%s, %s) ON CONFLICT DO NOTHING", (position, order)
            )
            connection.execute(
                "UPDATE ledger.events SET salt = NULL, payload = NULL WHERE position = %s", (position,)
            )
        for key, order in removal.bodies.items():
            raw = key_bytes(key)
            if not connection.execute("SELECT 1 FROM ledger.bodies WHERE key = %b", (raw,)).fetchone():
                raise NotFoundError("The ledger holds no body with this key", which=key)
            connection.execute(
                "INSERT INTO ledger.redacted_bodies VALUES (%b, %s) ON CONFLICT DO NOTHING", (raw, order)
            )
            connection.execute(
                "UPDATE ledger.bodies SET dedupe = NULL, salt = NULL, data = NULL WHERE key = %b", (raw,)
            )

    def _rewrite(self, connection: Driver, table: str) -> None:
        """Write `table` anew, so that no dead row keeps removed bytes."""
        refused: list[str] = []

        def note(diagnostic: psycopg.errors.Diagnostic) -> None:
            if diagnostic.severity_nonlocalized == "WARNING":
                refused.append(diagnostic.message_primary or "")

        connection.add_notice_handler(note)
        try:
            connection.execute(f"VACUUM (FULL) {table}")
        finally:
            connection.remove_notice_handler(note)
        if refused:
            raise StoreUnavailableError(
                "The redaction is recorded, but removed bytes may remain in dead rows",
                which=f"{self._which}: {refused[0]}",
                fix=f"Let the owner run VACUUM (FULL) {table}",
            )

    def close(self) -> None:
        """See `Store.close`."""
        with self._write_lock:
            if self._closed:
                return
            self._closed = True
            pooled, self._pooled = self._pooled, None
            if pooled is not None:
                with contextlib.suppress(psycopg.Error, DBAPIError):
                    pooled.close()
            self._engine.dispose()


class _Attempt:
    """One try to append: what is wanted, what was found, and the plan that was sent to the server, if any."""

    def __init__(
        self,
        prepared: Sequence[Prepared],
        expected: Mapping[str, int],
        keys: Mapping[str, str],
        tasks: Sequence[TaskDone],
    ) -> None:
        self.prepared = prepared
        self.expected = expected
        self.keys = keys
        self.tasks = tasks
        self.stream_ids: dict[str, int] = {}
        self.before = End(Frontier(), 0)
        self.sent: Plan | None = None


def _number_streams(decided: Plan, known: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """The new streams and all streams of `decided` with their ids. A stream's id is the position of its first event."""
    new: dict[str, int] = {}
    for row in decided.rows:
        name = row.prepared.new.stream
        if name not in known and name not in new:
            new[name] = row.position
    return new, {**known, **new}


def _number(driver: Driver, find: str, add: str, parts: tuple[str, ...]) -> int:
    row = driver.execute(find, parts).fetchone()
    if row is None:
        driver.execute(add, parts)
        row = driver.execute(find, parts).fetchone()
    return int(row[0]) if row else 0


def _was_lost(cause: BaseException) -> bool:
    return is_lost(cause.orig if isinstance(cause, DBAPIError) and cause.orig else cause)


def _unknown(error: StoreUnavailableError, sent: Plan | None) -> StoreUnavailableError:
    if sent is None:
        return error
    return StoreUnavailableError(
        "The connection to the database broke while events were being recorded; whether they are is not known",
        which=error.which,
        fix="Look for them, or append them again under the same ids",
    )
