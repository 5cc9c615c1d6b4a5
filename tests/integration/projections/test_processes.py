"""Views in several processes, and in processes that are killed: on real ledgers, in a file and in PostgreSQL."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.events import Producer, new_event
from ledger.events.types import ArticleAnnotated, ArticleIngested
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.projections import open_views
from ledger.store import open_store
from tests.contract.server import maintenance, new_database, text

WORKER = Path(__file__).with_name("worker.py")
ARTICLES = 300


def fill(store):
    events = []
    for number in range(ARTICLES):
        [body] = store.put_bodies([(f"Report {number}: the toll is {number}.".encode(), "text/plain")])
        name = f"a-{number:04}"
        ingested = ArticleIngested(
            article=name,
            revision=1,
            hash=f"{number:064x}",
            url=f"https://tna.example/{number}",
            outlet="tna",
            title=f"Report {number}",
            text=body,
        )
        claim = Claim(
            span=Span(0, 10),
            quote=f"The toll is {number}.",
            subject="people",
            measure="killed",
            scope=f"valley {number % 7}",
            value=ClaimValue(op="exact", point=number),
            chain=(Link(actor=f"source {number % 5}", surface="s", kind="role"),),
        )
        annotated = ArticleAnnotated(
            article=name,
            revision=1,
            hash=f"{number:064x}",
            processor="claims",
            annotations=(msgspec.Raw(msgspec.json.encode(claim)),),
        )
        events.append(new_event(ingested, stream=f"article:{name}", producer=Producer("newsledger", "1")))
        producer = Producer("claims", "1", "id-1")
        events.append(new_event(annotated, stream=f"annotations:{name}", producer=producer))
    store.append(events)


@pytest.fixture(scope="module", params=["file", "server"])
def recorded(request, tmp_path_factory):
    """One filled ledger for all tests, in a file and in PostgreSQL, and the digests of its views."""
    folder, clock = tmp_path_factory.mktemp("ledger"), FixedClock("2031-05-04T07:00:00Z")
    url = f"sqlite:///{folder / 'ledger.db'}"
    if request.param == "server":
        url = text(new_database())
    store = open_store(url, clock=clock)
    fill(store)
    fresh = open_views(Settings(home=folder), store, clock=clock)
    fresh.catch_up()
    expected = fresh.digests()
    fresh.close()
    yield url, store, clock, expected
    store.close()


@pytest.fixture
def world(recorded, tmp_path):
    url, store, clock, expected = recorded
    yield Settings(home=tmp_path / "home", db=url), store, clock, expected
    if url.startswith("postgresql"):
        with maintenance(make_url(url)) as connection:
            connection.execute("DROP SCHEMA IF EXISTS views CASCADE")


def asked(settings, statement):
    """The only value that a statement gives, asked of the views behind their back."""
    if settings.db.startswith("postgresql"):
        with maintenance(make_url(settings.db)) as connection:
            connection.execute("SET search_path = views")
            return connection.execute(statement).fetchone()[0]
    with closing(sqlite3.connect(settings.home / "views.db")) as connection:
        return connection.execute(statement).fetchone()[0]


def begin(settings, action, batch):
    command = [sys.executable, str(WORKER), str(settings.home), settings.db, action, str(batch)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def start(settings, action, batch):
    worker = begin(settings, action, batch)
    assert worker.stdout.readline() == "open\n"
    return worker


def go(worker):
    worker.stdin.write("\n")
    worker.stdin.flush()


def kill_after(worker, lines):
    """Let it report `lines` times, then kill it; whether it was still at work."""
    go(worker)
    for _ in range(lines):
        if worker.stdout.readline() in ("done\n", ""):
            break
    worker.kill()
    code = worker.wait(60)
    worker.stdin.close()
    worker.stdout.close()
    return code == -signal.SIGKILL


def finish(worker):
    out, _ = worker.communicate("\n", timeout=120)
    assert worker.returncode == 0, out
    return out


def test_killed_while_catching_up_it_goes_on_where_it_was(world):
    settings, store, clock, expected = world
    chance, killed, positions = random.Random(5), 0, []
    for _ in range(6):
        killed += kill_after(start(settings, "catch-up", 40), chance.randint(1, 3))
        views = open_views(settings, store, clock=clock)
        positions.append({one.name: one.position for one in views.list()}["articles"])
        views.close()
    assert killed >= 3
    assert positions == sorted(positions)
    assert 0 < positions[0] < 2 * ARTICLES
    views = open_views(settings, store, clock=clock)
    left = 2 * ARTICLES - positions[-1]
    assert views.catch_up() == left
    assert views.digests() == expected
    views.close()


def test_killed_while_rebuilding_the_old_generation_stays_and_the_new_one_goes_on(world):
    settings, store, clock, expected = world
    views = open_views(settings, store, clock=clock)
    views.catch_up()
    killed = 0
    for lines in (2, 2, 2):
        killed += kill_after(start(settings, "rebuild", 40), lines)
        assert views.digests() == expected
        building = {one.position for one in views.list() if one.state == "building" and one.name != "figures"}
        assert len(building) == 1
    assert killed == 3
    [reached] = building
    assert reached >= 6 * 40
    assert views.rebuild() == 2 * ARTICLES - reached
    assert {one.generation for one in views.list() if one.state == "live"} == {2}
    assert views.digests() == expected
    views.close()


def test_killed_anywhere_inside_a_batch_leaves_rows_and_checkpoint_together(world):
    """The kill comes a random time after a report, so it also falls inside transactions."""
    settings, store, clock, expected = world
    chance = random.Random(11)
    for _ in range(8):
        worker = start(settings, "catch-up", 25)
        go(worker)
        worker.stdout.readline()
        try:
            worker.wait(chance.uniform(0.0, 0.05))
        except subprocess.TimeoutExpired:
            worker.kill()
        worker.wait(60)
        worker.stdin.close()
        worker.stdout.close()
        position = asked(settings, "SELECT position FROM projection WHERE name = 'articles'")
        assert asked(settings, "SELECT count(*) FROM revisions") == (position + 1) // 2
        position = asked(settings, "SELECT position FROM projection WHERE name = 'annotations'")
        assert asked(settings, "SELECT count(*) FROM runs") == position // 2
    views = open_views(settings, store, clock=clock)
    views.catch_up()
    assert views.digests() == expected
    views.close()


def test_four_processes_open_and_catch_up_at_once(world):
    settings, store, clock, expected = world
    workers = [begin(settings, "catch-up", 20) for _ in range(4)]
    for worker in workers:
        assert finish(worker).endswith("done\n")
    views = open_views(settings, store, clock=clock)
    assert views.catch_up() == 0
    assert views.digests() == expected
    assert {one.generation for one in views.list()} == {1}
    views.close()


def test_two_processes_rebuild_while_a_third_catches_up(world):
    settings, store, clock, expected = world
    workers = [start(settings, action, 30) for action in ("rebuild", "rebuild", "catch-up")]
    for worker in workers:
        go(worker)
    for worker in workers:
        out, _ = worker.communicate(timeout=120)
        assert (worker.returncode, out.splitlines()[-1]) == (0, "done")
    views = open_views(settings, store, clock=clock)
    views.catch_up()
    assert views.digests() == expected
    assert {one.state for one in views.list()} <= {"live", "old"}
    views.close()


def test_a_backup_restored_beside_newer_views_is_recognised(world, tmp_path):
    settings, store, clock, _ = world
    views = open_views(settings, store, clock=clock)
    views.catch_up()
    views.close()
    older = open_store(Settings(home=tmp_path / "older"), clock=clock)
    fresh = open_views(settings, older, clock=clock)
    assert fresh.catch_up() == 0
    assert fresh.articles() == []
    fill(older)
    assert fresh.catch_up() == 2 * ARTICLES
    assert len(fresh.claims()) == ARTICLES
    fresh.close()
    older.close()
