"""The append-only log: its seam, its backends, bodies, Merkle tree and migrations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import ConfigError
from ledger.store.memory import MemoryStore
from ledger.store.protocol import ANY, Appended, Entropy, Head, IndexRow, Store, Task, TaskDone

if TYPE_CHECKING:
    from ledger.clock import Clock
    from ledger.config import Settings

__all__ = [
    "ANY",
    "LEDGER_FILE",
    "Appended",
    "Entropy",
    "Head",
    "IndexRow",
    "MemoryStore",
    "Store",
    "Task",
    "TaskDone",
    "open_store",
    "upgrade",
]

LEDGER_FILE = "ledger.db"
"""Name of the SQLite file in the home."""


def open_store(
    where: Settings | str, *, clock: Clock, entropy: Entropy = os.urandom, readonly: bool = False
) -> Store:
    """Open the log of `where`: settings, or a database URL such as `sqlite:////srv/news/ledger.db`.

    A missing home, file or schema is made, unless `readonly`. Raises StoreUnavailableError (missing, locked, read-only,
    full), StoreVersionError (another release's schema), CorruptionError (no database, or a damaged one), ConfigError.
    """
    from ledger.store.sqlite import SqliteStore

    return SqliteStore(_sqlite_path(where), clock, entropy, readonly=readonly)


def upgrade(where: Settings | str) -> None:
    """Bring the database of `where` to this release's schema, making it when missing. Raises as `open_store` does."""
    from ledger.store.sqlite_file import upgrade_file

    upgrade_file(_sqlite_path(where))


def _sqlite_path(where: Settings | str) -> Path:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    url = where if isinstance(where, str) else where.db
    if not url and not isinstance(where, str):
        return where.home / LEDGER_FILE
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "Not a database URL", which=url, fix="Write it like sqlite:////srv/news/ledger.db"
        ) from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        shown = parsed.render_as_string(hide_password=True)
        raise ConfigError(
            "A ledger lives in an SQLite file", which=shown, fix="Write it like sqlite:////srv/news/ledger.db"
        )
    return Path(str(parsed.database))
