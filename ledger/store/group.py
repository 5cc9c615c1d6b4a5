"""Group commit: the appends of many threads in one transaction, so that they share the disk's slow acknowledgement.

Durability costs one flush per transaction, whatever is in it. A writer thread commits together what waits in its queue;
while it does, the next group gathers. Every caller returns only when its own append is durable, and has its own outcome:
what is refused is refused alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

import msgspec

from ledger.errors import StoreUnavailableError
from ledger.events.envelope import NewEvent
from ledger.store.protocol import Appended, Store, TaskDone

__all__ = ["MAX_BYTES", "MAX_EVENTS", "GroupCommitter"]

MAX_EVENTS = 512
MAX_BYTES = 1 << 20
"""Where a group is closed; one append that is larger goes alone."""


class _Request(msgspec.Struct, frozen=True, eq=False):
    """One caller's append, and where its outcome goes."""

    events: tuple[NewEvent, ...]
    expected: dict[str, int]
    keys: dict[str, str]
    tasks: tuple[TaskDone, ...]
    outcome: Future[Appended]

    def settle(self, store: Store) -> None:
        """Append it alone."""
        try:
            done = store.append(self.events, self.expected, keys=self.keys, tasks=self.tasks)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, whatever it is
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(done)


class _Group:
    """Appends that can share a transaction, because none of them could change the outcome of another."""

    def __init__(self, first: _Request) -> None:
        self._requests: list[_Request] = []
        self._expected: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._streams: set[str] = set()
        self._claimed: set[str | tuple[str, str]] = set()
        self._events = 0
        self._bytes = 0
        self._take(first)

    @property
    def open(self) -> bool:
        """Whether more may be added. An append without events goes alone: its expected versions are always asked."""
        return 0 < self._events < MAX_EVENTS and self._bytes < MAX_BYTES

    def add(self, request: _Request) -> bool:
        """Take `request` if it fits."""
        streams = {event.stream for event in request.events}
        fits = (
            request.events
            and self._events + len(request.events) <= MAX_EVENTS
            and self._claimed.isdisjoint(_claims(request))
            and self._streams.isdisjoint(request.expected)
            and streams.isdisjoint(self._expected)
            and all(
                self._expected.get(name, version) == version for name, version in request.expected.items()
            )
        )
        if fits:
            self._take(request)
        return bool(fits)

    def _take(self, request: _Request) -> None:
        self._requests.append(request)
        self._expected.update(request.expected)
        self._keys = {**request.keys, **self._keys}
        self._streams.update(event.stream for event in request.events)
        self._claimed.update(_claims(request))
        self._events += len(request.events)
        self._bytes += sum(len(event.payload) for event in request.events)

    def commit(self, store: Store) -> None:
        """Append all, and tell each caller; when together they are refused, each goes alone."""
        if len(self._requests) == 1:
            self._requests[0].settle(store)
            return
        try:
            done = store.append(
                [event for request in self._requests for event in request.events],
                self._expected,
                keys=self._keys,
                tasks=[task for request in self._requests for task in request.tasks],
            )
        except StoreUnavailableError as error:
            for request in self._requests:
                request.outcome.set_exception(error)
        except Exception:  # noqa: BLE001 - whose it is shows when each goes alone
            for request in self._requests:
                request.settle(store)
        else:
            self._share(done)

    def _share(self, done: Appended) -> None:
        last_old = max(done.positions) - done.new
        at = 0
        for request in self._requests:
            end = at + len(request.events)
            positions = done.positions[at:end]
            new = len({position for position in positions if position > last_old}) if done.new else 0
            request.outcome.set_result(Appended(positions, done.ids[at:end], new))
            at = end


def _claims(request: _Request) -> Iterator[str | tuple[str, str]]:
    """Event ids and tasks, of which each may be in a group once."""
    yield from (event.id for event in request.events if event.id)
    yield from ((task.kind, task.key) for task in request.tasks)


class GroupCommitter:
    """Appends to `store` for any number of threads. Close it before the store; usable as a context manager."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="ledger-group-commit", daemon=True)
        self._thread.start()

    def append(
        self,
        events: Sequence[NewEvent],
        expected: Mapping[str, int] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        tasks: Sequence[TaskDone] = (),
    ) -> Appended:
        """As `Store.append`, perhaps together with others; returns when it is durable."""
        request = _Request(
            tuple(events), dict(expected or {}), dict(keys or {}), tuple(tasks), Future[Appended]()
        )
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("The group committer is closed", fix="Open the ledger again")
            self._queue.put(request)
        return request.outcome.result()

    def close(self) -> None:
        """Commit what waits, then stop; idempotent. The store stays open."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        next_one = self._queue.get()
        while next_one is not None:
            group, next_one = _Group(next_one), None
            stopping = False
            while group.open and next_one is None and not stopping:
                try:
                    found = self._queue.get_nowait()
                except Empty:
                    break
                if found is None:
                    stopping = True
                elif not group.add(found):
                    next_one = found
            group.commit(self._store)
            if next_one is None and not stopping:
                next_one = self._queue.get()
