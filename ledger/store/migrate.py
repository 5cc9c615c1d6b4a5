"""Is a database at this release's schema, and bringing it there.

`state_of` reads alembic's own table and needs no alembic; `upgrade` loads it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from ledger.errors import StoreUnavailableError, StoreVersionError

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["REVISIONS", "SchemaState", "check_schema", "run_upgrade", "state_of"]

REVISIONS = ("0001", "0002")
"""Every schema revision, oldest first; the last one is this release's."""


class SchemaState(enum.Enum):
    """How a database stands to this release."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


def state_of(connection: Connection, schema: str | None = None) -> SchemaState:
    """Look at the tables of `connection`, those of `schema` if given; changes nothing."""
    tables = set(inspect(connection).get_table_names(schema=schema))
    if not tables:
        return SchemaState.EMPTY
    if "alembic_version" not in tables:
        return SchemaState.FOREIGN
    version = "alembic_version" if schema is None else f"{schema}.alembic_version"
    found = connection.execute(text(f"SELECT version_num FROM {version}")).scalars().all()  # noqa: S608 - our own names
    if not found:
        return SchemaState.EMPTY if tables == {"alembic_version"} else SchemaState.FOREIGN
    if list(found) == [REVISIONS[-1]]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if set(found) <= set(REVISIONS) else SchemaState.NEWER


def check_schema(state: SchemaState, which: str) -> None:
    """Raises the error that tells what to do, unless the schema is this release's."""
    if state is SchemaState.OLDER:
        raise StoreVersionError(
            "The ledger was written by an older release", which=which, fix="Run newsledger db upgrade"
        )
    if state is SchemaState.NEWER:
        raise StoreVersionError(
            "The ledger was written by a newer release",
            which=which,
            fix="Install that release or a later one",
        )
    if state is SchemaState.FOREIGN:
        raise StoreVersionError(
            "The database holds something else than a ledger", which=which, fix="Name another file"
        )
    if state is SchemaState.EMPTY:
        raise StoreUnavailableError(
            "There is no ledger yet", which=which, fix="Open it for writing once, or name another one"
        )


def run_upgrade(connection: Connection) -> None:
    """Run the missing revisions inside the transaction that `connection` has open, which also keeps others out."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ledger.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
