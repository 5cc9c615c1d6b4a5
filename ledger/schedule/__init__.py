"""The clock of a running ledger: one APScheduler job that looks at what is due.

What is due is decided by the task table, not by the scheduler: APScheduler has no job store here, keeps nothing, and any number of
processes may tick beside each other. A stop signal lets the tick in progress finish.
"""

from ledger.schedule.crew import Crew
from ledger.schedule.ticker import Tick, Ticker

__all__ = ["Crew", "Tick", "Ticker"]
