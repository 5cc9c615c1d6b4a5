"""Opening a ledger in PostgreSQL: connections and their settings, schema, and what PostgreSQL's errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import ConfigError, CorruptionError, StoreError, StoreUnavailableError
from ledger.store.migrate import SchemaState, check_schema, run_upgrade, state_of

__all__ = ["SCHEMA", "WAIT_SECONDS", "is_lost", "open_server", "shown", "translate", "upgrade_server"]

SCHEMA = "ledger"
"""The schema of the log in the database."""

WAIT_SECONDS = 10
"""How long to wait for a lock, and for a server that is being restarted."""

_MIGRATIONS = 0x4E574C47
"""Key of the advisory lock that lets processes take turns to make the schema."""

_SETTINGS = f"""
    SET synchronous_commit = on; SET lock_timeout = '{WAIT_SECONDS}s'; SET client_encoding = 'UTF8';
    SET standard_conforming_strings = on
"""

_MEANINGS: tuple[tuple[tuple[str, ...], type[StoreError], str, str], ...] = (
    (
        ("55P03", "57014"),
        StoreUnavailableError,
        f"The ledger is locked by another process for more than {WAIT_SECONDS} seconds",
        "Stop that process, or try again",
    ),
    (
        ("53100",),
        StoreUnavailableError,
        "The database server's disk is full; nothing of this change was recorded",
        "Free some space, then try again",
    ),
    (("53",), StoreUnavailableError, "The database server has no room for this", "Try again later"),
    (
        ("42501", "28", "25006"),
        StoreUnavailableError,
        "This database user may not do that",
        "Grant it the role ledger_app (or ledger_redactor to redact), or connect as the owner of the schema",
    ),
    (
        ("3D000",),
        StoreUnavailableError,
        "There is no such database",
        "Create it: createdb --encoding=UTF8 NAME",
    ),
    (
        ("08", "57P", "58"),
        StoreUnavailableError,
        "The database server cannot be reached",
        "Check that it runs, then try again",
    ),
    (("XX001", "XX002"), CorruptionError, "The database is damaged", "Restore it from a backup"),
)


def translate(error: BaseException, which: str) -> StoreError:
    """The error that a driver's `error` means for the ledger `which`."""
    state = str(getattr(error, "sqlstate", None) or "")
    if not state and is_lost(error):
        state = "08006"
    message = " ".join(str(error).split())
    for states, kind, what, fix in _MEANINGS:
        if state and state.startswith(states):
            return kind(what, which=f"{which}: {message}", fix=fix)
    return StoreError("The database refused", which=f"{which}: {message} ({state or type(error).__name__})")


def is_lost(error: BaseException) -> bool:
    """Whether `error` says that the connection to the server is gone, so that its answer is not known."""
    import psycopg

    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate or ""
    if state:
        return state.startswith(("08", "57P"))
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def shown(url: URL) -> str:
    """The URL without its password."""
    return url.render_as_string(hide_password=True)


@contextmanager
def _opening(engine: Engine, which: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        engine.dispose()
        raise translate(error.orig or error, which) from error
    except BaseException:
        engine.dispose()
        raise


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        pool_size=8,
        max_overflow=56,
        execution_options={"schema_translate_map": {None: SCHEMA}},
    )
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    autocommit = connection.autocommit
    connection.autocommit = True
    connection.execute(_SETTINGS)
    connection.autocommit = autocommit


def open_server(url: URL, *, readonly: bool = False) -> Engine:
    """An engine on the ledger at `url`; its schema is made when missing, unless `readonly`.

    Raises StoreUnavailableError (no server, no database, no right), StoreVersionError (another release's schema),
    ConfigError (no driver, a database that is not UTF-8).
    """
    engine, which = _engine(url), shown(url)
    with _opening(engine, which), engine.connect() as connection:
        state = state_of(connection, SCHEMA)
        make = state is SchemaState.EMPTY and not readonly
        if not make:
            check_schema(state, which)
    if make:
        _make_schema(engine, which)
    return engine


def upgrade_server(url: URL) -> None:
    """Bring the ledger at `url` to this release's schema, making it when there is none. Raises as `open_server` does."""
    engine, which = _engine(url), shown(url)
    _make_schema(engine, which)
    engine.dispose()


def _make_schema(engine: Engine, which: str) -> None:
    """Create or upgrade the schema in one transaction; processes that do so together take turns."""
    with _opening(engine, which), engine.connect() as plain:
        encoding = plain.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise ConfigError(
                "The database is not UTF-8",
                which=f"{which}: {encoding}",
                fix="Create it with createdb --encoding=UTF8",
            )
    with _opening(engine, which), engine.connect() as plain:
        connection = plain.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATIONS})
            state = state_of(connection, SCHEMA)
            if state is SchemaState.EMPTY:
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            elif state is not SchemaState.OLDER:
                check_schema(state, which)
            run_upgrade(connection)
