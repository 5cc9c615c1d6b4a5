"""How fast pages are made: the start page over many figures and claims, a figure, an article, and 50 readers at once.

    python benchmarks/bench_web.py [FIGURES] [CLAIMS PER FIGURE]

The figures and their histories are written into the view `figures` of a small ledger, as the projector would write them: reading is what is
measured, not evaluating. Requests go through the whole application in this process; server and network are left out.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.state.model import SlotState
from ledger.web.server import create_app

RESULTS = Path(__file__).parent / "results" / "web.json"
TEXT = (
    "At least 40 people were killed in Karrow, the interior ministry said on Sunday.\n\n"
    "The health ministry said on Monday that 52 people had been killed in Karrow and 110 injured."
)


async def ask(app: Any, path: str) -> tuple[float, int, int]:
    """Seconds, status and size of one GET."""
    size, status = 0, 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal size, status
        status = message.get("status", status)
        size += len(message.get("body", b""))

    route, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": route,
        "raw_path": route.encode(), "query_string": query.encode(), "root_path": "", "headers": [(b"host", b"127.0.0.1"), (b"accept", b"text/html")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    start = time.perf_counter()
    await app(scope, receive, send)
    return time.perf_counter() - start, status, size


def fill(home: Path, figures: int, claims: int) -> None:
    """Copies of a real figure under other names, each with `claims` claims and a history of ten steps."""
    with sqlite3.connect(home / "views.db") as database:
        database.row_factory = sqlite3.Row
        (table,) = database.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'figures\\_\\_g%' ESCAPE '\\' AND type = 'table'"
        ).fetchone()
        history = table.replace("figures", "figure_history")
        row = dict(database.execute(f"SELECT * FROM {table} ORDER BY reports DESC LIMIT 1").fetchone())
        step = dict(
            database.execute(f"SELECT * FROM {history} WHERE slot = ? LIMIT 1", (row["slot"],)).fetchone()
        )
        slot = msgspec.json.decode(row["state"], type=SlotState)
        many = (slot.claims * (claims // len(slot.claims) + 1))[:claims]
        state = msgspec.json.encode(msgspec.structs.replace(slot, claims=many)).decode()
        own = json.dumps(slot.id)
        for number in range(figures):
            name = f"figure-{number:05d}"
            values = {
                **row, "slot": name, "reports": claims, "disputed": number % 7 == 0, "measure": f"measure {number % 40}",
                "state": state.replace(own, json.dumps(name)),
            }  # fmt: skip
            database.execute(
                f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", tuple(values.values())
            )
            for ordinal in range(10):
                moved = {
                    **step,
                    "slot": name,
                    "ordinal": ordinal,
                    "value": 40.0 + ordinal,
                    "at": f"2031-05-{ordinal + 1:02d}T00:00:00Z",
                }
                database.execute(
                    f"INSERT INTO {history} VALUES ({','.join('?' * len(moved))})", tuple(moved.values())
                )
    database.close()


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def measure(app: Any, paths: dict[str, tuple[str, float | None]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, (path, bar) in paths.items():
        first, status, size = await ask(app, path)
        assert status == 200, (path, status)
        times = [(await ask(app, path))[0] for _ in range(15)]
        median = statistics.median(times) * 1000
        rows.append(
            {
                "name": name,
                "value": round(median, 1),
                "unit": "ms",
                "bar": bar,
                "holds": bar is None or median <= bar,
                "against": f"first {first * 1000:.0f} ms, {size // 1024} KiB",
            }
        )
    home = paths["start page"][0]
    times: list[float] = []

    async def reader() -> None:
        for _ in range(6):
            times.append((await ask(app, home))[0])

    tracemalloc.start()
    await asyncio.gather(*(reader() for _ in range(50)))
    before = tracemalloc.get_traced_memory()[0]
    await asyncio.gather(*(reader() for _ in range(50)))
    grown = (tracemalloc.get_traced_memory()[0] - before) / 2**20
    tracemalloc.stop()
    times.clear()
    await asyncio.gather(*(reader() for _ in range(50)))
    median, slow = statistics.median(times), quantile(times, 0.99)
    rows.append(
        {
            "name": "50 readers: p99 over median",
            "value": round(slow / median, 2),
            "unit": "times",
            "bar": 5,
            "holds": slow / median <= 5,
            "against": f"median {median * 1000:.0f} ms, p99 {slow * 1000:.0f} ms",
        }
    )
    rows.append(
        {
            "name": "memory grown by 300 requests",
            "value": round(grown, 2),
            "unit": "MiB",
            "bar": 5,
            "holds": grown <= 5,
            "against": "",
        }
    )
    return rows


def main() -> None:
    figures = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    claims = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        report = Path(folder) / "report.txt"
        report.write_text(TEXT)
        with open_ledger(home, clock=FixedClock("2031-05-05T20:00:00Z")) as ledger:
            ledger.ingest(report, outlet="tribune", published="2031-05-05T18:00:00Z")
            (article,) = [row.article for row in ledger.views.articles()]
        fill(home, figures, claims)
        with open_ledger(home, clock=FixedClock("2031-05-05T20:00:00Z")) as ledger:
            app = create_app(ledger)
            rows = asyncio.run(
                measure(
                    app,
                    {
                        "start page": ("/", 100),
                        "start page, narrowed": ("/?measure=measure+7&q=figure", 100),
                        "figure page": ("/figures/figure-00007", None),
                        "article page": (f"/articles/{article}", 50),
                    },
                )
            )
    print(f"{figures:,} figures, {figures * claims:,} claims")
    for row in rows:
        print(
            f"{row['name']:32} {row['value']:>9} {row['unit']:6} bar {row['bar'] or '-'!s:>5}  {'ok' if row['holds'] else 'MISSED'}  {row['against']}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(0 if all(row["holds"] for row in rows) else 1)


if __name__ == "__main__":
    main()
