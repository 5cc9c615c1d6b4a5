"""Feeds: parsing against feedparser, durable ingestion over loopback HTTP, an unchanged pass, and hostile documents.

`python benchmarks/bench_feeds.py [--feeds 200]`. CPU seconds are this process's own; the server runs in another.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import feedparser
from aiohttp import web

from ledger.clock import FixedClock
from ledger.config import Fetch, Settings
from ledger.errors import LedgerError
from ledger.feeds.extract import extract_page
from ledger.feeds.fetch import AioTransport, Fetcher
from ledger.feeds.parse import parse_feed
from ledger.feeds.poll import Poller, PollReport
from ledger.feeds.subscriptions import add_feed
from ledger.store import open_store

ITEMS = 30
SENTENCE = "The council of Brenn decided on {n} of the {m} measures, the mayor said, and 12 people spoke against it. "


def feed(number: int) -> bytes:
    """A feed of thirty items with full text, about 45 kB."""
    items = "".join(
        f"<item><title>Council {number} decides on matter {n}</title><link>https://o{number}.example/{n}?utm_source=rss</link>"
        f"<guid isPermaLink='false'>o{number}.example:{n}</guid><pubDate>Sun, 04 May 2031 05:{n:02}:00 +0000</pubDate>"
        f"<dc:creator>Ada Lund</dc:creator><description>Short text {n}.</description><content:encoded><![CDATA["
        + "".join(f"<p>{SENTENCE.format(n=n, m=number + p)}</p>" for p in range(12))
        + "]]></content:encoded></item>"
        for n in range(ITEMS)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Outlet {number}</title>{items}</channel></rss>'
    ).encode()


def page() -> bytes:
    """An article's page of about 20 kB."""
    paragraphs = "".join(f"<p>{SENTENCE.format(n=n, m=n + 3) * 2}</p>" for n in range(40))
    links = "".join(f'<li><a href="/{n}">Other news {n}</a></li>' for n in range(60))
    return (
        f'<html lang="en"><head><title>Council decides</title></head><body><nav><ul>{links}</ul></nav><div class="content">'
        f"<h1>Council decides</h1>{paragraphs}</div><footer>{links}</footer></body></html>"
    ).encode()


def serve(connection: Connection) -> None:
    """Serve the feeds with ETags on a free port of loopback until killed."""

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        tag = f'"{number}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=feed(number), content_type="application/rss+xml", headers={"ETag": tag})

    async def main() -> None:
        application = web.Application()
        application.router.add_get("/{number}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        connection.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


def timed(
    rows: list[dict[str, object]],
    name: str,
    value: float,
    unit: str,
    bar: float | None,
    against: str,
    *,
    least: bool = True,
) -> None:
    """Add a row; `least` says whether the bar is a minimum."""
    holds = None if bar is None else (value >= bar if least else value <= bar)
    rows.append(
        {"name": name, "value": round(value, 3), "unit": unit, "bar": bar, "holds": holds, "against": against}
    )


def parse(rows: list[dict[str, object]]) -> None:
    """Entries per CPU second, interleaved with feedparser on the same documents."""
    documents = [feed(n) for n in range(6)]
    ours, theirs = [], []
    for _ in range(3):
        start = time.process_time()
        for _ in range(5):
            for document in documents:
                assert len(parse_feed(document, url="https://o.example/").items) == ITEMS
        ours.append(5 * len(documents) * ITEMS / (time.process_time() - start))
        start = time.process_time()
        for document in documents:
            assert len(feedparser.parse(document).entries) == ITEMS
        theirs.append(len(documents) * ITEMS / (time.process_time() - start))
    timed(rows, "parse", statistics.median(ours), "entries per CPU second", None, "")
    ratio = statistics.median(ours) / statistics.median(theirs)
    timed(rows, "parse, ratio", ratio, "times", 10, f"feedparser {feedparser.__version__}")


def extract(rows: list[dict[str, object]]) -> None:
    """Pages per CPU second, metadata included."""
    body = page()
    extract_page(body)
    start = time.process_time()
    for _ in range(30):
        assert extract_page(body).text
    timed(rows, "full text", 30 / (time.process_time() - start), "pages per CPU second", 30, "")


def ingest(rows: list[dict[str, object]], feeds: int) -> None:
    """A first poll into SQLite, one durable transaction per feed, then a poll in which nothing changed."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    clock = FixedClock("2031-05-04T06:00:00Z")
    fetch = Fetch(
        allow_hosts=(f"127.0.0.1:{port}",), host_interval=0.0, per_host=16, pages=False, concurrency=16
    )
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), fetch=fetch)
        store = open_store(settings, clock=clock)
        for number in range(feeds):
            add_feed(store, clock, f"http://127.0.0.1:{port}/{number}", outlet=f"o{number}")

        async def poll() -> PollReport:
            fetcher = Fetcher(AioTransport(fetch), fetch, clock)
            try:
                return await Poller(store, fetcher, clock, settings).poll(force=True)
            finally:
                await fetcher.close()

        for name, bar in (("first poll", 1000.0), ("unchanged poll", None)):
            wall, cpu = time.perf_counter(), time.process_time()
            report = asyncio.run(poll())
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert not report.errors
            count = report.new if name == "first poll" else len(report.feeds)
            unit = "entries" if name == "first poll" else "feeds"
            timed(rows, f"{name}, wall", count / wall, f"{unit} per second", None, "")
            timed(rows, f"{name}, CPU", count / cpu, f"{unit} per CPU second", bar, "")
            clock.advance(3600)
        store.close()
    server.kill()
    server.join()
    timed(rows, "memory after polling", peak(), "MiB", 150, "", least=False)


def peak() -> float:
    """The largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def hostile() -> Iterator[tuple[str, bytes]]:
    """Documents made to hurt."""
    head = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>'
    yield "200,000 levels", head + b"<item><title>" + b"<a>" * 200_000
    yield "50,000 attributes", head + b"<item " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b"/>"
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    yield "billion laughs", b'<!DOCTYPE r [<!ENTITY l0 "lol">' + entities + b"]>" + head
    yield "3,000,000 elements", head + b"<a/>" * 3_000_000
    yield "100,000 items", head + b"".join(b"<item><guid>g%d</guid></item>" % n for n in range(100_000))
    yield "one text of 16 MB", head + b"<item><guid>g</guid><description>" + b"word " * 3_300_000
    yield "16 MB of one byte", b"<" * 16 * 1024 * 1024


def survive(rows: list[dict[str, object]]) -> None:
    """The longest time that a hostile document takes."""
    for name, document in hostile():
        start = time.perf_counter()
        with contextlib.suppress(LedgerError):
            parse_feed(document, url="https://o.example/")
        timed(rows, f"hostile: {name}", time.perf_counter() - start, "seconds", 25, "", least=False)


def main() -> None:
    """Run everything, print a table and write `benchmarks/results/feeds.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    feeds = parser.parse_args().feeds
    rows: list[dict[str, object]] = []
    ingest(rows, feeds)
    parse(rows)
    extract(rows)
    survive(rows)
    for row in rows:
        bar = "" if row["bar"] is None else f"bar {row['bar']:g}  {'holds' if row['holds'] else 'FAILS'}"
        print(f"{row['name']!s:34} {row['value']:>12,.2f} {row['unit']!s:24} {bar} {row['against']}")
    target = Path(__file__).parent / "results" / "feeds.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(0 if all(row["holds"] is not False for row in rows) else 1)


if __name__ == "__main__":
    main()
