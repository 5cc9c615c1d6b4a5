"""The processes that this one has started and that still run."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["running_children"]

_TASKS = Path("/proc/self/task")


def running_children() -> dict[int, str]:
    """Process id -> name of each child that has not ended; empty where the system does not tell."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (ChildProcessError, AttributeError):
        return {}
    found: dict[int, str] = {}
    for task in _TASKS.glob("*/children"):
        try:
            for child in task.read_text().split():
                name, _, rest = Path(f"/proc/{child}/stat").read_text().partition("(")[2].rpartition(")")
                if rest.split()[0] != "Z":
                    found[int(child)] = name
        except OSError:
            continue  # a task or a child that has ended meanwhile
    return found
