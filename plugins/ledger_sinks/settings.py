"""Settings of the sinks; a required field without a default keeps a sink off until it is given."""

from __future__ import annotations

import msgspec

__all__ = ["AlertsSettings", "AtomSettings", "FileSettings", "WebhookSettings"]


class FileSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[plugins.file]`. `path` is relative to the ledger's home; `types` are event types, empty for all."""

    path: str
    types: tuple[str, ...] = ()


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[plugins.webhook]`. `secret` signs each request; `types` are event types, empty for all."""

    url: str
    secret: str = ""
    types: tuple[str, ...] = (
        "article.ingested",
        "article.revised",
        "article.withdrawn",
        "annotation.failed",
        "alert.raised",
    )


class AtomSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[plugins.atom]`. `path` is relative to the ledger's home; the feed keeps `entries` entries."""

    path: str
    title: str = "Articles recorded by newsledger"
    entries: int = 100


class AlertsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[plugins.alerts]`. `path` is relative to the ledger's home; the feed keeps `entries` entries."""

    path: str
    title: str = "Alerts of newsledger"
    entries: int = 100
