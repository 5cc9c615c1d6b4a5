"""First-party plugin: names of people, organisations, places, groups, facilities, events, weapons and roles."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Processor, hookimpl

__all__ = ["ledger_processors"]


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The processor `entities`."""
    from ledger_entities.processor import entities

    yield entities
