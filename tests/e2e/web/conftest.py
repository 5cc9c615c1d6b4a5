"""One server for the tests of this folder: the demo story, and a plugin of somebody else's that fails on one article."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ledger import open_ledger
from ledger.cli.root import cli
from ledger.clock import FixedClock
from ledger.web.server import create_app, serving

FRAGILE = """
from ledger.plugin import Annotation, Span, processor


class Wave(Annotation, frozen=True, kw_only=True, tag="fragile.wave"):
    height: int


@processor("fragile", version="1.0", provides=[Wave])
def fragile(article, context):
    if "RETRACTED" in article.title:
        raise ValueError("no wave has a height here")
    yield Wave(span=Span(0, 1), height=1)
"""


class Site:
    def __init__(self, ledger: Any, address: str) -> None:
        self.ledger = ledger
        self.address = address
        self.articles = {row.title: row.article for row in ledger.views.articles()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home: Path = tmp_path_factory.mktemp("browser") / "home"
    done = CliRunner().invoke(cli, ["--home", str(home), "demo"], catch_exceptions=False)
    assert done.exit_code == 0
    plugins = home.with_name("plugins")
    plugins.mkdir()
    (plugins / "fragile.py").write_text(FRAGILE)
    (home / "newsledger.toml").write_text(f'[plugins]\ndirectories = ["{plugins}"]\n')
    with (
        open_ledger(home, clock=FixedClock("2025-02-08T09:00:00Z")) as ledger,
        serving(create_app(ledger), host="127.0.0.1", port=0) as port,
    ):
        ledger.process()
        yield Site(ledger, f"http://127.0.0.1:{port}")
