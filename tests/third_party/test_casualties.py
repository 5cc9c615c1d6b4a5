"""A plugin of another distribution, built and installed as any user would do it, beside an installed newsledger."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE / "newsledger-casualties"

PROGRAM = """
import json, sys
from ledger.config import Plugins
from ledger.host import Host
from ledger.testing import article

host = Host(Plugins(**json.loads(sys.argv[1])))
texts = ["At least 12 people were killed and 30 injured.", "Nobody was hurt.", "About 300 soldiers are dead, 7 wounded."]
texts.append("The interior ministry of Kenya said on Monday that the road to Nairobi was closed.")
rows = []
for text in texts:
    for outcome in host.annotate(article(text)):
        failure = outcome.failure.kind if outcome.failure else ""
        rows.append([outcome.processor, [json.loads(raw) for raw in outcome.annotations], failure, outcome.skipped])
processors = {
    p.name: [p.plugin, p.distribution, p.isolation, p.identity, p.pinned, p.requires, p.provides] for p in host.processors
}
states = {p.name: [p.state, p.reason, p.distribution, p.version] for p in host.plugins}
host.close()
json.dump({"processors": processors, "states": states, "rows": rows, "problems": [p.what for p in host.problems]}, sys.stdout)
"""


def install(project: Path, target: Path) -> None:
    """Build a wheel with the installed build backend and unpack it into `target`; needs no network."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
    ]
    command += ["--no-build-isolation", "--target", str(target), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("casualties")
    # pip builds in the project's folder: build from a copy, and leave the checkout as it is.
    shutil.copytree(PROJECT, folder / "project")
    install(folder / "project", folder / "site")
    return folder / "site"


def run(site: Path, **settings: list[str]) -> dict[str, dict[str, list[str]]]:
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-c", PROGRAM, json.dumps(settings)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def found(result, processor: str) -> list[list[tuple[str, int]]]:
    return [
        [(a["outcome"], a["count"]) for a in annotations]
        for name, annotations, _, _ in result["rows"]
        if name == processor
    ]


def test_it_is_listed_and_runs_in_a_worker(site):
    result = run(site)
    plugin, distribution, isolation, identity, pinned, requires, provides = result["processors"]["casualties"]
    assert (plugin, distribution, isolation, pinned) == (
        "casualties",
        "newsledger-casualties 1.2.0",
        "worker",
        True,
    )
    assert (requires, provides) == (["core.quantity"], ["casualties.casualty"])
    assert len(identity) == 64
    assert result["states"]["casualties"] == ["active", "", "newsledger-casualties", "1.2.0"]
    assert list(result["processors"]).index("numbers") < list(result["processors"]).index("casualties")
    assert found(result, "casualties") == [
        [("killed", 12), ("injured", 30)],
        [],
        [("dead", 300), ("wounded", 7)],
        [],
    ]


def test_it_is_not_there_where_it_is_not_installed(tmp_path):
    assert "casualties" not in run(tmp_path)["states"]


def test_an_edit_in_place_is_another_identity(site, tmp_path):
    before = run(site)["processors"]["casualties"][3]
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    assert run(copy)["processors"]["casualties"][3] == before
    module = copy / "ledger_casualties.py"
    module.write_text(module.read_text() + "\n# edited\n")
    assert run(copy)["processors"]["casualties"][3] != before


def test_its_failures_harm_nobody_else(site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    module = copy / "ledger_casualties.py"
    module.write_text(
        module.read_text().replace(
            "        if found :=", "        import os; os.abort()\n        if found :="
        )
    )
    healthy, broken = run(site), run(copy)
    failures = [failure for name, _, failure, _ in broken["rows"] if name == "casualties"]
    assert failures == ["crash", "", "crash", ""]
    others = [[row for row in result["rows"] if row[0] != "casualties"] for result in (healthy, broken)]
    assert others[0] == others[1]
    assert any(row[1] for row in others[0])


def test_two_distributions_of_one_name_are_a_named_conflict(site, tmp_path):
    other = tmp_path / "project"
    shutil.copytree(PROJECT, other)
    pyproject = (other / "pyproject.toml").read_text()
    pyproject = pyproject.replace('name = "newsledger-casualties"', 'name = "newsledger-toll"').replace(
        "1.2.0", "0.3.0"
    )
    (other / "pyproject.toml").write_text(pyproject.replace("casualties = ", "toll = "))
    both = tmp_path / "site"
    shutil.copytree(site, both)
    install(other, tmp_path / "second")
    shutil.copytree(tmp_path / "second", both, dirs_exist_ok=True)
    result = run(both)
    assert result["states"]["casualties"][0] == "active"
    state, reason, distribution, version = result["states"]["toll"]
    assert (state, distribution, version) == ("conflict", "newsledger-toll", "0.3.0")
    assert reason == (
        "The processor name 'casualties' of newsledger-toll 0.3.0 is already taken by "
        "casualties of newsledger-casualties 1.2.0"
    )
    assert found(result, "casualties") == found(run(site), "casualties")


def test_a_copy_as_one_file_gives_the_same(site, tmp_path):
    shutil.copy(PROJECT / "ledger_casualties.py", tmp_path / "casualties.py")
    result = run(tmp_path / "nothing", directories=[str(tmp_path)])
    assert result["processors"]["casualties"][2] == "worker"
    assert found(result, "casualties") == found(run(site), "casualties")


def repackaged(names):
    """The project file of a distribution that brings first-party plugins under other names."""
    entries = "\n".join(f'again_{name} = "again_{name}"' for name in names)
    return f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "newsledger-again"
version = "0.0.1"

[project.entry-points.ledger]
{entries}

[tool.hatch.build.targets.wheel]
packages = {json.dumps([f"again_{name}" for name in names])}
"""


TOGETHER = ("syntax", "attribution", "claims")
"""Who makes a layer that is a class, and who reads it: they move together."""

HEAVIER = [
    pytest.param(names, marks=pytest.mark.slow, id="+".join(names))
    for names in (("entities",), ("sentiment",), ("attribution",), ("claims",), TOGETHER)
]


@pytest.mark.parametrize("names", [pytest.param(("numbers",), id="numbers"), *HEAVIER])
def test_first_party_plugins_under_another_roof_give_the_same(names, tmp_path):
    project = tmp_path / "project"
    for name in names:
        origin = Path(importlib.util.find_spec(f"ledger_{name}").origin).parent
        shutil.copytree(origin, project / f"again_{name}", ignore=shutil.ignore_patterns("__pycache__"))
    for module in project.rglob("*.py"):
        text = module.read_text("utf-8")
        for name in names:
            text = text.replace(f"ledger_{name}", f"again_{name}")
        module.write_text(text, "utf-8")
    (project / "pyproject.toml").write_text(repackaged(names))
    install(project, tmp_path / "site")
    own, again = run(tmp_path / "nothing"), run(tmp_path / "site", disabled=list(names))
    for name in names:
        assert again["processors"][name][:3] == [f"again_{name}", "newsledger-again 0.0.1", "worker"]
    assert again["rows"] == own["rows"]
    assert {row[0] for row in again["rows"] if row[1]} >= set(names)
