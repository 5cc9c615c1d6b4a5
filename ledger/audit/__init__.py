"""Audit replays: recompute what the ledger says and compare it with what it said; and lawful removal."""

from ledger.audit.redact import Removed, redact
from ledger.audit.replay import Replay, Rerun, ViewCheck, replay

__all__ = ["Removed", "Replay", "Rerun", "ViewCheck", "redact", "replay"]
