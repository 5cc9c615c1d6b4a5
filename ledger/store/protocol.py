"""The seam of the store: what every backend promises.

Guarantees, proved by one contract suite (`tests/contract`) that every backend passes:

* Positions are 1, 2, 3 ... without a gap, in commit order; an event is visible only with all events before it.
* `append` is all or nothing and durable when it returns.
* Appending an event again (same id, same content) writes nothing and gives its old position; the same id with other content raises DuplicateEventError.
* `recorded_at` never decreases, whatever the clock does.
* Stored envelope bytes never change; a payload changes only to None, by a redaction.
* The head's root is the RFC 6962 root over the envelopes' bytes in position order.

Lifecycle: a store is opened once per process, may be used from any thread, and is closed once. Only errors of
`ledger.errors` escape.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from ledger.events.envelope import NewEvent, Producer, StoredEvent
from ledger.events.types import BodyRef

__all__ = ["ANY", "Appended", "Entropy", "Head", "IndexRow", "Store", "Task", "TaskDone"]

ANY = -1
"""Expected version that matches every version of a stream; 0 means "the stream does not exist yet"."""

Entropy = Callable[[int], bytes]
"""Gives n random bytes: `os.urandom`, or a seeded one in tests."""


class Head(msgspec.Struct, frozen=True):
    """The end of the log: number of events (= last position), Merkle root as hex, last recorded time, ledger id."""

    position: int
    root: str
    recorded_at: datetime | None
    ledger: str


class Appended(msgspec.Struct, frozen=True):
    """The outcome of an append: one position per event given, in order, and how many of them were new."""

    positions: tuple[int, ...]
    ids: tuple[str, ...]
    new: int


class IndexRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it lies in the store, unchecked: envelope bytes, payload and salt, and the columns beside them.

    The columns repeat what the envelope says, so that events can be found; names are empty where the store lost them.
    """

    position: int
    envelope: bytes
    salt: bytes | None
    payload: bytes | None
    id: str
    type: str
    stream: str
    version: int
    recorded_at: datetime
    producer: Producer


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of recurring work, such as polling one feed. `group` is what limits are counted by, such as a host.

    `data` is the worker's own memory (validators, error score), opaque to the store. `fence` counts the leases given.
    """

    kind: str
    key: str
    group: str = ""
    next_at: datetime
    data: bytes = b""
    owner: str = ""
    lease_until: datetime | None = None
    fence: int = 0


class TaskDone(msgspec.Struct, frozen=True, kw_only=True):
    """A task finished by the holder of `fence`: its lease ends, it is due again at `next_at`, it remembers `data`."""

    kind: str
    key: str
    fence: int
    next_at: datetime
    data: bytes


class Store(Protocol):
    """An append-only log of events with their payloads and bodies."""

    def append(
        self,
        events: Sequence[NewEvent],
        expected: Mapping[str, int] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        tasks: Sequence[TaskDone] = (),
    ) -> Appended:
        """Append `events` in order, set `keys` and finish `tasks`, all in one transaction.

        `expected` maps streams to the version that they must have (0: new; ANY or not named: no matter). `keys` are
        entries of the lookup index; an entry that exists keeps its value. Raises ConflictError (also when a task's fence
        is not the current one), DuplicateEventError, StoreUnavailableError; nothing is written then. With no events it
        still sets keys and finishes tasks.

        A repeated append is no conflict: `expected` is not asked when no event is new, nor for a stream whose events in
        this append are all recorded already. Of a redacted payload only the size is compared; it stays redacted. Raises
        UsageError for an event, key or version that cannot be kept.
        """
        ...

    def lookup(self, keys: Collection[str]) -> dict[str, str]:
        """The values of those `keys` of the lookup index that exist (aliases of articles, and the like)."""
        ...

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """Add tasks; one that exists (same kind and key) gets the new `next_at`, `group` and `data` and loses its lease.

        `owner`, `lease_until` and `fence` are the store's own and are not taken from here.
        """
        ...

    def drop_task(self, kind: str, key: str) -> None:
        """Forget a task; nothing happens when there is none."""
        ...

    def tasks(self, kind: str) -> list[Task]:
        """All tasks of a kind, by key."""
        ...

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
        """Lease at most `limit` tasks that are due (`next_at <= now`; all when forced) and not leased by someone alive.

        With `keys` only tasks of these keys. At most `per_group` of one group, those already leased to someone alive included;
        the empty group has no limit.
        Earliest first, ties by key. Each gets a new, higher fence; only the holder of the highest fence can finish it.
        Two processes never hold one task.
        """
        ...

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        types: Collection[str] | None = None,
        stream: str | None = None,
        upto: int | None = None,
    ) -> Iterator[StoredEvent]:
        """Events with `after < position <= upto`, by position, at most `limit`; filters are exact names.

        Reads in pages, so memory stays flat, and ends where the log ended when the call was made. Raises CorruptionError when an unfiltered read meets a gap.
        """
        ...

    def get(self, event_id: str) -> StoredEvent:
        """The event with this id. Raises NotFoundError."""
        ...

    def head(self) -> Head:
        """The end of the log, root included, at one instant."""
        ...

    def wait(self, after: int, timeout: float) -> int:
        """The last position as soon as it is past `after`, whoever appended; else the last one after `timeout` seconds."""
        ...

    def last(self, stream: str, types: Collection[str] | None = None) -> StoredEvent | None:
        """The newest event of `stream`, of one of `types` if given; None when there is none."""
        ...

    def stream_version(self, stream: str) -> int:
        """The version of the last event of `stream`, 0 when there is none."""
        ...

    def position_at(self, recorded_at: datetime) -> int:
        """The last position recorded at or before `recorded_at`, 0 when there is none."""
        ...

    def put_bodies(self, bodies: Iterable[tuple[bytes, str]]) -> list[BodyRef]:
        """Keep (bytes, media type) pairs, content-addressed: the same bytes are kept once. Durable on return."""
        ...

    def get_body(self, key: str) -> bytes | None:
        """The bytes of a body, None after a redaction. Raises NotFoundError for an unknown key, CorruptionError when they do not hash to it."""
        ...

    def body_salt(self, key: str) -> bytes | None:
        """The salt that a body's key commits to with its bytes, None after a redaction. Raises NotFoundError for an unknown key."""
        ...

    def redact(self, positions: Collection[int], bodies: Collection[str]) -> None:
        """Remove payloads and bodies for good. The caller has appended `payload.redacted` naming them; else StoreError."""
        ...

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """RFC 6962 leaf hashes of positions `start + 1` to `end`, computed from the stored bytes."""
        ...

    def root_at(self, position: int) -> str:
        """The ledger's Merkle root, as hex, when its last position was this one. Raises UsageError past the end.

        Made of what was sealed as the log grew: at most 255 hashes of each level of tiles are read, and 255 events.
        """
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """The 256 hashes of a full tile of the log (c2sp.org/tlog-tiles, levels from 0), None while it is not full."""
        ...

    def sealed(self, level: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Number and root of the complete subtrees of 256^`level` events that are kept, numbers from `start` up to `end`.

        Those that an append completes are kept with it; what an older release appended may lack some.
        """
        ...

    def index_rows(self, after: int = 0, *, upto: int | None = None) -> Iterator[IndexRow]:
        """Events as they lie in the store, by position, nothing checked, gaps skipped, past the head too. For verification."""
        ...

    def body_keys(self) -> Iterator[str]:
        """The keys of all bodies, redacted ones too, in the order in which they were kept."""
        ...

    def close(self) -> None:
        """Release everything; idempotent."""
        ...
