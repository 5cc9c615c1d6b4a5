"""Hosts are spared by all processes together; a day of many feeds, with a clock that is made up."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.config import Fetch, Settings
from ledger.errors import StoreUnavailableError
from ledger.feeds.fetch import Fetcher
from ledger.feeds.memory import decode_memory
from ledger.feeds.poll import Poller
from ledger.feeds.subscriptions import add_feed
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


# -- a day -----------------------------------------------------------------------------------------------------------

WORDS = [
    "bridge",
    "council",
    "flood",
    "harbour",
    "mayor",
    "market",
    "police",
    "river",
    "school",
    "train",
    "village",
    "winter",
]


class Answer:
    def __init__(self, status, headers, body=b""):
        self.status, self.headers, self.body = status, headers, body

    async def chunks(self):
        yield self.body


class Web:
    """Feeds that answer after a while; `busy` ones have a new item every few minutes, the others none."""

    paced = True

    def __init__(self, loop, requests, seed):
        self.loop, self.requests, self.chance = loop, requests, random.Random(seed)

    @asynccontextmanager
    async def exchange(self, url, headers, body=None):
        _, _, host, name = url.split("/", 3)
        start = self.loop.time()
        await asyncio.sleep(self.chance.uniform(0.05, 4.0))
        newest = int(self.loop.time() // 400) if name.startswith("busy") else 0
        tag = f'"{newest}"'
        if headers.get("If-None-Match") == tag:
            yield Answer(304, [("etag", tag)])
        else:
            items = "".join(
                f"<item><guid>{url}#item-{n}</guid><title>Report {n}</title><description>The {WORDS[n % 12]} of {host}, {n}.</description></item>"
                for n in range(max(0, newest - 3), newest + 1)
            )
            text = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"
            yield Answer(200, [("etag", tag), ("content-type", "text/xml")], text.encode())
        self.requests.spans[host].append((start, self.loop.time()))

    async def close(self):
        pass


def simulate(loop, *, feeds, hosts, hours, workers):
    """A day of `workers` processes that tick every fifteen seconds; gives the requests, starts of ticks, and the store."""
    store = MemoryStore(loop, random.Random(4).randbytes)
    fetch = Fetch(pages=False)
    options = Settings(home=Path("unused"), fetch=fetch)
    requests = Requests()
    for n in range(feeds):
        kind = "busy" if n % 10 == 0 else "quiet"
        add_feed(store, loop, f"http://h{n % hosts}.example/{kind}{n}", outlet=f"o{n}")

    async def worker(number):
        await asyncio.sleep(number * 3.7)
        while loop.time() < hours * 3600:
            next_tick = loop.time() + 15
            fetcher = Fetcher(Web(loop, requests, number), fetch, loop)
            await Poller(store, fetcher, loop, options).poll()
            await asyncio.sleep(max(0.0, next_tick - loop.time()))

    async def run():
        await asyncio.gather(*(worker(n) for n in range(workers)))

    loop.run_until_complete(run())
    return requests, store


@pytest.mark.slow
def test_a_day_of_feeds_spares_hosts_adapts_and_spreads(loop):
    requests, store = simulate(loop, feeds=400, hosts=60, hours=24, workers=2)
    requests.check(5.0, 2)
    memories = [decode_memory(task.data, task.key) for task in store.tasks("feed")]
    assert all(memory.polls >= 5 and not memory.error for memory in memories)
    busy = [memory for memory in memories if "busy" in memory.url]
    quiet = [memory for memory in memories if "quiet" in memory.url]
    assert max(memory.interval for memory in busy) <= 1200
    assert min(memory.interval for memory in quiet) >= 2 * 3600
    starts = [start for spans in requests.spans.values() for start, _ in spans if start > 12 * 3600]
    load = Counter(int(start // 600) for start in starts)
    assert max(load.values()) <= 2 * sum(load.values()) / len(load)
