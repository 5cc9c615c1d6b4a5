"""The whole plugin surface on one page.

A plugin is a module named by an entry point of the group `ledger`; it implements any of these hooks with `@hookimpl`, or
the entry point names one `Processor`. It may set `LEDGER_API = 1` to say which API version it is written for. Every hook yields records (`ledger.plugin.declare`); none does work.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ledger.plugin.annotations import Annotation
from ledger.plugin.declare import Check, Command, Extractor, Processor, Projection, Sink, SourceKind

__all__ = ["PROJECT", "HookSpecs", "hookimpl"]

PROJECT = "ledger"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """Hook specifications of API version 1."""

    @hookspec
    def ledger_processors(self) -> Iterable[Processor]:
        """Processors that annotate one article revision."""
        raise NotImplementedError

    @hookspec
    def ledger_annotation_types(self) -> Iterable[type[Annotation]]:
        """Annotation types that no processor of this plugin lists in `provides`."""
        raise NotImplementedError

    @hookspec
    def ledger_sources(self) -> Iterable[SourceKind]:
        """Inputs other than feeds."""
        raise NotImplementedError

    @hookspec
    def ledger_extractors(self) -> Iterable[Extractor]:
        """Readers of media types."""
        raise NotImplementedError

    @hookspec
    def ledger_projections(self) -> Iterable[Projection]:
        """Read models of one's own."""
        raise NotImplementedError

    @hookspec
    def ledger_sinks(self) -> Iterable[Sink]:
        """Receivers of committed events."""
        raise NotImplementedError

    @hookspec
    def ledger_checks(self) -> Iterable[Check]:
        """Checks for `newsledger doctor`."""
        raise NotImplementedError

    @hookspec
    def ledger_commands(self) -> Iterable[Command]:
        """Commands of `newsledger`."""
        raise NotImplementedError
