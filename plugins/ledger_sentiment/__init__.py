"""First-party plugin: tone of articles, sentences, and of what is said about an entity."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Processor, hookimpl

__all__ = ["ledger_processors"]


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The processor `sentiment`."""
    from ledger_sentiment.processor import sentiment

    yield sentiment
