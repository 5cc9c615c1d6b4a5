"""The tables of the log as SQLAlchemy Core sees them, for reading. The migrations create them.

Times are microseconds since 1970 (UTC). Type, stream and producer are dictionary ids. The envelope is what counts; the
columns beside it are its index. In SQLite the head also counts the leases of tasks; PostgreSQL has a sequence for that.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

__all__ = [
    "bodies",
    "events",
    "head",
    "keys",
    "metadata",
    "producers",
    "streams",
    "subtrees",
    "tasks",
    "types",
]

metadata = MetaData()

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ledger", Text, nullable=False),
    Column("dedupe_key", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

types = Table(
    "types", metadata, Column("id", Integer, primary_key=True), Column("name", Text, nullable=False)
)

streams = Table(
    "streams", metadata, Column("id", BigInteger, primary_key=True), Column("name", Text, nullable=False)
)

producers = Table(
    "producers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("identity", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("stream", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Integer, nullable=False),
    Column("producer", Integer, nullable=False),
    Column("event_id", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("payload", LargeBinary),
)

subtrees = Table(
    "subtrees",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
)

bodies = Table(
    "bodies",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("dedupe", LargeBinary),
    Column("salt", LargeBinary),
    Column("codec", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary),
)

keys = Table("keys", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

tasks = Table(
    "tasks",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("grp", Text, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", BigInteger),
    Column("fence", BigInteger, nullable=False),
)
