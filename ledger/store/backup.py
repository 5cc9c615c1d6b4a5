"""Copies of a ledger that are known to be whole: made while it is in use, checked against its Merkle root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ledger.clock import SystemClock
from ledger.errors import CorruptionError, StoreUnavailableError, StoreVersionError, UsageError
from ledger.store import database_url
from ledger.store.migrate import SchemaState
from ledger.store.protocol import Store
from ledger.store.sqlite import SqliteStore
from ledger.store.sqlite_file import schema_of, upgrade_file
from ledger.store.verify import Progress, verify_store

if TYPE_CHECKING:
    from ledger.config import Settings

__all__ = ["Copied", "backup", "restore"]


class Copied(msgspec.Struct, frozen=True):
    """A verified copy: where it is, how many events it holds, their Merkle root as hex, and its size in bytes."""

    path: Path
    position: int
    root: str
    size: int


def backup(store: Store, path: Path, progress: Progress | None = None) -> Copied:
    """Write a consistent copy of `store` to the new file `path` while others append, and verify it.

    Raises UsageError when `path` exists or the ledger is not in an SQLite file, StoreUnavailableError when it cannot be
    written, CorruptionError when the copy does not hold; nothing is left at `path` then.
    """
    if not isinstance(store, SqliteStore):
        raise UsageError(
            "Only a ledger in an SQLite file is backed up like this",
            which=type(store).__name__,
            fix="Use pg_dump for one in PostgreSQL",
        )
    return _copy(store.copy_to, path, progress)


def restore(path: Path, where: Settings | str, progress: Progress | None = None) -> Copied:
    """Make the backup `path` the ledger of `where`, settings or an SQLite URL, after verifying it.

    An older release's backup is upgraded. Raises UsageError when there is a ledger already or `where` is in PostgreSQL,
    else as `backup` does.
    """
    url = database_url(where)
    if url.get_backend_name() != "sqlite":
        raise UsageError(
            "Only a ledger in an SQLite file is restored like this",
            which=url.render_as_string(hide_password=True),
            fix="Use pg_restore for one in PostgreSQL",
        )
    older = _is_older(path)

    def copy(target: Path) -> None:
        shutil.copyfile(path, target)
        if older:
            upgrade_file(target)

    return _copy(copy, Path(str(url.database)), progress)


def _is_older(path: Path) -> bool:
    """Whether `path` is a ledger of an older release; raises for what is no ledger that this release can read."""
    try:
        SqliteStore(path, SystemClock(), readonly=True).close()
    except StoreVersionError:
        if schema_of(path) is SchemaState.OLDER:
            return True
        raise
    return False


def _copy(copy: Callable[[Path], None], path: Path, progress: Progress | None) -> Copied:
    """Let `copy` write a file, verify it, and give it its name only then."""
    if path.exists():
        raise UsageError("There is a file already", which=str(path), fix="Move it away or name another one")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            part = Path(folder) / path.name
            copy(part)
            copied = _verified(part, path, progress)
            _sync(part)
            part.rename(path)
            _sync(path.parent)
    except OSError as error:
        raise StoreUnavailableError(
            f"The copy cannot be written ({error.strerror})",
            which=str(path),
            fix="Check the folder and its space",
        ) from error
    return copied


def _verified(part: Path, path: Path, progress: Progress | None) -> Copied:
    store = SqliteStore(part, SystemClock(), readonly=True)
    try:
        found = verify_store(store, progress)
    finally:
        store.close()
    if not found.holds:
        problem = found.problems[0]
        raise CorruptionError(
            "The copy does not hold",
            which=f"position {problem.position}: {problem.what}",
            fix="Run newsledger verify on the ledger that it came from",
        )
    return Copied(path, found.position, found.root, part.stat().st_size)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
