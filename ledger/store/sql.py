"""Reading the log over SQLAlchemy Core: what the SQL backends share. Writing is each backend's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    Engine,
    Executable,
    Row,
    Select,
    bindparam,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.exc import DBAPIError

from ledger.clock import parse_time
from ledger.errors import CorruptionError, NotFoundError, StoreError, StoreUnavailableError, UsageError
from ledger.events.envelope import Producer, StoredEvent, decode_envelope, decode_stored
from ledger.store import schema
from ledger.store.bodies import check_body, key_bytes, unpack
from ledger.store.commit import from_us, id_bytes, to_us
from ledger.store.protocol import Head, IndexRow, Task
from ledger.store.tiles import frontier_at, full_tile
from ledger.store.tlog import Frontier, leaf_hash

__all__ = ["Pages", "SqlReader", "events_of", "no_head", "task_of"]

PAGE = 128
"""Events that are read at once: few enough that they are still in the cache of a processor when they are used."""

_LEAVES = 4096
_LOOKUPS = 500
_NO_END = 2**62

_e = schema.events.c
_AFTER: BindParameter[int] = bindparam("after")
_UPTO: BindParameter[int] = bindparam("upto")
_LIMIT: BindParameter[int] = bindparam("limit")
_EVENT = (_e.position, _e.envelope, _e.payload, _e.salt)
_KEYSET = (_e.position > _AFTER, _e.position <= _UPTO)

_HEAD = select(schema.head)
_ALL = select(*_EVENT).where(*_KEYSET).order_by(_e.position)
_STREAM = (
    select(*_EVENT, _e.version)
    .where(_e.stream == bindparam("stream"), _e.version > bindparam("version"), *_KEYSET)
    .order_by(_e.version)
    .limit(_LIMIT)
)
_LAST = select(*_EVENT).where(_e.stream == bindparam("stream")).order_by(_e.version.desc()).limit(1)
_OF_TYPES = _e.type.in_(bindparam("types", expanding=True))
_STREAM_OF_TYPES = _STREAM.where(_OF_TYPES)
_LAST_OF_TYPES = _LAST.where(_OF_TYPES)
_BY_ID = select(*_EVENT).where(_e.event_id == bindparam("event_id"))
_ENVELOPES = select(_e.position, _e.envelope).where(*_KEYSET).order_by(_e.position).limit(_LIMIT)
_RECORDED = select(_e.recorded_at).where(_e.position == bindparam("position"))
_SUBTREES = (
    select(schema.subtrees.c.number, schema.subtrees.c.root)
    .where(schema.subtrees.c.level == bindparam("level"))
    .where(schema.subtrees.c.number >= bindparam("start"), schema.subtrees.c.number < bindparam("end"))
    .order_by(schema.subtrees.c.number)
)
_INDEX = (
    select(
        *_EVENT,
        schema.streams.c.name.label("stream"),
        _e.version,
        schema.types.c.name.label("type"),
        schema.producers.c.name,
        schema.producers.c.version.label("producer_version"),
        schema.producers.c.identity,
        _e.event_id,
        _e.recorded_at,
    )
    .outerjoin(schema.streams, schema.streams.c.id == _e.stream)
    .outerjoin(schema.types, schema.types.c.id == _e.type)
    .outerjoin(schema.producers, schema.producers.c.id == _e.producer)
    .where(*_KEYSET)
    .order_by(_e.position)
    .limit(_LIMIT)
)
_STREAM_ID = select(schema.streams.c.id).where(schema.streams.c.name == bindparam("name"))
_TYPE_IDS = select(schema.types.c.id).where(schema.types.c.name.in_(bindparam("names", expanding=True)))
_VALUES = select(schema.keys).where(schema.keys.c.key.in_(bindparam("keys", expanding=True)))
_TASKS = select(schema.tasks).where(schema.tasks.c.kind == bindparam("kind")).order_by(schema.tasks.c.key)
_BODY = select(schema.bodies).where(schema.bodies.c.key == bindparam("key"))
_BODY_KEYS = (
    select(schema.bodies.c.id, schema.bodies.c.key)
    .where(schema.bodies.c.id > _AFTER)
    .order_by(schema.bodies.c.id)
    .limit(_LIMIT)
)


def task_of(row: Sequence[Any]) -> Task:
    """A task from its row in the order of `schema.tasks`."""
    kind, key, group, next_at, data, owner, lease_until, fence = row
    return Task(
        kind=kind,
        key=key,
        group=group,
        next_at=from_us(next_at),
        data=data,
        owner=owner,
        lease_until=None if lease_until is None else from_us(lease_until),
        fence=fence,
    )


def no_head(which: str) -> CorruptionError:
    """The error for a ledger that lost its head."""
    return CorruptionError("The ledger has no head row", which=which, fix="Restore it from a backup")


def _event_of(row: Sequence[Any]) -> StoredEvent:
    raw = row[1]
    return StoredEvent(row[0], decode_envelope(raw), raw, row[2], row[3])


Pages = Callable[[int, int], list[StoredEvent]]
"""Fetches the events after one position up to another, those that are there. Raises what msgspec raises."""


def events_of(rows: Iterable[Sequence[Any]]) -> list[StoredEvent]:
    """The events of rows of position, envelope, payload and salt. Raises what msgspec raises."""
    return [StoredEvent(at, decode_stored(raw), raw, payload, salt) for at, raw, payload, salt in rows]


def _told(rows: Sequence[Sequence[Any]]) -> Iterator[StoredEvent]:
    """The events of a page; one whose envelope cannot be read is told when its turn comes."""
    try:
        return iter(events_of(rows))
    except msgspec.MsgspecError:
        return map(_event_of, rows)


def _of_types(count: int) -> Select[Any]:
    """Events of `count` types: each type's positions from its index, merged; never a scan of the log."""
    parts = [
        select(
            select(_e.position)
            .where(_e.type == bindparam(f"type{number}"), *_KEYSET)
            .order_by(_e.position)
            .limit(_LIMIT)
            .subquery()
        )
        for number in range(count)
    ]
    found = union_all(*parts).order_by(literal_column("position")).limit(_LIMIT).subquery()
    return select(*_EVENT).join(found, found.c.position == _e.position).order_by(_e.position)


class SqlReader:
    """The reading half of `Store`. Subclasses give the engine, the name to show in errors, and the meaning of errors."""

    def __init__(self, engine: Engine, which: str) -> None:
        self._engine = engine
        self._which = which
        self._closed = False
        self._by_types: dict[int, Select[Any]] = {}
        self._grown = threading.Condition()

    def _translate(self, error: BaseException) -> StoreError:
        """The error of `ledger.errors` that a driver's error means."""
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailableError("The store is closed", which=self._which, fix="Open the ledger again")

    def _fetch(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        self._check_open()
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement, values or {}).all()
        except DBAPIError as error:
            raise self._translate(error.orig or error) from error

    def _fetch_head(self) -> Sequence[Row[Any]]:
        return self._fetch(_HEAD)

    def _head_row(self) -> Row[Any]:
        rows = self._fetch_head()
        if len(rows) != 1:
            raise no_head(self._which)
        return rows[0]

    def head(self) -> Head:
        """See `Store.head`."""
        row = self._head_row()
        frontier = Frontier.from_bytes(row.position, row.frontier)
        recorded = from_us(row.recorded_at) if row.position else None
        return Head(row.position, frontier.root().hex(), recorded, row.ledger)

    def wait(self, after: int, timeout: float) -> int:
        """See `Store.wait`. This process wakes itself up; what others append is noticed in the backend's own way."""
        deadline = time.monotonic() + timeout
        while True:
            last: int = self._head_row().position
            rest = deadline - time.monotonic()
            if last > after or rest <= 0:
                return last
            self._await_growth(after, rest)

    def _await_growth(self, after: int, timeout: float) -> None:
        """Return when the log may have grown past `after`, at the latest after `timeout` seconds."""
        raise NotImplementedError

    def _tell_growth(self) -> None:
        """Wake up those of this process who wait."""
        with self._grown:
            self._grown.notify_all()

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        types: Collection[str] | None = None,
        stream: str | None = None,
        upto: int | None = None,
    ) -> Iterator[StoredEvent]:
        """See `Store.read`."""
        if after < 0 or (limit is not None and limit < 0):
            raise UsageError("Not a place to read from", which=f"after {after}, limit {limit}")
        last: int = self._head_row().position
        last = last if upto is None else min(upto, last)
        wanted = max(last - after, 0) if limit is None else limit
        type_ids = None if types is None else self._type_ids(types)
        if stream is not None:
            return self._read_stream(stream, type_ids, after, last, wanted)
        if type_ids is not None:
            return self._read_types(type_ids, after, last, wanted)
        return self._read_all(after, last, wanted)

    @contextmanager
    def _pages(self) -> Iterator[Pages]:
        """How the events of one `read` are fetched. The backends' own is the fastest that they have."""
        yield lambda after, upto: events_of(self._fetch(_ALL, {"after": after, "upto": upto}))

    def _read_all(self, after: int, last: int, wanted: int) -> Iterator[StoredEvent]:
        end = min(last, after + wanted)
        if after >= end:
            return
        with self._pages() as page:
            while after < end:
                upto = min(after + PAGE, end)
                try:
                    events = page(after, upto)
                except msgspec.MsgspecError:
                    events = []
                if len(events) == upto - after:
                    yield from events
                else:
                    yield from self._one_by_one(after, upto)
                after = upto

    def _one_by_one(self, after: int, upto: int) -> Iterator[StoredEvent]:
        """A page in which one is missing or cannot be read, which is told when its turn comes."""
        for row in self._fetch(_ALL, {"after": after, "upto": upto}):
            self._check_next(after, row[0])
            after = row[0]
            yield _event_of(row)
        if after < upto:
            self._check_next(after, None)

    def _check_next(self, after: int, found: int | None) -> None:
        if found != after + 1:
            raise CorruptionError(
                "The log has a gap",
                which=f"{self._which}: position {after + 1} is missing",
                fix="Restore it from a backup",
            )

    def _read_types(self, type_ids: list[int], after: int, last: int, wanted: int) -> Iterator[StoredEvent]:
        if not type_ids:
            return
        statement = self._by_types.get(len(type_ids))
        if statement is None:
            statement = self._by_types[len(type_ids)] = _of_types(len(type_ids))
        values: dict[str, Any] = {f"type{number}": type_id for number, type_id in enumerate(type_ids)}
        while wanted and after < last:
            size = min(wanted, PAGE)
            rows = self._fetch(statement, {**values, "after": after, "upto": last, "limit": size})
            yield from _told(rows)
            if len(rows) < size:
                return
            wanted -= len(rows)
            after = rows[-1].position

    def _read_stream(
        self, stream: str, type_ids: list[int] | None, after: int, last: int, wanted: int
    ) -> Iterator[StoredEvent]:
        stream_id = self._stream_id(stream)
        if stream_id is None or type_ids == []:
            return
        values: dict[str, Any] = {"stream": stream_id, "after": after, "upto": last, "version": 0}
        statement = _STREAM
        if type_ids is not None:
            statement, values = _STREAM_OF_TYPES, {**values, "types": type_ids}
        while wanted:
            size = min(wanted, PAGE)
            rows = self._fetch(statement, {**values, "limit": size})
            for row in rows:
                yield _event_of(row)
            if len(rows) < size:
                return
            wanted -= len(rows)
            values["version"] = rows[-1].version

    def _stream_id(self, name: str) -> int | None:
        rows = self._fetch(_STREAM_ID, {"name": name})
        return rows[0][0] if rows else None

    def _type_ids(self, names: Collection[str]) -> list[int]:
        if not names:
            return []
        return sorted(row[0] for row in self._fetch(_TYPE_IDS, {"names": sorted(set(names))}))

    def get(self, event_id: str) -> StoredEvent:
        """See `Store.get`."""
        raw = id_bytes(event_id)
        rows = self._fetch(_BY_ID, {"event_id": raw}) if raw else []
        if not rows:
            raise NotFoundError("The ledger holds no event with this id", which=event_id)
        return _event_of(rows[0])

    def last(self, stream: str, types: Collection[str] | None = None) -> StoredEvent | None:
        """See `Store.last`."""
        stream_id = self._stream_id(stream)
        if stream_id is None:
            return None
        if types is None:
            rows = self._fetch(_LAST, {"stream": stream_id})
        elif type_ids := self._type_ids(types):
            rows = self._fetch(_LAST_OF_TYPES, {"stream": stream_id, "types": type_ids})
        else:
            return None
        return _event_of(rows[0]) if rows else None

    def stream_version(self, stream: str) -> int:
        """See `Store.stream_version`."""
        newest = self.last(stream)
        return newest.envelope.version if newest else 0

    def position_at(self, recorded_at: datetime) -> int:
        """See `Store.position_at`. Recorded times never decrease, so a binary search over the positions finds it."""
        wanted = to_us(parse_time(recorded_at))
        low, high = 0, self._head_row().position
        while low < high:
            middle = (low + high + 1) // 2
            rows = self._fetch(_RECORDED, {"position": middle})
            if not rows:
                self._check_next(middle - 1, None)
            if rows[0][0] <= wanted:
                low = middle
            else:
                high = middle - 1
        return low

    def lookup(self, keys: Collection[str]) -> dict[str, str]:
        """See `Store.lookup`."""
        self._check_open()
        wanted = sorted(set(keys))
        found: dict[str, str] = {}
        for at in range(0, len(wanted), _LOOKUPS):
            rows = self._fetch(_VALUES, {"keys": wanted[at : at + _LOOKUPS]})
            found.update((row.key, row.value) for row in rows)
        return {key: found[key] for key in keys if key in found}

    def tasks(self, kind: str) -> list[Task]:
        """See `Store.tasks`."""
        return [task_of(row) for row in self._fetch(_TASKS, {"kind": kind})]

    def get_body(self, key: str) -> bytes | None:
        """See `Store.get_body`."""
        self._check_open()
        raw = key_bytes(key)
        rows = self._fetch(_BODY, {"key": raw}) if raw else []
        if not rows:
            raise NotFoundError("The ledger holds no body with this key", which=key)
        return _content_of(rows[0])

    def body_salt(self, key: str) -> bytes | None:
        """See `Store.body_salt`."""
        self._check_open()
        raw = key_bytes(key)
        rows = self._fetch(_BODY, {"key": raw}) if raw else []
        if not rows:
            raise NotFoundError("The ledger holds no body with this key", which=key)
        salt: bytes | None = rows[0].salt
        return salt

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """See `Store.leaf_hashes`."""
        last: int = self._head_row().position
        if not 0 <= start <= end <= last:
            raise UsageError("The log has no such range", which=f"{start} to {end} of {last}")
        return self._leaves(start, end)

    def _leaves(self, after: int, end: int) -> Iterator[bytes]:
        while after < end:
            rows = self._fetch(_ENVELOPES, {"after": after, "upto": end, "limit": _LEAVES})
            for row in rows:
                self._check_next(after, row[0])
                after = row[0]
                if not isinstance(row.envelope, bytes):
                    raise CorruptionError(
                        "An envelope is kept as text", which=f"position {after}", fix="Run newsledger verify"
                    )
                yield leaf_hash(row.envelope)
            if not rows:
                self._check_next(after, None)

    def root_at(self, position: int) -> str:
        """See `Store.root_at`."""
        head = self._head_row()
        if not 0 <= position <= head.position:
            raise UsageError(
                "The ledger has no such position", which=str(position), fix=f"The last one is {head.position}"
            )
        return frontier_at(position, self._leaves, self.sealed).root().hex()

    def tile(self, level: int, index: int) -> bytes | None:
        """See `Store.tile`."""
        return full_tile(level, index, self._head_row().position, self._leaves, self.sealed)

    def sealed(self, level: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """See `Store.sealed`."""
        for row in self._fetch(_SUBTREES, {"level": level, "start": start, "end": end}):
            yield row.number, row.root

    def index_rows(self, after: int = 0, *, upto: int | None = None) -> Iterator[IndexRow]:
        """See `Store.index_rows`."""
        last = _NO_END if upto is None else upto
        while after < last:
            rows = self._fetch(_INDEX, {"after": after, "upto": last, "limit": PAGE})
            for row in rows:
                values: tuple[Any, ...] = tuple(row)
                at, envelope, payload, salt, stream, version, kind, name, release, identity, raw_id, us = (
                    values
                )
                yield IndexRow(
                    position=at,
                    envelope=envelope,
                    salt=salt,
                    payload=payload,
                    id=raw_id.hex(),
                    type=kind or "",
                    stream=stream or "",
                    version=version,
                    recorded_at=from_us(us),
                    producer=Producer(name or "", release or "", identity or ""),
                )
            if not rows:
                return
            after = rows[-1].position

    def body_keys(self) -> Iterator[str]:
        """See `Store.body_keys`."""
        after = 0
        while rows := self._fetch(_BODY_KEYS, {"after": after, "limit": _LEAVES}):
            for row in rows:
                yield row.key.hex()
            after = rows[-1].id


def _content_of(row: Row[Any]) -> bytes | None:
    if row.data is None or row.salt is None:
        return None
    key: str = row.key.hex()
    return check_body(key, row.salt, unpack(row.codec, row.data, row.size, key))
