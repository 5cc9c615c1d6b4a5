"""First-party plugin: quantities and times."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Processor, hookimpl

__all__ = ["ledger_processors"]


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The processor `numbers`."""
    from ledger_numbers.processor import numbers

    yield numbers
