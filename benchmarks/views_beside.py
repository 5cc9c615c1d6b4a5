"""What appending loses while another process rebuilds views of the same ledger.

Windows alternate: nobody beside, a rebuild beside, and a process beside that only computes. The last tells what a second busy
core costs on this machine, whoever it is.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from ledger.clock import SystemClock
from ledger.config import Settings
from ledger.events import NewEvent
from ledger.projections import open_views
from ledger.store import Store, open_store

__all__ = ["losses"]

_ROUNDS, _BATCHES, _PER_APPEND = 7, 12, 100


def losses(home: Path, store: Store, events: Callable[[int], list[NewEvent]]) -> tuple[float, float]:
    """Shares of appending that are lost beside a rebuild: against appending alone, and beside one that computes."""
    rates: dict[str, list[float]] = {"alone": [], "rebuild": [], "compute": []}
    for _ in range(_ROUNDS):
        for name, beside in (("alone", None), ("rebuild", _rebuild), ("compute", _compute)):
            for _ in _running(beside, home):
                parts = [events(_PER_APPEND) for _ in range(_BATCHES)]
                start = time.perf_counter()
                for part in parts:
                    store.append(part)
                rates[name].append(_BATCHES * _PER_APPEND / (time.perf_counter() - start))
    pairs = zip(rates["rebuild"], rates["alone"], rates["compute"], strict=True)
    lost = [(1 - beside / alone, 1 - beside / computing) for beside, alone, computing in pairs]
    return statistics.median(each[0] for each in lost), statistics.median(each[1] for each in lost)


def _running(beside: Callable[[str, Event, Event], None] | None, home: Path) -> Iterator[None]:
    if beside is None:
        yield
        return
    context = multiprocessing.get_context("spawn")
    busy, enough = context.Event(), context.Event()
    child = context.Process(target=beside, args=(str(home), busy, enough))
    child.start()
    busy.wait(60)
    yield
    enough.set()
    child.join(60)


def _rebuild(home: str, busy: Event, enough: Event) -> None:
    settings = Settings(home=Path(home))
    store = open_store(settings, clock=SystemClock())
    views = open_views(settings, store, clock=SystemClock())
    views.rebuild("processors")
    busy.set()
    while not enough.is_set():
        for name in ("annotations", "articles", "search"):
            views.rebuild(name)
            if enough.is_set():
                break
    views.close()
    store.close()


def _compute(_home: str, busy: Event, enough: Event) -> None:
    busy.set()
    while not enough.is_set():
        sum(range(10_000))
