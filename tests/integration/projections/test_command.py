"""`newsledger projection` as an operator sees it when a view meets an event that it cannot use."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ledger.cli.root import cli
from ledger.clock import SystemClock
from ledger.config import Settings
from ledger.errors import NotFoundError
from ledger.events import NewEvent, Producer
from ledger.store import open_store


@pytest.fixture
def newsledger(tmp_path):
    def run(*args):
        return CliRunner().invoke(cli, ["--home", str(tmp_path / "home"), *args])

    return run


@pytest.fixture
def poisoned(tmp_path):
    """A ledger with an event that neither the articles nor the full-text index can use."""
    store = open_store(Settings(home=tmp_path / "home"), clock=SystemClock())
    bad = NewEvent(
        type="article.revised", stream="article:a-1", payload=b'{"no": 1}', producer=Producer("x", "1")
    )
    store.append([bad])
    store.close()


@pytest.mark.usefixtures("poisoned")
def test_what_cannot_be_used_is_listed_and_can_be_tried_again(newsledger):
    assert newsledger("projection", "retry").exit_code != 0
    shown = newsledger("projection", "list")
    assert shown.exit_code == 1
    assert "articles stopped before position 1, article.revised" in shown.output
    assert "search passed over position 1, article.revised" in shown.output
    listed = {one["name"]: one for one in json.loads(newsledger("projection", "list", "--json").stdout)}
    assert (listed["articles"]["state"], listed["search"]["parked"]) == ("stopped", 1)
    assert newsledger("projection", "retry").exit_code != 0
    assert isinstance(newsledger("projection", "retry", "nothing").exception, NotFoundError)


def test_nothing_is_wrong_with_a_sound_ledger(newsledger):
    assert newsledger("process").exit_code == 0
    assert newsledger("projection", "list").exit_code == 0
    assert "Nothing is stopped" in newsledger("projection", "retry").output
