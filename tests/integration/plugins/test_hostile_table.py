"""Twenty plugins that do what they must not, in one ledger: `make hostile-plugins` prints what became of each.

The ledger goes on, what newsledger's own plugins find is complete, and everything is named with the reason, and with the article where
one was at work. The table says at which one place a user sees it.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Plugins, Settings
from ledger.host.health import read_health
from ledger.testing import article, check_plugin

FOLDER = Path(__file__).parents[2] / "third_party" / "hostile"
ARTICLES = 12

FAILS = {
    "changes_input": "invalid: it changed the article that it was given",
    "crash": "crash: its worker was killed by SIGSEGV",
    "exits": "exception: it called sys.exit(3)",
    "flood": "flood: more than",
    "hang": "timeout: it took longer than 0.5 seconds",
    "memory": "memory: out of memory",
    "one_in_a_thousand": "exception: ValueError: this one is unlucky",
    "sockets": "invalid: it opened a socket or looked up a host (",
    "spans": "invalid: spans.mark: span 0-",
    "undeclared": "invalid: it yields undeclared.hidden, which it does not declare",
    "wrong_types": "invalid: an annotation does not fit its type: Expected `int`, got `str`",
}
"""Processor -> what its failures say, in `plugin doctor`."""

NOTED = {
    "children": ("children", "it leaves processes running: sleep"),
    "clock": ("unsteady", "it gave something else the second time it was asked; only one of two runs has"),
    "deadlock_at_exit": ("exit", "it does not end: an exit handler took longer than 1 second"),
    "prints": ("printed", "it printed '"),
}
"""Processor -> the kind of deed that harms nobody, and what `plugin doctor` says of it."""

LISTED = {
    "cycle": "inactive: its requirements form a cycle: egg -> hen -> egg",
    "duplicate": "conflict: The processor name 'numbers' of",
    "patches": "active; it replaced json.loads, ledger.host.run.accept, ledger.plugin.annotations.Span.covers, re.finditer",
    "slow_import": "active; importing it took 2.",
}
"""Plugin -> its status in `plugin list`."""

CAUGHT = {"hash_seed": "it gives the same under every hash seed and time zone"}
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
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted([*FAILS, *NOTED, *LISTED, *CAUGHT])
    source = write_articles(tmp_path / "articles.json")
    with run(tmp_path / "calm", source, Plugins()) as calm:
        calm.ingest(source)
        expected, state = own_annotations(calm), calm.state().to_dict()
    rows: list[tuple[str, str, str, str]] = []
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
            said = failures[name]
            assert all(one.startswith(message) for one in said), (name, said)
            if name in ONCE:
                assert len(said) == 1
            else:
                assert len(said) == 5, "five failures in a row, then it rests"
                assert plugins[name].resting[name].startswith("it rests after 5 failures in a row")
            rows.append((name, "plugin doctor", first[name], said[0]))
        for name, status in LISTED.items():
            assert plugins[name].status.startswith(status)
            rows.append((name, "plugin list", "", plugins[name].status))
        assert not set(failures) - set(FAILS)
    assert capfd.readouterr().out == ""
    health = read_health(tmp_path / "wild")
    for name, (kind, message) in NOTED.items():
        note = health[name].notes[kind]
        assert str(note).startswith(message)
        assert bool(note.article) is (kind != "exit")
        rows.append((name, "plugin doctor", note.article, str(note)))
    noted = {name for name, one in health.items() if one.notes}
    assert noted == {*NOTED}, "nobody else is accused"
    for name, law in CAUGHT.items():
        broken = [
            v
            for one in check_plugin(FOLDER / f"{name}.py", [article("A storm. Then rain.")])
            for v in one.verdicts
            if not v.ok
        ]
        assert broken[0].law == law, name
        assert "https://harbour.example/" in broken[0].message
        rows.append((name, "plugin check", "", f"{law}: {broken[0].message}"))
    with capfd.disabled():
        print()
        for name, where, where_at, said in sorted(rows):
            print(f"{name:<18} {where:<14} {where_at:<19} {said[:150]}")
