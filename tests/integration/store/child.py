"""What the processes of the tests in this folder do: `python child.py ROLE URL ...`. Waits for a line on standard input."""

from __future__ import annotations

import os
import resource
import sys

from ledger.clock import SystemClock
from ledger.errors import StoreUnavailableError
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import PayloadRedacted
from ledger.store import open_store

CORE = Producer("core", "1")


def say(*words):
    print(*words, flush=True)


def ready():
    say("ready")
    sys.stdin.readline()


def event(text, stream, event_id=""):
    return NewEvent(type="article.ingested", stream=stream, payload=text.encode(), producer=CORE, id=event_id)


def create(url):
    """Open a ledger that may not exist yet."""
    ready()
    store = open_store(url, clock=SystemClock())
    say(store.head().ledger)
    store.close()


def write(url, name, count):
    """Append `count` pairs of events, each under the expected version."""
    store = open_store(url, clock=SystemClock())
    ready()
    for n in range(int(count)):
        store.append([event(f"{name}/{n}/{half}", name) for half in range(2)], {name: 2 * n})
    store.close()


def tail(url, total):
    """Read what comes until `total` events were seen, in order, none missing."""
    store = open_store(url, clock=SystemClock())
    ready()
    seen = 0
    while seen < int(total):
        for stored in store.read(seen):
            assert stored.position == seen + 1
            seen = stored.position
    say(seen)
    store.close()


def claim(url, owner):
    """Lease tasks one by one until none is due."""
    store = open_store(url, clock=SystemClock())
    ready()
    while held := store.claim("feed", now=SystemClock().now(), owner=owner, lease_seconds=600, limit=1):
        say(held[0].key, held[0].fence)
    store.close()


def work(url):
    """Append, keep bodies and redact for ever, telling of each only when it is done."""
    store = open_store(url, clock=SystemClock())
    ready()
    n = store.stream_version("work")
    while True:
        n += 1
        (body,) = store.put_bodies([(f"body {n}".encode() * 40, "text/plain")])
        done = store.append(
            [event(f"work {n}", "work", f"{n:032x}"), *(event(f"more {n}", f"s:{n}") for _ in range(n % 5))],
            {"work": n - 1},
            keys={f"k{n}": str(n)},
        )
        say("append", n, done.positions[0], body.key)
        if n % 3 == 0:
            order = PayloadRedacted(
                positions=(done.positions[0],), bodies=(body.key,), by="desk", reason="order"
            )
            store.append([new_event(order, stream="ledger", producer=CORE)])
            store.redact(order.positions, order.bodies)
            say("redact", n, done.positions[0], body.key)


def fill(url):
    """Append until the disk (a file size limit) is full, then once more when there is room again."""
    store = open_store(url, clock=SystemClock())
    store.append([event("first", "s:0")])
    ready()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    n = 1
    try:
        while True:
            store.append([event("x" * 20_000, f"s:{n}")])
            n += 1
    except StoreUnavailableError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.head().position == n
        store.append([event("after", "s:last")])
        say(n + 1, error)
    store.close()


def denied(url, missing, elsewhere):
    """Open a ledger for writing, one in a missing folder, and the first for reading, as a user who may only read."""
    open_store(elsewhere, clock=SystemClock()).close()
    if os.geteuid() == 0:
        os.setuid(65534)
    ready()
    for target in (url, missing):
        try:
            open_store(target, clock=SystemClock()).close()
            say("opened")
        except StoreUnavailableError as error:
            say(error)
    store = open_store(url, clock=SystemClock(), readonly=True)
    say(store.head().position, len(list(store.read())))
    store.close()


if __name__ == "__main__":
    roles = {
        "create": create,
        "write": write,
        "tail": tail,
        "claim": claim,
        "work": work,
        "fill": fill,
        "denied": denied,
    }
    roles[sys.argv[1]](*sys.argv[2:])
