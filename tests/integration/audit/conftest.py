"""A played and sealed demo ledger, to be copied by each test that changes something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.testing import FixedClock
from ledger.testing.demo import StoryServer, seeds_folder

LAST = "2031-12-31T00:00:00Z"


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a demo ledger with a key and one checkpoint."""
    home = tmp_path_factory.mktemp("sealed") / "home"
    home.mkdir()
    with StoryServer(seeds_folder()) as story:
        (home / "newsledger.toml").write_text(
            f'[fetch]\nallow_hosts = ["{story.address}"]\nhost_interval = 0\n', "utf-8"
        )
        clock = FixedClock(story.recorded_at)
        with open_ledger(home, clock=clock) as ledger:
            ledger.sources.load(seeds_folder() / "registry.json")
            for outlet, url in sorted(story.feeds.items()):
                ledger.feeds.add(url, outlet=outlet)
            for number in range(len(story.manifest.polls)):
                story.move_to(number)
                clock.set(story.recorded_at)
                ledger.poll(force=True)
            ledger.audits.sealer.new_key("desk.example/log", by="a test")
            ledger.audits.vendor()
            ledger.audits.seal()
    return home


@pytest.fixture
def home(sealed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(sealed, tmp_path / "home")
    return tmp_path / "home"
