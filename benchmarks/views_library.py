"""One projection by two libraries: runs and annotations counted by processor, each row with the checkpoint in one transaction.

newsledger    the view `processors`, alone: batches, one transaction each
eventsourcing a tracking recorder with the same row, one transaction an event, as its projections work. On PostgreSQL its
              `ProjectionRunner` drives it. Its SQLite recorder knows no subscriptions, so there the notifications are
              selected in pages of 1,000 and given to the projection one by one.

Both are used as they come: our views do not wait for the disk at each commit, since they can be rebuilt; the other's do. With `waits=False`
it does not in SQLite either, and processor time is compared, all of it being spent by this process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import singledispatchmethod
from pathlib import Path
from typing import Any, ClassVar

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder

from ledger.clock import SystemClock
from ledger.config import Settings
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import ArticleAnnotated
from ledger.projections.catalogue import METADATA
from ledger.projections.database import FileDatabase
from ledger.projections.engine import Projector
from ledger.projections.health import Processors
from ledger.projections.server import ServerDatabase
from ledger.store import open_store

__all__ = ["library_postgres", "library_sqlite", "ours"]

_PER_APPEND = 500
_PAGE = 1_000
_NAMES = ("claims", "numbers", "sentiment", "entities")


def _runs(count: int) -> Iterator[NewEvent]:
    for number in range(count):
        name = _NAMES[number % len(_NAMES)]
        made = ArticleAnnotated(
            article=f"a-{number:08d}", revision=1, hash="0" * 64, processor=name, annotations=()
        )
        yield new_event(made, stream=f"annotations:a-{number:08d}", producer=Producer(name, "1", "ab" * 32))


def ours(count: int, url: Any = None, *, clocked: Callable[[], float] = time.perf_counter) -> float:
    """Events a second from an empty view to the head: in files, or in the PostgreSQL database of a SQLAlchemy URL."""
    with tempfile.TemporaryDirectory() as folder:
        home, clock = Path(folder), SystemClock()
        text = "" if url is None else url.render_as_string(hide_password=False)
        store = open_store(Settings(home=home, db=text), clock=clock)
        events = list(_runs(count))
        for start in range(0, count, _PER_APPEND):
            store.append(events[start : start + _PER_APPEND])
        database = FileDatabase(home / "views.db", METADATA) if url is None else ServerDatabase(url, METADATA)
        projector = Projector(database, store, [Processors()], clock)
        start_at = clocked()
        projector.catch_up()
        spent = clocked() - start_at
        database.close()
        store.close()
    return count / spent


class Run(Aggregate):
    """What a processor did on an article."""

    @event("Annotated")
    def __init__(self, article: str, processor: str, annotations: int) -> None:
        self.article = article
        self.processor = processor
        self.annotations = annotations


class Runs(Application[Any]):
    """The other library's log of runs."""

    is_snapshotting_enabled: ClassVar[bool] = False


def _fill(app: Runs, count: int) -> None:
    for start in range(0, count, _PER_APPEND):
        app.save(
            *(
                Run(article=f"a-{number:08d}", processor=_NAMES[number % len(_NAMES)], annotations=0)
                for number in range(start, min(count, start + _PER_APPEND))
            )
        )


_TABLE = "CREATE TABLE IF NOT EXISTS processors (processor text PRIMARY KEY, runs bigint, annotations bigint, last_run_at text)"
_COUNT = (
    "INSERT INTO processors VALUES ({0}, 1, {0}, {0}) ON CONFLICT (processor) DO UPDATE SET "
    "runs = processors.runs + 1, annotations = processors.annotations + excluded.annotations, "
    "last_run_at = excluded.last_run_at"
)


class CountsInFile(SQLiteTrackingRecorder):
    """The row and the tracking, in SQLite."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), _TABLE]

    def count(self, values: tuple[Any, ...], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_COUNT.format("?"), values)


class CountsInServer(PostgresTrackingRecorder):
    """The row and the tracking, in PostgreSQL."""

    def __init__(self, datastore: Any, **more: Any) -> None:
        super().__init__(datastore, **more)
        with datastore.transaction(commit=True) as cursor:
            cursor.execute(_TABLE)

    def count(self, values: tuple[Any, ...], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_COUNT.format("%s"), values, prepare=True)


class Counting(Projection[Any]):
    """The fold."""

    name = "processors"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        now = datetime.now(UTC).isoformat()
        self.view.count((domain_event.processor, domain_event.annotations, now), tracking)


def library_sqlite(count: int, *, waits: bool = True) -> float:
    """Events a second of the other library in SQLite files."""
    with tempfile.TemporaryDirectory() as folder:
        app = Runs({"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{folder}/log.db"})
        _fill(app, count)
        from eventsourcing.sqlite import SQLiteDatastore

        datastore = SQLiteDatastore(f"{folder}/views.db")
        view = CountsInFile(datastore)
        view.create_table()
        clocked = time.perf_counter if waits else time.process_time
        if not waits:
            with datastore.get_connection(commit=False) as connection:
                connection.cursor().execute("PRAGMA synchronous=NORMAL")
        projection = Counting(view)
        start, done = clocked(), 0
        while done < count:
            for each in app.recorder.select_notifications(start=done + 1, limit=_PAGE):
                projection.process_event(app.mapper.to_domain_event(each), Tracking(app.name, each.id))
                done = each.id
        spent = clocked() - start
        app.close()
        datastore.close()
    return count / spent


def library_postgres(count: int, url: Any) -> float:
    """Events a second of the other library's runner in PostgreSQL."""
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(url.database),
        "POSTGRES_HOST": str(url.query.get("host") or url.host or ""),
        "POSTGRES_PORT": str(url.port or 5432),
        "POSTGRES_USER": url.username or "",
        "POSTGRES_PASSWORD": url.password or "",
    }
    app = Runs(env)
    _fill(app, count)
    head = app.recorder.max_notification_id()
    start = time.perf_counter()
    with ProjectionRunner(
        application_class=Runs, projection_class=Counting, view_class=CountsInServer, env=env
    ) as runner:
        runner.wait(head, timeout=120)
        spent = time.perf_counter() - start
    app.close()
    return count / spent
