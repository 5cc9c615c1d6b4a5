"""A ledger as it stood at a position: the store without what came later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NoReturn

from ledger.errors import NotFoundError, UsageError
from ledger.events import NewEvent, StoredEvent
from ledger.store import Appended, Head, IndexRow, Store, Task, TaskDone
from ledger.store.tlog import GROUP, TILE_HEIGHT

__all__ = ["Change", "StoreAt"]

Change = Callable[[StoredEvent], StoredEvent]


class StoreAt:
    """A `Store` that ends at `position` and takes nothing new. What was redacted since is gone here too.

    `change` may give an event another payload, for what-if replays; envelopes and the root stay those of the log.
    """

    def __init__(self, store: Store, position: int, change: Change | None = None) -> None:
        last = store.head().position
        if not 0 <= position <= last:
            raise UsageError(
                "The ledger has no such position", which=str(position), fix=f"The last one is {last}"
            )
        self._store = store
        self._position = position
        self._change = change

    @cached_property
    def _head(self) -> Head:
        now = self._store.head()
        if now.position == self._position:
            return now
        root = self._store.root_at(self._position)
        last = next(iter(self._store.read(self._position - 1, limit=1)), None) if self._position else None
        return Head(self._position, root, last.recorded_at if last else None, now.ledger)

    def head(self) -> Head:
        """See `Store.head`."""
        return self._head

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
        end = self._position if upto is None else min(upto, self._position)
        found = self._store.read(after, limit=limit, types=types, stream=stream, upto=end)
        return found if self._change is None else map(self._change, found)

    def get(self, event_id: str) -> StoredEvent:
        """See `Store.get`."""
        found = self._store.get(event_id)
        if found.position > self._position:
            raise NotFoundError("The ledger held no event with this id then", which=event_id)
        return self._change(found) if self._change else found

    def last(self, stream: str, types: Collection[str] | None = None) -> StoredEvent | None:
        """See `Store.last`."""
        return next(iter(deque(self.read(stream=stream, types=types), maxlen=1)), None)

    def stream_version(self, stream: str) -> int:
        """See `Store.stream_version`."""
        newest = self.last(stream)
        return newest.envelope.version if newest else 0

    def position_at(self, recorded_at: datetime) -> int:
        """See `Store.position_at`."""
        return min(self._store.position_at(recorded_at), self._position)

    def get_body(self, key: str) -> bytes | None:
        """See `Store.get_body`."""
        return self._store.get_body(key)

    def body_salt(self, key: str) -> bytes | None:
        """See `Store.body_salt`."""
        return self._store.body_salt(key)

    def body_keys(self) -> Iterator[str]:
        """See `Store.body_keys`; those kept later are among them."""
        return self._store.body_keys()

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """See `Store.leaf_hashes`."""
        if end > self._position:
            raise UsageError("The log had no such range then", which=f"{start} to {end} of {self._position}")
        return self._store.leaf_hashes(start, end)

    def root_at(self, position: int) -> str:
        """See `Store.root_at`."""
        if position > self._position:
            raise UsageError("The log had no such position then", which=f"{position} of {self._position}")
        return self._store.root_at(position)

    def tile(self, level: int, index: int) -> bytes | None:
        """See `Store.tile`."""
        full = (index + 1) * GROUP << level * TILE_HEIGHT <= self._position
        return self._store.tile(level, index) if full else None

    def sealed(self, level: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """See `Store.sealed`."""
        return self._store.sealed(level, start, min(end, self._position >> level * TILE_HEIGHT))

    def index_rows(self, after: int = 0, *, upto: int | None = None) -> Iterator[IndexRow]:
        """See `Store.index_rows`."""
        return self._store.index_rows(
            after, upto=self._position if upto is None else min(upto, self._position)
        )

    def lookup(self, keys: Collection[str]) -> dict[str, str]:
        """See `Store.lookup`; entries of later are among them."""
        return self._store.lookup(keys)

    def tasks(self, kind: str) -> list[Task]:  # noqa: ARG002
        """None: tasks are of the present."""
        return []

    def close(self) -> None:
        """Nothing; the store belongs to somebody else."""

    def append(
        self,
        events: Sequence[NewEvent],
        expected: Mapping[str, int] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        tasks: Sequence[TaskDone] = (),
    ) -> Appended:
        """Raises UsageError: the past cannot be added to."""
        del events, expected, keys, tasks
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse(name)

    def _refuse(self, what: str = "append") -> NoReturn:
        raise UsageError("The past of a ledger cannot be changed", which=what)
