"""The real server: it answers beside other work, hangs up on slow clients, and says when it cannot listen."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest

from ledger.errors import UsageError
from ledger.web import server
from ledger.web.server import create_app, serving


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
