"""newsledger: an event-sourced ledger of what is reported, by whom, since when, and how well it is sourced.

    from ledger import open_ledger

    with open_ledger("my-ledger") as ledger:
        ledger.ingest("report.txt", outlet="local")
        for slot in ledger.state().slots:
            print(slot.id, slot.best)

Public: this package, `ledger.plugin`, `ledger.testing`, `ledger.state.reported_state` and `ledger.errors`; anything else may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.app import Ledger, open_ledger

__all__ = ["Ledger", "LedgerError", "open_ledger"]


def __getattr__(name: str) -> Any:
    # Plugins import `ledger.plugin`, and with it this module: the application is loaded only when it is asked for.
    if name in {"Ledger", "open_ledger"}:
        from ledger import app

        return getattr(app, name)
    raise AttributeError(f"module 'ledger' has no attribute {name!r}")
