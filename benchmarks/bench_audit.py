"""What proofs cost, in units: one unit is one SHA-256 of 65 bytes by hashlib, measured in the same run.

The bars: tree at most 2 units a leaf on top of the leaf hash at 10^6; a full verification of 10^6 events at most 6 units each; a warm
receipt within 100 microseconds; memory that does not grow with the log. CPU is that of all processes; what passed is measured
against a unit that passed just before and just after. `--events N` measures a smaller log. Results go to benchmarks/results/audit.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ledger.audit.auditor import Auditor
from ledger.audit.newsledger_verify import leaf_hash
from ledger.audit.tiles import TileFolder, Tree, check_tiles
from ledger.clock import FixedClock
from ledger.config import Plugins, Settings
from ledger.events import Producer, new_event
from ledger.events.types import FeedAdded
from ledger.host import Host
from ledger.projections import open_views
from ledger.store import Store, open_store
from ledger.store.tlog import Frontier

RESULTS = Path(__file__).parent / "results" / "audit.json"


def best(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of some runs, in CPU seconds: other work on the machine cannot make it shorter."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return min(found)


def unit() -> float:
    """Seconds for one SHA-256 of 65 bytes."""
    data, count = bytes(65), 200_000

    def work() -> None:
        sha256 = hashlib.sha256
        for _ in range(count):
            sha256(data).digest()

    return best(work, 5) / count


def passing_unit() -> float:
    """Seconds that pass during one SHA-256 of 65 bytes, with whatever else the machine does now."""
    data, count = bytes(65), 300_000
    begin = time.perf_counter()
    for _ in range(count):
        hashlib.sha256(data).digest()
    return (time.perf_counter() - begin) / count


class Table:
    """The measured figures, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def add(self, name: str, value: float, unit: str, bar: float | None = None, against: str = "") -> None:
        """Note one figure; it holds when it is not above its bar."""
        holds = None if bar is None else value <= bar
        self.rows.append(
            {
                "name": name,
                "value": round(value, 3),
                "unit": unit,
                "bar": bar,
                "holds": holds,
                "against": against,
            }
        )
        said = "" if bar is None else f"   bar {bar:g}: {'holds' if holds else 'DOES NOT HOLD'}"
        print(f"{name:66} {value:12.3f} {unit}{said}", flush=True)


def trees(table: Table, count: int, one: float) -> None:
    """The tree alone, over leaves in memory."""
    data = [b"%0299d" % at for at in range(count)]
    spent = best(lambda: [leaf_hash(item) for item in data], 2)
    hashes = [leaf_hash(item) for item in data]
    table.add("leaf hash of 300 bytes", spent / count / one, "units")
    table.add(
        "growing edge, per leaf", best(lambda: Frontier().extend(hashes), 2) / count / one, "units", 2.0
    )
    with tempfile.TemporaryDirectory() as folder:
        tiles = TileFolder(Path(folder))
        leaves = lambda start, end: iter(hashes[start:end])  # noqa: E731 - one line, used three times
        spent = best(lambda: tiles.extend(leaves, count, rebuild=True), 1)
        table.add("tiles written, per leaf, a file for each 256", spent / count / one, "units")
        table.add(
            "tiles checked, per leaf",
            best(lambda: list(check_tiles(tiles, leaves, count)), 1) / count / one,
            "units",
        )
        tree = Tree(count, leaves, tiles.full)
        table.add("root from tiles, cold", best(tree.root, 1) * 1e6, "us")
        spots = [at * 7919 % count for at in range(200)]
        for at in spots:
            tree.inclusion(at)
        table.add(
            "receipt, warm",
            best(lambda: [tree.inclusion(at) for at in spots]) / len(spots) * 1e6,
            "us",
            100.0,
        )
        near = [at % count for at in range(5000, 5200)]
        for at in near:
            tree.inclusion(at)
        table.add(
            "receipt, neighbours",
            best(lambda: [tree.inclusion(at) for at in near]) / len(near) * 1e6,
            "us",
            100.0,
        )
        table.add("consistency proof, warm", best(lambda: tree.consistency(count // 3)) * 1e6, "us")


CLOCK, WHO = FixedClock("2031-05-04T07:00:00Z"), Producer("newsledger", "0.1.0")


def build(home: Path, count: int) -> Store:
    """A ledger of `count` events in an SQLite file."""
    store = open_store(Settings(home=home, plugins=Plugins()), clock=CLOCK)
    for begin in range(0, count, 10_000):
        new = [
            FeedAdded(feed=f"f-{at:012x}", url=f"https://o{at}.example/feed.xml", outlet=f"o{at}")
            for at in range(begin, min(begin + 10_000, count))
        ]
        store.append([new_event(event, stream=f"feed:{event.feed}", producer=WHO) for event in new])
    return store


def auditor_of(home: Path, store: Store) -> Auditor:
    """What seals, verifies and audits a ledger."""
    settings = Settings(home=home, plugins=Plugins())
    views = open_views(settings, store, clock=CLOCK)
    return Auditor(settings, store, views, lambda: Host(settings.plugins), CLOCK, WHO)


def everything(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and CPU seconds of this process and of those that it started."""

    def used() -> float:
        own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime

    begin, before = time.perf_counter(), used()
    work()
    return time.perf_counter() - begin, used() - before


def command_peak(home: Path, *arguments: str) -> float:
    """Peak memory of the largest process of a command, MiB."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
        "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    command = [sys.executable, "-m", "ledger", "--home", str(home), *arguments]
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def ledgers(table: Table, count: int, one: float) -> None:
    """A ledger in an SQLite file: sealing, full verification, and the memory that it takes."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        store = build(home, count)
        auditor = auditor_of(home, store)
        auditor.sealer.new_key("desk.example/log")
        spent = best(auditor.sealer.seal, 1)
        table.add(f"seal of {count} events in a file, per event", spent / count / one, "units")
        for jobs, said in ((1, "one process"), (0, f"{len(os.sched_getaffinity(0))} cores")):
            runs = []
            for _ in range(3):
                before = passing_unit()
                passed, used = everything(lambda jobs=jobs: auditor.verify(jobs=jobs))
                runs.append((passed / (before + passing_unit()) * 2, used))
            what = f"full verification, all layers, {said}"
            table.add(f"{what}: passed per event", min(runs)[0] / count, "units", 6.0)
            table.add(f"{what}: CPU per event", min(used for _, used in runs) / count / one, "units")
        size = auditor.sealer.sizes()[-1]
        table.add(
            "verification since the last checkpoint", best(lambda: auditor.verify(since=size), 1) * 1e3, "ms"
        )
        auditor.views.close()
        store.close()
        large = command_peak(home, "verify")
        small_home = Path(folder) / "small"
        small_home.mkdir()
        build(small_home, count // 10).close()
        small = command_peak(small_home, "verify")
        table.add(f"peak memory of `verify` at {count // 10} events", small, "MiB")
        table.add(f"peak memory of `verify` at {count} events", large, "MiB", small * 1.25)


def audits(table: Table, count: int) -> None:
    """An audit of everything, with its progress."""
    peaks = []
    for size in (count // 10, count):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            home.mkdir()
            build(home, size).close()
            command = ("audit", "--as-of", str(size), "-o", str(Path(folder) / "out"))
            passed, used = everything(lambda c=command, h=home: peaks.append(command_peak(h, *c)))
    table.add(f"audit of {count} events, passed", passed, "s")
    table.add(f"audit of {count} events, CPU", used, "s")
    table.add(f"peak memory of an audit of {count // 10} events", peaks[0], "MiB")
    table.add(f"peak memory of an audit of {count} events", peaks[1], "MiB", peaks[0] * 1.25)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument(
        "--ledger", type=int, default=0, help="events of the ledger in a file; default: as --events"
    )
    options = parser.parse_args()
    table, one = Table(), unit()
    table.add("one unit: SHA-256 of 65 bytes", one * 1e6, "us")
    trees(table, options.events, one)
    ledgers(table, options.ledger or options.events, one)
    audits(table, min(100_000, options.events))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(table.rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
