"""What became of repeated runs: each one's outcome, and all of them counted.

Each recorded run has one outcome:

    identical          the same bytes
    within tolerance   declared `tolerant`, and only numbers differ, by no more than the tolerance
    DRIFT              other bytes, and the same ones whenever it is repeated
    nondeterministic   two re-runs differ from each other
    not runnable       its code, model, interpreter or settings cannot be had any more; the detail says which
    input redacted     the text, a layer that it read, or the annotation itself was removed by order
    opaque             declared not repeatable
"""

from __future__ import annotations

from collections import Counter

import msgspec

__all__ = ["OUTCOMES", "Rerun", "Reruns"]

OUTCOMES = (
    "identical",
    "within tolerance",
    "DRIFT",
    "nondeterministic",
    "not runnable",
    "input redacted",
    "opaque",
)


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run. `detail` says what differs or is missing; `annotations` are the new ones where they differ."""

    position: int
    article: str
    revision: int
    processor: str
    version: str
    identity: str
    outcome: str
    detail: str = ""
    annotations: tuple[str, ...] | None = None


class Reruns:
    """Results in any order, counted; only those that are not identical are held.

    `identities` are those of processors that were run again, `lacking` says for those that cannot be what is missing.
    """

    def __init__(self) -> None:
        self.identities: set[str] = set()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._differing: list[Rerun] = []

    def add(self, one: Rerun) -> None:
        """Count one result."""
        self.identities.add(one.identity)
        self._counts[one.processor, one.version, one.outcome] += 1
        if one.outcome != "identical":
            self._differing.append(one)

    @property
    def count(self) -> int:
        """The number of results."""
        return self._counts.total()

    @property
    def lacking(self) -> dict[str, str]:
        """What is missing, by the identity of processors that cannot be run any more."""
        return {one.identity: one.detail for one in self.differing() if one.outcome == "not runnable"}

    def differing(self) -> list[Rerun]:
        """The results that are not identical, in the order of the log."""
        return sorted(self._differing, key=lambda one: one.position)

    def outcomes(self) -> dict[str, int]:
        """Counts in the order of OUTCOMES, those that occur."""
        found: Counter[str] = Counter()
        for (_, _, outcome), count in self._counts.items():
            found[outcome] += count
        return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}

    def by_processor(self) -> dict[str, dict[str, int]]:
        """The same for each processor and version, by name."""
        table: dict[str, Counter[str]] = {}
        for (name, version, outcome), count in self._counts.items():
            table.setdefault(f"{name} {version}", Counter())[outcome] += count
        return {
            name: {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}
            for name, found in sorted(table.items())
        }
