"""A ledger with the demo story, and a client of its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from ledger import open_ledger
from ledger.cli.root import cli
from ledger.clock import FixedClock
from ledger.web.server import create_app

NOW = "2025-02-08T09:00:00Z"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a ledger with the demo story; to be copied, not written to."""
    home = tmp_path_factory.mktemp("story") / "home"
    done = CliRunner().invoke(cli, ["--home", str(home), "demo"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return home


@pytest.fixture(scope="module")
def ledger(story: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("web") / "home"
    shutil.copytree(story, home)
    with open_ledger(home, clock=FixedClock(NOW)) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(ledger: Any) -> Iterator[TestClient[Any]]:
    with TestClient(
        create_app(ledger), base_url="http://127.0.0.1:8765", raise_server_exceptions=False
    ) as one:
        yield one
