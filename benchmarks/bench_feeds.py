"""Feeds: parsing against feedparser, durable ingestion over loopback HTTP, an unchanged pass, and hostile documents.

`python benchmarks/bench_feeds.py [--feeds 200 1000] [--rounds 3]`. Ours and `reader` run by turns, each in a process of its own, and
are measured by their CPU seconds; the server runs in another.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from ledger.clock import FixedClock
from ledger.config import Fetch, Settings
from ledger.errors import LedgerError
from ledger.feeds.extract import extract_page
from ledger.feeds.fetch import Fetcher
from ledger.feeds.parse import parse_feed
from ledger.feeds.poll import Poller, PollReport
from ledger.feeds.subscriptions import add_feed
from ledger.feeds.transport import HttpTransport
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

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                number = int(head.split(b" ", 2)[1].lstrip(b"/"))
                fields = f'ETag: "{number}"\r\nDate: Sun, 04 May 2031 06:00:00 GMT\r\nServer: bench\r\n'
                if f'if-none-match: "{number}"'.encode() in head.lower():
                    writer.write(f"HTTP/1.1 304 Not Modified\r\n{fields}\r\n".encode())
                    continue
                body = feed(number)
                fields += f"Content-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        connection.send(server.sockets[0].getsockname()[1])
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
    import feedparser

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
    timed(rows, "full text", 30 / (time.process_time() - start), "pages per CPU second", 60, "")


def ours(port: int, feeds: int) -> dict[str, float]:
    """A first poll into SQLite, one durable transaction per feed, then a poll in which nothing changed."""
    clock = FixedClock("2031-05-04T06:00:00Z")
    fetch = Fetch(
        allow_hosts=(f"127.0.0.1:{port}",), host_interval=0.0, per_host=16, pages=False, concurrency=16
    )
    measured: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), fetch=fetch)
        store = open_store(settings, clock=clock)
        for number in range(feeds):
            add_feed(store, clock, f"http://127.0.0.1:{port}/{number}", outlet=f"o{number}")

        async def poll() -> PollReport:
            fetcher = Fetcher(HttpTransport(fetch), fetch, clock)
            try:
                return await Poller(store, fetcher, clock, settings).poll(force=True)
            finally:
                await fetcher.close()

        for name in ("first", "unchanged"):
            wall, cpu = time.perf_counter(), time.process_time()
            report = asyncio.run(poll())
            measured[f"{name} wall"] = time.perf_counter() - wall
            measured[f"{name} cpu"] = time.process_time() - cpu
            assert not report.errors
            assert report.new == (feeds * ITEMS if name == "first" else 0)
            clock.advance(3600)
        store.close()
    return {**measured, "memory": peak()}


def theirs(port: int, feeds: int) -> dict[str, float]:
    """The same with `reader`, which keeps the newest text of each entry in SQLite."""
    from reader import make_reader

    measured: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        peer = make_reader(str(Path(home) / "reader.sqlite"))
        for number in range(feeds):
            peer.add_feed(f"http://127.0.0.1:{port}/{number}")
        for name in ("first", "unchanged"):
            wall, cpu = time.perf_counter(), time.process_time()
            results = [result.value for result in peer.update_feeds_iter(scheduled=False)]
            measured[f"{name} wall"] = time.perf_counter() - wall
            measured[f"{name} cpu"] = time.process_time() - cpu
            assert len(results) == feeds
            assert not any(isinstance(value, Exception) for value in results)
        peer.close()
    return {**measured, "memory": peak()}


def in_a_process(work: Callable[[int, int], dict[str, float]], port: int, feeds: int) -> dict[str, float]:
    """What `work` measures in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_send, args=(there, work, port, feeds))
    process.start()
    there.close()
    measured: dict[str, float] = here.recv()
    process.join()
    return measured


def _send(
    connection: Connection, work: Callable[[int, int], dict[str, float]], port: int, feeds: int
) -> None:
    connection.send(work(port, feeds))


def ingest(rows: list[dict[str, object]], feeds: int, rounds: int) -> None:
    """Ours and `reader` by turns, each in a process of its own, against one server; medians of the rounds."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    peer = importlib.util.find_spec("reader") is not None
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    for _ in range(rounds):
        runs["ours"].append(in_a_process(ours, port, feeds))
        if peer:
            runs["theirs"].append(in_a_process(theirs, port, feeds))
    server.kill()
    server.join()

    def middle(name: str, value: str) -> float:
        return statistics.median(run[value] for run in runs[name])

    label = f"{feeds} feeds"
    entries = feeds * ITEMS
    timed(
        rows,
        f"{label}: first poll",
        entries / middle("ours", "first cpu"),
        "entries per CPU second",
        None,
        "",
    )
    timed(
        rows,
        f"{label}: first poll, wall",
        entries / middle("ours", "first wall"),
        "entries per second",
        None,
        "",
    )
    timed(
        rows, f"{label}: unchanged", feeds / middle("ours", "unchanged cpu"), "feeds per CPU second", None, ""
    )
    timed(rows, f"{label}: memory", middle("ours", "memory"), "MiB", 120, "", least=False)
    if peer:
        against = f"reader {importlib.metadata.version('reader')}"
        for name, bar in (("first", 4.0), ("unchanged", 10.0)):
            ratio = middle("theirs", f"{name} cpu") / middle("ours", f"{name} cpu")
            timed(rows, f"{label}: {name} poll by CPU, ratio", ratio, "times", bar, against)
            ratio = middle("theirs", f"{name} wall") / middle("ours", f"{name} wall")
            timed(rows, f"{label}: {name} poll by wall, ratio", ratio, "times", None, against)
    else:
        print("reader is not installed, so there is nothing to compare with: pip install 'newsledger[bench]'")


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
    parser.add_argument("--feeds", type=int, nargs="*", default=[200, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    for feeds in given.feeds:
        ingest(rows, feeds, given.rounds)
    parse(rows)
    extract(rows)
    survive(rows)
    for row in rows:
        bar = "" if row["bar"] is None else f"bar {row['bar']:g}  {'holds' if row['holds'] else 'FAILS'}"
        print(f"{row['name']!s:42} {row['value']:>12,.2f} {row['unit']!s:24} {bar} {row['against']}")
    target = Path(__file__).parent / "results" / "feeds.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(0 if all(row["holds"] is not False for row in rows) else 1)


if __name__ == "__main__":
    main()
