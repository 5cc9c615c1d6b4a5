"""Two audits side by side: what differs between the days, the versions or the auditors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ledger.audit.diff import SlotDifference, diff_states
from ledger.errors import InputError

__all__ = ["AuditDiff", "compare_audits"]


class AuditDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs: figures, processors that one used and the other did not, and outcomes (first, second)."""

    state: tuple[SlotDifference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    outcomes: dict[str, tuple[int, int]]
    verdicts: tuple[str, str]
    positions: tuple[int, int]
    roots: tuple[str, str]

    @property
    def same(self) -> bool:
        """Whether both audits say the same of the same log."""
        return not (
            self.state
            or self.only_first
            or self.only_second
            or self.outcomes
            or self.verdicts[0] != self.verdicts[1]
            or self.roots[0] != self.roots[1]
        )

    def sentences(self) -> Iterator[str]:
        """For people: the state first."""
        yield from (one.sentence for one in self.state)
        if not self.state:
            yield "The reported state is the same"
        yield from (f"only in the first: {name}" for name in self.only_first)
        yield from (f"only in the second: {name}" for name in self.only_second)
        yield from (f"{name}: {first} runs, then {second}" for name, (first, second) in self.outcomes.items())
        if self.verdicts[0] != self.verdicts[1]:
            yield f"verdict: {self.verdicts[0]} / {self.verdicts[1]}"
        if self.roots[0] != self.roots[1]:
            yield f"events: {self.positions[0]}, then {self.positions[1]}"


def compare_audits(first: Path, second: Path) -> AuditDiff:
    """Compare two folders that `newsledger audit -o` wrote. Raises InputError."""
    one, other = _read(first, "report.json"), _read(second, "report.json")
    slots = [_read(folder, "state.json")["slots"] for folder in (first, second)]
    used = [{_name(processor) for processor in report["processors"]} for report in (one, other)]
    counts = [report["replay"]["outcomes"] for report in (one, other)]
    return AuditDiff(
        state=tuple(diff_states(*slots)),
        only_first=tuple(sorted(used[0] - used[1])),
        only_second=tuple(sorted(used[1] - used[0])),
        outcomes={
            name: (counts[0].get(name, 0), counts[1].get(name, 0))
            for name in sorted({*counts[0], *counts[1]})
            if counts[0].get(name, 0) != counts[1].get(name, 0)
        },
        verdicts=(one["verdict"]["sentence"], other["verdict"]["sentence"]),
        positions=(one["question"]["position"], other["question"]["position"]),
        roots=(one["question"]["root"], other["question"]["root"]),
    )


def _name(processor: dict[str, Any]) -> str:
    return f"{processor['name']} {processor['version']}, identity {processor['identity'][:12]}"


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise InputError(
            "Not the folder of an audit", which=str(path), fix=f"{error.strerror}; see `newsledger audit -o`"
        ) from error
    except msgspec.DecodeError as error:
        raise InputError("Not a file of an audit", which=str(path), fix=str(error)) from error
    return found
