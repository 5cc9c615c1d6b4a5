"""Twenty plugins that do what they must not, in one ledger: `make hostile-plugins` prints what became of each.

The ledger goes on, what newsledger's own plugins find is complete, and every failure is named with article and reason. Where
nothing fails in the ledger because the worker keeps the deed to itself, the conformance kit says what is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Plugins, Settings
from ledger.testing import article, check_plugin

FOLDER = Path(__file__).parents[2] / "third_party" / "hostile"
ARTICLES = 12

FAILS = {
    "children": "",
    "crash": "crash: its worker was killed by SIGSEGV",
    "deadlock_at_exit": "",
    "exits": "exception: it called sys.exit(3)",
    "flood": "flood: more than",
    "hang": "timeout: it took longer than 0.5 seconds",
    "memory": "memory: out of memory",
    "one_in_a_thousand": "exception: ValueError: this one is unlucky",
    "patches": "",
    "prints": "",
    "slow_import": "",
    "sockets": 'invalid: a processor of replay class "pure" may not use the network',
    "spans": "invalid: spans.mark: span 0-",
    "undeclared": "invalid: it yields undeclared.hidden, which it does not declare",
    "wrong_types": "invalid: an annotation does not fit its type: Expected `int`, got `str`",
}
"""Processor -> what its failures say; empty where it may do what it does, since nobody else notices."""

LISTED = {
    "cycle": "inactive: its requirements form a cycle: egg -> hen -> egg",
    "duplicate": "conflict: The processor name 'numbers' of",
}
"""Plugin -> its status."""

CAUGHT = {
    "changes_input": "it leaves its input as it was",
    "clock": "it gives the same twice",
    "hash_seed": "it gives the same under every hash seed and time zone",
    "slow_import": "importing it takes less than a second",
}
"""Plugin -> the law that the conformance kit says it breaks."""

ONCE = {"one_in_a_thousand"}


def write_articles(path: Path) -> Path:
    rows = [
        {
            "title": f"Report {number}",
            "text": f"At least {number + 3} people were killed in Karrow, police said. It was report {770 + number}.",
            "url": f"https://harbour.example/{number}",
            "outlet": "harbour",
            "published": f"2031-05-04T{number:02}:00:00Z",
        }
        for number in range(ARTICLES)
    ]
    path.write_text(json.dumps(rows))
    return path


def own_annotations(ledger) -> dict[str, list[bytes]]:
    """What newsledger's own processors recorded, by article and processor."""
    own = {active.name for active in ledger.host.processors if active.inline}
    found: dict[str, list[bytes]] = {}
    for event in ledger.store.read(types=["article.annotated"]):
        payload = msgspec.json.decode(event.payload)
        if payload["processor"] in own:
            key = f"{payload['article']} {payload['processor']}"
            found[key] = [msgspec.json.encode(one) for one in payload["annotations"]]
    return found


def run(home: Path, source: Path, plugins: Plugins):
    settings = Settings(home=home, plugins=plugins)
    return open_ledger(settings=settings, clock=FixedClock("2031-05-05T07:00:00Z"))


@pytest.mark.slow
def test_the_ledger_goes_on_and_every_failure_is_named(tmp_path, capfd):
    assert len(list(FOLDER.glob("*.py"))) == 20
    assert {path.stem for path in FOLDER.glob("*.py")} == {*FAILS, *LISTED, *CAUGHT}
    source = write_articles(tmp_path / "articles.json")
    with run(tmp_path / "calm", source, Plugins()) as calm:
        calm.ingest(source)
        expected, state = own_annotations(calm), calm.state().to_dict()
    rows: list[tuple[str, str, str]] = []
    with run(tmp_path / "wild", source, Plugins(directories=(str(FOLDER),), memory=400)) as wild:
        wild.ingest(source)
        assert own_annotations(wild) == expected
        assert wild.state().to_dict() == state
        plugins = {one.name: one for one in wild.hooks.inventory.with_health(wild.host.keep_health())}
        failures: dict[str, list[str]] = {}
        first: dict[str, str] = {}
        for one in wild.views.failures():
            assert wild.article(one.article).article.article == one.article
            failures.setdefault(one.processor, []).append(f"{one.kind}: {one.message}")
            first[one.processor] = one.article
        for name, message in FAILS.items():
            said = failures.get(name, [])
            assert bool(said) is bool(message), (name, said)
            assert all(one.startswith(message) for one in said), (name, said)
            if name in ONCE:
                assert len(said) == 1
            elif message:
                assert len(said) in (5, 6), "five failures in a row and one in flight, then it rests"
                assert plugins[name].resting[name].startswith("it rests after 5 failures in a row")
            resting = ", then it rests" if plugins[name].resting else ""
            rows.append(
                (
                    name,
                    said[0] if said else "harmless",
                    f"{len(said)} of {ARTICLES} articles{resting} {first.get(name, '')}",
                )
            )
        for name, status in LISTED.items():
            assert plugins[name].status.startswith(status)
            rows.append((name, plugins[name].status, "never ran"))
    assert capfd.readouterr().out == ""
    for name, law in CAUGHT.items():
        broken = [
            v
            for one in check_plugin(FOLDER / f"{name}.py", [article("A storm. Then rain.")])
            for v in one.verdicts
            if not v.ok
        ]
        assert broken[0].law == law, name
        rows.append((name, f"plugin check: {law}: {broken[0].message}", "kit"))
    with capfd.disabled():
        print()
        for name, outcome, where in sorted(rows):
            print(f"{name:<18} {where:<50} {outcome[:150]}")
