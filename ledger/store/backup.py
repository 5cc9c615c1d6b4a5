"""Copies of a ledger that are known to be whole: made while it is in use, checked against its Merkle root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from ledger.clock import SystemClock
from ledger.errors import CorruptionError, StoreUnavailableError, StoreVersionError, UsageError
from ledger.store import database_url
from ledger.store.migrate import SchemaState
from ledger.store.protocol import Store
from ledger.store.sqlite import SqliteStore
from ledger.store.sqlite_file import copy_file, schema_of, upgrade_file
from ledger.store.verify import Progress, Verifiable, Verification, verify_store

if TYPE_CHECKING:
    from sqlalchemy import URL

    from ledger.config import Settings

__all__ = ["Copied", "backup", "restore"]


class Copied(msgspec.Struct, frozen=True):
    """A verified copy: where it is (a path, or a URL without its password), its number of events, their Merkle root as hex."""

    where: str
    position: int
    root: str


@runtime_checkable
class _Copying(Protocol):
    """A store that can be copied while it is in use."""

    def copy_to(self, path: Path) -> None: ...


def backup(store: Store, path: Path, progress: Progress | None = None) -> Copied:
    """Write a consistent copy of `store`, an SQLite file whatever it lies in, to the new file `path` while others append.

    It is verified, and can be restored into either database. Raises UsageError when `path` exists or the ledger is in memory,
    StoreUnavailableError when it cannot be written, CorruptionError when the copy does not hold; nothing is left at `path` then.
    """
    if not isinstance(store, _Copying):
        raise UsageError(
            "A ledger in memory is not backed up", which=type(store).__name__, fix="Keep it in a file"
        )
    return _copy(store.copy_to, path, progress)


def restore(path: Path, where: Settings | str, progress: Progress | None = None) -> Copied:
    """Make the backup `path` the ledger of `where`, settings or a database URL, after verifying it there.

    An older release's backup is upgraded. Raises UsageError when there is a ledger already, else as `backup` does.
    """
    url = database_url(where)
    older = _is_older(path)

    def copy(target: Path) -> None:
        copy_file(path, target)
        if older:
            upgrade_file(target)

    if url.get_backend_name() == "sqlite":
        return _copy(copy, Path(str(url.database)), progress)
    if not older:
        return _write_in(path, url, progress)
    with tempfile.TemporaryDirectory(prefix="newsledger-restore-") as folder:
        upgraded = Path(folder) / path.name
        copy(upgraded)
        return _write_in(upgraded, url, progress)


def _write_in(path: Path, url: URL, progress: Progress | None) -> Copied:
    from ledger.store.transfer import write_in

    found: list[Verification] = []
    write_in(path, url, lambda store: found.append(_verified(store, progress)))
    return Copied(url.render_as_string(hide_password=True), found[0].position, found[0].root)


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
            found = _verified_file(part, progress)
            _sync(part)
            part.rename(path)
            _sync(path.parent)
    except OSError as error:
        raise StoreUnavailableError(
            f"The copy cannot be written ({error.strerror})",
            which=str(path),
            fix="Check the folder and its space",
        ) from error
    return Copied(str(path), found.position, found.root)


def _verified_file(part: Path, progress: Progress | None) -> Verification:
    store = SqliteStore(part, SystemClock(), readonly=True)
    try:
        return _verified(store, progress)
    finally:
        store.close()


def _verified(store: Verifiable, progress: Progress | None) -> Verification:
    found = verify_store(store, progress)
    if not found.holds:
        problem = found.problems[0]
        raise CorruptionError(
            "The copy does not hold",
            which=f"position {problem.position}: {problem.what}",
            fix="Run newsledger verify on the ledger that it came from",
        )
    return found


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
