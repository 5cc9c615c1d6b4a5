"""The visits of one poll: so many at a time, each recorded soon after it ended, the next claimed when there is room.

No visit waits for another, so a host that takes long holds up its own outlet only. Feeds of one outlet are recorded in the order
in which they were claimed, whatever order the answers come in, so that a poll gives the same articles and revisions each time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from ledger.errors import ConflictError
from ledger.feeds.identity import host_of
from ledger.feeds.memory import FeedMemory, decode_memory
from ledger.feeds.record import FeedOutcome, Recorder, unfinished
from ledger.feeds.visit import Visit
from ledger.store.protocol import Task

__all__ = ["Shift"]

Claim = Callable[[int], list[Task]]
Look = Callable[[Task, FeedMemory], Awaitable[Visit]]

LONGEST_WAIT = 1.0
"""Seconds that a visit may wait to be recorded together with others."""
HOSTS_FOR_OUTAGE = 3
JUDGED = 64
"""Visits after which the failures among them are judged together."""
SHORT = 1.0
"""Seconds in which what was claimed is visited where more could be claimed at a time."""
LONGEST_DOUBT = 30.0
"""Seconds after which they are judged though there were fewer."""


class _Place(msgspec.Struct, gc=False):
    """The place of a claimed feed in its outlet's line, and its visit once that is over."""

    task: Task
    memory: FeedMemory
    done: Visit | None = None


class Shift:
    """`width` visits at a time: `claim` gives at most so many feeds to visit, `look` visits one and never raises for a bad feed.

    `finished(url)` is called after each visit; once `stopping` says so, no other is begun. `outcomes` are by feed id, `offline`
    says that our own network seems to be down.
    """

    def __init__(
        self,
        claim: Claim,
        look: Look,
        recorder: Recorder,
        *,
        width: int,
        finished: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._ask = claim
        self._look = look
        self._recorder = recorder
        self._width = max(1, width)
        self._finished = finished
        self._stopping = stopping
        self._queue: deque[_Place] = deque()
        self._lines: dict[str, deque[_Place]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._failed: list[Visit] = []
        self._failing_since = 0.0
        self._recent: deque[tuple[str, bool]] = deque(maxlen=2 * JUDGED)
        self._unjudged = 0
        self._running = 0
        self._size = self._width
        self._claimed_at = -SHORT
        self._dry = False
        self._woken = asyncio.Event()
        self.visited = 0
        self.outcomes: dict[str, FeedOutcome] = {}
        self.offline = False

    @property
    def claimed(self) -> int:
        """How many feeds were claimed so far."""
        return self.visited + self._running + len(self._queue)

    async def run(self) -> None:
        """Visit and record until there is nothing to claim. Raises only what the store raises."""
        try:
            while self._begin():
                self._woken.clear()
                waiting = asyncio.get_running_loop().call_later(LONGEST_WAIT, self._woken.set)
                try:
                    await self._woken.wait()
                finally:
                    waiting.cancel()
                if self._failure is not None:
                    raise self._failure
                self._record()
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
        self._give_back()

    def _begin(self) -> bool:
        """Set workers to what is claimed; says whether any is at work."""
        self._dry = False
        if not self._queue and len(self._workers) < self._width:
            self._claim()
        for _ in range(min(len(self._queue), self._width - len(self._workers))):
            worker = asyncio.ensure_future(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._ended)
        return bool(self._workers)

    async def _work(self) -> None:
        while (self._queue or self._claim()) and not self._stopping():
            place = self._queue.popleft()
            self._running += 1
            place.done = await self._look(place.task, place.memory)
            self._running -= 1
            self._over(place)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled():
            self._failure = self._failure or worker.exception()
        if not self._workers or self._failure is not None:
            self._woken.set()

    def _claim(self) -> bool:
        """Claim what there is room for. Once there was nothing, no more is asked for until visits were recorded."""
        if self._dry or self._stopping():
            return False
        now = asyncio.get_running_loop().time()
        # Where visits are short, more are claimed at a time: all must be over long before the leases are.
        fast = now - self._claimed_at < SHORT
        self._size = min(self._size * 2, self._width * 8) if fast else self._width
        self._claimed_at = now
        tasks = self._ask(self._size)
        self._dry = not tasks
        for task in tasks:
            place = _Place(task, decode_memory(task.data, task.key))
            self._queue.append(place)
            self._lines.setdefault(place.memory.outlet, deque()).append(place)
        return bool(tasks)

    def _over(self, place: _Place) -> None:
        """A visit is over: record all whose turn has come in the line of its outlet."""
        assert place.done is not None
        self.visited += 1
        self._unjudged += 1
        self._recent.append((place.memory.url, place.done.unreachable))
        line = self._lines[place.memory.outlet]
        while line and (done := line[0].done) is not None:
            line.popleft()
            if done.error is None:
                self._keep(self._recorder.good(done))
            else:
                self._failing_since = self._failing_since or asyncio.get_running_loop().time()
                self._failed.append(done)
        if not line:
            del self._lines[place.memory.outlet]
        self._finished(place.memory.url)

    def _record(self) -> None:
        """Record what waits, and judge the failures when there is enough to judge them by."""
        self._keep(self._recorder.flush())
        if not self._failed:
            return
        doubt = asyncio.get_running_loop().time() - self._failing_since
        if not self._workers or self._unjudged >= JUDGED or doubt >= LONGEST_DOUBT:
            self._judge()

    def _judge(self) -> None:
        """Finish the feeds that failed. When most hosts of late failed, it is our network and counts against no feed."""
        hosts = {host_of(url) for url, _ in self._recent}
        unreachable = {host_of(url) for url, failed in self._recent if failed}
        offline = len(hosts) >= HOSTS_FOR_OUTAGE and len(unreachable) * 2 > len(hosts)
        self.offline = self.offline or offline
        for done in sorted(self._failed, key=lambda failed: failed.task.key):
            try:
                outcome = self._recorder.bad(done, offline=offline and done.unreachable)
            except ConflictError:
                outcome = unfinished(done)
            self.outcomes[outcome.feed] = outcome
        self._failed, self._failing_since, self._unjudged = [], 0.0, 0

    def _keep(self, recorded: Sequence[FeedOutcome]) -> None:
        for outcome in recorded:
            self.outcomes[outcome.feed] = outcome

    def _give_back(self) -> None:
        """Give back what was claimed and not begun."""
        for place in self._queue:
            self._recorder.give_back(place.task)
        self._queue.clear()
