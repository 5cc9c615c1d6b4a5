"""Public test kit: for plugins, and for programs built on newsledger.

from ledger.testing import article, check_processor

def test_my_processor():
    check_processor(my_processor, [article("At least 12 people were killed.")]).require()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.clock import FixedClock
from ledger.testing.build import annotate, article
from ledger.testing.conformance import SAMPLES, Verdict, Verdicts, check_processor
from ledger.testing.history import HistoryDiff, compare_history, record_history

if TYPE_CHECKING:
    from ledger.store.memory import MemoryStore
    from ledger.testing.folding import check_projection
    from ledger.testing.plugins import check_plugin
    from ledger.testing.strategies import annotations_of, articles, spans, texts
    from ledger.testing.web import FakeWeb

__all__ = [
    "SAMPLES",
    "FakeWeb",
    "FixedClock",
    "HistoryDiff",
    "MemoryStore",
    "Verdict",
    "Verdicts",
    "annotate",
    "annotations_of",
    "article",
    "articles",
    "check_plugin",
    "check_processor",
    "check_projection",
    "compare_history",
    "record_history",
    "spans",
    "texts",
]

_LAZY = {
    "FakeWeb": "ledger.testing.web",
    "MemoryStore": "ledger.store.memory",
    "annotations_of": "ledger.testing.strategies",
    "articles": "ledger.testing.strategies",
    "check_plugin": "ledger.testing.plugins",
    "check_projection": "ledger.testing.folding",
    "spans": "ledger.testing.strategies",
    "texts": "ledger.testing.strategies",
}


def __getattr__(name: str) -> Any:
    # The store, the fetcher and Hypothesis are heavy, and a plugin's tests need none of them.
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
