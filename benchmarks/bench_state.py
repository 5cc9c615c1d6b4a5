"""What the reported state costs: all of it, one touched slot, an as-of answer, memory, resolution, by number of claims.

    python benchmarks/bench_state.py [--claims 1000 10000 100000]

Stories are made up: slots of two shapes (fifty claims each; and one slot with a tenth of all claims), outlets that report, cite, copy
and echo, articles with revisions, polls every six hours. Times are CPU seconds of one process, the best of three runs, of one
run above 5,000 claims. History reads a slot again at every recorded time that can move it, so it grows with claims times polls; with
the earlier answer at hand only what followed is read.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.state import (
    Document,
    Evidence,
    Registry,
    Report,
    Review,
    Slot,
    StateClaim,
    Value,
    Version,
    reported_state,
    resolve,
)
from ledger.state.registry import Outlet, Source

RESULTS = Path(__file__).parent / "results" / "state.json"
START = datetime(2031, 1, 1, tzinfo=UTC)
POLL = timedelta(hours=6)
SOURCES = 40
OUTLETS = 60
PER_DOCUMENT = 3
HISTORY_BAR = 30.0
FIGURES_BAR = 10.0
ONE_SLOT_BAR = 0.050


def registry() -> Registry:
    return Registry(
        sources={
            f"source{n}": Source(party=f"party{n % 15}", reliability="ABCDE"[n % 5]) for n in range(SOURCES)
        },
        outlets={
            f"outlet{n}": Outlet(name=f"Outlet {n}", kind="wire" if n < 5 else "newspaper")
            for n in range(OUTLETS)
        },
        slots={f"s{n}": Slot(id=f"s{n}") for n in range(5000)},
    )


def desk() -> Registry:
    """A registry of a usual size: thirty declared slots."""
    measures = ("killed", "injured", "missing")
    return msgspec.structs.replace(
        registry(),
        slots={
            f"{measure}{n}": Slot(id=f"{measure}{n}", subject="people", measure=measure, scope=f"Town{n}")
            for measure in measures
            for n in range(10)
        },
    )


def story(count: int) -> list[Document]:
    chance = random.Random(5)
    small = max(count // 50, 1)
    documents: list[Document] = []
    holders: dict[str, list[str]] = {}
    made = 0
    while made < count:
        at = START + timedelta(days=60) * (made / count)
        outlet = f"outlet{chance.randrange(OUTLETS)}"
        key = f"a{len(documents):06d}"
        claims = []
        for _ in range(PER_DOCUMENT):
            slot = (
                "s0"
                if chance.random() < 0.1
                else f"s{1 + int(small * made / count / 2 + chance.random() * small / 2)}"
            )
            claims.append(claim(chance, slot, outlet, at, holders, made / count))
            holders.setdefault(slot, []).append(key)
            made += 1
        recorded = START + POLL * (int((at - START) / POLL) + 1)
        versions = [Version(n=1, recorded_at=recorded, p_time=at, claims=tuple(claims))]
        if chance.random() < 0.1:
            later = claims[:-1] if chance.random() < 0.5 else []
            versions.append(
                Version(
                    n=2,
                    recorded_at=recorded + POLL,
                    p_time=at + timedelta(hours=5),
                    status="live" if later else "retracted",
                    claims=tuple(later),
                )
            )
        documents.append(
            Document(id=key, outlet=outlet, url=f"https://{outlet}.example/{key}", versions=tuple(versions))
        )
    return documents


def claim(
    chance: random.Random, slot: str, outlet: str, at: datetime, holders: dict[str, list[str]], share: float
) -> StateClaim:
    kind = chance.choices(("primary", "derived", "wire", "echo", "background"), (60, 12, 12, 12, 4))[0]
    cites = chance.choice(holders[slot]) if kind in ("derived", "wire") and holders.get(slot) else None
    point = round((20 + 300 * share) * chance.choice((0.8, 1.0, 1.0, 1.0, 1.1)))
    root: str | None = f"source{chance.randrange(SOURCES)}"
    if kind == "echo":
        root = outlet if chance.random() < 0.5 else None
    return StateClaim(
        slot=slot, value=Value(point), kind=kind, root=root, chain=(outlet,), cites=cites, said_at=at
    )


def reports(count: int) -> list[Report]:
    chance = random.Random(7)
    made = []
    words = [f"word{n}" for n in range(4000)]
    for number in range(count):
        text = " ".join(chance.choice(words) for _ in range(300))
        outlet = f"outlet{chance.randrange(OUTLETS)}"
        if number and chance.random() < 0.15:
            text = made[-1].text
        at = START + timedelta(minutes=number)
        claims = tuple(
            Claim(
                span=Span(0, 60),
                quote=text[:60],
                subject="people",
                measure=measure,
                scope=f"Town{chance.randrange(50)}",
                value=ClaimValue(op="exact", point=chance.randrange(900)),
                chain=(Link(actor=f"source{chance.randrange(SOURCES)}", surface="", kind="organisation"),),
            )
            for measure in ("killed", "injured", "missing")
        )
        made.append(
            Report(
                article=f"a{number:06d}", outlet=outlet, url=f"https://{outlet}.example/{number}", revision=1, hash="",
                title="", text=text, recorded_at=at, p_time=at, published=at, claims=claims,
            )
        )  # fmt: skip
    return made


def best(action: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return min(taken)


def measure(count: int) -> list[dict[str, object]]:
    rounds = 3 if count <= 5_000 else 1
    known = registry()
    documents = story(count)
    evidence = Evidence(documents)
    last = documents[-1]
    newer = Version(
        n=9,
        recorded_at=START + timedelta(days=70),
        p_time=START + timedelta(days=70),
        claims=last.versions[-1].claims,
    )
    changed = msgspec.structs.replace(last, versions=(*last.versions, newer))
    small = sorted(slot for slot in {each.slot for each in last.versions[0].claims} if slot != "s0")[:1]
    day = START + timedelta(days=30)

    def touched() -> None:
        evidence.put(changed)
        reported_state(evidence, known, slots=small)

    late = newer.recorded_at
    before = reported_state(evidence, known, slots={"s0"}, recorded_as_of=late - POLL)
    earlier = {slot.id: slot for slot in before.slots}
    one = last.versions[0].claims[0]
    target = {"slot": one.slot, "article": last.id, "version": "1", "start": "0", "end": "0", "to": "s1"}
    decision = Review(id="r1", at=late, action="reslot", target=target)

    tracemalloc.start()
    state = reported_state(Evidence(documents), known, history=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = len(msgspec.json.encode(state.to_dict()))
    del state
    rows: list[tuple[str, float, str, float | None]] = [
        (
            "whole state with history",
            best(lambda: reported_state(documents, known), rounds),
            "CPU s",
            HISTORY_BAR,
        ),
        (
            "whole state, figures only",
            best(lambda: reported_state(documents, known, history=False), rounds),
            "CPU s",
            FIGURES_BAR,
        ),
        (
            "as of a day",
            best(lambda: reported_state(evidence, known, recorded_as_of=day, history=False), rounds),
            "CPU s",
            None,
        ),
        ("one touched slot of fifty claims", best(touched, 5), "CPU s", ONE_SLOT_BAR),
        (
            "the slot with a tenth of all claims",
            best(lambda: reported_state(evidence, known, slots={"s0"}), 1),
            "CPU s",
            None,
        ),
        (
            "one more article on that slot",
            best(lambda: reported_state(evidence, known, slots={"s0"}, earlier=earlier, since=late), 1),
            "CPU s",
            None,
        ),
        (
            "a decision about one claim, looked at",
            best(lambda: reported_state(evidence, known, reviews=[decision], slots=small, history=False), 5),
            "CPU s",
            ONE_SLOT_BAR,
        ),
        ("peak memory per claim", peak / count, "bytes", None),
        ("answer as JSON per claim", size / count, "bytes", None),
    ]
    articles = reports(count // PER_DOCUMENT)
    rows.append(
        (
            "resolve, per article",
            best(lambda: resolve(articles, desk()), 1) / len(articles),
            "CPU s",
            None,
        )
    )
    return [
        {
            "name": f"{name}, {count:,} claims",
            "value": round(value, 6),
            "unit": unit,
            "bar": bar,
            "holds": None if bar is None else value <= bar,
            "against": None,
        }
        for name, value, unit, bar in rows
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    sizes = parser.parse_args().claims
    results = [row for count in sizes for row in measure(count)]
    for row in results:
        bar = "" if row["bar"] is None else f"  (bar {row['bar']}: {'holds' if row['holds'] else 'MISSED'})"
        print(f"{row['name']:<55} {row['value']:>14,.6f} {row['unit']}{bar}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return 0 if all(row["holds"] is not False for row in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
