"""`newsledger run` as a service: it ends when told to, and leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ledger.clock import FixedClock, SystemClock
from ledger.config import load_settings
from ledger.errors import InputError, StoreUnavailableError, UsageError
from ledger.feeds.memory import decode_memory
from ledger.feeds.subscriptions import add_feed
from ledger.schedule import Ticker
from ledger.schedule.metrics import serve_metrics
from ledger.store import open_store
from ledger.store.memory import MemoryStore
from ledger.store.verify import verify_store

FEEDS = 40


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.begun.set()
        self.server.release.wait(30)
        body = (
            f"<rss version='2.0'><channel><title>T</title><item><guid>{self.path}/item/1</guid><title>Flood</title>"
            "<description>Twelve people died in the flood in Brenn.</description></item></channel></rss>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.begun, server.release = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


def begin(tmp_path, server, *options, lease=5):
    port = server.server_address[1]
    (tmp_path / "newsledger.toml").write_text(
        f'[fetch]\nallow_hosts = ["127.0.0.1:{port}"]\nhost_interval = 0\npages = false\nconcurrency = 2\n[schedule]\nlease = {lease}\n'
    )
    store = open_store(load_settings(tmp_path), clock=SystemClock())
    for n in range(FEEDS):
        add_feed(store, SystemClock(), f"http://127.0.0.1:{port}/{n}", outlet=f"o{n}")
    store.close()
    return subprocess.Popen(
        [sys.executable, "-m", "ledger", "--home", str(tmp_path), "run", *options],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def memories(tmp_path):
    store = open_store(load_settings(tmp_path), clock=SystemClock())
    tasks = store.tasks("feed")
    found = [decode_memory(task.data, task.key) for task in tasks]
    assert verify_store(store).holds
    store.close()
    return tasks, found


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_mid_poll_records_what_is_in_flight_and_begins_nothing_new(tmp_path, server, name):
    process = begin(tmp_path, server)
    assert server.begun.wait(60)
    process.send_signal(name)
    time.sleep(0.2)
    server.release.set()
    assert process.wait(60) == 0, process.stderr.read()
    tasks, found = memories(tmp_path)
    polled = [memory for memory in found if memory.polls]
    assert 0 < len(polled) < FEEDS
    assert len(server.asked) == len(polled)
    assert all(task.lease_until is None for task in tasks)
    process.stderr.close()


def test_after_a_kill_the_next_run_polls_again_at_once_and_records_once(tmp_path, server):
    process = begin(tmp_path, server, lease=3600)
    assert server.begun.wait(60)
    process.kill()
    process.communicate()
    server.release.set()
    begin(tmp_path, server, "--once", lease=3600).communicate(timeout=120)
    assert {memory.polls for memory in memories(tmp_path)[1]} == {1}


@pytest.mark.slow
def test_two_workers_end_together_and_poll_each_feed_once(tmp_path, server):
    server.release.set()
    process = begin(tmp_path, server, "--workers", "2")
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and len(set(server.asked)) < FEEDS:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()
    assert len(server.asked) == len(set(server.asked)) == FEEDS
    assert {memory.polls for memory in memories(tmp_path)[1]} == {1}


def test_an_error_ends_a_tick_and_an_unusable_store_the_ticker():
    calls = []

    def tick():
        calls.append(1)
        if len(calls) < 3:
            raise InputError("A bad tick")
        raise StoreUnavailableError("The disk is full")

    with pytest.raises(StoreUnavailableError):
        Ticker(tick, 0.01).run()
    assert len(calls) == 3


def test_a_signal_in_a_later_tick_lets_it_finish():
    calls = []

    def tick():
        calls.append("begun")
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        calls.append("done")

    Ticker(tick, 0.01).run()
    assert calls == ["begun", "done"] * 2


def test_metrics_on_loopback():
    clock = FixedClock("2031-05-04T06:00:00Z")
    store = MemoryStore(clock, os.urandom)
    add_feed(store, clock, "https://brenn.example/feed")
    clock.advance(60)
    with serve_metrics(store, clock, 0) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        assert 'newsledger_feeds{health="new"} 1\n' in text
        assert "newsledger_feeds_due 1\n" in text
        assert "newsledger_feeds_late_seconds 60\n" in text
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        missing.value.close()
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}"):
            serve_metrics(store, clock, port).__enter__()
