from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.store import open_store

CHILD = Path(__file__).with_name("child.py")


class Child:
    """A process of `child.py`, held at its starting line until `go`."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [sys.executable, CHILD, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHILD.parents[3])},
        )

    def wait_ready(self):
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.communicate()[1]

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self):
        output, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        return output.split("\n")[:-1]


def run_together(*children):
    for child in children:
        child.wait_ready()
    for child in children:
        child.go()
    return [child.result() for child in children]


@pytest.fixture
def clock():
    return FixedClock("2031-05-04T07:00:00Z")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "ledger.db"


@pytest.fixture
def url(path):
    return f"sqlite:///{path}"


@pytest.fixture
def store(url, clock):
    opened = open_store(url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def children():
    """Starts processes and ends those that are left over."""
    started = []

    def start(*words):
        started.append(Child(*words))
        return started[-1]

    start.together = run_together
    yield start
    for child in started:
        child.process.kill()
        child.process.communicate()
