"""Opening a ledger in an SQLite file: connections and their settings, schema, and what SQLite's errors mean."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from ledger.errors import CorruptionError, StoreError, StoreUnavailableError
from ledger.store.migrate import SchemaState, check_schema, run_upgrade, state_of

__all__ = [
    "APPLICATION_ID",
    "BUSY_SECONDS",
    "SETTINGS",
    "copy_file",
    "open_file",
    "schema_of",
    "translate",
    "upgrade_file",
]

APPLICATION_ID = 0x4E574C47
"""SQLite's `application_id` of a ledger: "NWLG"."""

BUSY_SECONDS = 10

SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 10000",
    "PRAGMA cache_size = -16384",
)
"""What every connection to a ledger is set to."""

_MEANINGS: tuple[tuple[tuple[str, ...], type[StoreError], str, str], ...] = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"),
        StoreUnavailableError,
        f"The ledger is locked by another process for more than {BUSY_SECONDS} seconds",
        "Stop that process, or try again",
    ),
    (
        ("SQLITE_FULL",),
        StoreUnavailableError,
        "The disk is full; nothing of this change was recorded",
        "Free some space, then try again",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"),
        StoreUnavailableError,
        "The ledger cannot be written",
        "Give this user the right to write the file and its folder",
    ),
    (
        ("SQLITE_CANTOPEN",),
        StoreUnavailableError,
        "The ledger cannot be opened",
        "Check that the folder exists and that this user may read and write it",
    ),
    (
        ("SQLITE_IOERR",),
        StoreUnavailableError,
        "The disk refused to read or write the ledger; nothing of this change was recorded",
        "Check the disk, its free space and its quota, then try again",
    ),
    (
        ("SQLITE_NOTADB",),
        CorruptionError,
        "The file is not an SQLite database",
        "Name another file, or restore the ledger from a backup",
    ),
    (
        ("SQLITE_CORRUPT", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH"),
        CorruptionError,
        "The ledger contradicts itself",
        "Restore it from a backup",
    ),
)


def translate(error: BaseException, which: str) -> StoreError:
    """The error of `ledger.errors` that an error of SQLite or its driver means; `which` is the file's path."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for prefixes, kind, what, fix in _MEANINGS:
        if name.startswith(prefixes):
            return kind(f"{what} ({error})", which=which, fix=fix)
    return StoreError(f"SQLite failed ({error})", which=which, fix="Run newsledger doctor")


def _engine(path: Path, mode: str) -> Engine:
    """An engine whose driver begins no transaction of its own. `mode` is SQLite's: `ro`, `rw`, `rwc`, or `immutable`."""
    option = "immutable=1" if mode == "immutable" else f"mode={mode}"
    target = f"file:{quote(str(path.absolute()))}?{option}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            target, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
        )

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=8, max_overflow=-1, pool_use_lifo=True
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        for setting in SETTINGS:
            connection.execute(setting)

    return engine


@contextmanager
def _opening(engine: Engine, which: str) -> Iterator[None]:
    """Gives SQLite's errors their meaning and lets go of the file when opening it fails."""
    try:
        yield
    except DBAPIError as error:
        engine.dispose()
        raise translate(error.orig or error, which) from error
    except BaseException:
        engine.dispose()
        raise


def open_file(path: Path, *, readonly: bool) -> Engine:
    """An engine for the ledger at `path`, its schema checked. Unless `readonly`, folder, file and schema are made.

    Raises StoreUnavailableError, StoreVersionError, CorruptionError, each naming the path.
    """
    which = str(path)
    if path.is_dir():
        raise StoreUnavailableError(
            "A ledger is a file, and this is a folder", which=which, fix="Name a file"
        )
    return _open_readonly(path, which) if readonly else _open_writable(path, which, upgrade=False)


def upgrade_file(path: Path) -> None:
    """Bring the ledger at `path` to this release's schema, making it when there is none. Raises as `open_file` does."""
    _open_writable(path, str(path), upgrade=True).dispose()


def _open_writable(path: Path, which: str, *, upgrade: bool) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(
            f"The ledger's folder cannot be made ({error.strerror})",
            which=str(path.parent),
            fix="Name another folder with --home, or make this one",
        ) from error
    engine = _engine(path, "rwc")
    with _opening(engine, which):
        with engine.connect() as connection:
            state = state_of(connection)
            if state is not SchemaState.EMPTY and not (upgrade and state is SchemaState.OLDER):
                check_schema(state, which)
            _set_wal(connection.connection.driver_connection)
        if state is not SchemaState.CURRENT:
            _make_schema(engine)
    return engine


def _open_readonly(path: Path, which: str) -> Engine:
    if not path.exists():
        raise StoreUnavailableError("There is no ledger", which=which, fix="Name another home or file")
    try:
        return _checked(_engine(path, "ro"), which)
    except StoreUnavailableError:
        if os.access(path.parent, os.W_OK) or not _is_whole(path):
            raise
        return _checked(_engine(path, "immutable"), which)


def schema_of(path: Path) -> SchemaState:
    """How the existing file `path` stands to this release; changes nothing. Raises as `open_file` does."""
    engine = _engine(path, "ro")
    with _opening(engine, str(path)), engine.connect() as connection:
        state = state_of(connection)
    engine.dispose()
    return state


def _checked(engine: Engine, which: str) -> Engine:
    with _opening(engine, which), engine.connect() as connection:
        check_schema(state_of(connection), which)
    return engine


def _is_whole(path: Path) -> bool:
    """Whether all of the ledger is in its main file, so that a medium without write access can be read as it is."""
    wal = path.with_name(path.name + "-wal")
    return not wal.exists() or wal.stat().st_size == 0


def copy_file(path: Path, target: Path) -> None:
    """Copy the database at `path`, what is still in its write-ahead log too, to the new file `target`. Raises as `open_file` does."""
    if _is_whole(path):
        shutil.copyfile(path, target)
        return
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise translate(error, str(path)) from error


def _make_schema(engine: Engine) -> None:
    """Bring the database to this release's schema; processes that do so together take turns."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        run_upgrade(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.commit()


def _set_wal(connection: Any) -> None:
    """Switch to write-ahead logging. SQLite does not wait for others here, so this does."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
