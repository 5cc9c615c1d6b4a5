"""The backends that must keep the promises of `ledger.store.protocol.Store`."""

from __future__ import annotations

import random
from contextlib import contextmanager

import pytest

from ledger.clock import FixedClock
from ledger.store.memory import MemoryStore
from ledger.store.postgres import PostgresStore
from ledger.store.sqlite import SqliteStore
from tests.contract.server import new_database, release_database


@contextmanager
def _memory(clock, entropy, tmp_path):
    yield MemoryStore(clock, entropy)


@contextmanager
def _sqlite(clock, entropy, tmp_path):
    yield SqliteStore(tmp_path / "home" / "ledger.db", clock, entropy)


@contextmanager
def _postgres(clock, entropy, tmp_path):
    url = new_database()
    yield PostgresStore(url, clock, entropy)
    release_database(url)


BACKENDS = {"memory": _memory, "postgres": _postgres, "sqlite": _sqlite}


@pytest.fixture
def clock():
    return FixedClock("2031-05-04T07:00:00Z")


@pytest.fixture(params=sorted(BACKENDS))
def store(request, clock, tmp_path):
    with BACKENDS[request.param](clock, random.Random(7).randbytes, tmp_path) as opened:
        yield opened
        opened.close()
