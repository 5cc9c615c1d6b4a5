"""First-party plugin: `newsledger ingest folder:PATH` reads the files of a folder that it did not read before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ledger.plugin import SourceContext, SourceItem, SourceKind, hookimpl

__all__ = ["ledger_sources"]

MOST = 32 * 1024 * 1024
"""Bytes of one file."""


@hookimpl
def ledger_sources() -> Iterable[SourceKind]:
    """The folder watcher."""
    yield SourceKind(
        name="folder",
        open=_open,
        summary="Files of a folder that are new or changed since it was last read; run it from a timer",
    )


def _open(location: str, context: SourceContext) -> Iterator[SourceItem]:
    root = Path(location).expanduser()
    if not root.is_dir():
        raise OSError(f"There is no folder {location}")
    for file in sorted(root.rglob("*")):
        if not file.is_file() or any(part.startswith(".") for part in file.relative_to(root).parts):
            continue
        try:
            mark = _mark(file, root)
            if not context.seen(mark):
                yield _read(file, mark)
        except OSError as error:
            yield SourceItem(name=str(file), error=f"The file cannot be read: {error.strerror or error}")


def _mark(file: Path, root: Path) -> str:
    """A file is another one when its name, size or time of change is; its content need not be read to see that."""
    stat = file.stat()
    name = file.relative_to(root).as_posix()
    return hashlib.sha256(
        f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}".encode("utf-8", "surrogatepass")
    ).hexdigest()


def _read(file: Path, mark: str) -> SourceItem:
    if file.stat().st_size > MOST:
        return SourceItem(name=str(file), error=f"The file is too large: at most {MOST:,} bytes are read")
    return SourceItem(name=str(file), body=file.read_bytes(), mark=mark)
