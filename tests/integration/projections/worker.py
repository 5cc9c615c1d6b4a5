"""Works on the views of a home in a process of its own: `worker.py HOME DATABASE ACTION BATCH`."""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.projections import folding, open_views
from ledger.store import open_store


def main(home, database, action, batch):
    folding.BATCH_EVENTS = int(batch)
    settings, clock = Settings(home=Path(home), db=database), FixedClock("2031-05-04T08:00:00Z")
    store = open_store(settings, clock=clock)
    views = open_views(settings, store, clock=clock)
    print("open", flush=True)
    sys.stdin.readline()

    def show(done, total):
        print(f"{done} of {total}", flush=True)

    if action == "catch-up":
        views.catch_up(show)
    else:
        views.rebuild(None, show)
    print("done", flush=True)
    views.close()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
