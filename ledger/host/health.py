"""How processors fare on this machine: runs, failures, how long a revision takes, and who rests after too many failures.

Kept in `processors.json` in the ledger's home, beside the log and never in it: durations are no facts about the news. The
file may be lost at any time; the counts then begin again.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ledger.host.failures import Failure
from ledger.host.notes import Note, add_notes
from ledger.host.replacing import replace_file

__all__ = ["HEALTH_FILE", "BreakerState", "Health", "ProcessorHealth", "merge_health", "read_health"]

HEALTH_FILE = "processors.json"
_STEPS = 4
"""Steps of the durations' histogram per doubling: a p95 is right to about 19 percent."""


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a circuit breaker stands: failures in a row, revisions still to rest, the length of the next rest, the last failure."""

    failures: int = 0
    resting: int = 0
    rest: int = 8
    last: Failure | None = None

    @property
    def reason(self) -> str:
        """Why the processor rests; empty when it does not."""
        if not self.resting or self.last is None:
            return ""
        return f"it rests after {self.failures} failures in a row, the last one: {self.last.kind}, {self.last.message}"


class ProcessorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One processor of one identity. `durations` maps steps of a logarithmic scale of milliseconds to runs, `notes` kinds to what was noticed."""

    identity: str
    runs: int = 0
    failures: int = 0
    durations: dict[int, int] = {}
    breaker: BreakerState = BreakerState()
    notes: dict[str, Note] = {}

    @property
    def p95(self) -> float | None:
        """Seconds within which 95 percent of the runs ended, from above; None before the first run."""
        total = sum(self.durations.values())
        passed = 0
        for step in sorted(self.durations):
            passed += self.durations[step]
            if passed >= 0.95 * total:
                return float(2.0 ** (step / _STEPS)) / 1000
        return None


class Health(msgspec.Struct, kw_only=True):
    """What one host saw of one processor since it began."""

    runs: int = 0
    failures: int = 0
    durations: dict[int, int] = msgspec.field(default_factory=dict)
    notes: dict[str, Note] = msgspec.field(default_factory=dict)

    @property
    def seen(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.runs or self.notes)

    def note(self, seconds: float, *, failed: bool) -> None:
        """Count one run."""
        step = math.ceil(_STEPS * math.log2(max(seconds * 1000, 0.001)))
        self.durations[step] = self.durations.get(step, 0) + 1
        self.runs += 1
        self.failures += failed


class _Book(msgspec.Struct):
    processors: dict[str, ProcessorHealth] = {}


def read_health(home: Path) -> dict[str, ProcessorHealth]:
    """Processor name -> its health, as last written; empty where there is no readable file."""
    try:
        return msgspec.json.decode((home / HEALTH_FILE).read_bytes(), type=_Book).processors
    except (OSError, msgspec.DecodeError):
        return {}


def merge_health(
    home: Path, seen: Mapping[str, tuple[str, Health, BreakerState]]
) -> dict[str, ProcessorHealth]:
    """Add what a host saw (identity, counts, breaker) to the file in `home`, if there is such a folder; returns the sum."""
    book = read_health(home)
    for name, (identity, health, breaker) in seen.items():
        old = book.get(name)
        if old is None or old.identity != identity:
            old = ProcessorHealth(identity=identity)
        durations = dict(old.durations)
        for step, count in health.durations.items():
            durations[step] = durations.get(step, 0) + count
        notes = dict(old.notes)
        add_notes(notes, health.notes.values())
        book[name] = ProcessorHealth(
            identity=identity,
            runs=old.runs + health.runs,
            failures=old.failures + health.failures,
            durations=dict(sorted(durations.items())),
            breaker=breaker,
            notes=dict(sorted(notes.items())),
        )
    if home.is_dir():
        with contextlib.suppress(OSError):
            replace_file(home / HEALTH_FILE, msgspec.json.encode(_Book(dict(sorted(book.items())))))
    return book
