"""Metrics of a running ledger over HTTP, on loopback only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ledger.clock import Clock
from ledger.errors import LedgerError, UsageError
from ledger.feeds.metrics import metrics_text
from ledger.store import Store

__all__ = ["serve_metrics"]


@contextmanager
def serve_metrics(store: Store, clock: Clock, port: int) -> Iterator[int]:
    """Answer `GET /metrics` on 127.0.0.1 in a thread of its own while inside; port 0 takes a free one. Gives the port.

    Raises UsageError when the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = 404, "See /metrics\n"
            if self.path == "/metrics":
                try:
                    status, body = 200, metrics_text(store, clock.now())
                except LedgerError as error:
                    status, body = 503, f"{error}\n"
            raw = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise UsageError(
            "The metrics cannot be served", which=f"127.0.0.1:{port}", fix=str(error.strerror)
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
