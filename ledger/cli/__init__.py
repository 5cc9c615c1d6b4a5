"""The command `newsledger`: one module per noun, each imported only when it is used."""

from __future__ import annotations

from ledger.cli.root import main

__all__ = ["main"]
