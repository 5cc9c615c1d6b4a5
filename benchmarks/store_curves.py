"""The log as it grows: append, read, verification, head and lookup at 10^4 to 10^N events, as JSON and as a drawing."""

from __future__ import annotations

import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.clock import SystemClock
from ledger.events import NewEvent
from ledger.store import Store, open_store

__all__ = ["draw", "svg"]

_COLOURS = ("#1b6ca8", "#c8553d", "#588b8b", "#8f5d9e", "#6b705c")


def _took(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _asked(store: Store, size: int) -> dict[str, float]:
    """What questions to a log of `size` events take."""
    stored = next(iter(store.read(size // 2, limit=1)))
    return {
        "read, us an event": _took(lambda: list(store.read(size - 1000))) / 1000 * 1e6,
        "get by id, us": _took(lambda: [store.get(stored.id) for _ in range(50)]) / 50 * 1e6,
        "position at an instant, us": _took(lambda: store.position_at(stored.recorded_at)) * 1e6,
        "head, us": _took(lambda: [store.head() for _ in range(50)]) / 50 * 1e6,
    }


def _measure(given: list[NewEvent], most: int, folder: Path) -> list[dict[str, float]]:
    store = open_store(f"sqlite:///{folder / 'log.db'}", clock=SystemClock())
    sizes = [part * 10**power for power in range(4, most + 1) for part in (1, 2, 5)][: 3 * (most - 4) + 1]
    points: list[dict[str, float]] = []
    reached = 0
    for size in sizes:
        appending: list[float] = []
        while reached < size:
            part = given[reached % len(given) :][:1000]
            appending.append(_took(lambda part=part: store.append(part)))
            reached += len(part)
        points.append({"events": size, "append, us an event": statistics.median(appending[-9:]) / 1000 * 1e6})
        points[-1] |= _asked(store, reached)
        points[-1]["peak memory, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print("  ".join(f"{name} {value:,.1f}" for name, value in points[-1].items()), flush=True)
    store.close()
    return points


def svg(points: list[dict[str, float]]) -> str:
    """A small drawing for each measure, linear from zero, over `events` on a logarithmic axis."""
    names = [name for name in points[0] if name != "events"]
    width, height, columns = 300, 170, 3
    rows = -(-len(names) // columns)
    size = f"{width * columns} {height * rows}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="11">'
    ]
    for number, name in enumerate(names):
        left, top = number % columns * width, number // columns * height
        highest = max(point[name] for point in points) * 1.15 or 1
        at = [
            (
                left + 40 + (width - 60) * place / max(len(points) - 1, 1),
                top + height - 30 - (height - 60) * point[name] / highest,
            )
            for place, point in enumerate(points)
        ]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in at)
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(f'<text x="{left + 10}" y="{top + 16}">{name}</text>')
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for place in (0, len(points) - 1):
            x, y = at[place]
            parts.append(f'<text x="{x - 14:.0f}" y="{y - 6:.0f}">{points[place][name]:.1f}</text>')
            parts.append(f'<text x="{x - 20:.0f}" y="{top + height - 12}">{points[place]["events"]:,}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def draw(given: list[NewEvent], most: int, folder: Path) -> None:
    """Measure up to 10^`most` events and write `store.json` and `store.svg` into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        points = _measure(given, most, Path(scratch))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store.json").write_text(json.dumps(points, indent=1) + "\n")
    (folder / "store.svg").write_text(svg(points))
