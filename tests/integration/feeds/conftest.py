"""An event loop whose time is made up: it jumps to whatever happens next, so a day takes seconds."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ledger.clock import parse_time


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time. `now()` is the clock that goes with it."""

    def __init__(self, start="2031-05-04T06:00:00Z"):
        super().__init__()
        self._elapsed = 0.0
        self._start = parse_time(start)
        real = self._selector.select

        def select(timeout=None):
            events = real(0)
            if not events and timeout:
                self._elapsed += timeout
            return events

        self._selector.select = select

    def time(self):
        return self._elapsed

    def now(self):
        return self._start + timedelta(seconds=self._elapsed)


@pytest.fixture
def loop():
    loop = VirtualLoop()
    yield loop
    loop.close()
