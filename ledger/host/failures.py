"""Failures of processors: kinds, limits, and the sentence that goes into the record."""

from __future__ import annotations

import traceback
from pathlib import Path

import msgspec

__all__ = ["Failure", "Limits", "RejectedError", "explain"]

_MESSAGE = 500
_HERE = Path(__file__).parent


class Failure(msgspec.Struct, frozen=True):
    """Why a processor gave no annotations: `exception`, `timeout`, `crash`, `invalid`, `flood` or `memory`."""

    kind: str
    message: str


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a processor may use. `memory` (address space of a worker) and `output` are bytes, `start` seconds.

    `annotations` are allowed on one revision beside one per code point of its text. After `breaker` failures in a row a
    processor rests for a growing number of revisions; 0 means never.
    """

    memory: int = 2 * 1024**3
    output: int = 64 * 1024**2
    annotations: int = 1000
    start: float = 60.0
    breaker: int = 5


class RejectedError(Exception):
    """A processor failed on a revision. Never leaves the host: it becomes a Failure."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message[:_MESSAGE])


def explain(error: BaseException) -> str:
    """One line: type, message and the file name and line where it was raised, in the plugin where that is known. Holds no path of the machine."""
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - a plugin's own error may fail to print itself
        message = "(its message cannot be shown)"
    passed = traceback.extract_tb(error.__traceback__)
    frames = [one for one in passed if Path(one.filename).parent != _HERE] or passed
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{text[: _MESSAGE - len(where)]}{where}"
