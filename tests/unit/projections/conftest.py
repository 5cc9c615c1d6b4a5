"""A small newsroom: a ledger in memory that tests append to, and the views of it."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import msgspec
import pytest

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import (
    AnnotationFailed,
    ArticleAnnotated,
    ArticleIngested,
    ArticleRevised,
    ArticleWithdrawn,
    PayloadRedacted,
    ProcessorRegistered,
    RegistryChanged,
    ReviewDecided,
    ReviewUndone,
)
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.projections import open_views
from ledger.store import MemoryStore
from tests.contract.server import maintenance, new_database, text

CORE = Producer("newsledger", "1")
PUBLISHED = datetime(2031, 5, 4, 5, 10, tzinfo=UTC)


def claim(number=40, *, who="Civil Protection", measure="killed", subject="people", op="exact"):
    """One claim as a processor gives it, encoded."""
    quote = f"{number} {subject} were {measure}, {who} said."
    return msgspec.json.encode(
        Claim(
            span=Span(0, len(quote)),
            quote=quote,
            subject=subject,
            measure=measure,
            value=ClaimValue(op=op, point=number),
            chain=(Link(actor=who, surface=who, kind="organisation"),) if who else (),
        )
    )


class Newsroom:
    """A ledger in memory with views in files, or in databases of a server if `server`."""

    def __init__(self, home, store=None, *, server=False):
        self.home = home
        self.server = server
        self.databases = {}
        self.clock = FixedClock("2031-05-04T07:00:00Z")
        self.store = store or MemoryStore(self.clock, random.Random(7).randbytes)
        self.settings = Settings(home=home)
        self.versions = {}
        self.opened = []

    def close(self):
        for views in self.opened:
            views.close()
        self.store.close()
        for url in self.databases.values():
            give_back(url)

    def views(self, home=None, **more):
        settings = msgspec.structs.replace(self.settings, home=home or self.home)
        if self.server:
            url = self.databases.setdefault(settings.home, None) or take_database()
            self.databases[settings.home] = url
            settings = msgspec.structs.replace(settings, db=text(url))
        views = open_views(settings, self.store, clock=self.clock, **more)
        self.opened.append(views)
        return views

    def sql(self, statement):
        """Run a statement on the views behind their back, and give its rows."""
        if self.server:
            with maintenance(self.databases[self.home]) as connection:
                connection.execute("SET search_path = views")
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.home / "views.db", isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def append(self, event, stream, producer=CORE, **more):
        self.clock.advance(60)
        return self.store.append([new_event(event, stream=stream, producer=producer, **more)]).positions[0]

    def article(self, name="a-1", text="Forty people were killed.", *, outlet="tna", **more):
        """The next revision of an article; returns its position."""
        [body] = self.store.put_bodies([(text.encode(), "text/plain")])
        version = self.versions[name] = self.versions.get(name, 0) + 1
        fields = {
            "article": name,
            "revision": version,
            "hash": hashlib.sha256(text.encode()).hexdigest(),
            "url": f"https://{outlet}.example/{name}",
            "outlet": outlet,
            "title": f"Report {name}",
            "text": body,
            "published": PUBLISHED,
            "p_time": PUBLISHED if version == 1 else None,
        } | more
        if version == 1:
            return self.append(ArticleIngested(**fields), f"article:{name}")
        return self.append(ArticleRevised(**fields, previous_hash="0"), f"article:{name}")

    def withdraw(self, name):
        self.versions[name] += 1
        return self.append(ArticleWithdrawn(article=name, reason="gone"), f"article:{name}")

    def annotate(self, name="a-1", *found, processor="claims", identity="id-1", revision=None, skipped=""):
        event = ArticleAnnotated(
            article=name,
            revision=revision or self.versions[name],
            hash="0",
            processor=processor,
            annotations=tuple(msgspec.Raw(raw) for raw in found),
            skipped=skipped,
        )
        return self._outcome(event, name, processor, identity)

    def fail(self, name="a-1", *, processor="claims", identity="id-1", attempt=1, revision=None):
        event = AnnotationFailed(
            article=name,
            revision=revision or self.versions[name],
            hash="0",
            processor=processor,
            kind="exception",
            message="ValueError: no",
            attempt=attempt,
        )
        return self._outcome(event, name, processor, identity)

    def _outcome(self, event, name, processor, identity):
        cause = self._event_of(name, event.revision)
        producer = Producer(processor, "1", identity)
        return self.append(event, f"annotations:{name}", producer, causes=(cause,))

    def _event_of(self, name, revision):
        return next(
            each.id for each in self.store.read(stream=f"article:{name}") if each.envelope.version == revision
        )

    def register(self, processor="claims", identity="id-1"):
        event = ProcessorRegistered(
            processor=processor, version="1", identity=identity, manifest={"code": "c"}
        )
        return self.append(event, f"processor:{processor}", Producer(processor, "1", identity))

    def registry(self, **table):
        return self.append(RegistryChanged(registry=msgspec.Raw(msgspec.json.encode(table))), "registry")

    def reject(self, review="r-1", slot="killed.people", root="civil-protection"):
        target = {"slot": slot, "root": root}
        event = ReviewDecided(review=review, action="reject", target=target, by="mira", reason="wrong")
        return self.append(event, "reviews")

    def undo(self, review="r-1"):
        return self.append(ReviewUndone(review=review, by="tom", reason="right"), "reviews")

    def unknown(self, kind="weather.observed"):
        self.clock.advance(60)
        event = NewEvent(type=kind, stream="ledger", payload=b'{"rain":1}', producer=CORE, schema=9)
        return self.store.append([event]).positions[0]

    def redact(self, positions=(), bodies=()):
        event = PayloadRedacted(positions=positions, bodies=bodies, by="court", reason="order")
        at = self.append(event, "ledger")
        self.store.redact(positions, bodies)
        return at


_free = []


def take_database():
    """A database without views in it."""
    return _free.pop() if _free else new_database(empty=True)


def give_back(url):
    with maintenance(url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS views CASCADE")
    _free.append(url)


@pytest.fixture(params=["file", "server"])
def room(request, tmp_path):
    """A newsroom, once with its views in a file and once in PostgreSQL."""
    made = Newsroom(tmp_path / "home", server=request.param == "server")
    yield made
    made.close()


@pytest.fixture
def file_room(tmp_path):
    """A newsroom whose views are in a file that tests open beside it."""
    made = Newsroom(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture(scope="session")
def newsroom():
    """The class, for tests that make many of them."""
    return Newsroom


@pytest.fixture(name="claim", scope="session")
def claim_fixture():
    return claim
