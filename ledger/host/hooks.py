"""Where the records of plugins are used, beside the processors: projections, extractors, sources and sinks of one ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import PluginError
from ledger.host.describe import Problem
from ledger.host.discover import has_others
from ledger.host.listing import Inventory
from ledger.plugin import Extractor, Projection, SourceKind
from ledger.store import Store

if TYPE_CHECKING:
    from ledger.feeds.fetch import Transport
    from ledger.feeds.files import Document, IngestReport
    from ledger.feeds.poll import PollReport
    from ledger.host.sinks import Sinks
    from ledger.host.web import PluginWeb

__all__ = ["Hooks"]

_PATIENCE = 3600.0

Watch = Callable[["Iterator[Document]"], "Iterator[Document]"]
"""Passes documents through, to show progress."""


class Hooks:
    """The hooks of the plugins of one ledger. A plugin is imported when one of its records is needed."""

    def __init__(
        self, settings: Settings, clock: Clock, transport: Transport | None, *, isolate: str = "auto"
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._isolate = isolate

    @cached_property
    def inventory(self) -> Inventory:
        """What the plugins declare; loads only those that changed since they were last looked at."""
        return Inventory(self._settings.plugins, isolate=self._isolate)

    @property
    def complaints(self) -> tuple[Problem, ...]:
        """What is wrong with records beside what loading the plugins shows."""
        return self.inventory.complaints

    def projections(self) -> Sequence[Projection]:
        """The read models that plugins bring. newsledger's own plugins bring none, and most ledgers have no others."""
        if not has_others(self._settings.plugins):
            return ()
        return self.inventory.records("ledger_projections")

    def refuse(self, projection: Projection, error: PluginError) -> None:
        """Leave a projection out that cannot be a view; it is listed among the problems."""
        owner = next(
            p for p in self.inventory.plugins if projection.name in p.offers.get("ledger_projections", ())
        )
        self.inventory.complain(
            Problem(
                plugin=owner.name,
                distribution=owner.distribution,
                version=owner.version,
                what=f"Its projection cannot be used: {error.what}: {error.which}",
                fix=error.fix,
            )
        )

    def extractor(self, media_type: str) -> Extractor | None:
        """The first extractor of that media type."""
        found: Sequence[Extractor] = self.inventory.records("ledger_extractors")
        return next((one for one in found if media_type in one.media_types), None)

    def sinks(self, store: Store) -> Sinks:
        """The sinks that are on, over the events of `store`."""
        from ledger.host.sinks import Sinks

        hook = "ledger_sinks"
        return Sinks(
            store,
            self._clock,
            self.inventory.records(hook) if self.inventory.any_on(hook) else (),
            self._settings.plugins.settings,
            home=str(self._settings.home),
            web=self._web,
        )

    def source(self, kind: str) -> SourceKind:
        """The source of that kind. Raises NotFoundError."""
        from ledger.host.sources import find_source

        return find_source(self.inventory.records("ledger_sources"), kind)

    def poll_sources(
        self, store: Store, report: PollReport, *, force: bool, only: Collection[str] | None
    ) -> PollReport:
        """Read the sources that are due, or chosen, as feeds are; gives `report` with their outcomes."""
        from ledger.feeds.sources import poll_sources

        def read(kind: str, location: str, outlet: str) -> IngestReport:
            return self.ingest(store, kind, location, outlet=outlet)

        found = poll_sources(store, self._clock, self._settings.schedule, read, force=force, only=only)
        return msgspec.structs.replace(report, feeds=(*report.feeds, *found)) if found else report

    def ingest(
        self,
        store: Store,
        kind: str,
        location: str,
        *,
        outlet: str = "",
        published: datetime | None = None,
        watch: Watch = iter,
    ) -> IngestReport:
        """Record what a source gives that it did not give before. Raises NotFoundError for an unknown kind."""
        from ledger.feeds.files import ingest_documents
        from ledger.host.sources import Reading

        source = self.source(kind)
        web = self._web()
        try:
            reading = Reading(store, source, location, web)
            report = ingest_documents(
                store,
                self._clock,
                watch(reading.documents()),
                outlet=outlet,
                published=published,
                extractor=self.extractor,
            )
        finally:
            web.close()
        reading.remember(failure.name for failure in report.failures)
        return report

    def _web(self) -> PluginWeb:
        from ledger.host.web import PluginWeb

        return PluginWeb(self._settings.fetch, self._clock, self._transport)

    def web(self) -> PluginWeb:
        """The network for processors, whose calls bring their own time limits; whoever opens it closes it."""
        from ledger.host.web import PluginWeb

        return PluginWeb(self._settings.fetch, self._clock, self._transport, silence=_PATIENCE)
