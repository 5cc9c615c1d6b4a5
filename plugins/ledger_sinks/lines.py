"""The file of JSON lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledger.plugin import CommittedEvent, SinkContext

__all__ = ["append"]


def append(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    """Append the events that the file does not end with already; on the disk when this returns.

    A delivery that was cut off comes again: half a line at the end is taken off, and events up to the last whole one are
    left out.
    """
    file = Path(context.home) / Path(context.config.path).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    wanted = context.config.types
    with file.open("a+b") as handle:
        last = _mend(handle.fileno())
        lines = [
            msgspec.json.encode(event) + b"\n"
            for event in events
            if event.position > last and (not wanted or event.type in wanted)
        ]
        handle.write(b"".join(lines))
        handle.flush()
        os.fsync(handle.fileno())


def _mend(descriptor: int) -> int:
    """The position of the last whole line, 0 for an empty file; what follows that line is cut off."""
    size = os.fstat(descriptor).st_size
    tail, start = b"", size
    while start > 0:
        step = min(1 << 16, start)
        start -= step
        tail = os.pread(descriptor, step, start) + tail
        whole = tail.rfind(b"\n") + 1
        begin = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
        if whole and (begin or start == 0):
            os.ftruncate(descriptor, start + whole)
            return msgspec.json.decode(tail[begin:whole], type=_Line).position
    os.ftruncate(descriptor, 0)
    return 0


class _Line(msgspec.Struct):
    position: int
