"""Whose leases are free at once: those of processes that are known to be dead, and no others."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from ledger.clock import FixedClock
from ledger.feeds.holders import free_left_behind, is_dead, new_owner, shown
from ledger.store.memory import MemoryStore
from ledger.store.protocol import Task


def like(owner, **other):
    """`owner` with parts of its name changed."""
    host, pid, birth, number = owner.split(":")
    boot, space, start = birth.split(".")
    parts = {"host": host, "pid": pid, "boot": boot, "space": space, "start": start, **other}
    return "{host}:{pid}:{boot}.{space}.{start}:".format(**parts) + number


def ended():
    return subprocess.run(
        [sys.executable, "-c", "from ledger.feeds.holders import new_owner; print(new_owner())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_this_process_lives_and_one_that_ended_is_dead():
    assert not is_dead(new_owner())
    assert is_dead(ended())
    assert new_owner() != new_owner()
    assert shown(new_owner()).endswith(f":{os.getpid()}")


def test_one_s_own_number_from_an_earlier_life_is_dead():
    assert is_dead(like(new_owner(), start="1"))
    assert is_dead(like(new_owner(), boot="0bad0bad"))


@pytest.mark.parametrize(
    "other", [{"host": "elsewhere.example"}, {"space": "1", "pid": "999999999"}, {"pid": "x"}]
)
def test_of_others_nothing_is_known(other):
    assert not is_dead(like(ended(), **other))


@pytest.mark.parametrize("owner", ["", "mine", "a:b", "dead:1", ":::", "host:12:34:56:78"])
def test_a_name_that_is_none_is_not_dead(owner):
    assert not is_dead(owner)


def test_only_what_the_dead_hold_is_freed():
    clock = FixedClock("2031-05-04T06:00:00Z")
    store = MemoryStore(clock, random.Random(1).randbytes)
    store.put_tasks([Task(kind="feed", key=key, next_at=clock.now()) for key in "abc"])
    for key, owner in (("a", ended()), ("b", new_owner())):
        store.claim("feed", now=clock.now(), owner=owner, lease_seconds=300, limit=1, keys=[key])
    assert free_left_behind(store, store.tasks("feed")) == 1
    again = store.claim("feed", now=clock.now(), owner="next", lease_seconds=300, limit=9)
    assert [task.key for task in again] == ["a", "c"]
