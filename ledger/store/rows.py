"""The rows of a log as its database has them, read a page at a time for whoever compares them with their envelopes.

A row is: envelope, salt, payload, name of the stream, version, number of the type, number of the producer, id of the event,
when it was recorded (microseconds since 1970).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ledger.events.envelope import Producer
from ledger.store.tlog import GROUP

__all__ = ["PAGE", "OtherwiseError", "PostgresRows", "Row", "Rows", "SqliteRows", "Where", "open_rows"]

Row = tuple[Any, ...]

PAGE = GROUP
"""Rows that are held at once. Few enough that they stay in the cache of a processor: four times as many cost a tenth more."""
_SENT = 16 * PAGE
"""Rows that a server sends at once."""
_LAST_ID = 2**62

_ROWS = """
    SELECT e.envelope, e.salt, e.payload, s.name, e.version, e.type, e.producer, e.event_id, e.recorded_at
    FROM {schema}events AS e {join} {schema}streams AS s ON s.id = e.stream
    WHERE e.position > {value} AND e.position <= {value} ORDER BY e.position
"""
_LAST_STREAM = "SELECT coalesce(max(stream), 0) FROM {schema}events"
_OUT_OF_ORDER = """
    WITH several AS (
        SELECT stream FROM {schema}events WHERE stream > {value} AND stream <= {value} GROUP BY stream
        HAVING count(*) > 1 OR min(version) <> 1
    )
    SELECT 1 FROM (
        SELECT version, position, lag(version, 1, 0) OVER streams AS before,
            lag(position, 1, {nothing}) OVER streams AS after
        FROM several JOIN {schema}events USING (stream) WINDOW streams AS (PARTITION BY stream ORDER BY version)
    ) AS pairs WHERE version <> before + 1 OR position <= after LIMIT 1
"""
_SQLITE = {"schema": "", "value": "?", "join": "CROSS JOIN", "nothing": "0"}
_POSTGRES = {"schema": "ledger.", "value": "%s", "join": "JOIN", "nothing": "0::bigint"}


class OtherwiseError(Exception):
    """Something is not in order."""


class Where(msgspec.Struct, frozen=True):
    """Where a log is: the path of an SQLite file, or the URL of a PostgreSQL database with the password in it."""

    path: str = ""
    url: str = ""


class Rows(Protocol):
    """One connection to a log."""

    def types(self) -> dict[int, str]:
        """The names of types by their numbers."""

    def producers(self) -> dict[int, Producer]:
        """Producers by their numbers."""

    def pages(self, after: int, upto: int) -> Iterator[list[Row]]:
        """The rows after `after`, at most `PAGE` at a time. Raises OtherwiseError when one is missing or cannot be read."""

    def check_streams(self, part: int, parts: int) -> None:
        """Whether the events of a stream are numbered in the order of the log, for one part of the streams.

        Raises OtherwiseError when they are not.
        """

    def close(self) -> None:
        """Release the connection."""


def open_rows(where: Where) -> Rows:
    """Connect. Raises OtherwiseError when that fails."""
    return SqliteRows(where.path) if where.path else PostgresRows(where.url)


class SqliteRows:
    """`Rows` of the SQLite file at `path`."""

    def __init__(self, path: str) -> None:
        try:
            self._connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise OtherwiseError(str(error)) from error

    def close(self) -> None:
        """See `Rows.close`."""
        self._connection.close()

    def types(self) -> dict[int, str]:
        """See `Rows.types`."""
        return dict(self._all("SELECT id, name FROM types"))

    def producers(self) -> dict[int, Producer]:
        """See `Rows.producers`."""
        rows = self._all("SELECT id, name, version, identity FROM producers")
        return {number: Producer(*names) for number, *names in rows}

    def pages(self, after: int, upto: int) -> Iterator[list[Row]]:
        """See `Rows.pages`."""
        try:
            cursor = self._connection.execute(_ROWS.format(**_SQLITE), (after, upto))
            while after < upto:
                rows = cursor.fetchmany(PAGE)
                after = _checked(rows, after, upto)
                yield rows
        except sqlite3.Error as error:
            raise OtherwiseError(str(error)) from error

    def check_streams(self, part: int, parts: int) -> None:
        """See `Rows.check_streams`."""
        (last,) = self._all(_LAST_STREAM.format(**_SQLITE))[0]
        if self._all(_OUT_OF_ORDER.format(**_SQLITE), _share(last, part, parts)):
            raise OtherwiseError("a stream is out of order")

    def _all(self, statement: str, values: tuple[int, ...] = ()) -> list[Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise OtherwiseError(str(error)) from error


class PostgresRows:
    """`Rows` of the PostgreSQL database at `url`, SQLAlchemy's way to write it."""

    def __init__(self, url: str) -> None:
        import psycopg
        from sqlalchemy import make_url

        self._error = psycopg.Error
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            self._connection = psycopg.connect(plain, autocommit=True)
            self._connection.execute("SET client_encoding = 'UTF8'; SET default_transaction_read_only = on")
        except psycopg.Error as error:
            raise OtherwiseError(str(error)) from error

    def close(self) -> None:
        """See `Rows.close`."""
        self._connection.close()

    def types(self) -> dict[int, str]:
        """See `Rows.types`."""
        return dict(self._all("SELECT id, name FROM ledger.types"))

    def producers(self) -> dict[int, Producer]:
        """See `Rows.producers`."""
        rows = self._all("SELECT id, name, version, identity FROM ledger.producers")
        return {number: Producer(*names) for number, *names in rows}

    def pages(self, after: int, upto: int) -> Iterator[list[Row]]:
        """See `Rows.pages`."""
        statement = _ROWS.format(**_POSTGRES).encode()
        try:
            with self._connection.cursor(binary=True) as cursor:
                while after < upto:
                    sent = min(after + _SENT, upto)
                    cursor.execute(statement, (after, sent))
                    while after < sent:
                        rows = cursor.fetchmany(PAGE)
                        after = _checked(rows, after, sent)
                        yield rows
        except self._error as error:
            raise OtherwiseError(str(error)) from error

    def check_streams(self, part: int, parts: int) -> None:
        """See `Rows.check_streams`."""
        (last,) = self._all(_LAST_STREAM.format(**_POSTGRES))[0]
        if self._all(_OUT_OF_ORDER.format(**_POSTGRES), _share(last, part, parts)):
            raise OtherwiseError("a stream is out of order")

    def _all(self, statement: str, values: tuple[int, ...] = ()) -> list[Row]:
        try:
            return self._connection.execute(statement.encode(), values).fetchall()
        except self._error as error:
            raise OtherwiseError(str(error)) from error


def _checked(rows: list[Row], after: int, upto: int) -> int:
    """The position that the rows after `after` reach. Raises OtherwiseError when one is missing."""
    if len(rows) != min(PAGE, upto - after):
        raise OtherwiseError("a row is missing")
    return after + len(rows)


def _share(last: int, part: int, parts: int) -> tuple[int, int]:
    """After which stream a part of the `last` streams begins, and with which it ends."""
    first, end = (last * at // parts for at in (part, part + 1))
    return (first if part else -_LAST_ID), end
