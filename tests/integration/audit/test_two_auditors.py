"""Two auditors who got the same export, one in an SQLite file and one in PostgreSQL, come to the same report, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.config import Settings
from ledger.store.backup import backup, restore
from ledger.testing import FixedClock
from tests.contract.server import new_database, release_database, text


@pytest.mark.slow
def test_two_auditors_on_two_databases_write_the_same_report(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with open_ledger(home, clock=FixedClock("2031-12-31T00:00:00Z")) as ledger:
        event = next(iter(ledger.store.read(types=("article.ingested",))))
        ledger.redact(event.id, by="counsel", reason="court order 7")
        ledger.audits.seal()
        (tmp_path / "checkpoint").write_bytes(ledger.audits.checkpoint())
        policy = f"log {ledger.audits.known_keys()[0].vkey}\nquorum none\n"
        (tmp_path / "policy").write_text(policy, "utf-8")
        root = backup(ledger.store, copy).root
    server = new_database(empty=True)
    places = {"sqlite": f"sqlite:///{tmp_path / 'elsewhere.db'}", "postgres": text(server)}
    for number, (name, url) in enumerate(places.items()):
        (tmp_path / name).mkdir()
        assert restore(copy, url).root == root
        settings = Settings(home=tmp_path / name, db=url)
        with open_ledger(settings=settings, clock=FixedClock(f"203{number + 2}-01-01T00:00:00Z")) as ledger:
            assert ledger.store.head().root == root
            report = ledger.audits.audit(
                "2031-12-31",
                tmp_path / name / "out",
                outside=[tmp_path / "checkpoint"],
                policy=tmp_path / "policy",
                sample=12,
                seed="both",
                jobs=number + 1,
            )
            assert report["vouched"]
            assert report["replay"]["outcomes"]["identical"]
    for file in ("report.json", "report.html", "state.json"):
        first, second = (tmp_path / name / "out" / file for name in places)
        assert first.read_bytes() == second.read_bytes(), file
    found = json.loads((tmp_path / "sqlite" / "out" / "report.json").read_bytes())
    assert found["question"]["root"] == root
    assert found["verdict"]["exit_code"] in {0, 4}
    release_database(server)
