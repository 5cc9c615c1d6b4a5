"""Taking bytes out of a ledger in PostgreSQL for good."""

from __future__ import annotations

import psycopg

from ledger.errors import NotFoundError, StoreUnavailableError
from ledger.store.bodies import key_bytes
from ledger.store.postgres_writer import Driver
from ledger.store.redaction import Removal

__all__ = ["remove", "rewrite"]


def remove(connection: Driver, removal: Removal) -> None:
    """Null payloads and bodies inside the open transaction. Raises NotFoundError for an unknown body."""
    for position, order in removal.positions.items():
        connection.execute(
            "INSERT INTO ledger.redacted_events VALUES (%s, %s) ON CONFLICT DO NOTHING", (position, order)
        )
        connection.execute(
            "UPDATE ledger.events SET salt = NULL, payload = NULL WHERE position = %s", (position,)
        )
    for key, order in removal.bodies.items():
        raw = key_bytes(key)
        if not connection.execute("SELECT 1 FROM ledger.bodies WHERE key = %b", (raw,)).fetchone():
            raise NotFoundError("The ledger holds no body with this key", which=key)
        connection.execute(
            "INSERT INTO ledger.redacted_bodies VALUES (%b, %s) ON CONFLICT DO NOTHING", (raw, order)
        )
        connection.execute(
            "UPDATE ledger.bodies SET dedupe = NULL, salt = NULL, data = NULL WHERE key = %b", (raw,)
        )


def rewrite(connection: Driver, table: str, which: str) -> None:
    """Write `table` anew, so that no dead row keeps removed bytes. Raises StoreUnavailableError without the right to."""
    refused: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            refused.append(diagnostic.message_primary or "")

    connection.add_notice_handler(note)
    try:
        connection.execute(f"VACUUM (FULL) {table}")
    finally:
        connection.remove_notice_handler(note)
    if refused:
        raise StoreUnavailableError(
            "The redaction is recorded, but removed bytes may remain in dead rows",
            which=f"{which}: {refused[0]}",
            fix=f"Let the owner run VACUUM (FULL) {table}",
        )
