"""How fast the log appends and reads, against raw drivers and against another event store.

    python benchmarks/bench_store.py [--rounds N] [--events N] [--only sqlite|postgres] [--curves N]

Variants run interleaved, in alternating order, each round on fresh files; figures are medians of the rounds' ratios, so a
noisy machine blurs them but does not shift them. All are durable (`synchronous=FULL`).

raw            rows that were made beforehand into the same table with the same indexes and settings, without triggers
log            `Store.append` of events whose payload bytes are ready: check, salt, commit, encode the envelope, look up ids
               and versions, hash, insert, keep the Merkle frontier
log, encoded   the same from typed events, payloads encoded too
eventsourcing  `EventStore.put` of typed events with its JSON transcoder, SQLite recorder; when it is installed. On
               PostgreSQL its application recorder alone, given states that are ready
no disk        the same on a server that does not wait for its disk (`fsync = off`)
read           every event with envelope and payload decoded, beside raw sqlite3 with the same two msgspec decoders
--curves N     instead: append, read, verification and head as the log grows from 10^4 to 10^N events, drawn in
               benchmarks/curves/store.svg
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
from ledger.events.envelope import Envelope
from ledger.events.types import ArticleAnnotated
from ledger.store import Store, open_store
from ledger.store.group import GroupCommitter
from ledger.store.sqlite_file import SETTINGS
from ledger.store.tlog import Frontier, leaf_hash
from ledger.store.verify import verify_store

HERE = Path(__file__).parent
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

    def read() -> None:
        for stored in store.read():
            decode(stored)

    done = timed(count, read)
    store.close()
    return done


def read_raw(folder: Path) -> float:
    """The least that gives the same: rows by position, envelope and payload decoded to the known types."""
    connection = sqlite3.connect(folder / "log.db", isolation_level=None)
    (count,) = connection.execute("SELECT position FROM head").fetchone()
    typed, whole = msgspec.json.Decoder(ArticleAnnotated).decode, msgspec.json.Decoder(Envelope).decode
    rows = connection.execute("SELECT position, envelope, payload, salt FROM events ORDER BY position")

    def read() -> None:
        for _, envelope, payload, _ in rows:
            whole(envelope)
            typed(payload)

    done = timed(count, read)
    connection.close()
    return done


def read_payloads(folder: Path) -> float:
    """Less than a reader of the log gets: payloads decoded to the known type, envelopes left alone."""
    connection = sqlite3.connect(folder / "log.db", isolation_level=None)
    (count,) = connection.execute("SELECT position FROM head").fetchone()
    typed = msgspec.json.Decoder(ArticleAnnotated).decode
    rows = connection.execute("SELECT position, envelope, payload, salt FROM events ORDER BY position")

    def read() -> None:
        for _, _, payload, _ in rows:
            typed(payload)

    done = timed(count, read)
    connection.close()
    return done


def read_library(given: list[ArticleAnnotated]) -> Rate:
    """The other library's notifications, mapped to its typed events."""

    def rate(folder: Path) -> float:
        from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, UUIDAsHex
        from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

        if not (folder / "es.db").exists():
            eventsourcing(given, 1000)(folder)
        transcoder = JSONTranscoder()
        transcoder.register(UUIDAsHex())
        transcoder.register(DatetimeAsISO())
        mapper = Mapper(transcoder)
        datastore = SQLiteDatastore(str(folder / "es.db"))
        recorder = SQLiteApplicationRecorder(datastore)

        def read() -> None:
            start = 1
            while found := recorder.select_notifications(start, 1000):
                for notification in found:
                    mapper.to_domain_event(notification)
                start = found[-1].id + 1

        done = timed(len(given), read)
        datastore.close()
        return done

    return rate


def read_rare(folder: Path) -> float:
    """Events of a log a second when one in a hundred is wanted by its type."""
    store = opened(folder)
    done = timed(store.head().position, lambda: [decode(stored) for stored in store.read(types=["rare"])])
    store.close()
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


def interleaved(variants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """The rates of every variant in every round, the order turned round each time."""
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        for name in list(variants) if number % 2 == 0 else list(variants)[::-1]:
            rates[name].append(variants[name]())
    return rates


def ratio(rates: dict[str, list[float]], name: str, base: str) -> float:
    """The median of the rounds' ratios; a round that `base` did not finish counts for nothing."""
    return statistics.median(
        one / other for one, other in zip(rates[name], rates[base], strict=True) if other
    )


class Report:
    """The table on the screen and the rows of the result file."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def rates(self, title: str, rates: dict[str, list[float]]) -> None:
        shown = "  ".join(f"{name} {statistics.median(values):,.0f}/s" for name, values in rates.items())
        print(f"{title:<24} {shown}", flush=True)

    def merkle(self, given: list[NewEvent]) -> None:
        """The share that the tree has in an append of 1000, without the disk's."""
        with tempfile.TemporaryDirectory() as folder:
            store = opened(Path(folder))
            store.append(given)
            leaves = list(store.leaf_hashes(0, len(given)))
            raws = [stored.raw for stored in store.read()]
            start = time.perf_counter()
            store.append(given)
            whole = time.perf_counter() - start
            start = time.perf_counter()
            for raw_envelope in raws:
                leaf_hash(raw_envelope)
            Frontier().extend(leaves)
            tree = time.perf_counter() - start
            store.close()
        self.add("append without the tree", 1 - tree / whole, "append with it", 0.9)

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


def measure(report: Report, events: int, rounds: int) -> None:
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
        for number, part in enumerate(in_parts([wrap(fact) for fact in everything], 1000)):
            rare = [msgspec.structs.replace(event, type="rare") for event in part[:10]]
            store.append([*rare, *part[10:]])
            if number == 0:
                report.merkle(part)
        store.close()
        variants: dict[str, Rate] = {
            "raw": read_raw,
            "payloads": read_payloads,
            "log": read_log,
            "rare": read_rare,
            "verify": verified,
        }
        if rival:
            variants["eventsourcing"] = read_library(everything)
        rates = rounds_of(variants, rounds, Path(folder))
    report.rates("read, decoded", rates)
    report.add("read", ratio(rates, "log", "raw"), "raw sqlite3 and msgspec", 0.75)
    report.add("read", ratio(rates, "log", "payloads"), "raw sqlite3 and msgspec, payloads only")
    report.add("read of 1 % by type", ratio(rates, "rare", "log"), "reading all of it", 5.0)
    if rival:
        report.add("read", ratio(rates, "log", "eventsourcing"), "eventsourcing", 3.0)


def measure_postgres(report: Report, events: int, rounds: int) -> None:
    import store_postgres as postgres

    everything = [wrap(fact) for fact in facts(events)]
    with postgres.server() as url:
        database = postgres.Database(url)
        for per_commit in PER_COMMIT:
            measure_appends(report, database, everything, per_commit, rounds, "")
        if postgres.flush(url, on=False):
            for per_commit in PER_COMMIT:
                measure_appends(report, database, everything, per_commit, rounds, ", no disk")
            postgres.flush(url, on=True)
        singles = everything[: THREADS * 10]
        rates = interleaved(
            {
                "alone": functools.partial(postgres.alone, database, singles),
                "grouped": functools.partial(postgres.grouped, database, singles),
            },
            rounds,
        )
        report.rates(f"PostgreSQL, {THREADS} threads", rates)
        report.add("PostgreSQL group commit", ratio(rates, "grouped", "alone"), "one commit per event", 8.0)


def measure_appends(
    report: Report, database: Any, everything: list[NewEvent], per_commit: int, rounds: int, disk: str
) -> None:
    """Appends of one size to PostgreSQL beside COPY and the other library's recorder."""
    import store_postgres as postgres

    given = everything[: min(len(everything), max(per_commit * 50, 400), 5000)]
    rows = rows_of(given)
    variants: dict[str, Callable[[], float]] = {
        "COPY": functools.partial(postgres.copied, database, rows, per_commit),
        "log": functools.partial(postgres.log, database, given, per_commit),
    }
    if importlib.util.find_spec("eventsourcing") is not None:
        variants["eventsourcing"] = functools.partial(postgres.library, database, given, per_commit)
    rates = interleaved(variants, rounds)
    name = f"PostgreSQL append {per_commit}{disk}"
    report.rates(name, rates)
    report.add(name, ratio(rates, "log", "COPY"), "binary COPY")
    if "eventsourcing" in variants:
        if any(rates["eventsourcing"]):
            report.add(name, ratio(rates, "log", "eventsourcing"), "eventsourcing's recorder", 2.0)
        else:
            print("    eventsourcing did not come back in any round; no ratio")


def _rows_so_far() -> list[dict[str, Any]]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def _is_postgres(row: dict[str, Any]) -> bool:
    return str(row["name"]).startswith("PostgreSQL")


def main() -> int:
    parser = argparse.ArgumentParser(description="Append and read rates of the log, as ratios.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--curves", type=int, metavar="N", help="draw curves up to 10^N events instead")
    chosen = parser.parse_args()
    if chosen.curves:
        import store_curves

        store_curves.draw([wrap(fact) for fact in facts(10_000)], chosen.curves, HERE / "curves")
        return 0
    report = Report()
    if chosen.only != "postgres":
        measure(report, chosen.events, chosen.rounds)
    if chosen.only != "sqlite":
        measure_postgres(report, chosen.events, chosen.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    kept = [row for row in _rows_so_far() if chosen.only and _is_postgres(row) != (chosen.only == "postgres")]
    RESULTS.write_text(json.dumps([*kept, *report.rows], indent=2) + "\n")
    print(f"Written to {RESULTS}")
    return 0 if all(row["holds"] for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
