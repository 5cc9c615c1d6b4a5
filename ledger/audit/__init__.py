"""Audit replays and tamper evidence: seal, prove and verify the log, recompute what it said, and lawful removal."""

from ledger.audit.redact import Removed, redact
from ledger.audit.replay import Replay, ViewCheck, replay
from ledger.audit.reruns import Rerun

__all__ = ["Removed", "Replay", "Rerun", "ViewCheck", "redact", "replay"]
