"""The log in memory: the twin that every other backend must behave like. For tests, demos and what-if replays."""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from ledger.clock import Clock, parse_time
from ledger.errors import NotFoundError, StoreUnavailableError, UsageError
from ledger.events.envelope import NewEvent, StoredEvent, decode_envelope
from ledger.events.types import BodyRef, PayloadRedacted
from ledger.store import queue
from ledger.store.bodies import check_body, prepare_bodies
from ledger.store.commit import End, Recorded, check_key, from_us, id_bytes, plan, prepare, streams_of, to_us
from ledger.store.protocol import Appended, Entropy, Head, IndexRow, Task, TaskDone
from ledger.store.redaction import allowed
from ledger.store.tiles import frontier_at, full_tile
from ledger.store.tlog import Frontier, leaf_hash

__all__ = ["MemoryStore"]


class MemoryStore:
    """A `Store` that forgets everything when it is closed. Safe to use from any thread."""

    def __init__(self, clock: Clock, entropy: Entropy = os.urandom) -> None:
        self._clock = clock
        self._entropy = entropy
        self._lock = threading.RLock()
        self._grown = threading.Condition(self._lock)
        self._closed = False
        self._ledger = entropy(16).hex()
        self._dedupe_key = entropy(32)
        self._end = End(Frontier(), 0)
        self._subtrees: dict[tuple[int, int], bytes] = {}
        self._events: list[StoredEvent] = []
        self._times: list[int] = []
        self._by_id: dict[bytes, int] = {}
        self._streams: dict[str, list[int]] = {}
        self._keys: dict[str, str] = {}
        self._tasks: dict[tuple[str, str], Task] = {}
        self._fence = 0
        self._bodies: dict[str, tuple[bytes, bytes] | None] = {}
        self._body_keys: dict[bytes, str] = {}

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
        aliases = {check_key(key): check_key(value) for key, value in (keys or {}).items()}
        with self._lock:
            self._check_open()
            decided = plan(
                prepared,
                recorded={
                    item.raw_id: self._recorded(item.raw_id)
                    for item in prepared
                    if item.raw_id in self._by_id
                },
                versions={name: self.stream_version(name) for name in streams_of(prepared, wanted)},
                expected=wanted,
                end=self._end,
                now=self._clock.now(),
            )
            done = self._finish(tasks)
            for row in decided.rows:
                envelope = decode_envelope(row.envelope)
                self._events.append(
                    StoredEvent(
                        row.position, envelope, row.envelope, row.prepared.new.payload, row.prepared.salt
                    )
                )
                self._times.append(decided.end.recorded_us)
                self._by_id[row.prepared.raw_id] = row.position
                self._streams.setdefault(envelope.stream, []).append(row.position)
            self._end = decided.end
            self._subtrees.update({(one.level, one.number): one.root for one in decided.subtrees})
            self._grown.notify_all()
            self._tasks |= done
            for key, value in aliases.items():
                self._keys.setdefault(key, value)
            return decided.appended

    def _recorded(self, event_id: bytes) -> Recorded:
        event = self._events[self._by_id[event_id] - 1]
        return Recorded(event.position, event.raw, event.salt)

    def _finish(self, tasks: Sequence[TaskDone]) -> dict[tuple[str, str], Task]:
        after: dict[tuple[str, str], Task] = {}
        for done in tasks:
            name = (done.kind, done.key)
            task = after.get(name, self._tasks.get(name))
            after[name] = queue.finished(queue.check_done(done, task), done)
        return after

    def lookup(self, keys: Collection[str]) -> dict[str, str]:
        """See `Store.lookup`."""
        with self._lock:
            self._check_open()
            return {key: self._keys[key] for key in keys if key in self._keys}

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """See `Store.put_tasks`."""
        kept = {(task.kind, task.key): queue.as_put(task) for task in tasks}
        with self._lock:
            self._check_open()
            self._tasks |= kept

    def drop_task(self, kind: str, key: str) -> None:
        """See `Store.drop_task`."""
        with self._lock:
            self._check_open()
            self._tasks.pop((kind, key), None)

    def tasks(self, kind: str) -> list[Task]:
        """See `Store.tasks`."""
        with self._lock:
            self._check_open()
            return sorted(
                (task for task in self._tasks.values() if task.kind == kind), key=lambda task: task.key
            )

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
        with self._lock:
            everything = self.tasks(kind)
            busy = Counter(task.group for task in everything if queue.is_leased(task, at))
            free = sorted(
                (
                    task
                    for task in everything
                    if not queue.is_leased(task, at) and (keys is None or task.key in keys)
                ),
                key=lambda task: (task.next_at, task.key),
            )
            leased = []
            for task in queue.choose(free, busy, now=at, limit=limit, per_group=per_group, force=force):
                self._fence += 1
                held = queue.lease(task, owner=owner, now=at, seconds=lease_seconds, fence=self._fence)
                self._tasks[held.kind, held.key] = held
                leased.append(held)
            return leased

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
        with self._lock:
            self._check_open()
            last = len(self._events) if upto is None else min(upto, len(self._events))
            source: Sequence[int]
            if stream is None:
                source = range(after + 1, last + 1)
            else:
                source = [at for at in self._streams.get(stream, ()) if after < at <= last]
        return self._pick(source, frozenset(types) if types is not None else None, limit)

    def _pick(
        self, source: Sequence[int], types: frozenset[str] | None, limit: int | None
    ) -> Iterator[StoredEvent]:
        given = 0
        for position in source:
            if limit is not None and given >= limit:
                return
            self._check_open()
            event = self._events[position - 1]
            if types is None or event.type in types:
                given += 1
                yield event

    def get(self, event_id: str) -> StoredEvent:
        """See `Store.get`."""
        with self._lock:
            self._check_open()
            position = self._by_id.get(id_bytes(event_id) or b"")
            if position is None:
                raise NotFoundError("The ledger holds no event with this id", which=event_id)
            return self._events[position - 1]

    def head(self) -> Head:
        """See `Store.head`."""
        with self._lock:
            self._check_open()
            recorded = from_us(self._end.recorded_us) if self._events else None
            return Head(self._end.position, self._end.frontier.root().hex(), recorded, self._ledger)

    def wait(self, after: int, timeout: float) -> int:
        """See `Store.wait`."""
        with self._grown:
            self._grown.wait_for(lambda: self._closed or self._end.position > after, timeout)
            self._check_open()
            return self._end.position

    def last(self, stream: str, types: Collection[str] | None = None) -> StoredEvent | None:
        """See `Store.last`."""
        with self._lock:
            self._check_open()
            for position in reversed(self._streams.get(stream, ())):
                event = self._events[position - 1]
                if types is None or event.type in types:
                    return event
            return None

    def stream_version(self, stream: str) -> int:
        """See `Store.stream_version`."""
        with self._lock:
            self._check_open()
            return len(self._streams.get(stream, ()))

    def position_at(self, recorded_at: datetime) -> int:
        """See `Store.position_at`."""
        with self._lock:
            self._check_open()
            return bisect_right(self._times, to_us(parse_time(recorded_at)))

    def put_bodies(self, bodies: Iterable[tuple[bytes, str]]) -> list[BodyRef]:
        """See `Store.put_bodies`."""
        prepared = prepare_bodies(bodies, dedupe_key=self._dedupe_key, entropy=self._entropy)
        with self._lock:
            self._check_open()
            refs = []
            for body in prepared:
                key = self._body_keys.setdefault(body.dedupe, body.ref.key)
                if key == body.ref.key:
                    self._bodies[key] = (body.salt, body.content)
                refs.append(msgspec.structs.replace(body.ref, key=key))
            return refs

    def get_body(self, key: str) -> bytes | None:
        """See `Store.get_body`."""
        with self._lock:
            self._check_open()
            if key not in self._bodies:
                raise NotFoundError("The ledger holds no body with this key", which=key)
            kept = self._bodies[key]
            return None if kept is None else check_body(key, *kept)

    def body_salt(self, key: str) -> bytes | None:
        """See `Store.body_salt`."""
        with self._lock:
            self._check_open()
            if key not in self._bodies:
                raise NotFoundError("The ledger holds no body with this key", which=key)
            kept = self._bodies[key]
            return None if kept is None else kept[0]

    def redact(self, positions: Collection[int], bodies: Collection[str]) -> None:
        """See `Store.redact`."""
        with self._lock:
            self._check_open()
            removal = allowed(positions, bodies, self.read(types=(PayloadRedacted.TYPE,)))
            if unknown := sorted(key for key in removal.bodies if key not in self._bodies):
                raise NotFoundError("The ledger holds no body with this key", which=unknown[0])
            for position in removal.positions:
                event = self._events[position - 1]
                self._events[position - 1] = msgspec.structs.replace(event, payload=None, salt=None)
            for key in removal.bodies:
                self._bodies[key] = None
            self._body_keys = {dedupe: key for dedupe, key in self._body_keys.items() if self._bodies[key]}

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """See `Store.leaf_hashes`."""
        with self._lock:
            self._check_open()
            if not 0 <= start <= end <= len(self._events):
                raise UsageError(
                    "The log has no such range", which=f"{start} to {end} of {len(self._events)}"
                )
            return iter([leaf_hash(event.raw) for event in self._events[start:end]])

    def root_at(self, position: int) -> str:
        """See `Store.root_at`."""
        last = self.head().position
        if not 0 <= position <= last:
            raise UsageError(
                "The ledger has no such position", which=str(position), fix=f"The last one is {last}"
            )
        return frontier_at(position, self.leaf_hashes, self.sealed).root().hex()

    def tile(self, level: int, index: int) -> bytes | None:
        """See `Store.tile`."""
        return full_tile(level, index, self.head().position, self.leaf_hashes, self.sealed)

    def sealed(self, level: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """See `Store.sealed`."""
        with self._lock:
            kept = sorted(
                (number, root)
                for (above, number), root in self._subtrees.items()
                if above == level and start <= number < end
            )
        return iter(kept)

    def index_rows(self, after: int = 0, *, upto: int | None = None) -> Iterator[IndexRow]:
        """See `Store.index_rows`."""
        for event in self.read(after, upto=upto):
            envelope = event.envelope
            yield IndexRow(
                position=event.position,
                envelope=event.raw,
                salt=event.salt,
                payload=event.payload,
                id=envelope.id,
                type=envelope.type,
                stream=envelope.stream,
                version=envelope.version,
                recorded_at=event.recorded_at,
                producer=envelope.producer,
            )

    def body_keys(self) -> Iterator[str]:
        """See `Store.body_keys`."""
        with self._lock:
            self._check_open()
            return iter(list(self._bodies))

    def close(self) -> None:
        """See `Store.close`."""
        with self._grown:
            self._closed = True
            self._grown.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailableError("The store is closed", fix="Open the ledger again")
