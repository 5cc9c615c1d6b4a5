"""How fast the log appends and reads, against raw sqlite3 and against another event store.

    python benchmarks/bench_store.py [--rounds N] [--events N]

Variants run interleaved, in alternating order, each round on fresh files; figures are medians of the rounds' ratios, so a
noisy machine blurs them but does not shift them. All are durable (`synchronous=FULL`).

raw            rows that were made beforehand into the same table with the same indexes and settings, without triggers
log            `Store.append` of events whose payload bytes are ready: check, salt, commit, encode the envelope, look up ids
               and versions, hash, insert, keep the Merkle frontier
log, encoded   the same from typed events, payloads encoded too
eventsourcing  `EventStore.put` of typed events with its JSON transcoder, SQLite recorder; when it is installed
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from ledger.clock import SystemClock
from ledger.events import NewEvent, Producer, decode, new_event
from ledger.events.types import ArticleAnnotated
from ledger.store import Store, open_store
from ledger.store.group import GroupCommitter
from ledger.store.sqlite_file import SETTINGS
from ledger.store.verify import verify_store

RESULTS = Path(__file__).parent / "results" / "store.json"
PER_COMMIT = (1, 8, 100, 1000)
PRODUCER = Producer("numbers", "1.0", "ab" * 32)
THREADS = 64

Rate = Callable[[Path], float]


def facts(count: int) -> list[ArticleAnnotated]:
    """Typed events of about 490 bytes, deterministic."""
    chance = random.Random(3)
    made = []
    for number in range(count):
        note = {
            "type": "core.quantity",
            "span": {"start": number, "end": number + 9},
            "value": chance.random(),
        }
        made.append(
            ArticleAnnotated(
                article=f"a-{number // 8:016x}",
                revision=1,
                hash=f"{chance.getrandbits(256):064x}",
                processor="numbers",
                annotations=(msgspec.Raw(msgspec.json.encode(note)),) * 4,
            )
        )
    return made


def wrap(fact: ArticleAnnotated) -> NewEvent:
    return new_event(fact, stream=f"annotations:{fact.article}", producer=PRODUCER)


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'log.db'}", clock=SystemClock())


def timed(count: int, work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def in_parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def log(given: list[NewEvent], per_commit: int) -> Rate:
    def rate(folder: Path) -> float:
        store = opened(folder)
        parts = in_parts(given, per_commit)
        done = timed(len(given), lambda: [store.append(part) for part in parts])
        store.close()
        return done

    return rate


def log_encoded(given: list[ArticleAnnotated], per_commit: int) -> Rate:
    def rate(folder: Path) -> float:
        store = opened(folder)
        parts = in_parts(given, per_commit)
        done = timed(len(given), lambda: [store.append([wrap(fact) for fact in part]) for part in parts])
        store.close()
        return done

    return rate


def rows_of(given: list[NewEvent]) -> list[tuple[Any, ...]]:
    """The rows that the log itself inserts for `given`."""
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        store.append(given)
        store.close()
        connection = sqlite3.connect(Path(folder) / "log.db")
        rows = connection.execute("SELECT * FROM events ORDER BY position").fetchall()
        connection.close()
    return rows


def raw(rows: list[tuple[Any, ...]], per_commit: int) -> Rate:
    def rate(folder: Path) -> float:
        connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        for setting in SETTINGS:
            connection.execute(setting)
        connection.execute(
            """
            CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL,
                type INTEGER NOT NULL, producer INTEGER NOT NULL, event_id BLOB NOT NULL UNIQUE,
                recorded_at INTEGER NOT NULL, envelope BLOB NOT NULL, salt BLOB, payload BLOB, UNIQUE (stream, version))
            """
        )
        connection.execute("CREATE INDEX events_type ON events (type)")

        def insert() -> None:
            for part in in_parts(rows, per_commit):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", part)
                connection.execute("COMMIT")

        done = timed(len(rows), insert)
        connection.close()
        return done

    return rate


@functools.cache
def rival_event() -> Any:
    """The event class of the other library, made once: it registers classes by name."""
    from eventsourcing.domain import Aggregate

    class Annotated(Aggregate.Event):
        article: str
        revision: int
        hash: str
        processor: str
        annotations: list[Any]

    return Annotated


def eventsourcing(given: list[ArticleAnnotated], per_commit: int) -> Rate:
    from eventsourcing.persistence import DatetimeAsISO, EventStore, JSONTranscoder, Mapper, UUIDAsHex
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    now = datetime.now(UTC)
    ready = [
        rival_event()(
            originator_id=uuid5(NAMESPACE_URL, fact.article),
            originator_version=number % 8 + 1,
            timestamp=now,
            article=fact.article,
            revision=fact.revision,
            hash=fact.hash,
            processor=fact.processor,
            annotations=[msgspec.json.decode(note) for note in fact.annotations],
        )
        for number, fact in enumerate(given)
    ]

    def rate(folder: Path) -> float:
        datastore = SQLiteDatastore(str(folder / "es.db"))
        recorder = SQLiteApplicationRecorder(datastore)
        recorder.create_table()
        store = EventStore(Mapper(transcoder), recorder)
        parts = in_parts(ready, per_commit)
        done = timed(len(ready), lambda: [store.put(part) for part in parts])
        datastore.close()
        return done

    return rate


def one_by_one(given: list[NewEvent], *, grouped: bool) -> Rate:
    """Each of many threads appends single events and waits for each."""

    def rate(folder: Path) -> float:
        store = opened(folder)
        group = GroupCommitter(store)
        append = group.append if grouped else store.append
        with ThreadPoolExecutor(THREADS) as pool:
            done = timed(len(given), lambda: list(pool.map(lambda event: append([event]), given)))
        group.close()
        store.close()
        return done

    return rate


def read_log(folder: Path) -> float:
    store = opened(folder)
    count = store.head().position
    done = timed(count, lambda: [decode(stored) for stored in store.read()])
    store.close()
    return done


def read_raw(folder: Path) -> float:
    """The least that reading can be: rows by position, payloads decoded to the known type, envelopes left alone."""
    connection = sqlite3.connect(folder / "log.db", isolation_level=None)
    (count,) = connection.execute("SELECT position FROM head").fetchone()
    typed = msgspec.json.Decoder(ArticleAnnotated).decode
    rows = connection.execute("SELECT position, envelope, payload, salt FROM events ORDER BY position")
    done = timed(count, lambda: [typed(payload) for _, _, payload, _ in rows])
    connection.close()
    return done


def verified(folder: Path) -> float:
    store = opened(folder)
    done = timed(store.head().position, lambda: verify_store(store))
    store.close()
    return done


def rounds_of(variants: dict[str, Rate], rounds: int, folder: Path | None = None) -> dict[str, list[float]]:
    """The rates of every variant in every round, the order turned round each time; on fresh files unless `folder`."""
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        names = list(variants) if number % 2 == 0 else list(variants)[::-1]
        for name in names:
            if folder is not None:
                rates[name].append(variants[name](folder))
                continue
            with tempfile.TemporaryDirectory() as fresh:
                rates[name].append(variants[name](Path(fresh)))
    return rates


def ratio(rates: dict[str, list[float]], name: str, base: str) -> float:
    return statistics.median(one / other for one, other in zip(rates[name], rates[base], strict=True))


class Report:
    """The table on the screen and the rows of the result file."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def rates(self, title: str, rates: dict[str, list[float]]) -> None:
        shown = "  ".join(f"{name} {statistics.median(values):,.0f}/s" for name, values in rates.items())
        print(f"{title:<24} {shown}", flush=True)

    def add(self, name: str, value: float, against: str, bar: float | None = None) -> None:
        holds = bar is None or value >= bar
        row = {
            "name": name,
            "value": round(value, 3),
            "unit": "ratio",
            "bar": bar,
            "holds": holds,
            "against": against,
        }
        self.rows.append(row)
        told = "" if bar is None else f"   bar {bar}: {'holds' if holds else 'MISSED'}"
        print(f"    {name:<36} {value:6.2f} of {against}{told}", flush=True)


def measure(events: int, rounds: int) -> list[dict[str, Any]]:
    report = Report()
    everything = facts(events)
    rival = importlib.util.find_spec("eventsourcing") is not None
    for per_commit in PER_COMMIT:
        given = everything[: min(events, per_commit * 200)]
        wrapped = [wrap(fact) for fact in given]
        variants = {
            "raw": raw(rows_of(wrapped), per_commit),
            "log": log(wrapped, per_commit),
            "log, encoded": log_encoded(given, per_commit),
        }
        if rival:
            variants["eventsourcing"] = eventsourcing(given, per_commit)
        rates = rounds_of(variants, rounds)
        report.rates(f"append, {per_commit} a commit", rates)
        bar = 0.55 if per_commit >= 100 else None
        report.add(f"append {per_commit}", ratio(rates, "log", "raw"), "raw sqlite3", bar)
        if rival:
            bar = {8: 1.0, 100: 1.3, 1000: 1.3}.get(per_commit)
            report.add(
                f"append {per_commit}, encoded",
                ratio(rates, "log, encoded", "eventsourcing"),
                "eventsourcing",
                bar,
            )
    singles = [wrap(fact) for fact in everything[: THREADS * 10]]
    rates = rounds_of(
        {"alone": one_by_one(singles, grouped=False), "grouped": one_by_one(singles, grouped=True)}, rounds
    )
    report.rates(f"{THREADS} threads, one event each", rates)
    report.add("group commit", ratio(rates, "grouped", "alone"), "one commit per event")
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        for part in in_parts([wrap(fact) for fact in everything], 1000):
            store.append(part)
        store.close()
        rates = rounds_of({"raw": read_raw, "log": read_log, "verify": verified}, rounds, Path(folder))
    report.rates("read, decoded", rates)
    report.add("read", ratio(rates, "log", "raw"), "raw sqlite3 and msgspec")
    return report.rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Append and read rates of the log, as ratios.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--events", type=int, default=20_000)
    chosen = parser.parse_args()
    rows = measure(chosen.events, chosen.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"Written to {RESULTS}")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
