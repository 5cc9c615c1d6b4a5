"""Committed events to the sinks that plugins bring: each behind its own durable checkpoint, at least once and in order.

The checkpoint is a task of the store beside the log: whoever holds its lease delivers, and it moves together with the end of
the lease. So two processes never deliver the same batch at a time, and a kill in between repeats at most one batch.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.clock import Clock
from ledger.errors import ConfigError, ConflictError
from ledger.events import StoredEvent
from ledger.host.configure import configure
from ledger.host.failures import explain
from ledger.plugin import CommittedEvent, Sink
from ledger.store import Store
from ledger.store.protocol import Task, TaskDone

if TYPE_CHECKING:
    from ledger.host.web import PluginWeb

__all__ = ["Delivery", "SinkStatus", "Sinks"]

BATCH = 100
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint: the position up to which everything was delivered, and failures in a row since."""

    position: int
    failures: int = 0
    error: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What one sink got, and why it stopped before the head when it did."""

    sink: str
    events: int
    error: str = ""


class SinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sink stands. `error` is its last failure, `failures` how many in a row, `next_at` when it is tried again."""

    sink: str
    position: int
    lag: int
    failures: int
    error: str
    next_at: datetime


class _Context:
    """See `ledger.plugin.SinkContext`."""

    def __init__(self, config: msgspec.Struct | None, home: str, web: PluginWeb) -> None:
        self.config = config
        self.home = home
        self._web = web

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return self._web.post(url, body, headers)


class Sinks:
    """The sinks that are on: those without settings, and those whose settings are complete."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sinks: Iterable[Sink],
        settings: Mapping[str, dict[str, Any]],
        *,
        home: str,
        web: Callable[[], PluginWeb],
    ) -> None:
        self._store = store
        self._clock = clock
        self._home = home
        self._web = web
        self._stuck: set[str] = set()
        self._sinks: dict[str, tuple[Sink, msgspec.Struct | None]] = {}
        for sink in sinks:
            with contextlib.suppress(ConfigError):  # the inventory says what is wrong with the settings
                self._sinks[sink.name] = (
                    sink,
                    configure(sink.name, sink.config, settings.get(sink.name, {})),
                )

    def begin(self) -> None:
        """Give sinks that are new their checkpoint: the head, or the beginning where they want the history."""
        for name, (sink, _) in self._sinks.items():
            if not self._store.tasks(_kind(name)):
                position = 0 if sink.history else self._store.head().position
                self._store.put_tasks([_task(name, self._clock.now(), _Mark(position=position))])

    def deliver(self) -> tuple[Delivery, ...]:
        """Bring every sink to the head; one that failed waits for its time. Never raises for what a sink does."""
        self.begin()
        return tuple(done for name in self._sinks if (done := self._bring_up(name)) is not None)

    def status(self) -> tuple[SinkStatus, ...]:
        """Where each sink stands."""
        head = self._store.head().position
        found = []
        for name in self._sinks:
            for task in self._store.tasks(_kind(name)):
                mark = _read(task)
                found.append(
                    SinkStatus(
                        sink=name,
                        position=mark.position,
                        lag=head - mark.position,
                        failures=mark.failures,
                        error=mark.error,
                        next_at=task.next_at,
                    )
                )
        return tuple(found)

    def _bring_up(self, name: str) -> Delivery | None:
        sink, config = self._sinks[name]
        count = 0
        while name not in self._stuck:
            claimed = self._store.claim(
                _kind(name),
                now=self._clock.now(),
                owner=f"{os.uname().nodename}:{os.getpid()}",
                lease_seconds=2 * sink.timeout + 60,
                limit=1,
            )
            if not claimed:
                break
            mark = _read(claimed[0])
            head = self._store.head().position
            events = list(self._store.read(mark.position, limit=BATCH, types=sink.types or None, upto=head))
            error = self._call(sink, config, [e for e in map(_committed, events) if e is not None])
            if error:
                mark = _Mark(position=mark.position, failures=mark.failures + 1, error=error)
            else:
                count += len(events)
                mark = _Mark(position=events[-1].position if len(events) == BATCH else head)
            try:
                self._finish(name, claimed[0], mark)
            except ConflictError:
                break  # the lease ran out, and somebody else delivers now
            if error:
                return Delivery(sink=name, events=count, error=error)
            if mark.position == head:
                break
        return Delivery(sink=name, events=count) if count else None

    def _call(self, sink: Sink, config: msgspec.Struct | None, events: Sequence[CommittedEvent]) -> str:
        """Deliver one batch; returns what went wrong. A thread that does not come back is left alone."""
        if not events:
            return ""
        wrong: list[str] = []

        def run() -> None:
            web = self._web()
            try:
                sink.deliver(events, _Context(config, self._home, web))
            except BaseException as error:  # noqa: BLE001 - whatever a plugin does ends here
                wrong.append(explain(error))
            finally:
                web.close()

        thread = threading.Thread(target=run, name=f"sink {sink.name}", daemon=True)
        with contextlib.redirect_stdout(sys.stderr):
            thread.start()
            thread.join(sink.timeout)
        if thread.is_alive():
            self._stuck.add(sink.name)
            return f"it took longer than {sink.timeout:g} seconds"
        return wrong[0] if wrong else ""

    def _finish(self, name: str, task: Task, mark: _Mark) -> None:
        wait = (
            min(FIRST_WAIT * 2 ** min(mark.failures - 1, 10), LONGEST_WAIT) if mark.failures else timedelta(0)
        )
        done = TaskDone(
            kind=task.kind,
            key=name,
            fence=task.fence,
            next_at=self._clock.now() + wait,
            data=msgspec.json.encode(mark),
        )
        self._store.append([], tasks=[done])


def _kind(name: str) -> str:
    return f"sink:{name}"


def _task(name: str, at: datetime, mark: _Mark) -> Task:
    return Task(kind=_kind(name), key=name, next_at=at, data=msgspec.json.encode(mark))


def _read(task: Task) -> _Mark:
    return msgspec.json.decode(task.data, type=_Mark)


def _committed(stored: StoredEvent) -> CommittedEvent | None:
    """The event as sinks see it; None when its payload was removed."""
    if stored.payload is None:
        return None
    return CommittedEvent(
        position=stored.position,
        id=stored.id,
        type=stored.type,
        stream=stored.stream,
        recorded=stored.recorded_at,
        payload=msgspec.json.decode(stored.payload),
    )
