"""Asking outside services beside the work: what waits for an answer waits in a thread, and this process goes on."""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Beside"]

T = TypeVar("T")


class Beside:
    """At most `most` errands under way at a time, in threads of their own; more of them wait their turn.

    It is waited for as a worker process is, see `ledger.host.process.wait_for`; close it once.
    """

    taken = True
    """Whoever waits here waits for an errand that is under way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Any]] = set()
        self._ends: tuple[socket.socket, ...] = ()

    def start(self, errand: Callable[[], T]) -> Future[T]:
        """Have an errand run; its future has what it returns or raises. `forget` it in the end."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most, "newsledger-calls")
            self._ends = socket.socketpair()
            for end in self._ends:
                end.settimeout(0)
        started = self._threads.submit(errand)
        self._under_way.add(started)
        started.add_done_callback(lambda _: self._ring())
        return started

    def forget(self, started: Future[Any]) -> None:
        """Nobody waits for this errand any more; one that has not begun is called off."""
        self._under_way.discard(started)
        started.cancel()

    @property
    def left(self) -> float:
        """Seconds that may be waited: none when an errand is done. Asked after `watch`, so that no ring is lost."""
        return 0.0 if any(one.done() for one in self._under_way) else math.inf

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register what rings when an errand is done."""
        bell = self._ends[0]
        with contextlib.suppress(BlockingIOError):
            while bell.recv(4096):
                pass
        selector.register(bell, selectors.EVENT_READ)

    def close(self) -> None:
        """Begin no more errands; idempotent. One under way ends by itself."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        for end in self._ends:
            end.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # it rings already, or nobody listens any more
            self._ends[1].send(b"\0")
