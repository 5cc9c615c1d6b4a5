"""A plugin in its worker: loaded there, asked there, started again after it had to be killed; and the circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.host.describe import Candidate, Description
from ledger.host.failures import Failure, Limits, RejectedError
from ledger.host.frames import LoadRequest, RunRequest
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

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures = 0
        self._resting = 0
        self._rest = 8
        self._last: Failure | None = None

    def reason(self) -> str:
        """Why the processor rests now, or an empty text when it may run. Asking counts as one revision."""
        if self._resting == 0 or self._last is None:
            return ""
        self._resting -= 1
        return f"it rests after {self._failures} failures in a row, the last one: {self._last.kind}, {self._last.message}"

    def record(self, failure: Failure | None) -> None:
        """Note how a run ended."""
        if failure is None:
            self._failures, self._rest, self._last = 0, 8, None
            return
        self._failures += 1
        self._last = failure
        if self._limit and self._failures >= self._limit:
            self._resting = self._rest
            self._rest = min(2 * self._rest, _LONGEST_REST)
