"""The commands around the log as a script sees them: JSON of each, and what `run --once` does besides polling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ledger import open_ledger
from ledger.cli.root import cli
from ledger.events.types import AuditDone
from ledger.testing import FixedClock


def newsledger(home: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["--home", str(home), *arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def as_json(home: Path, *arguments: str) -> Any:
    return json.loads(newsledger(home, *arguments, "--json"))


def test_keys_checkpoints_and_receipts_are_json_where_a_script_asks(home: Path, tmp_path: Path) -> None:
    [key] = as_json(home, "key", "show")
    assert newsledger(home, "key", "show") == key["vkey"] + "\n"
    assert key["name"] == "desk.example/log"
    found = as_json(home, "checkpoint", "-o", str(tmp_path / "kept"))
    assert found["checkpoint"] == (tmp_path / "kept").read_text("utf-8") == newsledger(home, "checkpoint")
    assert found["signatures"] == [{"name": "desk.example/log", "id": key["id"]}]
    assert (found["origin"], found["path"]) == ("desk.example/log", str(tmp_path / "kept"))
    event = as_json(home, "prove", "7", "-o", str(tmp_path / "seven.tlog-proof"))
    assert event == {
        "kind": "event",
        "position": 7,
        "path": str(tmp_path / "seven.tlog-proof"),
        "entry": str(tmp_path / "seven.json"),
    }
    assert json.loads(Path(event["entry"]).read_bytes())["stream"]
    row = as_json(home, "prove", "killed", "-o", str(tmp_path / "row"))
    assert (row["kind"], row["entry"], Path(row["path"]).exists()) == ("row", None, True)
    [rotated] = as_json(home, "key", "rotate", "--by", "a test", "--reason", "to see")
    assert [one["vkey"] for one in as_json(home, "key", "show")] == [rotated["vkey"], key["vkey"]]


@pytest.mark.slow
def test_one_tick_seals_and_audits_when_that_is_due(home: Path) -> None:
    for url in json.loads(newsledger(home, "feed", "list", "--json")):
        newsledger(home, "feed", "remove", url["feed"])
    with (home / "newsledger.toml").open("a", encoding="utf-8") as file:
        file.write("\n[audit]\nseal = 3600\nevery = 86400\nsample = 1\n")
    newsledger(home, "run", "--once")
    with open_ledger(home, clock=FixedClock("2031-12-31T00:00:00Z")) as ledger:
        assert len(ledger.audits.sealer.sizes()) == 2
        [done] = ledger.store.read(types=(AuditDone.TYPE,))
    newsledger(home, "run", "--once")
    with open_ledger(home, clock=FixedClock("2031-12-31T00:00:00Z")) as ledger:
        assert [one.position for one in ledger.store.read(types=(AuditDone.TYPE,))] == [done.position]


@pytest.mark.slow
def test_a_sample_is_replayed_by_its_seed_and_leaves_nothing_behind(home: Path) -> None:
    first = as_json(home, "replay", "--sample", "4", "--seed", "a", "--jobs", "2")
    assert first["counts"] == {"identical": 4}
    assert not (home / "replay.jsonl").exists()
