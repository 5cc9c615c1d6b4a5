"""First-party plugin: sentences by rule."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Processor, hookimpl

__all__ = ["ledger_processors"]


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The processor `syntax`."""
    from ledger_syntax.processor import syntax

    yield syntax
