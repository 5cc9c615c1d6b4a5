"""A plugin in its worker: loaded there, asked there, started again after it had to be killed; and the circuit breaker."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ledger.host.calls import Asked, Heard
from ledger.host.describe import Candidate, Description
from ledger.host.failures import Failure, Limits, RejectedError
from ledger.host.frames import EndRequest, LoadRequest, RunRequest
from ledger.host.health import BreakerState
from ledger.host.notes import Note
from ledger.host.process import WorkerProcess

__all__ = ["Breaker", "Job", "PluginWorker", "Result"]

_LONGEST_REST = 1024
_END = 2.0
"""Seconds that a child has for its exit handlers."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One processor on one revision (JSON), with the stored layers that it reads, by tag.

    `companions` are the plugins of the processors in `before`, whose ephemeral layers it reads.
    """

    processor: str
    article: bytes
    layers: dict[str, list[bytes]]
    timeout: float
    before: tuple[str, ...] = ()
    companions: tuple[Candidate, ...] = ()
    look: bool = False


class Result(NamedTuple):
    """What a child gave: encoded annotations, what else was noticed, and the seconds that it took."""

    annotations: tuple[bytes, ...]
    notes: tuple[Note, ...]
    seconds: float


class PluginWorker:
    """One plugin's processors in one child process, which works on one revision at a time. For one thread at a time."""

    def __init__(
        self,
        candidate: Candidate,
        settings: Mapping[str, dict[str, Any]],
        limits: Limits,
        environment: Mapping[str, str],
    ) -> None:
        self._candidate = candidate
        self._settings = dict(settings)
        self._limits = limits
        self.process = WorkerProcess(limits, environment)
        self.taken = False
        self._asked_at: float | None = None
        self._loaded: set[Candidate] = set()

    def begin(self) -> None:
        """Let the child boot; an error shows when it is first asked."""
        self._start()

    def describe(self) -> Description:
        """Load the plugin there. Raises RejectedError."""
        return self._load(self._candidate)

    def begin_run(self, request: Job) -> None:
        """Let the child work on a revision; `result` gives what comes of it. The caller waits for it before the next one.

        Raises RejectedError when the child cannot be brought to it.
        """
        self._asked_at = None
        for candidate in (self._candidate, *request.companions):
            if candidate not in self._loaded or not self.process.running:
                self._load(candidate)
        self.process.begin(
            RunRequest(
                self.process.next_number(),
                request.processor,
                request.before,
                request.article,
                request.layers,
                request.look,
            ),
            request.timeout,
        )

    def result(self) -> Result | Asked | None:
        """What came of it, None while the child is at work; or a call that it asks for, and then `answer` follows.

        Raises RejectedError.
        """
        reply = self.process.advance()
        if reply is None:
            return None
        if reply.asked is not None:
            self._asked_at = time.monotonic()
            return reply.asked
        notes = reply.notes
        if printed := " ".join(self.process.printed.decode("utf-8", "replace").split()):
            notes += (Note(kind="printed", message=f"printed {printed[:40]!r}"),)
        return Result(reply.annotations, notes, reply.seconds)

    def answer(self, heard: Heard) -> None:
        """Tell the child what came of its call; the time that this took does not count. Raises RejectedError."""
        assert self._asked_at is not None
        seconds, self._asked_at = time.monotonic() - self._asked_at, None
        self.process.resume(heard, seconds)

    @property
    def left(self) -> float:
        """Seconds that the child still has; without end while it is not its turn."""
        return self.process.left if self._asked_at is None else math.inf

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register what shows that the child can go on."""
        self.process.watch(selector)

    def close(self) -> tuple[Note, ...]:
        """End the child; idempotent. Gives what there is to say about its end."""
        try:
            if not self._loaded or not self.process.running:
                return ()
            return self.process.ask(EndRequest(self.process.next_number()), _END).notes
        except RejectedError as error:
            return (Note(kind="exit", message=f"does not end when it is asked to: {error}"),)
        finally:
            self.process.kill()

    def _start(self) -> None:
        self._loaded.clear()
        self.process.start()

    def _load(self, candidate: Candidate) -> Description:
        if not self.process.running:
            self._start()
        request = LoadRequest(self.process.next_number(), candidate, self._settings)
        description = self.process.ask(request, self._limits.start).description
        if description is None:
            raise RejectedError("crash", "its worker did not describe the plugin")
        self._loaded.add(candidate)
        return description


class Breaker:
    """Lets a processor rest after `limit` failures in a row; 0 means never.

    It counts revisions, not seconds: it rests for 8 of them, is tried once, rests for 16, and so on.
    """

    def __init__(self, limit: int, state: BreakerState | None = None) -> None:
        self._limit = limit
        self.state = (state if limit else None) or BreakerState()

    def reason(self) -> str:
        """Why the processor rests now, or an empty text when it may run. Asking counts as one revision."""
        if reason := self.state.reason:
            self.state = msgspec.structs.replace(self.state, resting=self.state.resting - 1)
        return reason

    def record(self, failure: Failure | None) -> None:
        """Note how a run ended."""
        if failure is None:
            self.state = BreakerState()
            return
        failures, rest, resting = self.state.failures + 1, self.state.rest, self.state.resting
        if resting:
            return  # it ran at the same time as the one that sent it to rest
        if self._limit and failures >= self._limit:
            resting, rest = rest, min(2 * rest, _LONGEST_REST)
        self.state = BreakerState(failures=failures, resting=resting, rest=rest, last=failure)

    def wake(self) -> None:
        """Let it run again at once."""
        self.state = BreakerState()
