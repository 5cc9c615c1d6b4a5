"""Appending to the log in PostgreSQL.

While one process alone appends, it knows how it left the log: the end, and the versions of the streams that it wrote. It
then makes an append in one statement, on the condition that the head is still exactly that, and that what it takes to be
new is. When the condition does not hold, nothing was written. Then one statement reads the end of the log and all that
`plan` has to know, at one instant, and one moves the head and inserts on the same condition. When somebody was quicker
again, or a task has to be finished with it, or there is much to insert, this is done under the head row's lock.

So positions follow the order of commits, without a gap, and what is visible is complete.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Engine

from ledger.clock import Clock
from ledger.errors import ConflictError, DuplicateEventError
from ledger.events.envelope import Producer
from ledger.store.commit import End, Kind, Plan, Prepared, Recorded, plan, streams_of
from ledger.store.postgres_arrays import bigints, blobs, integers, texts
from ledger.store.postgres_writer import Driver, Writer
from ledger.store.protocol import Appended, TaskDone
from ledger.store.sql import no_head
from ledger.store.tlog import Frontier

__all__ = ["Appender", "Attempt"]

_COPY_FROM = 200
"""Events from which COPY is quicker than a statement with arrays."""

_REMEMBERED = 20_000
"""Streams whose versions a process remembers."""

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
    UPDATE ledger.head SET position = %b, frontier = %b, recorded_at = %b
    WHERE position = %b AND frontier = %b AND recorded_at = %b
"""
_UNLESS = """
    AND NOT EXISTS (SELECT FROM ledger.streams WHERE name = ANY(%b::text[]))
    AND NOT EXISTS (SELECT FROM ledger.events WHERE event_id = ANY(%b::bytea[]))
"""
_NAMED = """, named AS (
        INSERT INTO ledger.streams SELECT * FROM unnest(%b::bigint[], %b::text[]) WHERE EXISTS (SELECT FROM moved)
    )
"""
_KEYED = """, keyed AS (
        INSERT INTO ledger.keys SELECT * FROM unnest(%b::text[], %b::text[]) WHERE EXISTS (SELECT FROM moved)
        ON CONFLICT DO NOTHING
    )
"""
_SEALED = """, sealed AS (
        INSERT INTO ledger.subtrees SELECT * FROM unnest(%b::integer[], %b::bigint[], %b::bytea[])
        WHERE EXISTS (SELECT FROM moved)
    )
"""
_ADDED = """
    INSERT INTO ledger.events
    SELECT %b + number, stream, version, type, producer, event_id, %b, envelope, salt, payload FROM unnest(
        %b::bigint[], %b::integer[], %b::integer[], %b::integer[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[]
    ) WITH ORDINALITY AS given (stream, version, type, producer, event_id, envelope, salt, payload, number)
    WHERE EXISTS (SELECT FROM moved)
"""
_ADDED_ONE = "INSERT INTO ledger.events SELECT %b, %b, %b, %b, %b, %b, %b, %b, %b, %b FROM moved"
_COPY = "COPY ledger.events FROM STDIN (FORMAT BINARY)"
_COPIED = ("int8", "int8", "int4", "int4", "int4", "bytea", "int8", "bytea", "bytea", "bytea")
_NEW_STREAMS = "INSERT INTO ledger.streams SELECT * FROM unnest(%b::bigint[], %b::text[])"
_NEW_SUBTREES = "INSERT INTO ledger.subtrees SELECT * FROM unnest(%b::integer[], %b::bigint[], %b::bytea[])"
_NEW_KEYS = "INSERT INTO ledger.keys SELECT * FROM unnest(%b::text[], %b::text[]) ON CONFLICT DO NOTHING"
_TYPE = "SELECT id FROM ledger.types WHERE name = %s"
_NEW_TYPE = "INSERT INTO ledger.types (name) VALUES (%s) ON CONFLICT DO NOTHING"
_PRODUCER = "SELECT id FROM ledger.producers WHERE name = %s AND version = %s AND identity = %s"
_NEW_PRODUCER = (
    "INSERT INTO ledger.producers (name, version, identity) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
)


_Laid = tuple[int, int, int, int, int, bytes, int, bytes, bytes, bytes]
"""An event as a row of its table: position, stream, version, type, producer, id, time, envelope, salt, payload."""


class _Known(msgspec.Struct, frozen=True):
    """What an append builds on: the end, streams by name (id and last version), events recorded already by id."""

    end: End
    streams: Mapping[str, tuple[int, int]]
    recorded: Mapping[bytes, Recorded] = {}


class Attempt:
    """One try to append: what is wanted, and the plan that was sent to the server, if any."""

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
        self.streams = streams_of(prepared, expected)
        self.named = [item.raw_id for item in prepared if item.named]
        self.sent: Plan | None = None

    def plan(self, known: _Known, clock: Clock) -> Plan:
        """Decide what to write after what is known."""
        streams = known.streams
        return plan(
            self.prepared,
            recorded=known.recorded,
            versions={name: streams[name][1] if name in streams else 0 for name in self.streams},
            expected=self.expected,
            end=known.end,
            now=clock.now(),
        )


class Appender:
    """Makes the appends of one process, over its writer. `finish` ends a task in the transaction of its append."""

    def __init__(
        self,
        writer: Writer,
        engine: Engine,
        clock: Clock,
        *,
        which: str,
        finish: Callable[[Driver, TaskDone], None],
    ) -> None:
        self._writer = writer
        self._engine = engine
        self._clock = clock
        self._which = which
        self._finish = finish
        self._types: dict[str, int] = {}
        self._producers: dict[Producer, int] = {}
        self._left: End | None = None
        self._alone = True
        self._streams: dict[str, tuple[int, int]] = {}

    def append(self, attempt: Attempt) -> Appended:
        """Append it, all or nothing. Raises as `Store.append` does."""
        with self._writer.use() as connection:
            try:
                return self._append(connection, attempt).appended
            except BaseException:
                self._left = None
                raise

    def _append(self, connection: Driver, attempt: Attempt) -> Plan:
        if not attempt.tasks and len(attempt.prepared) < _COPY_FROM:
            decided = self._as_left(connection, attempt)
            if decided is not None:
                return decided
            known = self._look(connection, attempt)
            decided = attempt.plan(known, self._clock)
            if self._insert(connection, attempt, known, decided):
                return decided
        connection.execute(_LOCK_HEAD)
        known = self._look(connection, attempt)
        decided = attempt.plan(known, self._clock)
        for done in attempt.tasks:
            self._finish(connection, done)
        if len(decided.rows) >= _COPY_FROM:
            self._copy(connection, attempt, known, decided)
        else:
            self._insert(connection, attempt, known, decided)
        connection.execute("COMMIT")
        return decided

    def _as_left(self, connection: Driver, attempt: Attempt) -> Plan | None:
        """Append to the log as this process left it, without looking; None when it is not to be had like that."""
        if self._left is None or not self._alone:
            return None
        known = _Known(self._left, self._streams)
        try:
            decided = attempt.plan(known, self._clock)
        except (ConflictError, DuplicateEventError):
            return None
        new = [name for name in attempt.streams if name not in self._streams]
        sent = decided.rows and self._insert(connection, attempt, known, decided, new, attempt.named)
        return decided if sent else None

    def _look(self, connection: Driver, attempt: Attempt) -> _Known:
        """What the log holds at one instant."""
        streams: dict[str, tuple[int, int]] = {}
        recorded: dict[bytes, Recorded] = {}
        end: End | None = None
        for sort, name, number, second, raw, envelope, salt in connection.execute(
            _KNOWN, (texts(attempt.streams), blobs(attempt.named)), binary=True
        ):
            if sort == 0:
                end = End(Frontier.from_bytes(number, raw), second)
            elif sort == 1:
                streams[name] = number, second or 0
            else:
                recorded[raw] = Recorded(number, envelope, salt)
        if end is None:
            raise no_head(self._which)
        self._alone = self._left in (None, end)
        if self._left != end:
            self._streams.clear()
        self._streams.update(streams)
        self._left = end
        return _Known(end, streams, recorded)

    def _insert(
        self,
        connection: Driver,
        attempt: Attempt,
        known: _Known,
        decided: Plan,
        absent_streams: Sequence[str] = (),
        absent_ids: Sequence[bytes] = (),
    ) -> bool:
        """Write all in one statement; False when the log is not as it is `known`, and nothing was written."""
        rows, end = decided.rows, decided.end
        keys = (texts(attempt.keys), texts(attempt.keys.values())) if attempt.keys else ()
        if not rows:
            if keys:
                connection.execute(_NEW_KEYS, keys)
            return True
        new, streams = _numbered(decided, known.streams)
        unless = (texts(absent_streams), blobs(absent_ids)) if absent_streams or absent_ids else ()
        named = (bigints(list(new.values())), texts(new)) if new else ()
        sealed = _sealed(decided)
        laid = self._laid(decided, streams)
        attempt.sent = decided
        written = connection.execute(
            _statement(
                unless=bool(unless),
                named=bool(named),
                keyed=bool(keys),
                sealed=bool(sealed),
                one=len(laid) == 1,
            ),
            (*_head_moves(known.end, end), *unless, *named, *keys, *sealed, *_given(known.end, laid)),
        )
        if written.rowcount == len(rows):
            self._remember(decided, streams)
            return True
        attempt.sent = None
        return False

    def _copy(self, connection: Driver, attempt: Attempt, known: _Known, decided: Plan) -> None:
        """Write all under the head row's lock, the events by COPY."""
        new, streams = _numbered(decided, known.streams)
        laid = self._laid(decided, streams)
        if new:
            connection.execute(_NEW_STREAMS, (bigints(list(new.values())), texts(new)))
        if attempt.keys:
            connection.execute(_NEW_KEYS, (texts(attempt.keys), texts(attempt.keys.values())))
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_COPIED)
            for row in laid:
                copy.write_row(row)
        if sealed := _sealed(decided):
            connection.execute(_NEW_SUBTREES, sealed)
        connection.execute(_MOVE_HEAD, _head_moves(known.end, decided.end))
        attempt.sent = decided
        self._remember(decided, streams)

    def _laid(self, decided: Plan, streams: Mapping[str, int]) -> list[_Laid]:
        """The new events as rows of their table."""
        rows, recorded_us = decided.rows, decided.end.recorded_us
        ids = self._dictionaries({row.prepared.kind for row in rows})
        return [
            (
                row.position,
                streams[(item := row.prepared).new.stream],
                row.version,
                *ids[item.kind],
                item.raw_id,
                recorded_us,
                row.envelope,
                item.salt,
                item.new.payload,
            )
            for row in rows
        ]

    def _remember(self, decided: Plan, streams: Mapping[str, int]) -> None:
        self._left = decided.end
        if len(self._streams) > _REMEMBERED:
            self._streams.clear()
        self._streams.update(
            (name, (streams[name], row.version)) for row in decided.rows if (name := row.prepared.new.stream)
        )

    def _dictionaries(self, kinds: Collection[Kind]) -> dict[Kind, tuple[int, int]]:
        """Ids of type and producer of each of `kinds`; new ones are committed at once, and stay whatever follows."""
        if missing := [
            kind for kind in kinds if kind.type not in self._types or kind.producer not in self._producers
        ]:
            with self._engine.connect() as pooled:
                driver: Driver = pooled.connection.driver_connection  # type: ignore[assignment]
                for kind in missing:
                    producer = kind.producer
                    parts = (producer.name, producer.version, producer.identity)
                    self._types[kind.type] = _number(driver, _TYPE, _NEW_TYPE, (kind.type,))
                    self._producers[producer] = _number(driver, _PRODUCER, _NEW_PRODUCER, parts)
        return {kind: (self._types[kind.type], self._producers[kind.producer]) for kind in kinds}


@functools.cache
def _statement(*, unless: bool, named: bool, keyed: bool, sealed: bool, one: bool) -> str:
    """Move the head and add events; on the condition that something is absent, with new streams, keys, subtrees, or one event only."""
    moved = f"WITH moved AS ({_MOVE_HEAD} {_UNLESS if unless else ''} RETURNING 1)"
    more = (_NAMED if named else "") + (_KEYED if keyed else "") + (_SEALED if sealed else "")
    return moved + more + (_ADDED_ONE if one else _ADDED)


def _given(before: End, laid: Sequence[_Laid]) -> tuple[int | bytes, ...]:
    """The values of `_ADDED`, or of `_ADDED_ONE` for one event."""
    if len(laid) == 1:
        return laid[0]
    _, streams, versions, types, producers, ids, recorded, envelopes, salts, payloads = zip(
        *laid, strict=True
    )
    return (
        before.position,
        recorded[0],
        bigints(streams),
        integers(versions),
        integers(types),
        integers(producers),
        blobs(ids),
        blobs(envelopes),
        blobs(salts),
        blobs(payloads),
    )


def _sealed(decided: Plan) -> tuple[bytes, ...]:
    """The values of `_SEALED`, none where no subtree is completed."""
    if not decided.subtrees:
        return ()
    levels, numbers, roots = zip(*decided.subtrees, strict=True)
    return integers(levels), bigints(numbers), blobs(roots)


def _head_moves(before: End, after: End) -> tuple[int | bytes, ...]:
    """The values of `_MOVE_HEAD`."""
    return (
        after.position,
        after.frontier.to_bytes(),
        after.recorded_us,
        before.position,
        before.frontier.to_bytes(),
        before.recorded_us,
    )


def _numbered(decided: Plan, known: Mapping[str, tuple[int, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """The new streams and all streams of `decided` with their ids. A stream's id is the position of its first event."""
    new: dict[str, int] = {}
    every: dict[str, int] = {}
    for row in decided.rows:
        name = row.prepared.new.stream
        if name not in every:
            if name in known:
                every[name] = known[name][0]
            else:
                new[name] = every[name] = row.position
    return new, every


def _number(driver: Driver, find: str, add: str, parts: tuple[str, ...]) -> int:
    row = driver.execute(find, parts).fetchone()
    if row is None:
        driver.execute(add, parts)
        row = driver.execute(find, parts).fetchone()
    return int(row[0]) if row else 0
