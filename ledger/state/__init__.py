"""Pure functions from claims to the reported state."""

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

__all__ = [
    "ClaimState",
    "Document",
    "Parameters",
    "Registry",
    "Review",
    "Slot",
    "SlotState",
    "State",
    "StateClaim",
    "Value",
    "Version",
    "dump_registry",
    "load_registry",
]
