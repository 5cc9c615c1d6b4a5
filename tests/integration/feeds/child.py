"""A process that polls: `child.py HOME NAME` polls whatever is due until nothing is, and prints what it polled."""

from __future__ import annotations

import asyncio
import sys

from ledger.clock import SystemClock
from ledger.config import load_settings
from ledger.feeds.fetch import Fetcher
from ledger.feeds.poll import Poller
from ledger.feeds.transport import HttpTransport
from ledger.store import open_store


async def main(home: str) -> None:
    settings, clock = load_settings(home), SystemClock()
    store = open_store(settings, clock=clock)
    print("ready", flush=True)
    sys.stdin.readline()
    fetcher = Fetcher(HttpTransport(settings.fetch), settings.fetch, clock)
    poller = Poller(
        store, fetcher, clock, settings, on_progress=lambda _done, _total, url: print(url, flush=True)
    )
    report = await poller.poll()
    await fetcher.close()
    store.close()
    print("errors", len(report.errors), flush=True)


asyncio.run(main(sys.argv[1]))
