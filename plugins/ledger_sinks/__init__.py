"""First-party plugin: committed events to a file of JSON lines, to a webhook, or to Atom feeds. Each is off until it has settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.plugin import CommittedEvent, Sink, SinkContext, hookimpl
from ledger_sinks.settings import AlertsSettings, AtomSettings, FileSettings, WebhookSettings

__all__ = ["ledger_sinks"]

ARTICLES = ("article.ingested", "article.revised", "article.withdrawn")


@hookimpl
def ledger_sinks() -> Iterable[Sink]:
    """File, webhook, Atom of articles, Atom of alerts."""
    yield Sink(
        name="file",
        deliver=_to_file,
        config=FileSettings,
        history=True,
        summary="Append every event to a file, one JSON object a line",
    )
    yield Sink(
        name="webhook",
        deliver=_to_webhook,
        config=WebhookSettings,
        summary="POST events as JSON, signed with HMAC-SHA256",
        timeout=60.0,
    )
    yield Sink(
        name="atom",
        deliver=_to_atom,
        types=ARTICLES,
        config=AtomSettings,
        history=True,
        summary="Keep an Atom feed of the newest articles and revisions in a file",
    )
    yield Sink(
        name="alerts",
        deliver=_to_alerts,
        types=("alert.raised",),
        config=AlertsSettings,
        history=True,
        summary="Keep an Atom feed of the newest alerts in a file",
    )


def _to_file(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    from ledger_sinks.lines import append

    append(events, context)


def _to_webhook(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    from ledger_sinks.webhook import post

    post(events, context)


def _to_atom(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    from ledger_sinks.atom import update

    update(events, context)


def _to_alerts(events: Sequence[CommittedEvent], context: SinkContext) -> None:
    from ledger_sinks.atom import update

    update(events, context, of="alerts")
