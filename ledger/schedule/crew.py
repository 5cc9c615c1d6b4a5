"""The other processes of a run: started, watched, and started again when one dies."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

__all__ = ["Crew"]

SHORTEST_WAIT = 1.0
LONGEST_WAIT = 60.0
STEADY = 60.0
"""Seconds after which a process that runs is no longer one that keeps dying."""

log = logging.getLogger("ledger.schedule")


class Crew:
    """Runs one process for each of `commands` while inside, and ends them all on leaving.

    One that ends by itself is started again after a wait that doubles from one second to a minute while it keeps dying.
    """

    def __init__(self, commands: Sequence[Sequence[str]], *, shortest_wait: float = SHORTEST_WAIT) -> None:
        self._commands = [list(command) for command in commands]
        self._shortest_wait = shortest_wait
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for number in range(len(self._commands)):
            thread = threading.Thread(target=self._keep, args=(number,), name=f"crew-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._ending.set()
            for process in self._running.values():
                process.terminate()
        for thread in self._threads:
            thread.join()

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run now."""
        with self._lock:
            return [process.pid for process in self._running.values()]

    def _keep(self, number: int) -> None:
        wait = self._shortest_wait
        while (process := self._start(number)) is not None:
            since = time.monotonic()
            code = process.wait()
            with self._lock:
                del self._running[number]
            if self._ending.is_set():
                return
            wait = self._shortest_wait if time.monotonic() - since > STEADY else wait
            log.warning(
                "Process %d (%s) ended with status %d; it is started again in %g seconds",
                process.pid,
                self._commands[number][-1],
                code,
                wait,
            )
            if self._ending.wait(wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)

    def _start(self, number: int) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending.is_set():
                return None
            process = subprocess.Popen(self._commands[number])  # noqa: S603 - our own command
            self._running[number] = process
            return process
