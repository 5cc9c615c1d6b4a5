from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ledger import Ledger, open_ledger
from ledger.clock import FixedClock
from ledger.config import Fetch, Plugins, Settings

Newsledger = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is known of plugins is kept in a folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one-file plugins."""
    path = tmp_path / "plugins"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """Write a one-file plugin."""

    def write(name: str, source: str) -> Path:
        file = folder / f"{name}.py"
        file.write_text(dedent(source), "utf-8")
        return file

    return write


@pytest.fixture
def opened(tmp_path: Path, folder: Path) -> Iterator[Callable[..., Ledger]]:
    """Open the test's ledger with its plugins; again after it was closed, too."""
    ledgers: list[Ledger] = []
    clock = FixedClock("2031-05-05T07:00:00Z")

    def make(fetch: Fetch | None = None, home: str = "home", **plugins: Any) -> Ledger:
        settings = Settings(
            home=tmp_path / home,
            fetch=fetch or Fetch(),
            plugins=Plugins(**{"directories": (str(folder),), **plugins}),
        )
        ledger = open_ledger(settings=settings, clock=clock)
        ledgers.append(ledger)
        return ledger

    yield make
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def newsledger(tmp_path: Path) -> Newsledger:
    """The command, in a home of the test's own."""

    def run(
        *arguments: str, site: Path | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"NEWSLEDGER_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
        if site is not None:
            environment["PYTHONPATH"] = str(site)
        return subprocess.run(
            [sys.executable, "-P", "-m", "ledger", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=environment,
            cwd=cwd,
        )

    return run
