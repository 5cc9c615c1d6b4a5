"""What `plugin new` writes works as it is: it installs, passes its own tests, the kit, and shows in `plugin list`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import UsageError
from ledger.testing.reference import hook_reference
from ledger.testing.scaffold import KINDS, new_project

ROOT = Path(__file__).parents[3]


def install(project: Path, site: Path) -> None:
    """Build and install with what is there already; needs no network."""
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
    command += ["--no-build-isolation", "--target", str(site), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_it_works_as_it_is(kind, newsledger, tmp_path):
    written = newsledger("plugin", "new", "storm-watch", "--kind", kind, "--into", str(tmp_path))
    assert written.returncode == 0, written.stderr
    project = tmp_path / "newsledger-storm-watch"
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert tests.returncode == 0, tests.stdout
    checked = newsledger("plugin", "check", ".", cwd=project)
    assert checked.returncode == 0, checked.stdout
    assert "FAIL" not in checked.stdout
    site = tmp_path / "site"
    install(project, site)
    plugins = {
        one["name"]: one
        for one in json.loads(newsledger("plugin", "list", "--json", site=site).stdout)["plugins"]
    }
    found = plugins["storm-watch"]
    assert (found["state"], found["distribution"], found["version"]) == (
        "active",
        "newsledger-storm-watch",
        "0.1.0",
    )
    assert found["offers"].keys() == {f"ledger_{kind}s"}
    assert newsledger("plugin", "check", "storm-watch", site=site).returncode == 0


@pytest.mark.parametrize(
    "name", ["Storm", "9lives", "newsledger-storm", "numbers", "core", "a--b", "../up", ""]
)
def test_a_name_that_cannot_be_one_is_refused(name, tmp_path):
    with pytest.raises(UsageError):
        new_project(name, "processor", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_is_there_is_left_alone(tmp_path):
    file, *_ = new_project("storm", "processor", tmp_path)
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        new_project("storm", "processor", tmp_path)
    assert file.read_text() == "mine"


def test_a_plugin_that_breaks_a_law_fails_the_check(newsledger, tmp_path):
    project = new_project("storm", "processor", tmp_path)[0].parent
    module = project / "ledger_storm.py"
    module.write_text(module.read_text().replace("word=word)", "word=str(__import__('time').time_ns()))"))
    checked = newsledger("plugin", "check", str(project))
    assert checked.returncode == 0, "the samples hold no storm"
    module.write_text(module.read_text().replace('"flood",', '"killed",'))
    checked = newsledger("plugin", "check", str(project))
    assert checked.returncode == 1
    assert "FAIL it gives the same twice" in checked.stdout


def test_a_history_is_recorded_and_compared(newsledger, tmp_path):
    project = new_project("storm", "processor", tmp_path)[0].parent
    module = project / "ledger_storm.py"
    module.write_text(module.read_text().replace('"flood",', '"killed",'))
    command = ("plugin", "check", str(project), "--history", str(project / "history.jsonl"))
    assert newsledger(*command).returncode == 0
    module.write_text(
        module.read_text()
        .replace('version="0.1.0"', 'version="0.2.0"')
        .replace("word=word", "word=word.upper()")
    )
    changed = newsledger(*command)
    assert changed.returncode == 1
    assert "storm 0.1.0 -> 0.2.0: 8 articles, 0 annotations as recorded, 1 gone, 1 new" in changed.stdout
    assert """- storm.mention 38-44 'killed' word="killed\"""" in changed.stdout
    assert """+ storm.mention 38-44 'killed' word="KILLED\"""" in changed.stdout


def test_the_page_of_hooks_is_what_is_declared(newsledger):
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    assert page == hook_reference(), "write it anew: newsledger plugin docs > docs/hooks.md"
    assert newsledger("plugin", "docs").stdout == page
