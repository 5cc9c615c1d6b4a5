"""The whole chain: articles in, reported state out, beside raw sqlite3 doing the same inserts. Run: make bench-chain

Synthetic articles (seeded, of about 180 words, with figures, relays and dates) go through ingest, processors, views and state. The
events that this records are then inserted by raw sqlite3 into one table with the same durability, in the same commits, interleaved.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.store import open_store

RESULTS = Path(__file__).parent / "results"
PLACES = ("Karrow", "Velde", "Osmund", "Tarn", "Ostrava Bay", "Lindholm", "Marrow Hills")
SOURCES = (
    "the civil protection agency",
    "the interior ministry",
    "a hospital spokesman",
    "the mayor",
    "rescue workers",
)
FILLER = (
    "Roads into the district remained closed through the night.",
    "Schools will stay shut until the end of the week.",
    "Helicopters brought food and blankets to the upper villages.",
    "Power returned to most households on the eastern bank.",
    "The government promised money for repairs but named no sum.",
)


def article(rng: random.Random, number: int) -> dict[str, str]:
    """One invented report."""
    place, source = rng.choice(PLACES), rng.choice(SOURCES)
    dead, hurt = rng.randrange(3, 400), rng.randrange(10, 2000)
    paragraphs = [
        f"At least {dead} people were killed by the flood in {place}, {source} said on Monday.",
        f"About {hurt:,} people are injured and {rng.randrange(2, 90)} are missing, it added. {rng.choice(FILLER)}",
        f"{rng.choice(FILLER)} According to {rng.choice(SOURCES)}, {rng.randrange(20, 900)} houses were destroyed.",
        f"{rng.choice(FILLER)} The toll may rise to {dead * 2}, {source} warned. {rng.choice(FILLER)}",
    ]
    at = datetime(2031, 5, 5, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "title": f"Flood in {place}: report {number}",
        "text": "\n\n".join(paragraphs),
        "url": f"https://outlet{number % 7}.example/{number}",
        "outlet": f"outlet{number % 7}",
        "published": at.isoformat(),
    }


def raw_insert(path: Path, rows: list[tuple[int, bytes, bytes]], commit: int) -> float:
    """Seconds that raw sqlite3 needs for the same envelopes and payloads."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE event (position INTEGER PRIMARY KEY, envelope BLOB, payload BLOB)")
    begin = time.perf_counter()
    for start in range(0, len(rows), commit):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO event VALUES (?, ?, ?)", rows[start : start + commit])
        connection.execute("COMMIT")
    taken = time.perf_counter() - begin
    connection.close()
    return taken


def append_again(home: Path, events: list, commit: int) -> float:
    """Seconds that the store needs to append the same events with all its duties."""
    from ledger.events import NewEvent

    store = open_store(Settings(home=home), clock=FixedClock("2031-06-01T00:00:00Z"))
    new = [
        NewEvent(
            type=event.type,
            schema=event.envelope.schema,
            stream=event.stream,
            payload=event.payload,
            producer=event.envelope.producer,
            id=event.id,
            causes=event.envelope.causes,
        )
        for event in events
    ]
    begin = time.perf_counter()
    for start in range(0, len(new), commit):
        store.append(new[start : start + commit])
    taken = time.perf_counter() - begin
    store.close()
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rng = random.Random(7)
    articles = [article(rng, number) for number in range(options.articles)]
    words = sum(len(one["text"].split()) for one in articles)
    results: list[dict[str, object]] = []

    def report(name: str, value: float, unit: str, against: str = "") -> None:
        results.append(
            {
                "name": name,
                "value": round(value, 3),
                "unit": unit,
                "bar": None,
                "holds": None,
                "against": against,
            }
        )
        print(f"{name:<52} {value:>12,.2f} {unit}")

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "articles.json"
        source.write_text(json.dumps(articles), "utf-8")
        with open_ledger(Path(folder) / "home", clock=FixedClock("2031-06-01T00:00:00Z")) as ledger:
            _ = ledger.host
            begin = time.perf_counter()
            ledger.ingest(source, process=False)
            ingested = time.perf_counter()
            ledger.process()
            processed = time.perf_counter()
            state = ledger.state()
            asked = time.perf_counter()
            ledger.views.rebuild()
            rebuilt = time.perf_counter()
            verified = ledger.verify()
            checked = time.perf_counter()
            assert verified.holds
            events = list(ledger.store.read())
        report("whole chain", options.articles / (asked - begin), "articles/s")
        report("whole chain", words / (asked - begin), "words/s")
        report("ingest alone", options.articles / (ingested - begin), "articles/s")
        report("processors and views", options.articles / (processed - ingested), "articles/s")
        report("views rebuilt", len(events) / (rebuilt - asked), "events/s")
        report("verified", len(events) / (checked - rebuilt), "events/s")
        report("figures in the state", len(state.slots), "slots")
        rows = [(event.position, event.raw, event.payload or b"") for event in events]
        ratios, ours = [], []
        for turn in range(options.rounds):
            raw = raw_insert(Path(folder) / f"raw{turn}.db", rows, 100)
            own = append_again(Path(folder) / f"own{turn}", events, 100)
            ratios.append(raw / own)
            ours.append(len(events) / own)
        report("events appended, 100 per commit", statistics.median(ours), "events/s")
        report(
            "append against raw sqlite3, same rows and commits",
            statistics.median(ratios),
            "of raw",
            "sqlite3",
        )
    report("peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "chain.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
