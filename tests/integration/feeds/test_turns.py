"""Hosts are spared by all processes together, with a clock that is made up."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict

import pytest

from ledger.errors import StoreUnavailableError
from ledger.feeds.turns import Turns
from ledger.store.memory import MemoryStore


class Requests:
    """When requests to each host began and ended."""

    def __init__(self):
        self.spans = defaultdict(list)

    def check(self, interval, per_host):
        for spans in self.spans.values():
            starts = sorted(start for start, _ in spans)
            assert all(b - a >= interval - 1e-3 for a, b in itertools.pairwise(starts))
            for start in starts:
                assert sum(a <= start < b for a, b in spans) <= per_host


@pytest.mark.parametrize(("hosts", "lasting"), [(1, 0.1), (1, 30.0), (3, 12.0), (20, 1.0)])
def test_several_processes_keep_the_distance_together(loop, hosts, lasting):
    store = MemoryStore(loop, random.Random(2).randbytes)
    seen = Requests()
    chance = random.Random(3)

    async def process(name):
        turns = Turns(store, loop, name, per_host=2, longest=60.0)

        async def request():
            await asyncio.sleep(chance.uniform(0, 20))
            host = f"h{chance.randrange(hosts)}"
            wait, turn = await turns.take(host, 5.0)
            await asyncio.sleep(wait)
            start = loop.time()
            await asyncio.sleep(chance.uniform(0, lasting))
            seen.spans[host].append((start, loop.time()))
            turns.give_back(host, turn)

        await asyncio.gather(*(request() for _ in range(10)))
        await turns.close()

    async def all_of_them():
        await asyncio.gather(*(process(f"p{n}") for n in range(4)))

    loop.run_until_complete(all_of_them())
    assert sum(map(len, seen.spans.values())) == 40
    seen.check(5.0, 2)


def test_a_process_that_died_holds_a_host_no_longer_than_a_request_may_last(loop):
    store = MemoryStore(loop, random.Random(2).randbytes)

    async def work():
        dead = Turns(store, loop, "dead", per_host=2, longest=25.0)
        await dead.take("h", 5.0)
        await dead.take("h", 5.0)
        store.claim("turns", now=loop.now(), owner="dead", lease_seconds=5, limit=1, force=True)
        other = Turns(store, loop, "other", per_host=2, longest=25.0)
        wait, _ = await other.take("h", 5.0)
        return loop.time() + wait

    assert 25.0 <= loop.run_until_complete(work()) <= 32.0


def test_a_request_that_is_given_up_leaves_its_place(loop):
    store = MemoryStore(loop, random.Random(2).randbytes)

    async def work():
        turns = Turns(store, loop, "one", per_host=1, longest=1000.0)
        _, first = await turns.take("h", 1.0)
        waiting = asyncio.ensure_future(turns.take("h", 1.0))
        await asyncio.sleep(1)
        waiting.cancel()
        turns.give_back("h", first)
        await asyncio.sleep(1)
        await turns.take("h", 1.0)
        return loop.time()

    assert loop.run_until_complete(work()) < 5


def test_a_store_that_cannot_be_written_is_said(loop):
    store = MemoryStore(loop, random.Random(2).randbytes)

    async def work():
        turns = Turns(store, loop, "one", per_host=1, longest=10.0)
        store.claim = lambda *_, **__: (_ for _ in ()).throw(StoreUnavailableError("The disk is full"))
        with pytest.raises(StoreUnavailableError):
            await turns.take("h", 1.0)

    loop.run_until_complete(work())
