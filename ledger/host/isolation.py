"""A plugin in its worker: loaded there, asked there, started again after it had to be killed; and the circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ledger.host.describe import Candidate, Description
from ledger.host.failures import Failure, Limits, RejectedError
from ledger.host.frames import LoadRequest, RunRequest
from ledger.host.health import BreakerState
from ledger.host.process import WorkerProcess

__all__ = ["Breaker", "PluginWorker"]

_LONGEST_REST = 1024


class PluginWorker:
    """One plugin's processors in one child process. Safe to use from several threads; they take turns."""

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
        self._process = WorkerProcess(limits, environment)
        self._loaded: set[Candidate] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Let the child boot; an error shows when it is first asked."""
        with self._lock:
            self._start()

    def describe(self) -> Description:
        """Load the plugin there. Raises RejectedError."""
        with self._lock:
            return self._load(self._candidate)

    def run(
        self,
        processor: str,
        article: bytes,
        layers: dict[str, list[bytes]],
        *,
        timeout: float,
        before: tuple[str, ...] = (),
        companions: Sequence[Candidate] = (),
    ) -> tuple[bytes, ...]:
        """Encoded annotations of `article` (JSON). `companions` are the plugins of the processors in `before`.

        Raises RejectedError.
        """
        with self._lock:
            for candidate in (self._candidate, *companions):
                if candidate not in self._loaded or not self._process.running:
                    self._load(candidate)
            number = self._process.next_number()
            return self._process.ask(
                RunRequest(number, processor, before, article, layers), timeout
            ).annotations

    def close(self) -> None:
        """End the child; idempotent."""
        with self._lock:
            self._process.kill()

    def _start(self) -> None:
        self._loaded.clear()
        self._process.start()

    def _load(self, candidate: Candidate) -> Description:
        if not self._process.running:
            self._start()
        request = LoadRequest(self._process.next_number(), candidate, self._settings)
        description = self._process.ask(request, self._limits.start).description
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
