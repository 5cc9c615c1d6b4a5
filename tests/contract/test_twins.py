"""Whatever is done to them, the log in SQLite or PostgreSQL and the log in memory stay byte for byte the same."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.clock import FixedClock
from ledger.errors import LedgerError
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import PayloadRedacted
from ledger.store import MemoryStore, Task, TaskDone, open_store
from ledger.store.verify import check_log, verify_store
from tests.contract.server import new_database, release_database, text

NOW = datetime(2031, 5, 4, 7, tzinfo=UTC)
CORE = Producer("core", "1")
STREAMS = ["article:a-1", "article:a-2", "registry"]
TYPES = ["article.ingested", "article.revised", "other"]

streams = st.sampled_from(STREAMS)
events = st.builds(
    NewEvent,
    type=st.sampled_from(TYPES),
    stream=streams,
    payload=st.sampled_from([b"a", b"b", b""]),
    producer=st.sampled_from([CORE, Producer("numbers", "2", "ab")]),
    id=st.one_of(st.just(""), st.integers(1, 6).map(lambda n: f"{n:032x}")),
    published_at=st.sampled_from([None, NOW]),
)
expected = st.one_of(st.none(), st.dictionaries(streams, st.integers(-1, 4), max_size=2))
keys = st.dictionaries(st.sampled_from("klm"), st.sampled_from("xyz"), max_size=2)
task_keys = st.sampled_from(["f1", "f2", "f3", "f4"])
seconds = st.integers(-100, 100)


class Twins(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FixedClock(NOW)
        self.bodies = ["00" * 32]

    @initialize()
    def open(self):
        url, chance = self.url(), random.Random(5).randbytes
        first = open_store(url, clock=self.clock, entropy=chance)
        opening = True
        second = open_store(
            url, clock=self.clock, entropy=lambda count: bytes(count) if opening else chance(count)
        )
        opening = False
        self.handles = (first, second)
        self.stores = (MemoryStore(self.clock, random.Random(5).randbytes), first)

    def url(self):
        return f"sqlite:///{Path(self.folder.name) / 'ledger.db'}"

    def both(self, use):
        """What `use` gives or raises, the same for both."""
        outcomes = []
        for store in self.stores:
            try:
                outcomes.append(use(store))
            except LedgerError as error:
                outcomes.append((type(error), error.what))
        assert outcomes[0] == outcomes[1]
        return outcomes[0]

    @rule(new=st.lists(events, max_size=4), expected=expected, keys=keys)
    def append(self, new, expected, keys):
        self.both(lambda store: store.append(new, expected, keys=keys))

    @rule()
    def another_process_goes_on(self):
        self.handles = self.handles[::-1]
        self.stores = (self.stores[0], self.handles[0])

    @rule(step=seconds)
    def move_clock(self, step):
        self.clock.advance(step)

    @rule(wanted=st.lists(st.tuples(task_keys, seconds, st.sampled_from(["", "g", "h"])), max_size=3))
    def put_tasks(self, wanted):
        tasks = [
            Task(kind="feed", key=key, group=group, next_at=NOW + timedelta(seconds=at))
            for key, at, group in wanted
        ]
        self.both(lambda store: store.put_tasks(tasks))

    @rule(key=task_keys)
    def drop_task(self, key):
        self.both(lambda store: store.drop_task("feed", key))

    @rule(at=seconds, limit=st.integers(0, 3), per_group=st.integers(1, 2), force=st.booleans())
    def claim(self, at, limit, per_group, force):
        self.both(
            lambda store: store.claim(
                "feed",
                now=NOW + timedelta(seconds=at),
                owner="w",
                lease_seconds=30,
                limit=limit,
                per_group=per_group,
                force=force,
            )
        )

    @rule(key=task_keys, fence=st.integers(0, 6), at=seconds, new=st.lists(events, max_size=1))
    def finish(self, key, fence, at, new):
        done = TaskDone(kind="feed", key=key, fence=fence, next_at=NOW + timedelta(seconds=at), data=b"d")
        self.both(lambda store: store.append(new, tasks=[done]))

    @rule(contents=st.lists(st.sampled_from([b"", b"x", b"long " * 50]), max_size=3))
    def put_bodies(self, contents):
        refs = self.both(lambda store: store.put_bodies((content, "text/plain") for content in contents))
        self.bodies.extend(ref.key for ref in refs)

    @rule(data=st.data(), ordered=st.booleans())
    def redact(self, data, ordered):
        head = self.stores[0].head().position
        positions = data.draw(st.lists(st.integers(0, head + 1), max_size=2))
        bodies = data.draw(st.lists(st.sampled_from(self.bodies), max_size=2))
        if ordered:
            order = PayloadRedacted(
                positions=tuple(positions), bodies=tuple(bodies), by="desk", reason="order"
            )
            self.both(lambda store: store.append([new_event(order, stream="ledger", producer=CORE)]))
        self.both(lambda store: store.redact(positions, bodies))

    @rule(
        after=st.integers(0, 30),
        limit=st.one_of(st.none(), st.integers(0, 4)),
        types=st.one_of(st.none(), st.lists(st.sampled_from([*TYPES, "none"]), max_size=3)),
        stream=st.one_of(st.none(), streams),
        upto=st.one_of(st.none(), st.integers(0, 30)),
    )
    def read(self, **bounds):
        self.both(lambda store: list(store.read(**bounds)))

    @rule(
        stream=streams, types=st.one_of(st.none(), st.lists(st.sampled_from(TYPES), max_size=2)), at=seconds
    )
    def look(self, stream, types, at):
        self.both(lambda store: store.last(stream, types))
        self.both(lambda store: store.stream_version(stream))
        self.both(lambda store: store.position_at(NOW + timedelta(seconds=at)))
        self.both(lambda store: store.lookup(list("klmn")))
        self.both(lambda store: list(store.body_keys()))
        for key in self.bodies:
            self.both(lambda store, key=key: store.get_body(key))

    @invariant()
    def same(self):
        self.both(lambda store: store.head())
        self.both(lambda store: store.tasks("feed"))

    def teardown(self):
        try:
            self.both(lambda store: list(store.index_rows()))
            assert self.both(verify_store).problems == ()
            self.both(check_log)
        finally:
            for store in (self.stores[0], *self.handles):
                store.close()
            self.folder.cleanup()


class PostgresTwins(Twins):
    def url(self):
        self.database = new_database()
        return text(self.database)

    def teardown(self):
        super().teardown()
        release_database(self.database)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestPostgresTwins = PostgresTwins.TestCase
TestPostgresTwins.settings = settings(TestTwins.settings, max_examples=15)
