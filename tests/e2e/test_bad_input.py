"""Wrong input from the shell: a clear sentence that names what and which, the documented exit code, no traceback, nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.store import open_store


class Desk:
    """A home and the command on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"

    def run(self, *args: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ledger", "--home", str(home or self.home), *args],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "COLUMNS": "80"},
        )

    def fails(self, code: int, *args: str, says: str, home: Path | None = None) -> None:
        done = self.run(*args, home=home)
        assert done.returncode == code, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


FILES = {
    "empty.txt": (b"", "The file is empty"),
    "binary.txt": (bytes(range(256)) * 40, "The file is binary"),
    "broken.xml": (b'<?xml version="1.0"?><rss><channel><item><title>x', "broken.xml"),
    "broken.json": (b'{"title": ', "Not valid JSON"),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_holds_no_article(desk: Desk, name: str):
    body, says = FILES[name]
    (desk.folder / name).write_bytes(body)
    desk.fails(2, "ingest", name, says=says)


def test_what_can_be_read_is_recorded_beside_what_cannot(desk: Desk):
    (desk.folder / "good.txt").write_text("Twelve people were hurt in Karrow, the mayor said.")
    (desk.folder / "bad.txt").write_bytes(b"")
    done = desk.run("ingest", "bad.txt", "good.txt")
    assert done.returncode == 2
    assert "bad.txt" in done.stderr
    assert "1 new" in done.stdout
    assert desk.run("search", "Karrow").returncode == 0


def test_a_file_that_is_not_there(desk: Desk):
    desk.fails(2, "ingest", "nowhere.txt", says="nowhere.txt")


def test_a_file_of_a_hundred_megabytes_is_refused_unread(desk: Desk):
    with (desk.folder / "big.txt").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    desk.fails(2, "ingest", "big.txt", says="too large")


def test_a_text_in_another_charset_is_read(desk: Desk):
    (desk.folder / "latin.txt").write_bytes("The caf\xe9 owner said 12 people were hurt.".encode("latin-1"))
    assert desk.run("ingest", "latin.txt").returncode == 0
    assert desk.run("search", "caf\xe9").returncode == 0


def test_a_text_without_a_claim_is_recorded_and_says_nothing(desk: Desk):
    (desk.folder / "calm.txt").write_text("The sky was blue over the harbour.")
    assert desk.run("ingest", "calm.txt").returncode == 0
    done = desk.run("state")
    assert done.returncode == 0
    assert "Nothing is reported yet" in done.stdout


def test_a_private_address_is_refused_and_the_way_round_is_named(desk: Desk):
    desk.fails(1, "ingest", "http://127.0.0.1:9/x", says="allow_hosts")


@pytest.mark.parametrize("url", ["notaurl", "ftp://tribune.example/feed"])
def test_a_feed_address_that_is_none(desk: Desk, url: str):
    done = desk.run("feed", "add", url)
    assert done.returncode in {1, 2}
    assert url in done.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("state", "nosuch"), "nosuch"),
        (("explain", "nosuch"), "nosuch"),
        (("article", "a-nosuch"), "a-nosuch"),
        (("state", "--as-of", "yesterday"), "yesterday"),
        (("state", "--as-of", "2031-05-04T07:00:00"), "without a zone"),
        (("feed", "remove", "f-nosuch"), "f-nosuch"),
        (("review", "undo", "r-1", "--by", "a", "--reason", "b"), "r-1"),
        (("projection", "rebuild", "nosuch"), "nosuch"),
        (("plugin", "info", "nosuch"), "nosuch"),
        (("sources", "import", "nosuch.json"), "nosuch.json"),
    ],
)
def test_a_name_or_time_that_means_nothing(desk: Desk, args: tuple[str, ...], says: str):
    desk.fails(2, *args, says=says)


def test_a_home_that_cannot_be_made(desk: Desk):
    (desk.folder / "file").write_text("in the way")
    desk.fails(4, "state", says="file", home=desk.folder / "file" / "home")


def test_a_file_that_is_no_database(desk: Desk):
    desk.home.mkdir()
    (desk.home / "ledger.db").write_bytes(os.urandom(8192))
    desk.fails(1, "state", says="ledger.db")


def test_a_database_of_a_newer_release(desk: Desk):
    open_store(Settings(home=desk.home), clock=FixedClock("2031-05-04T07:00:00Z")).close()
    with sqlite3.connect(desk.home / "ledger.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    desk.fails(4, "state", says="newer release")


def test_a_registry_that_is_not_one(desk: Desk):
    (desk.folder / "registry.json").write_text('{"sources": {"a": {"reliability": "Z"}}}')
    desk.fails(2, "sources", "import", "registry.json", says="reliability")


def test_output_into_a_closed_pipe_is_no_error(desk: Desk):
    command = f"{sys.executable} -m ledger --home {desk.home} --help | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
