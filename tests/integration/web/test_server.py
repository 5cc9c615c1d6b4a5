"""The real server: it answers beside other work, hangs up on slow clients, and says when it cannot listen."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from litestar.testing import TestClient

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.errors import UsageError
from ledger.web import server
from ledger.web.access import TokenBook
from ledger.web.server import create_app, serving

HERE = "http://127.0.0.1:8765"


def test_it_serves_beside_other_work(ledger):
    with serving(create_app(ledger), host="127.0.0.1", port=0) as port:
        with urlopen(f"http://127.0.0.1:{port}/figures/killed.json", timeout=10) as answer:
            assert answer.status == 200
            assert b"about" not in answer.headers.get("server", "").encode()
        with (
            pytest.raises(UsageError, match="cannot be listened on"),
            serving(create_app(ledger), host="127.0.0.1", port=port),
        ):
            pass


def test_a_client_that_never_ends_its_request_is_left(ledger, monkeypatch):
    monkeypatch.setattr(server, "_HEADERS_WITHIN", 0.2)
    with serving(create_app(ledger), host="127.0.0.1", port=0) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            assert slow.recv(100) == b""
        with urlopen(f"http://127.0.0.1:{port}/login", timeout=10) as answer:
            assert answer.status == 200


def test_a_client_that_never_ends_its_second_request_is_left(ledger, monkeypatch):
    monkeypatch.setattr(server, "_HEADERS_WITHIN", 0.2)
    with (
        serving(create_app(ledger), host="127.0.0.1", port=0) as port,
        socket.create_connection(("127.0.0.1", port), timeout=8) as slow,
    ):
        slow.sendall(b"HEAD /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert slow.recv(100_000).startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert slow.recv(100) == b""


def test_a_client_that_does_not_take_its_answer_is_left(ledger, monkeypatch):
    monkeypatch.setattr(server, "_TAKEN_WITHIN", 0.2)
    with serving(create_app(ledger), host="127.0.0.1", port=0) as port, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(10)
        slow.connect(("127.0.0.1", port))
        asked = b"GET /exports/events.jsonl HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with pytest.raises(ConnectionError):  # it hangs up while answers wait
            slow.sendall(asked * 1_000_000)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_it_quietly_also_while_somebody_follows(story, tmp_path, stop):
    shutil.copytree(story, tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        Path(sys.executable).with_name("newsledger"),
        "--home",
        tmp_path / "home",
        "serve",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        assert "newsledger serves" in served.stderr.readline()
        with follow(port) as stream:
            assert b"following" in stream.readline()
            served.send_signal(stop)
            assert b"change" not in stream.read()
        assert served.wait(timeout=20) == 0
        assert served.stderr.read() == ""


def follow(port: int):
    """The stream of changes, as soon as the server listens."""
    while True:
        try:
            return urlopen(f"http://127.0.0.1:{port}/api/v1/changes/stream", timeout=20)
        except URLError:
            continue


def test_two_servers_of_one_ledger_see_what_each_records(story, tmp_path):
    shutil.copytree(story, tmp_path / "home")
    clock = FixedClock("2025-02-08T09:00:00Z")
    with (
        open_ledger(tmp_path / "home", clock=clock) as one,
        open_ledger(tmp_path / "home", clock=clock) as other,
    ):
        secret = TokenBook(tmp_path / "home").add("hand", ("ingest",), clock.now())
        with (
            TestClient(create_app(one), base_url=HERE) as here,
            TestClient(create_app(other), base_url=HERE) as there,
        ):
            sent = {"content": "At least 40 people were killed in Karrow, police said.", "outlet": "tribune"}
            headers = {"authorization": f"Bearer {secret}"}
            assert here.post("/api/v1/articles", json=sent, headers=headers).json()["outcome"] == "new"
            assert there.get("/api/v1/figures/killed.people.karrow").status_code == 200
            assert (
                there.get("/figures/killed.people.karrow").content
                == here.get("/figures/killed.people.karrow").content
            )
