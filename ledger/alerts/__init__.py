"""Alerts: what became otherwise on a figure, told exactly once."""

from __future__ import annotations

from ledger.alerts.following import Alert, Alerts, Unfollowed

__all__ = ["Alert", "Alerts", "Unfollowed"]
