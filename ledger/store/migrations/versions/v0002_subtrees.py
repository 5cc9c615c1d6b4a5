"""The roots of complete subtrees, kept as the log grows, so that the root at any past position takes a few reads.

Revision: 0002, after 0001. A log that is there already gets those that it would have; one with damaged events gets those before
the damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from ledger.store.tlog import GROUP, Frontier, leaf_hash

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GROUPS = 16
"""Groups of events that are read at a time."""

SQLITE = (
    """
    CREATE TABLE subtrees (
        level INTEGER NOT NULL,
        number INTEGER NOT NULL,
        root BLOB NOT NULL,
        PRIMARY KEY (level, number)
    ) WITHOUT ROWID
    """,
    *(
        f"""
        CREATE TRIGGER subtrees_{verb.lower()} BEFORE {verb} ON subtrees
        BEGIN SELECT RAISE(ROLLBACK, 'subtrees only grows'); END
        """
        for verb in ("UPDATE", "DELETE")
    ),
)

POSTGRES = """
CREATE TABLE ledger.subtrees (
    level integer NOT NULL,
    number bigint NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (level, number)
);
CREATE TRIGGER subtrees_stay BEFORE UPDATE OR DELETE ON ledger.subtrees
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse('subtrees only grows');
CREATE TRIGGER subtrees_are_kept BEFORE TRUNCATE ON ledger.subtrees
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse('subtrees only grows');
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ledger_app', 'ledger_redactor'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('GRANT SELECT, INSERT ON ledger.subtrees TO %I', wanted);
        END IF;
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the table, and fill it."""
    connection = op.get_bind()
    schema = None
    if connection.dialect.name == "postgresql":
        schema = "ledger"
        connection.connection.driver_connection.execute(POSTGRES)  # type: ignore[union-attr]
    else:
        for statement in SQLITE:
            op.execute(statement)
    names: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("level", "number", "root")]
    table = sa.table("subtrees", *names, schema=schema)
    frontier = Frontier()
    for leaves in _groups(connection, schema):
        frontier, completed = frontier.grow(leaves)
        connection.execute(table.insert(), [each._asdict() for each in completed])


def _groups(connection: sa.Connection, schema: str | None) -> Iterator[list[bytes]]:
    """The leaf hashes of whole groups of events, some groups at a time, up to the first that is not whole."""
    events = sa.table("events", sa.column("position"), sa.column("envelope"), schema=schema).c
    after = 0
    while True:
        end = after + _GROUPS * GROUP
        query = (
            sa.select(events.position, events.envelope)
            .where(events.position > after, events.position <= end)
            .order_by(events.position)
        )
        leaves: list[bytes] = []
        for at, raw in connection.execute(query):
            if at != after + len(leaves) + 1 or not isinstance(raw, bytes):
                break
            leaves.append(leaf_hash(raw))
        whole = len(leaves) // GROUP * GROUP
        if whole:
            yield leaves[:whole]
        if whole < _GROUPS * GROUP:
            return
        after = end
