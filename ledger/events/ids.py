"""Event ids: 32 hex digits, the first 12 of them milliseconds since 1970, so that ids sort by time and indexes stay dense."""

from __future__ import annotations

import hashlib
from datetime import datetime

__all__ = ["derived_id"]


def derived_id(at: datetime, *parts: str) -> str:
    """A deterministic id from an instant (usually that of the causing event) and the texts that identify the work.

    Doing the same work again gives the same id, which makes the second append a no-op.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{int(at.timestamp() * 1000):012x}{digest[:20]}"
