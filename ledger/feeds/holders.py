"""Who holds a lease, and whether that process is still there.

An owner is named `host:pid:birth:number`. The birth tells a process from another that has its id by chance: the boot of the machine, the
space of ids (a container has its own) and the moment of the start, where the system says these.
"""

from __future__ import annotations

import functools
import itertools
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from ledger.store.protocol import Store, Task

__all__ = ["free_left_behind", "is_dead", "new_owner", "shown"]

_NUMBERS = itertools.count(1)


def new_owner() -> str:
    """A name for one holder of leases in this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{_birth(os.getpid())}:{next(_NUMBERS)}"


def shown(owner: str) -> str:
    """The part of an owner's name that a reader can use: host and process id."""
    return ":".join(owner.split(":")[:2])


def is_dead(owner: str) -> bool:
    """Whether the owner of a lease was a process of this host that is known not to run any more."""
    host, pid, birth, *_ = (*owner.split(":"), "", "")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    boot, space, start = (*birth.split("."), "", "")[:3]
    if boot and boot != _boot():
        return True
    if space != _space():
        # The ids of another container say nothing here.
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return bool(start) and start != _start(int(pid))


def free_left_behind(store: Store, tasks: Iterable[Task]) -> int:
    """Free those of `tasks` that dead processes of this host hold; gives their number. Nobody else can finish them."""
    left = [task for task in tasks if task.owner and is_dead(task.owner)]
    if left:
        # Putting a task again takes its lease and its fence away.
        store.put_tasks(left)
    return len(left)


def _birth(pid: int) -> str:
    return f"{_boot()}.{_space()}.{_start(pid)}"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        return ""


@functools.cache
def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When a process started, in ticks since the boot; empty where that cannot be known."""
    try:
        # The command's name comes in brackets and may hold anything.
        after_name = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        )
    except OSError:
        return ""
    return after_name.split()[19]
