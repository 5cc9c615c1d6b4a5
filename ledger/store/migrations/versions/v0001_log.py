"""The log: events, streams, head, bodies, lookup keys, tasks, and the triggers that keep the log append-only.

Revision: 0001, the first.
"""

from __future__ import annotations

from alembic import op

from ledger.store.migrations import v0001_postgres

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        ledger TEXT NOT NULL,
        dedupe_key BLOB NOT NULL,
        position INTEGER NOT NULL,
        frontier BLOB NOT NULL,
        recorded_at INTEGER NOT NULL,
        fence INTEGER NOT NULL
    )
    """,
    "CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """
    CREATE TABLE producers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        identity TEXT NOT NULL,
        UNIQUE (name, version, identity)
    )
    """,
    """
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream INTEGER NOT NULL REFERENCES streams,
        version INTEGER NOT NULL,
        type INTEGER NOT NULL REFERENCES types,
        producer INTEGER NOT NULL REFERENCES producers,
        event_id BLOB NOT NULL UNIQUE,
        recorded_at INTEGER NOT NULL,
        envelope BLOB NOT NULL,
        salt BLOB,
        payload BLOB,
        UNIQUE (stream, version)
    )
    """,
    "CREATE INDEX events_type ON events (type)",
    """
    CREATE TABLE bodies (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        dedupe BLOB UNIQUE,
        salt BLOB,
        codec INTEGER NOT NULL,
        size INTEGER NOT NULL,
        data BLOB
    )
    """,
    "CREATE TABLE redacted_events (position INTEGER PRIMARY KEY, by_position INTEGER NOT NULL)",
    "CREATE TABLE redacted_bodies (key BLOB PRIMARY KEY, by_position INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE keys (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE tasks (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        grp TEXT NOT NULL,
        next_at INTEGER NOT NULL,
        data BLOB NOT NULL,
        owner TEXT NOT NULL,
        lease_until INTEGER,
        fence INTEGER NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX tasks_due ON tasks (kind, next_at)",
    "CREATE INDEX tasks_held ON tasks (kind, lease_until, grp) WHERE lease_until IS NOT NULL",
)

ORDERED = """
    EXISTS (
        SELECT 1 FROM events JOIN types ON types.id = events.type
        WHERE events.position = NEW.by_position AND types.name = 'payload.redacted'
    )
"""

TRIGGERS = (
    """
    CREATE TRIGGER events_are_contiguous BEFORE INSERT ON events
    WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ROLLBACK, 'the log has no gaps and no second writing of a position'); END
    """,
    """
    CREATE TRIGGER events_stay BEFORE DELETE ON events
    BEGIN SELECT RAISE(ROLLBACK, 'the log is append-only'); END
    """,
    """
    CREATE TRIGGER events_are_final BEFORE UPDATE ON events
    WHEN NOT (
        NEW.payload IS NULL AND NEW.salt IS NULL
        AND NEW.position IS OLD.position AND NEW.stream IS OLD.stream AND NEW.version IS OLD.version
        AND NEW.type IS OLD.type AND NEW.producer IS OLD.producer AND NEW.event_id IS OLD.event_id
        AND NEW.recorded_at IS OLD.recorded_at AND NEW.envelope IS OLD.envelope
        AND EXISTS (SELECT 1 FROM redacted_events WHERE position = OLD.position)
    )
    BEGIN SELECT RAISE(ROLLBACK, 'the log is append-only'); END
    """,
    """
    CREATE TRIGGER bodies_stay BEFORE DELETE ON bodies
    BEGIN SELECT RAISE(ROLLBACK, 'bodies are removed by redaction only'); END
    """,
    """
    CREATE TRIGGER bodies_are_final BEFORE UPDATE ON bodies
    WHEN NOT (
        NEW.data IS NULL AND NEW.salt IS NULL AND NEW.dedupe IS NULL
        AND NEW.id IS OLD.id AND NEW.key IS OLD.key AND NEW.codec IS OLD.codec AND NEW.size IS OLD.size
        AND EXISTS (SELECT 1 FROM redacted_bodies WHERE key = OLD.key)
    )
    BEGIN SELECT RAISE(ROLLBACK, 'bodies are removed by redaction only'); END
    """,
    f"""
    CREATE TRIGGER redacted_events_are_ordered BEFORE INSERT ON redacted_events
    WHEN NEW.by_position <= NEW.position OR NOT {ORDERED}
    BEGIN SELECT RAISE(ROLLBACK, 'a redaction needs its event'); END
    """,
    f"""
    CREATE TRIGGER redacted_bodies_are_ordered BEFORE INSERT ON redacted_bodies
    WHEN NOT {ORDERED}
    BEGIN SELECT RAISE(ROLLBACK, 'a redaction needs its event'); END
    """,
    *(
        f"""
        CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ROLLBACK, '{table} only grows'); END
        """
        for table in ("redacted_events", "redacted_bodies", "types", "streams", "producers")
        for verb in ("UPDATE", "DELETE")
    ),
    """
    CREATE TRIGGER head_stays BEFORE DELETE ON head
    BEGIN SELECT RAISE(ROLLBACK, 'the head of the log stays'); END
    """,
    """
    CREATE TRIGGER head_moves_forward BEFORE UPDATE ON head
    WHEN NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at OR NEW.fence < OLD.fence
        OR NEW.ledger IS NOT OLD.ledger OR NEW.dedupe_key IS NOT OLD.dedupe_key
    BEGIN SELECT RAISE(ROLLBACK, 'the head of the log moves forward only'); END
    """,
)


def upgrade() -> None:
    """Create everything."""
    if op.get_context().dialect.name == "postgresql":
        v0001_postgres.create(op.get_bind())
        return
    for statement in (*TABLES, *TRIGGERS):
        op.execute(statement)
