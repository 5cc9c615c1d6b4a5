"""The views as the ledger grows: at 10^4 to 10^N events, as JSON and as a drawing."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench_views import CLOCK, Desk, one_more
from store_curves import svg

__all__ = ["draw"]

_VIEWS = ("articles", "annotations", "processors")


def _best(ask: Callable[[], Any], count: int = 5) -> float:
    taken = []
    for _ in range(count):
        start = time.process_time()
        ask()
        taken.append(time.process_time() - start)
    return min(taken)


def _point(desk: Desk) -> dict[str, float]:
    desk.views.catch_up()
    events = desk.store.head().position
    slots = [line.slot for line in desk.views.figures()][:: max(1, len(desk.views.figures()) // 50)][:50]
    then = CLOCK.now() - timedelta(minutes=desk.articles // 2)
    with_slots = {"slots": slots}
    point = {
        "events": events,
        "50 figures now, ms": _best(lambda: desk.views.state(**with_slots)) * 1e3,
        "50 figures as of half way, ms": _best(lambda: desk.views.state(then, **with_slots)) * 1e3,
        "50 figures as published, ms": _best(lambda: desk.views.state(None, CLOCK.now(), **with_slots)) * 1e3,
        "one more article, ms": one_more(desk, 11) * 1e3,
        "rebuild, us an event": sum(_best(lambda name=name: desk.views.rebuild(name), 1) for name in _VIEWS)
        / events
        * 1e6,
    }
    point["peak memory, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return point


def draw(most: int, folder: Path) -> None:
    """Measure up to 10^`most` events and write `views.json` and `views.svg` into `folder`."""
    sizes = [part * 10**power for power in range(4, most + 1) for part in (1, 3)][: 2 * (most - 4) + 1]
    points: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        desk = Desk(Path(scratch), per_article=1)
        for size in sizes:
            while desk.store.head().position < size:
                desk.grow(desk.claims + 2_000)
                desk.views.catch_up()
            points.append(_point(desk))
            print("  ".join(f"{name} {value:,.1f}" for name, value in points[-1].items()), flush=True)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "views.json").write_text(json.dumps(points, indent=1) + "\n")
            (folder / "views.svg").write_text(svg(points))
        desk.close()
