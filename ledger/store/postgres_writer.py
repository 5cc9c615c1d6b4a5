"""The one connection of a process that writes to a ledger in PostgreSQL. Threads take turns."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreError, StoreUnavailableError
from ledger.store import postgres_arrays
from ledger.store.postgres_server import is_lost

__all__ = ["Driver", "Writer"]

Driver = psycopg.Connection[tuple[Any, ...]]

_SETTINGS = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"
"""Its few statements are looked up by index whatever the tables hold, so each is planned once."""


class Writer:
    """Connects when it is first needed, and again when the connection was lost.

    `translate` gives a driver's error its meaning; `check` raises when the store may not be used.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        which: str,
        readonly: bool,
        translate: Callable[[BaseException], StoreError],
        check: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._which = which
        self._readonly = readonly
        self._translate = translate
        self._check = check
        self._lock = threading.RLock()
        self._pooled: Any = None

    @contextmanager
    def use(self) -> Iterator[Driver]:
        """The connection, which commits statement by statement. It is thrown away when it is lost."""
        with self._lock:
            self._check()
            if self._readonly:
                raise StoreUnavailableError(
                    "The ledger is opened for reading only", which=self._which, fix="Open it for writing"
                )
            try:
                yield self._connection()
            except DBAPIError as error:
                self._drop()
                raise self._translate(error.orig or error) from error
            except psycopg.Error as error:
                if is_lost(error):
                    self._drop()
                raise self._translate(error) from error
            finally:
                self._roll_back()

    @contextmanager
    def transaction(self) -> Iterator[Driver]:
        """The connection in a transaction; all or nothing."""
        with self.use() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def _connection(self) -> Driver:
        if self._pooled is None:
            self._pooled = self._engine.raw_connection()
            connection: Driver = self._pooled.driver_connection
            connection.execute(_SETTINGS)
            postgres_arrays.register(connection)
        return self._pooled.driver_connection  # type: ignore[no-any-return]

    def _roll_back(self) -> None:
        """End what an exception left open."""
        if self._pooled is None:
            return
        connection: Driver = self._pooled.driver_connection
        if connection.closed:
            self._drop()
        elif connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            try:
                connection.execute("ROLLBACK")
            except psycopg.Error:
                self._drop()

    def _drop(self) -> None:
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            with contextlib.suppress(psycopg.Error, DBAPIError):
                pooled.invalidate()

    def close(self) -> None:
        """Give up the connection for good; idempotent."""
        with self._lock:
            self._drop()
