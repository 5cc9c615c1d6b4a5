"""Views of the ledger: disposable tables, brought forward by events, rebuilt from them at any time."""

from ledger.projections.catalogue import Parked
from ledger.projections.facts import Context, Fact, Table, Tables, View
from ledger.projections.folding import Progress
from ledger.projections.opening import open_views
from ledger.projections.results import (
    ArticleView,
    Decision,
    Failure,
    Hit,
    Pending,
    Standing,
    StoredAnnotation,
    TableDiff,
    ViewDiff,
    ViewInfo,
)
from ledger.projections.views import Views

__all__ = [
    "ArticleView",
    "Context",
    "Decision",
    "Fact",
    "Failure",
    "Hit",
    "Parked",
    "Pending",
    "Progress",
    "Standing",
    "StoredAnnotation",
    "Table",
    "TableDiff",
    "Tables",
    "View",
    "ViewDiff",
    "ViewInfo",
    "Views",
    "open_views",
]
