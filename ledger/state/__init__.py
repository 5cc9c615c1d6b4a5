"""Pure functions from claims to the reported state."""

from ledger.state.evaluate import reported_state
from ledger.state.model import (
    ClaimState,
    Document,
    Review,
    Slot,
    SlotState,
    State,
    StateClaim,
    Value,
    Version,
)
from ledger.state.registry import Parameters, Registry, dump_registry, load_registry
from ledger.state.reports import Report
from ledger.state.resolve import resolve
from ledger.state.versions import Evidence

__all__ = [
    "ClaimState",
    "Document",
    "Evidence",
    "Parameters",
    "Registry",
    "Report",
    "Review",
    "Slot",
    "SlotState",
    "State",
    "StateClaim",
    "Value",
    "Version",
    "dump_registry",
    "load_registry",
    "reported_state",
    "resolve",
]
