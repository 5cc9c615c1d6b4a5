"""How the views are brought forward, rebuilt and asked, against folds in memory and another library's projections.

    python benchmarks/bench_views.py [--claims N] [--curves N]

The ledger is made up: articles of six outlets (two of them wires), five claims each, three processors; a figure is reported
by about twenty claims, so that the number of figures grows with the ledger. Times are processor time of this process, but
where another process or a server has a part; what is compared alternates.

one more article   append an article with the outcomes of its processors and catch up, at growing sizes of the ledger
plain fold         all events decoded and folded into a few dicts: articles, claims by figure, counts by processor
rebuild            a view anew beside the live one, with checkpoints, indexes and swap: against its own rows folded in memory, and
                   against the plain fold, which makes fewer
as of              the reported state at an earlier time against the present one: all figures, and one
another library    the same counts by `eventsourcing`, on SQLite and PostgreSQL (views_library.py), where it is installed
appending          what it loses while another process rebuilds (views_beside.py)
--curves N         instead: how all this grows from 10^4 to 10^N events, drawn in benchmarks/curves/views.svg
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.events import NewEvent, Producer, decode, new_event
from ledger.events.types import ArticleAnnotated, ArticleIngested, RegistryChanged
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.projections import Context, View, Views, open_views
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.facts import Redactions, read_fact
from ledger.projections.folding import BATCH_EVENTS
from ledger.projections.health import Processors
from ledger.projections.rows import Row
from ledger.projections.search import Search
from ledger.store import Store, open_store

RESULTS = Path(__file__).parent / "results" / "views.json"
PER_ARTICLE = 5
PER_FIGURE = 20
OUTLETS = ("tna", "nna", "post", "view", "vdt", "mail")
PLACES = ("Orlund", "Estrava", "Sund", "Port Ilm", "Belhaven", "Tarn")
REGISTRY = {
    "sources": {
        f"office-{n}": {"name": f"Office {n}", "reliability": "BCD"[n % 3], "party": f"p{n % 4}"}
        for n in range(12)
    },
    "outlets": {
        key: {"name": key.upper(), "host": f"{key}.example", "kind": "wire" if place < 2 else "newspaper"}
        for place, key in enumerate(OUTLETS)
    },
}
CLOCK = FixedClock("2031-05-04T00:00:00Z")


class Desk:
    """A ledger that grows by made-up articles, the same ones each time."""

    def __init__(self, home: Path, per_article: int = PER_ARTICLE) -> None:
        self.per_article = per_article
        self.settings = Settings(home=home)
        self.store: Store = open_store(self.settings, clock=CLOCK)
        self.views: Views = open_views(self.settings, self.store, clock=CLOCK)
        self.chance = random.Random(11)
        self.articles = 0
        self.store.append(
            [
                new_event(
                    RegistryChanged(registry=msgspec.Raw(msgspec.json.encode(REGISTRY))),
                    stream="registry",
                    producer=Producer("bench", "1"),
                )
            ]
        )

    def close(self) -> None:
        self.views.close()
        self.store.close()

    @property
    def claims(self) -> int:
        """Claims so far."""
        return self.articles * self.per_article

    def fresh(self, ask: Callable[[Views], Any]) -> Any:
        """Ask views that remember no answer."""
        views = open_views(self.settings, self.store, clock=CLOCK)
        try:
            return ask(views)
        finally:
            views.close()

    def grow(self, claims: int, batch: int = 20) -> None:
        """Append articles until there are that many claims."""
        while self.claims < claims:
            count = min(batch, -(-claims // self.per_article) - self.articles)
            self.store.append([event for _ in range(count) for event in self.article()])

    def article(self) -> Iterator[NewEvent]:
        """One more article: what was recorded of it, and of three processors."""
        CLOCK.advance(60)
        number, chance = self.articles, self.chance
        self.articles += 1
        outlet, key = OUTLETS[number % len(OUTLETS)], f"a-{number:016x}"
        sentences, claims = [], []
        first = number * self.per_article // PER_FIGURE
        start = 0
        for n in range(self.per_article):
            figure = max(0, first - n * 2)
            count, office = 10 + figure % 90 + chance.randrange(3), chance.randrange(12)
            place = f"{PLACES[figure % len(PLACES)]} district {figure}"
            quote = f"{count} people were killed in {place}, Office {office} said in a statement on Monday."
            span = Span(start, start + len(quote))
            claims.append(
                Claim(
                    span=span,
                    quote=quote,
                    subject="people",
                    measure="killed",
                    scope=place,
                    value=ClaimValue(op="exact", point=count),
                    chain=(Link(actor=f"Office {office}", surface=f"Office {office}", kind="organisation"),),
                )
            )
            sentences.append(quote)
            start += len(quote) + 1
        text = " ".join(sentences) + "\n\n" + " ".join(f"w{chance.randrange(4000)}" for _ in range(150))
        [body] = self.store.put_bodies([(text.encode(), "text/plain")])
        ingested = ArticleIngested(
            article=key,
            revision=1,
            hash=hashlib.sha256(text.encode()).hexdigest(),
            url=f"https://{outlet}.example/{number}",
            outlet=outlet,
            title=f"Dozens killed near {PLACES[number % 6]}, report {number}",
            text=body,
            published=CLOCK.now(),
            p_time=CLOCK.now(),
        )
        cause = new_event(ingested, stream=f"article:{key}", producer=Producer("bench", "1"))
        yield cause
        for processor in ("claims", "numbers", "sentiment"):
            found = tuple(msgspec.Raw(msgspec.json.encode(each)) for each in claims)
            event = ArticleAnnotated(
                article=key,
                revision=1,
                hash=ingested.hash,
                processor=processor,
                annotations=found if processor == "claims" else (),
            )
            yield new_event(event, stream=f"annotations:{key}", producer=Producer(processor, "1", "ab" * 32))


def fold(store: Store) -> dict[str, Any]:
    """The plain fold: every event decoded once, into dicts."""
    articles: dict[str, Any] = {}
    claims: dict[tuple[str, str, str], list[Any]] = {}
    runs: Counter[str] = Counter()
    for stored in store.read():
        event = decode(stored)
        if isinstance(event, ArticleIngested):
            articles[event.article] = (event.outlet, event.url, event.title, event.p_time, event.hash)
        elif isinstance(event, ArticleAnnotated):
            runs[event.processor] += 1
            for raw in event.annotations:
                claim = msgspec.json.decode(raw, type=Claim)
                claims.setdefault((claim.subject, claim.measure, claim.scope), []).append(claim.value)
    return {"articles": articles, "claims": claims, "runs": runs}


class Report:
    """Lines for a reader and rows for `benchmarks/results`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        bar: float | None = None,
        against: str = "",
        most: bool = False,
    ) -> None:
        """One figure; with `most` the bar is the largest that holds."""
        holds = bar is None or (value <= bar if most else value >= bar)
        self.rows.append(
            {
                "name": name,
                "value": round(value, 3),
                "unit": unit,
                "bar": bar,
                "holds": holds,
                "against": against,
            }
        )
        told = "" if bar is None else f"  ({'holds' if holds else 'misses'} {'<=' if most else '>='} {bar})"
        print(f"  {name:<44} {value:12,.2f} {unit}{told}", flush=True)


def cpu(act: Any) -> float:
    """Seconds of this process's processor time, so that neighbours on the machine do not count."""
    start = time.process_time()
    act()
    return time.process_time() - start


def one_more(desk: Desk, count: int = 25) -> float:
    """Median seconds from the append of one article to figures that count it."""

    def once() -> None:
        desk.store.append(list(desk.article()))
        desk.views.catch_up()

    desk.views.catch_up()
    return statistics.median(cpu(once) for _ in range(count))


class Rows:
    """Rows of one table in a dict."""

    def __init__(self, row: type[Row]) -> None:
        self._key = attrgetter(*row.KEY)
        self._single = len(row.KEY) == 1
        self._rows: dict[Any, Any] = {}
        self._places: dict[str, dict[Any, dict[Any, None]]] = {}

    def get(self, *key: Any) -> Any:
        return self._rows.get(key[0] if self._single else key)

    def put(self, row: Any) -> None:
        key = self._key(row)
        self._rows[key] = row
        for column, places in self._places.items():
            places.setdefault(getattr(row, column), {})[key] = None

    add = put

    def delete(self, *key: Any) -> None:
        self._rows.pop(key[0] if self._single else key, None)

    def matching(self, column: str, values: Any) -> list[Any]:
        if column not in self._places:
            self._places[column] = {}
            for key, row in self._rows.items():
                self._places[column].setdefault(getattr(row, column), {})[key] = None
        places = self._places[column]
        return [self._rows[key] for key in sorted(key for value in values for key in places.get(value, ()))]


class InMemory:
    """The tables of one view in dicts; a full-text index keeps its documents."""

    def __init__(self, view: View) -> None:
        self._tables = {row: Rows(row) for row in view.tables}
        self._documents: dict[int, Any] = {}

    def of(self, row: type[Row]) -> Rows:
        return self._tables[row]

    def index(self, _table: str, rows: Any) -> None:
        self._documents.update(rows)


def fold_rows(view: View, store: Store) -> None:
    """The rows of a view, folded in memory from the events that it wants."""
    tables, context = InMemory(view), Context(store.get_body, Redactions())
    events = store.read(types=sorted(view.types))
    while facts := [read_fact(event, Redactions()) for event in islice(events, BATCH_EVENTS)]:
        view.fold(tables, facts, context)  # type: ignore[arg-type]


def rebuilt(desk: Desk, report: Report) -> None:
    """Rebuilding against folds in memory, and the figures by themselves."""
    events = desk.store.head().position
    plain = min(cpu(lambda: fold(desk.store)) for _ in range(3))
    report.add("plain fold", events / plain, "events/s")
    for view in (Processors(), Articles(), Annotations(), Search()):
        pairs = [
            (
                cpu(lambda view=view: fold_rows(view, desk.store)),
                cpu(lambda view=view: desk.views.rebuild(view.name)),
            )
            for _ in range(3)
        ]
        share = statistics.median(own / spent for own, spent in pairs)
        spent = min(spent for _, spent in pairs)
        report.add(
            f"rebuild {view.name}, share of its rows in memory", share, "x", bar=0.5, against="own fold"
        )
        report.add(
            f"rebuild {view.name}, share of the plain fold", plain / spent, "x", bar=0.5, against="plain fold"
        )
    spent = cpu(lambda: desk.views.rebuild("figures"))
    report.add("rebuild figures, per claim", spent / desk.claims * 1e6, "us")


def asked(desk: Desk, report: Report) -> None:
    """Reading the state now and as of an earlier time, in turn."""
    then = CLOCK.now() - timedelta(minutes=desk.articles // 10)
    slots = [row.slot for row in desk.views.figures()]
    one = [slots[len(slots) // 2]]
    asking: dict[str, Callable[[datetime | None], Any]] = {
        "all figures": lambda at: desk.fresh(lambda views: views.state(at)),
        "one figure": lambda at: [desk.views.state(at, slots=one) for _ in range(20)],
    }
    for name, ask in asking.items():
        pairs = [(cpu(lambda ask=ask: ask(None)), cpu(lambda ask=ask: ask(then))) for _ in range(5)]
        now, past = (min(each) for each in zip(*pairs, strict=True))
        report.add(f"state now, {name}", now * 1000 / (1 if name == "all figures" else 20), "ms")
        report.add(
            f"state as of, {name}, against now", past / now, "x", bar=1.3, against="state now", most=True
        )


def against_library(report: Report, count: int = 20_000, rounds: int = 3) -> None:
    """The same projection by another library."""
    if importlib.util.find_spec("eventsourcing") is None:
        print("  eventsourcing is not installed: not compared")
        return
    from store_postgres import Database, server
    from views_library import library_postgres, library_sqlite, ours

    shares = [ours(count) / library_sqlite(count // 20) for _ in range(rounds)]
    report.add("projection, SQLite", statistics.median(shares), "x", bar=15, against="eventsourcing")
    shares = [
        ours(count, clocked=time.process_time) / library_sqlite(count // 20, waits=False)
        for _ in range(rounds)
    ]
    report.add(
        "the same, neither waits for the disk",
        statistics.median(shares),
        "x",
        bar=15,
        against="eventsourcing",
    )
    with server() as url:
        shares = [
            ours(count, Database(url).url) / library_postgres(count // 20, Database(url).url)
            for _ in range(rounds)
        ]
    report.add("projection, PostgreSQL", statistics.median(shares), "x", bar=15, against="eventsourcing")


def beside(desk: Desk, report: Report) -> None:
    """Appending while another process rebuilds."""
    from views_beside import losses

    def events(count: int) -> list[NewEvent]:
        made = [event for _ in range(count // 4) for event in desk.article()]
        return made[:count]

    alone, computing = losses(desk.settings.home, desk.store, events)
    report.add("appending beside a rebuild, lost", alone, "share", bar=0.15, against="alone", most=True)
    report.add(
        "the same, against beside a busy process",
        computing,
        "share",
        bar=0.15,
        against="busy process",
        most=True,
    )


def measure(claims: int) -> list[dict[str, Any]]:
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        size, first = 1_000, 0.0
        while size <= claims:
            desk.grow(size)
            cost = one_more(desk)
            first = first or cost
            report.add(f"one more article at {size:,} claims", cost * 1000, "ms")
            report.add(
                f"the same, against 1,000 claims, at {size:,}",
                cost / first,
                "x",
                bar=1.5,
                against="1,000 claims",
                most=True,
            )
            size *= 10
        rebuilt(desk, report)
        asked(desk, report)
        beside(desk, report)
        desk.close()
    against_library(report)
    return report.rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Views: brought forward, rebuilt, asked.")
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--curves", type=int, metavar="N")
    given = parser.parse_args()
    if given.curves:
        from views_curves import draw

        draw(given.curves, RESULTS.parents[1] / "curves")
        return 0
    rows = measure(given.claims)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"Written to {RESULTS}")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
