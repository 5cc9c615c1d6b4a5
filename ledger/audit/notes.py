"""Notes of a replay in progress, so that one that was stopped goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Self

import msgspec

from ledger.audit.rerun import Rerun
from ledger.store import Store

__all__ = ["Notes"]


class _Head(msgspec.Struct, frozen=True):
    position: int
    root: str
    sample: int | None
    seed: str


class Notes:
    """A file of results, one JSON line each, under a first line that says of what; a context manager.

    Notes of another question are thrown away, as is a last line that was not finished. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None, store: Store, position: int, sample: int | None, seed: str) -> None:
        self._path = path
        self._head = _Head(position, store.head().root, sample, seed)
        self._file: IO[bytes] | None = None
        self.done: dict[int, Rerun] = {}

    def __enter__(self) -> Self:
        if self._path is None:
            return self
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._path.read_bytes().split(b"\n")[:-1] if self._path.exists() else []
        try:
            if lines and msgspec.json.decode(lines[0], type=_Head) == self._head:
                found = (msgspec.json.decode(line, type=Rerun) for line in lines[1:])
                self.done = {one.position: one for one in found}
        except msgspec.DecodeError:
            self.done = {}
        self._file = self._path.open("wb")
        self._write(self._head)
        for one in self.done.values():
            self._write(one)
        return self

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
