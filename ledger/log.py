"""Logging of the command and of long-running processes; the library itself only gets loggers."""

from __future__ import annotations

import logging
import sys

__all__ = ["configure"]


def configure(*, verbose: bool = False) -> None:
    """Send log lines to standard error, one line each; warnings only unless `verbose`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger("ledger")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
