"""The log in PostgreSQL, schema `ledger`: reading, waiting, tasks, bodies and redaction. Appends are in `postgres_append`.

The server's answer to a commit can be lost. The events then have ids already, so the append is made again: what was
recorded is found, what was not is written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy import URL, Executable, Row
from sqlalchemy.exc import DBAPIError

from ledger.clock import Clock, parse_time
from ledger.errors import StoreError, StoreUnavailableError
from ledger.events.envelope import NewEvent, StoredEvent
from ledger.events.types import BodyRef, PayloadRedacted
from ledger.store import queue
from ledger.store.bodies import key_bytes, pack, prepare_bodies
from ledger.store.commit import Plan, check_key, prepare, to_us
from ledger.store.postgres_append import Appender, Attempt
from ledger.store.postgres_redact import remove, rewrite
from ledger.store.postgres_server import WAIT_SECONDS, is_lost, open_server, shown, translate
from ledger.store.postgres_writer import Driver, Writer
from ledger.store.protocol import Appended, Entropy, Task, TaskDone
from ledger.store.redaction import allowed
from ledger.store.rows import Where
from ledger.store.sql import Pages, SqlReader, events_of, task_of
from ledger.store.transfer import read_out

__all__ = ["PostgresStore"]

_LOOK = 5.0
"""Seconds between two looks at the head while listening."""

_PAGE = """
    SELECT position, envelope, payload, salt FROM ledger.events WHERE position > %s AND position <= %s ORDER BY position
"""
_NEW_HEAD = """
    INSERT INTO ledger.head SELECT 1, %s, %b, 0, '', 0
    WHERE NOT EXISTS (SELECT FROM ledger.head) AND NOT EXISTS (SELECT FROM ledger.events) ON CONFLICT DO NOTHING
"""
_TASK = "SELECT * FROM ledger.tasks WHERE kind = %s AND key = %s FOR UPDATE"
_PUT_TASK = """
    INSERT INTO ledger.tasks VALUES (%s, %s, %s, %s, %b, '', NULL, 0) ON CONFLICT (kind, key) DO UPDATE
    SET grp = excluded.grp, next_at = excluded.next_at, data = excluded.data, owner = '', lease_until = NULL, fence = 0
"""
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_EVER = 2**63 - 1
_BUSY = "SELECT grp, count(*) FROM ledger.tasks WHERE kind = %s AND lease_until > %s GROUP BY grp"
_FREE = """
    SELECT * FROM ledger.tasks WHERE kind = %s AND (lease_until IS NULL OR lease_until <= %s) AND next_at <= %s
    AND (%s::text[] IS NULL OR key = ANY(%s::text[])) ORDER BY next_at, key LIMIT %s FOR UPDATE SKIP LOCKED
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


class PostgresStore(SqlReader):
    """A `Store` in the database at `url`, whose schema is made when missing unless `readonly`. Use `open_store`."""

    def __init__(
        self, url: URL, clock: Clock, entropy: Entropy = os.urandom, *, readonly: bool = False
    ) -> None:
        super().__init__(open_server(url, readonly=readonly), shown(url))
        self.where = Where(url=url.render_as_string(hide_password=False))
        self._clock = clock
        self._entropy = entropy
        self._process = os.getpid()
        self._writer = Writer(
            self._engine,
            which=self._which,
            readonly=readonly,
            translate=self._translate,
            check=self._check_open,
        )
        self._appender = Appender(self._writer, self._engine, clock, which=self._which, finish=_finish)
        try:
            if not readonly and not self._fetch_head():
                with self._writer.use() as connection:
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

    @contextmanager
    def _pages(self) -> Iterator[Pages]:
        """A connection for each page: the server has few. One that was lost while it lay idle is replaced."""
        with super()._pages() as again:

            def page(after: int, upto: int) -> list[StoredEvent]:
                self._check_open()
                try:
                    with closing(self._engine.raw_connection()) as pooled:
                        driver: Any = pooled.driver_connection
                        return events_of(driver.execute(_PAGE, (after, upto), binary=True).fetchall())
                except (psycopg.Error, DBAPIError):
                    return again(after, upto)

            yield page

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
            attempt = Attempt(prepared, wanted, aliases, tasks)
            try:
                done = self._appender.append(attempt)
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

    # -- tasks

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """See `Store.put_tasks`."""
        rows = [
            (task.kind, task.key, task.group, to_us(task.next_at), task.data)
            for task in map(queue.as_put, tasks)
        ]
        with self._writer.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(_PUT_TASK, rows)

    def drop_task(self, kind: str, key: str) -> None:
        """See `Store.drop_task`."""
        with self._writer.use() as connection:
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
        keys: Collection[str] | None = None,
    ) -> list[Task]:
        """See `Store.claim`. Claims of one kind take turns, so that groups are counted right; appends do not hold them up."""
        at = parse_time(now)
        check_key(owner)
        leased: list[Task] = []
        with self._writer.transaction() as connection:
            connection.execute(_TURN, (f"ledger.claim {kind}",))
            counted = connection.execute(_BUSY, (kind, to_us(at))).fetchall()
            busy: dict[str, int] = {row[0]: row[1] for row in counted}
            only = None if keys is None else sorted(keys)
            given = (kind, to_us(at), _EVER if force else to_us(at), only, only)
            for most in (limit * 4 + 16, None):
                free = connection.execute(_FREE, (*given, most)).fetchall()
                chosen = queue.choose(
                    map(task_of, free), busy, now=at, limit=limit, per_group=per_group, force=force
                )
                if len(chosen) == limit or most is None or len(free) < most:
                    break
            for task in chosen:
                row = connection.execute("SELECT nextval('ledger.fences')").fetchone()
                held = queue.lease(
                    task, owner=owner, now=at, seconds=lease_seconds, fence=row[0] if row else 0
                )
                until = to_us(held.lease_until or at)
                connection.execute(_LEASE, (owner, until, held.fence, held.kind, held.key))
                leased.append(held)
        return leased

    # -- bodies and redaction

    def put_bodies(self, bodies: Iterable[tuple[bytes, str]]) -> list[BodyRef]:
        """See `Store.put_bodies`."""
        prepared = prepare_bodies(bodies, dedupe_key=self._dedupe_key, entropy=self._entropy)
        packed = {body.dedupe: pack(body.content) for body in prepared}
        wanted = list(packed)
        with self._writer.transaction() as connection:
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
        with self._writer.transaction() as connection:
            remove(connection, removal)
        tables = [
            name
            for name, removed in (("ledger.events", removal.positions), ("ledger.bodies", removal.bodies))
            if removed
        ]
        with self._writer.use() as connection:
            for table in tables:
                rewrite(connection, table, self._which)

    def copy_to(self, path: Path) -> None:
        """Write the ledger as it is at this instant to the new SQLite file `path`, without holding up anybody."""
        self._check_open()
        read_out(self._engine, path, self._which)

    def close(self) -> None:
        """See `Store.close`."""
        if not self._closed:
            self._closed = True
            self._writer.close()
            self._engine.dispose()


def _finish(connection: Driver, done: TaskDone) -> None:
    row = connection.execute(_TASK, (done.kind, done.key)).fetchone()
    task = queue.finished(queue.check_done(done, task_of(row) if row else None), done)
    connection.execute(_FINISH, (to_us(task.next_at), task.data, task.kind, task.key))


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
