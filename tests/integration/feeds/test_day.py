"""A day of ten thousand feeds and several processes, with a clock that is made up: what a newsroom's ledger does unattended."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter, defaultdict
from contextlib import asynccontextmanager

import pytest

from ledger.config import Fetch, Settings
from ledger.events import decode
from ledger.feeds.fetch import Fetcher
from ledger.feeds.memory import decode_memory
from ledger.feeds.poll import Poller
from ledger.feeds.subscriptions import add_feed
from ledger.store import open_store

HOUR = 3600.0
RHYTHMS = {"fast": 400.0, "hourly": HOUR, "slow": 6 * HOUR, "still": float("inf")}
"""Seconds between two items of a feed, by its kind."""
KINDS = ["fast", "hourly", "hourly", "slow", "slow", *["still"] * 15]
WINDOW = 4
"""Items in a document."""


class Answer:
    def __init__(self, status, headers, body=b""):
        self.status, self.headers, self.body = status, headers, body

    async def chunks(self):
        yield self.body


class Web:
    """Feeds that have a new item at their own rhythm and answer after a while; notes who was asked when, and what was told."""

    paced = True

    def __init__(self, loop):
        self.loop, self.chance = loop, random.Random(7)
        self.spans = defaultdict(list)
        self.told = set()
        self.statuses = Counter()

    @asynccontextmanager
    async def exchange(self, url, headers, body=None):
        _, _, host, name = url.split("/", 3)
        start = self.loop.time()
        await asyncio.sleep(self.chance.uniform(0.05, 4.0))
        kind, number = re.fullmatch(r"([a-z]+)(\d+)", name).groups()
        rhythm = RHYTHMS[kind]
        newest = int((self.loop.time() + int(number) * 61.8 % min(rhythm, HOUR)) // rhythm)
        tag = f'"{newest}"'
        if headers.get("If-None-Match") == tag:
            answer = Answer(304, [("etag", tag)])
        else:
            numbers = range(max(0, newest - WINDOW + 1), newest + 1)
            items = "".join(
                f"<item><guid>{url}#item-{n}</guid><title>Report {n}</title><description>The council of {name} met {n} times.</description></item>"
                for n in numbers
            )
            text = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"
            answer = Answer(200, [("etag", tag), ("content-type", "text/xml")], text.encode())
            self.told.update(f"{url}#item-{n}" for n in numbers)
        self.statuses[answer.status] += 1
        yield answer
        self.spans[host].append((start, self.loop.time()))

    async def close(self):
        pass


def live(loop, store, settings, *, feeds, hosts, hours, workers):
    """`workers` pollers of one store tick as `newsledger run` does; gives the web with what it noted."""
    web = Web(loop)
    for n in range(feeds):
        add_feed(store, loop, f"http://h{n % hosts}.example/{KINDS[n % len(KINDS)]}{n}", outlet=f"o{n}")

    async def worker(number):
        await asyncio.sleep(number * 3.7)
        while loop.time() < hours * HOUR:
            next_tick = loop.time() + settings.schedule.tick
            fetcher = Fetcher(web, settings.fetch, loop)
            await Poller(store, fetcher, loop, settings).poll()
            await asyncio.sleep(max(0.0, next_tick - loop.time()))

    async def run():
        await asyncio.gather(*(worker(n) for n in range(workers)))

    loop.run_until_complete(run())
    return web


def check_hosts(web, fetch):
    """At every host all processes together keep the distance between starts, and the number of requests at one time."""
    for spans in web.spans.values():
        spans.sort()
        assert all(b - a >= fetch.host_interval - 1e-3 for (a, _), (b, _) in itertools.pairwise(spans))
        steps = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
        assert max(itertools.accumulate(step for _, step in steps)) <= fetch.per_host


@pytest.mark.slow
def test_a_day_of_ten_thousand_feeds_spares_hosts_adapts_spreads_and_loses_nothing(loop, tmp_path):
    feeds, hosts = 10_000, 2_000
    settings = Settings(home=tmp_path, fetch=Fetch(pages=False))
    store = open_store(settings, clock=loop)
    web = live(loop, store, settings, feeds=feeds, hosts=hosts, hours=24, workers=2)
    check_hosts(web, settings.fetch)

    memories = [decode_memory(task.data, task.key) for task in store.tasks("feed")]
    assert len(memories) == feeds
    assert not any(memory.error for memory in memories)
    assert sum(memory.polls for memory in memories) == sum(web.statuses.values())
    by_kind = defaultdict(list)
    for memory in memories:
        by_kind[re.search(r"/([a-z]+)\d+$", memory.url)[1]].append(memory.interval)
    shortest = settings.schedule.min_interval
    assert max(by_kind["fast"]) <= 2 * shortest
    assert min(by_kind["hourly"]) >= 0.5 * HOUR
    assert max(by_kind["hourly"]) <= 4 * HOUR
    assert min(by_kind["slow"]) >= 1.5 * HOUR
    assert min(by_kind["still"]) >= 2 * HOUR

    starts = [start for spans in web.spans.values() for start, _ in spans if start >= 2 * HOUR]
    minutes = Counter(int(start // 60) for start in starts if start < 24 * HOUR)
    mean = sum(minutes.values()) / (22 * 60)
    assert max(minutes.values()) <= 2 * mean + 4 * mean**0.5

    recorded = Counter(decode(event).guid for event in store.read(types=("article.ingested",)))
    assert set(recorded) == web.told
    assert set(recorded.values()) == {1}
    assert not any(store.read(types=("article.revised",)))
    store.close()
