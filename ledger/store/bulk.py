"""Verifying a log in a database in bulk: in stretches, side by side, and only as far as everything is in order.

What is not in order is not described here: `verify_store` then reads the log event by event and finds the words. A process of
its own takes tasks from the same list: `python -m ledger.store.bulk` reads where the log is, then a `Task` a line, and answers
each with a line.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing

import msgspec

from ledger.errors import LedgerError
from ledger.store.rows import OtherwiseError, Where, open_rows
from ledger.store.stretches import Reader, Stretch, check_stretch
from ledger.store.tlog import GROUP, Frontier

__all__ = ["Checked", "check_log_in_bulk"]

_STRETCH = 128 * GROUP
_ALONE = 50_000
"""Events that are checked sooner than another process has started."""
_MOST_PROCESSES = 8


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a log that is in order gives: its tree, and what the orders of redactions leave to compare.

    `roots` and `rows` are for each full group of 256 leaves: its root, and the SHA-256 over its leaf hashes as a tile joins them.
    """

    frontier: Frontier
    roots: tuple[bytes, ...]
    rows: tuple[bytes, ...]
    redacted: frozenset[int]
    bodies: frozenset[str]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of work: the events after `after`, or, of `parts` of the streams, the one with the number `after`."""

    after: int
    upto: int
    stops: tuple[int, ...] = ()
    parts: int = 0


def _work(where: Where, tasks: Iterable[Task]) -> Iterator[Stretch | None]:
    """What each task finds. Raises OtherwiseError, and whatever rows end in that are not in order."""
    with closing(open_rows(where)) as rows:
        reader = Reader(rows)
        for task in tasks:
            if task.parts:
                rows.check_streams(task.after, task.parts)
                yield None
            else:
                yield check_stretch(reader, task.after, task.upto, task.stops)


_FAULTS = (
    OtherwiseError,
    LedgerError,
    msgspec.MsgspecError,
    OSError,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    OverflowError,
)
"""What rows that are not in order end in."""


def check_log_in_bulk(
    where: Where,
    position: int,
    root: str,
    roots: Mapping[int, str],
    *,
    jobs: int = 0,
    stretch: int = _STRETCH,
    progress: Callable[[int, int], None] | None = None,
) -> Checked | None:
    """Check the first `position` events of the log `where` against its head's `root` and other known `roots`.

    `jobs` processes do it, `stretch` events (a multiple of 256) at a time; 0 means one for each core, as far as the log is long
    enough. None when anything is not in order.
    """
    stops = tuple(sorted(size for size in roots if size % GROUP and size < position))
    if any(size > position for size in roots):
        return None
    jobs = jobs or min(_cores(), _MOST_PROCESSES, max(1, position // _ALONE))
    tasks = [Task(after=part, upto=0, parts=jobs) for part in range(jobs)]
    for after in range(0, position, stretch):
        upto = min(after + stretch, position)
        tasks.append(
            Task(after=after, upto=upto, stops=tuple(stop for stop in stops if after < stop <= upto))
        )
    try:
        found = sorted(_gather(where, tasks, jobs, position, progress), key=lambda one: one.after)
        return _joined(found, position, root, roots)
    except _FAULTS:
        return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gather(
    where: Where,
    tasks: Sequence[Task],
    jobs: int,
    position: int,
    progress: Callable[[int, int], None] | None,
) -> list[Stretch]:
    """What all tasks find. Who is done with one takes the next, so that a slow process holds nobody up for long."""
    found: list[Stretch] = []
    lock, failed, waiting = threading.Lock(), threading.Event(), iter(tasks)

    def taken() -> Iterator[Task]:
        while not failed.is_set():
            with lock:
                task = next(waiting, None)
            if task is None:
                return
            yield task

    def take(work: Callable[[Where, Iterable[Task]], Iterator[Stretch | None]]) -> None:
        try:
            for one in work(where, taken()):
                with lock:
                    found.extend([one] if one else [])
                    if progress is not None:
                        progress(sum(stretch.count for stretch in found), position)
        except _FAULTS:
            failed.set()

    others = [threading.Thread(target=take, args=(_elsewhere,)) for _ in range(jobs - 1)]
    for thread in others:
        thread.start()
    try:
        take(_work)
    except BaseException:
        failed.set()
        raise
    finally:
        for thread in others:
            thread.join()
    if failed.is_set():
        raise OtherwiseError("found by a task")
    return found


def _elsewhere(where: Where, tasks: Iterable[Task]) -> Iterator[Stretch | None]:
    """As `_work`, in another process. Raises OtherwiseError when that ends otherwise than well."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "ledger.store.bulk"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(where) + b"\n")
        for task in tasks:
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
            if not (line := process.stdout.readline()):
                break
            yield msgspec.json.decode(line, type=Stretch | None)
    if process.returncode:
        raise OtherwiseError(f"the process ended with {process.returncode}")


def _joined(found: Sequence[Stretch], position: int, root: str, roots: Mapping[int, str]) -> Checked:
    frontier, recorded = Frontier(), 0
    without: set[int] = set()
    ordered: set[int] = set()
    bodies: set[str] = set()
    for one in found:
        if one.after != frontier.size or one.recorded[0] < recorded:
            raise OtherwiseError("stretches do not go together")
        frontier, recorded = _extended(frontier, one, roots), one.recorded[1]
        without.update(one.without_payload)
        ordered.update(one.ordered_positions)
        bodies.update(one.ordered_bodies)
    if (frontier.size, frontier.root().hex()) != (position, root) or without - ordered:
        raise OtherwiseError("the root differs, or a payload is gone")
    return Checked(
        frontier=frontier,
        roots=tuple(hash_ for one in found for hash_ in one.roots),
        rows=tuple(hash_ for one in found for hash_ in one.rows),
        redacted=frozenset(without),
        bodies=frozenset(bodies),
    )


def _extended(frontier: Frontier, one: Stretch, roots: Mapping[int, str]) -> Frontier:
    """The frontier after a stretch. Raises OtherwiseError when a root that is known does not come out."""

    def compare(reached: Frontier) -> None:
        if roots.get(reached.size, root := reached.root().hex()) != root:
            raise OtherwiseError("a root that is known does not come out")

    stops = sorted(one.at_stops)
    for group in (*one.roots, None):
        while stops and (group is None or stops[0] < frontier.size + GROUP):
            size = stops.pop(0)
            compare(Frontier(size, (*frontier.hashes, *one.at_stops[size])))
        if group is not None:
            frontier = frontier.extend((group,), height=GROUP.bit_length() - 1)
            if frontier.size in roots:
                compare(frontier)
    frontier = frontier.extend(one.edge)
    compare(frontier)
    return frontier


def main() -> int:
    """Do the tasks that standard input names, each on a line behind where the log is; 1 when anything is not in order."""
    gc.disable()  # nothing here refers to itself, and looking for what does costs a twentieth
    where = msgspec.json.decode(sys.stdin.buffer.readline(), type=Where)
    tasks = (msgspec.json.decode(line, type=Task) for line in sys.stdin.buffer)
    try:
        for one in _work(where, tasks):
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
            sys.stdout.buffer.flush()
    except _FAULTS:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
