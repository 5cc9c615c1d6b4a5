"""A process that is killed anywhere loses nothing that it recorded and doubles nothing when it is started again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger import open_ledger
from ledger.testing import FixedClock

PLAYER = Path(__file__).with_name("play_story.py")
LAST_POLL = "2025-02-07T20:00:00Z"


def run(home: Path, port: int, deadline: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PLAYER), str(home), str(port)]
    command += [] if deadline is None else [str(deadline)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def result(home: Path) -> tuple[dict[str, Any], Counter[tuple[str, str]]]:
    """The state, and how often each article and annotation stream has each type of event."""
    with open_ledger(home, clock=FixedClock(LAST_POLL)) as ledger:
        assert ledger.verify().holds
        kinds = Counter(
            (each.stream, each.type)
            for each in ledger.store.read()
            if each.stream.startswith(("article:", "annotations:"))
        )
        return json.loads(json.dumps(ledger.state().to_dict())), kinds


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def undisturbed(port: int, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    home = tmp_path_factory.mktemp("undisturbed")
    done = run(home, port)
    assert done.returncode == 0, done.stderr
    return home, int(done.stdout)


@pytest.mark.parametrize("shares", [(0.04, 0.3), (0.6, 0.2)], ids=str)
def test_killed_and_started_again(
    shares: tuple[float, ...], undisturbed: tuple[Path, int], port: int, tmp_path: Path
) -> None:
    reference, calls = undisturbed
    home = tmp_path / "home"
    for share in shares:
        killed = run(home, port, int(calls * share))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = run(home, port)
    assert done.returncode == 0, done.stderr
    assert result(home) == result(reference)
