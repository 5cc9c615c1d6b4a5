"""The append-only log: its seam, its backends, bodies, Merkle tree and migrations."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import ConfigError
from ledger.store.memory import MemoryStore
from ledger.store.protocol import ANY, Appended, Entropy, Head, IndexRow, Store, Task, TaskDone

if TYPE_CHECKING:
    from sqlalchemy import URL

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
    "database_url",
    "open_store",
    "upgrade",
]

_EXAMPLES = "Write it like sqlite:////srv/news/ledger.db or postgresql+psycopg://user@host/database"

LEDGER_FILE = "ledger.db"
"""Name of the SQLite file in the home."""


def open_store(
    where: Settings | str, *, clock: Clock, entropy: Entropy = os.urandom, readonly: bool = False
) -> Store:
    """Open the log of `where`: settings, or a database URL such as `sqlite:////srv/news/ledger.db` or
    `postgresql+psycopg://user@host/database`.

    A missing home, file or schema is made, unless `readonly`. Raises StoreUnavailableError (missing, locked, read-only,
    full), StoreVersionError (another release's schema), CorruptionError (no database, or a damaged one), ConfigError.
    """
    url = database_url(where)
    if url.get_backend_name() == "postgresql":
        _need_driver(url)
        from ledger.store.postgres import PostgresStore

        return PostgresStore(url, clock, entropy, readonly=readonly)
    from ledger.store.sqlite import SqliteStore

    return SqliteStore(Path(str(url.database)), clock, entropy, readonly=readonly)


def upgrade(where: Settings | str) -> None:
    """Bring the database of `where` to this release's schema, making it when missing. Raises as `open_store` does."""
    url = database_url(where)
    if url.get_backend_name() == "postgresql":
        _need_driver(url)
        from ledger.store.postgres_server import upgrade_server

        upgrade_server(url)
        return
    from ledger.store.sqlite_file import upgrade_file

    upgrade_file(Path(str(url.database)))


def database_url(where: Settings | str) -> URL:
    """The URL of the log of `where`: an SQLite file's, or a PostgreSQL database's. Raises ConfigError for another one."""
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    text = where if isinstance(where, str) else where.db
    if not text and not isinstance(where, str):
        return URL.create("sqlite", database=str(where.home / LEDGER_FILE))
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError("Not a database URL", which=text, fix=_EXAMPLES) from None
    if url.get_backend_name() == "postgresql" or (
        url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    ):
        return url
    raise ConfigError(
        "A ledger lives in an SQLite file or in PostgreSQL",
        which=url.render_as_string(hide_password=True),
        fix=_EXAMPLES,
    )


def _need_driver(url: URL) -> None:
    if find_spec("psycopg") is None:
        raise ConfigError(
            "PostgreSQL needs the driver psycopg",
            which=url.render_as_string(hide_password=True),
            fix="pip install 'newsledger[postgres]'",
        )
