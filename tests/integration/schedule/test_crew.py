"""The other processes of a run are started again when they die, and end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys

import pytest

from ledger.schedule import Crew

CALL = "import os, socket, sys; s = socket.create_connection(('127.0.0.1', {port})); s.sendall(b'%d ' % os.getpid()); "


@pytest.fixture
def bell():
    """Where the processes report; a read blocks until one does."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server.settimeout(30)

        def ring():
            connection, _ = server.accept()
            stack.enter_context(connection).settimeout(30)
            return connection, int(connection.recv(20))

        yield server.getsockname()[1], ring


def command(port, then):
    return [sys.executable, "-c", CALL.format(port=port) + then]


def test_a_process_that_dies_is_started_again_and_named(bell, caplog):
    port, ring = bell
    with Crew([command(port, "sys.exit(3)")], shortest_wait=0.01):
        _, first = ring()
        _, second = ring()
    assert first != second
    assert f"Process {first}" in caplog.text
    assert "ended with status 3; it is started again in 0.01 seconds" in caplog.text


def test_a_killed_process_is_started_again_and_all_end_with_the_run(bell):
    port, ring = bell
    with Crew([command(port, "s.recv(1)")] * 2, shortest_wait=0.01) as crew:
        callers = [ring() for _ in range(2)]
        assert sorted(crew.pids) == sorted(pid for _, pid in callers)
        victim = callers[0][1]
        os.kill(victim, signal.SIGKILL)
        callers.append(ring())
        assert victim not in crew.pids
    for connection, _ in callers:
        assert connection.recv(1) == b""
    assert crew.pids == []
