"""The backends that must keep the promises of `ledger.store.protocol.Store`."""

from __future__ import annotations

import random

import pytest

from ledger.clock import FixedClock
from ledger.store.memory import MemoryStore
from ledger.store.sqlite import SqliteStore


def _memory(clock, entropy, tmp_path):
    return MemoryStore(clock, entropy)


def _sqlite(clock, entropy, tmp_path):
    return SqliteStore(tmp_path / "home" / "ledger.db", clock, entropy)


BACKENDS = {"memory": _memory, "sqlite": _sqlite}


@pytest.fixture
def clock():
    return FixedClock("2031-05-04T07:00:00Z")


@pytest.fixture(params=sorted(BACKENDS))
def store(request, clock, tmp_path):
    opened = BACKENDS[request.param](clock, random.Random(7).randbytes, tmp_path)
    yield opened
    opened.close()
