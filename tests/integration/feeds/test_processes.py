"""Several processes share one ledger's feeds, and processes that are killed lose and double nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from ledger.clock import SystemClock
from ledger.config import load_settings
from ledger.events import decode
from ledger.feeds.identity import feed_id, host_of
from ledger.feeds.memory import FeedMemory, decode_memory, encode_memory
from ledger.feeds.subscriptions import FEED
from ledger.store import open_store, upgrade
from ledger.store.protocol import Task
from ledger.store.verify import verify_store
from tests.contract.server import new_database, release_database, text

CHILD = Path(__file__).with_name("child.py")
HOSTS = 30


class Server:
    """Serves a feed of three items at every path of 127.0.0.1 to 127.0.0.30, one port for all, and counts."""

    def __init__(self):
        self.asked = Counter()
        self.delay = 0.0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self):
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        first = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        others = [
            await asyncio.start_server(self._handle, f"127.0.0.{n}", self.port) for n in range(2, HOSTS + 1)
        ]
        self._ready.set()
        await self._stop.wait()
        for server in (first, *others):
            server.close()

    async def _handle(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            self.asked[path] += 1
            if self.delay:
                await asyncio.sleep(self.delay)
            items = "".join(
                f"<item><guid>{path}/item/{n}</guid><title>Report {n} of {path}</title><description>The council of {path} met {n} times.</description></item>"
                for n in range(3)
            )
            body = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
def server():
    with Server() as running:
        yield running


def prepare(home, server, feeds, *, lease, url=None):
    home.mkdir()
    hosts = ", ".join(f'"127.0.0.{n}:{server.port}"' for n in range(1, HOSTS + 1))
    (home / "newsledger.toml").write_text(
        (f'db = "{url}"\n' if url else "")
        + f"[fetch]\nallow_hosts = [{hosts}]\nhost_interval = 0\npages = false\nconcurrency = 8\n[schedule]\nlease = {lease}\n"
    )
    clock = SystemClock()
    with_store = open_store(load_settings(home), clock=clock)
    tasks = []
    for n in range(feeds):
        address = f"http://127.0.0.{n % HOSTS + 1}:{server.port}/f{n}"
        memory = FeedMemory(url=address, outlet=f"o{n}", added=clock.now())
        tasks.append(
            Task(
                kind=FEED,
                key=feed_id(address),
                group=host_of(address),
                next_at=clock.now(),
                data=encode_memory(memory),
            )
        )
    with_store.put_tasks(tasks)
    with_store.close()


def start(home):
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout.readline() == "ready\n"
    return child


def go(child):
    child.stdin.write("go\n")
    child.stdin.flush()


def look(home):
    store = open_store(load_settings(home), clock=SystemClock())
    memories = [decode_memory(task.data, task.key) for task in store.tasks("feed")]
    articles = Counter(
        decode(event).article for event in store.read(types=("article.ingested", "article.revised"))
    )
    assert verify_store(store).holds
    store.close()
    return memories, articles


@pytest.mark.parametrize("feeds", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_four_processes_poll_every_feed_once(server, tmp_path, feeds):
    home = tmp_path / "home"
    prepare(home, server, feeds, lease=300)
    children = [start(home) for _ in range(4)]
    for child in children:
        go(child)
    outputs = [child.communicate(timeout=300)[0] for child in children]
    polled = Counter(line for output in outputs for line in output.splitlines() if line.startswith("http"))
    assert [output.splitlines()[-1] for output in outputs] == ["errors 0"] * 4
    assert set(polled.values()) == {1}
    assert len(polled) == feeds
    assert set(server.asked.values()) == {1}
    memories, articles = look(home)
    assert {memory.polls for memory in memories} == {1}
    assert set(articles.values()) == {1}
    assert len(articles) == feeds * 3


def test_what_a_killed_process_held_is_polled_by_others_and_nothing_twice_recorded(server, tmp_path):
    home = tmp_path / "home"
    prepare(home, server, 120, lease=3)
    server.delay = 0.05
    victim = start(home)
    go(victim)
    for _ in range(10):
        victim.stdout.readline()
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    for _ in range(40):
        child = start(home)
        go(child)
        child.communicate(timeout=120)
        memories, articles = look(home)
        if all(memory.polls for memory in memories):
            break
    assert {memory.polls for memory in memories} == {1}
    assert set(articles.values()) == {1}
    assert len(articles) == 360
    assert max(server.asked.values()) <= 2


@pytest.fixture
def database():
    url = new_database()
    upgrade(text(url))
    yield text(url)
    release_database(url)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_ten_thousand_feeds_are_polled_once_by_four_processes_of_which_two_are_killed(
    server, tmp_path, kind, request
):
    url = request.getfixturevalue("database") if kind == "postgres" else None
    home, feeds = tmp_path / "home", 10_000
    prepare(home, server, feeds, lease=20, url=url)
    children = [start(home) for _ in range(4)]
    readers = []
    for number, child in enumerate(children):
        go(child)
        readers.append(threading.Thread(target=_drain, args=(child, 300 if number < 2 else None)))
        readers[-1].start()
    for reader in readers:
        reader.join()
    for _ in range(60):
        memories, articles = look(home)
        if all(memory.polls for memory in memories):
            break
        child = start(home)
        go(child)
        child.communicate(timeout=300)
    assert {memory.polls for memory in memories} == {1}
    assert len(memories) == feeds
    assert set(articles.values()) == {1}
    assert len(articles) == feeds * 3
    again = sum(count - 1 for count in server.asked.values())
    assert len(server.asked) == feeds
    assert again <= 2 * 16


def _drain(child, kill_after):
    """Read what a process says; kill it after so many lines, if that is a number."""
    for number, _ in enumerate(child.stdout):
        if number == kill_after:
            child.send_signal(signal.SIGKILL)
    child.communicate()
