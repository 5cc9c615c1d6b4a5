"""How the views are brought forward, rebuilt and asked, against a plain fold in memory.

    python benchmarks/bench_views.py [--claims N]

The ledger is made up: articles of six outlets (two of them wires), five claims each, three processors; a figure is reported
by about twenty claims, so that the number of figures grows with the ledger. Times are processor time of this process.

one more article   append an article with the outcomes of its processors and catch up, at growing sizes of the ledger
fold               all events decoded and folded into dicts: articles, claims by figure, counts by processor
rebuild            a view anew beside the live one, as a share of the fold
as of              the reported state at an earlier time against the present one
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.events import NewEvent, Producer, decode, new_event
from ledger.events.types import ArticleAnnotated, ArticleIngested, RegistryChanged
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.projections import Views, open_views
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

    def __init__(self, home: Path) -> None:
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
        return self.articles * PER_ARTICLE

    def fresh(self, ask: Callable[[Views], Any]) -> Any:
        """Ask views that remember no answer."""
        views = open_views(self.settings, self.store, clock=CLOCK)
        try:
            return ask(views)
        finally:
            views.close()

    def grow(self, claims: int, batch: int = 20) -> None:
        """Append articles until there are that many claims."""
        while self.articles * PER_ARTICLE < claims:
            count = min(batch, -(-claims // PER_ARTICLE) - self.articles)
            self.store.append([event for _ in range(count) for event in self.article()])

    def article(self) -> Iterator[NewEvent]:
        """One more article: what was recorded of it, and of three processors."""
        CLOCK.advance(60)
        number, chance = self.articles, self.chance
        self.articles += 1
        outlet, key = OUTLETS[number % len(OUTLETS)], f"a-{number:016x}"
        sentences, claims = [], []
        first = number * PER_ARTICLE // PER_FIGURE
        start = 0
        for n in range(PER_ARTICLE):
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


def rebuilt(desk: Desk, report: Report) -> None:
    """Rebuilding against the fold, and each view by itself."""
    events = desk.store.head().position
    plain = min(cpu(lambda: fold(desk.store)) for _ in range(3))
    report.add("fold in memory", events / plain, "events/s")
    for name in ("processors", "articles", "annotations", "search"):
        spent = cpu(lambda name=name: desk.views.rebuild(name))
        share = plain / spent
        report.add(f"rebuild {name}, share of the fold", share, "x", bar=0.5, against="fold in memory")
    spent = cpu(lambda: desk.views.rebuild("figures"))
    report.add("rebuild figures, per claim", spent / desk.claims * 1e6, "us")


def asked(desk: Desk, report: Report) -> None:
    """Reading the state now and as of an earlier time."""
    now = min(cpu(lambda: desk.fresh(lambda views: views.state())) for _ in range(3))
    then = CLOCK.now() - timedelta(hours=2)
    past = min(cpu(lambda: desk.fresh(lambda views: views.state(then))) for _ in range(3))
    report.add("state now, per figure", now / max(1, desk.claims // PER_FIGURE) * 1e6, "us")
    report.add("state as of, against now", past / now, "x", bar=1.3, against="state now", most=True)


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
        desk.close()
    return report.rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Views: brought forward, rebuilt, asked.")
    parser.add_argument("--claims", type=int, default=10_000)
    rows = measure(parser.parse_args().claims)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"Written to {RESULTS}")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
