"""Questions that the command answers about a small ledger of one's own: entities, policies, and order of times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger.cli.root import cli


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("questions")
    reports = {
        "one": (
            "At least 40 people were killed in Karrow, the interior ministry said on Sunday.",
            "2031-05-04T09:00:00Z",
        ),
        "two": ("The death toll in Karrow is 57, the interior ministry said.", "2031-05-04T18:00:00Z"),
    }
    for name, (text, published) in reports.items():
        path = Path(folder) / f"{name}.txt"
        path.write_text(text)
        done = run(str(folder / "home"), "ingest", str(path), "--outlet", name, "--published", published)
        assert done.exit_code == 0, done.output
    return str(folder / "home")


def run(home: str, *args: str):
    return CliRunner().invoke(cli, ["--home", home, *args], obj={})


def test_an_entity_with_its_articles_and_figures(home: str):
    found = json.loads(run(home, "entity", "Karrow", "--json").stdout)
    assert len(found["articles"]) == 2
    assert any("killed" in slot for slot in found["figures"])


def test_nobody_of_that_name(home: str):
    assert run(home, "entity", "Nowhereville").exit_code == 1


def test_another_policy_is_named_in_the_answer(home: str):
    assert json.loads(run(home, "state", "--policy", "latest/1", "--json").stdout)["policy"] == "latest/1"
    assert json.loads(run(home, "state", "--json").stdout)["policy"] == "most-support/1"


def test_every_figure_says_how_sure_its_sources_are(home: str):
    assert "asserted" in run(home, "state").stdout


def test_times_in_the_wrong_order_are_refused(home: str):
    done = run(home, "explain-change", "killed", "2031-05-05", "2031-05-04")
    assert done.exception is not None
    assert "before the first" in str(done.exception)


def test_nothing_is_behind_after_an_ingest(home: str):
    found = {one["name"]: one["result"]["ok"] for one in json.loads(run(home, "doctor", "--json").stdout)}
    assert found["views"]
