"""Notes of a replay in progress, so that one that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

import msgspec

from ledger.audit.reruns import Rerun
from ledger.store import Store

__all__ = ["Notes"]


class _Head(msgspec.Struct, frozen=True):
    position: int
    root: str
    sample: int | None
    seed: str


class Notes:
    """A file of results, one JSON line each, under a first line that says of what; a context manager.

    Each result of before is given to `found`, and its position is in `done`. Notes of another question are thrown away, as is a
    last line that was not finished. Without a path nothing is kept.
    """

    def __init__(
        self,
        path: Path | None,
        store: Store,
        position: int,
        sample: int | None,
        seed: str,
        found: Callable[[Rerun], None],
    ) -> None:
        self._path = path
        self._head = _Head(position, store.head().root, sample, seed)
        self._found = found
        self._file: IO[bytes] | None = None
        self.done: set[int] = set()

    def __enter__(self) -> Self:
        if self._path is None:
            return self
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        self._file = self._path.open("r+b")
        good = self._read(self._file)
        self._file.truncate(good)
        self._file.seek(good)
        if not good:
            self._write(self._head)
        return self

    def _read(self, file: IO[bytes]) -> int:
        """Take up the results of before, up to the first line that is none; gives the number of bytes that they take."""
        good = 0
        try:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                if good == 0:
                    if msgspec.json.decode(line, type=_Head) != self._head:
                        break
                elif (one := msgspec.json.decode(line, type=Rerun)).position not in self.done:
                    self._found(one)
                    self.done.add(one.position)
                good += len(line)
        except msgspec.DecodeError:
            pass
        return good

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, one: Rerun) -> None:
        """Note one result."""
        self._write(one)

    def finish(self) -> None:
        """Throw the notes away: there is nothing left to go on with, and the next replay shall run everything again."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write(self, value: msgspec.Struct) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode(value) + b"\n")
            self._file.flush()
