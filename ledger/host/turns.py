"""Taking turns: several revisions on their way at a time, so that this process works while a worker process does.

Everything happens in one thread but for what waits for an outside service. A step sequence is a generator that yields when it can
only wait: for its turn at a worker, for the worker's answer, or for that of a service.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import TypeVar

from ledger.host.beside import Beside
from ledger.host.calls import Calls
from ledger.host.failures import RejectedError
from ledger.host.isolation import Job, PluginWorker, Result
from ledger.host.notes import Note
from ledger.host.process import wait_for

__all__ = ["AHEAD", "Steps", "elsewhere", "finished", "in_turn", "interleave", "second_look"]

T = TypeVar("T")

Steps = Generator["PluginWorker | Beside", None, T]
"""Yields what it waits for; returns T."""

AHEAD = 4
"""Revisions on their way at a time: one in each worker of a few plugins, and one here."""


def in_turn(worker: PluginWorker | None, steps: Steps[T]) -> Steps[T]:
    """The steps, once nobody else uses the worker."""
    if worker is None:
        return (yield from steps)
    while worker.taken:
        yield worker
    worker.taken = True
    try:
        return (yield from steps)
    finally:
        worker.taken = False


def elsewhere(beside: Beside, errand: Callable[[], T]) -> Steps[T]:
    """What an errand in another thread returns; raises what it raises."""
    started = beside.start(errand)
    try:
        while not started.done():
            yield beside
        return started.result()
    finally:
        beside.forget(started)


def finished(worker: PluginWorker, job: Job, calls: Calls, beside: Beside) -> Steps[Result]:
    """What a worker makes of a job. Raises RejectedError."""
    worker.begin_run(job)
    try:
        while not isinstance(result := worker.result(), Result):
            if result is None:
                yield worker
            elif calls.recorded:
                worker.answer(calls.hear(result))
            else:
                worker.answer((yield from elsewhere(beside, partial(calls.hear, result))))
    except GeneratorExit:
        worker.process.kill()  # nobody will take its answer
        raise
    return result


def second_look(
    worker: PluginWorker, job: Job, first: Result, calls: Calls, beside: Beside
) -> Steps[Iterator[Note]]:
    """Run a job again and compare."""
    try:
        second = yield from finished(worker, job, calls, beside)
    except RejectedError as error:
        return iter((Note(kind="unsteady", message=f"failed the second time it was asked: {error}"),))
    if second.annotations == first.annotations:
        return iter(second.notes)
    return iter((*second.notes, Note(kind="unsteady", message=_difference(first, second))))


def _difference(first: Result, second: Result) -> str:
    only = [raw for raw in first.annotations if raw not in second.annotations]
    shown = (only or list(second.annotations))[0].decode("utf-8", "replace")
    return f"gave something else the second time it was asked; only one of two runs has {shown[:120]}"


def interleave(sequences: Sequence[Steps[T]], ahead: int = AHEAD) -> Iterator[T]:
    """What the sequences return, in order; at most `ahead` of them are begun and not finished at a time."""
    results: dict[int, T] = {}
    waiting = deque(enumerate(sequences))
    begun: list[tuple[int, Steps[T]]] = []
    given = 0
    try:
        while given < len(sequences):
            moved = len(begun) < ahead and bool(waiting)
            if moved:
                begun.append(waiting.popleft())
            held: list[PluginWorker | Beside] = []
            still: list[tuple[int, Steps[T]]] = []
            for number, steps in begun:
                try:
                    held.append(next(steps))
                    still.append((number, steps))
                except StopIteration as done:
                    results[number] = done.value
                    moved = True
            begun = still
            while given in results:
                yield results.pop(given)
                given += 1
            if not moved and all(one.taken for one in held):
                wait_for(list(dict.fromkeys(held)))
    finally:
        for _, steps in begun:
            steps.close()
