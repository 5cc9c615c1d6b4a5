"""The tick: poll what is due, again and again, until told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from types import FrameType

from ledger.errors import LedgerError, StoreUnavailableError

__all__ = ["Tick", "Ticker"]

Tick = Callable[[], None]

log = logging.getLogger("ledger.schedule")


class Ticker:
    """Calls `tick` every `seconds` in the calling thread, starting at once.

    A tick that is late is made up for once, never several times; two ticks never overlap. An error of ours ends a tick, is
    logged, and the next one comes; a store that cannot be written ends the ticker, since going on would lose work.
    SIGTERM and SIGINT end it after the tick in progress.
    """

    def __init__(self, tick: Tick, seconds: float) -> None:
        self._tick = tick
        self._seconds = seconds
        self._busy = False
        self._stopping = False
        self._failure: StoreUnavailableError | None = None

    def run(self) -> None:
        """Tick until a stop signal arrives. Raises StoreUnavailableError when the store went away."""
        from apscheduler.events import EVENT_JOB_SUBMITTED
        from apscheduler.executors.debug import DebugExecutor
        from apscheduler.jobstores.base import JobLookupError
        from apscheduler.schedulers.blocking import BlockingScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        # The debug executor runs the job in the scheduler's own thread, which is this one: the ledger stays in one thread.
        self._scheduler = BlockingScheduler(executors={"default": DebugExecutor()}, timezone="UTC")
        self._scheduler.add_job(
            self._run_once,
            IntervalTrigger(seconds=self._seconds, timezone="UTC"),
            id="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.add_listener(self._after_tick, EVENT_JOB_SUBMITTED)
        previous = {name: signal.signal(name, self._on_signal) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._run_once()
            if not self._stopping:
                self._scheduler.start()
        except JobLookupError:
            # The stop came while the scheduler was filing its one job.
            if not self._stopping:
                raise
        finally:
            for name, handler in previous.items():
                signal.signal(name, handler)
        if self._failure is not None:
            raise self._failure

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for: a tick in progress should begin nothing new."""
        return self._stopping

    def stop(self) -> None:
        """End after the tick in progress, or now when there is none."""
        self._stopping = True
        if not self._busy and self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        log.info("%s: finishing what is in flight", signal.Signals(number).name)
        self.stop()

    def _run_once(self) -> None:
        if self._stopping:
            return
        self._busy = True
        try:
            self._tick()
        except StoreUnavailableError as error:
            self._failure = error
            self._stopping = True
        except LedgerError as error:
            log.error("%s", error)
        finally:
            self._busy = False

    def _after_tick(self, _event: object) -> None:
        if self._stopping and self._scheduler.running:
            self._scheduler.shutdown(wait=False)
