"""`newsledger demo`, and the commands that it points to afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def newsledger(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ledger", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def demo(home: Path) -> subprocess.CompletedProcess[str]:
    return newsledger(home, "demo", "--json")


def test_the_demo_prints_the_expected_state(
    demo: subprocess.CompletedProcess[str], expected: dict[str, Any], differences: Any
) -> None:
    assert demo.returncode == 0, demo.stderr
    assert differences(expected["final"], json.loads(demo.stdout)) == []


def test_explain_shows_the_very_sentences(home: Path, demo: subprocess.CompletedProcess[str]) -> None:
    done = newsledger(home, "explain", "killed")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    for sentence in (
        "About 1,000 of the 11,000 North Korean soldiers deployed to the region have been killed, the officials said.",
        "We have counted 3,200 North Korean soldiers killed in the Kursk region.",
        "South Korea's National Intelligence Service on Wednesday raised the number of North Korean soldiers killed",
    ):
        assert sentence in words
    assert "retracted" in words
    assert (
        '"We have counted 3,200 North Korean soldiers killed in the Kursk region." is gone in revision 2'
        in words
    )


def test_the_log_verifies_and_replays_after_the_views_are_gone(
    home: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    assert newsledger(home, "verify").returncode == 0
    for file in home.glob("views.db*"):
        file.unlink()
    replayed = newsledger(home, "replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    again = newsledger(home, "state", "--json")
    assert json.loads(again.stdout)["slots"] == json.loads(demo.stdout)["slots"]
