"""First-party plugin: sentences by rule, and their parses by a small model that is shipped."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Check, Processor, hookimpl

__all__ = ["ledger_checks", "ledger_processors"]


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The processor `syntax`."""
    from ledger_syntax.processor import syntax

    yield syntax


@hookimpl
def ledger_checks() -> Iterator[Check]:
    """Whether sentences can be parsed."""
    from ledger_syntax.check import parser_check

    yield Check(name="syntax", run=parser_check)
