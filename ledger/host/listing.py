"""The plugins as they are declared, without running one: from the shelf where nothing changed, loaded otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ledger.config import Plugins
from ledger.host.describe import Candidate, Problem, ProcessorInfo
from ledger.host.failures import Limits
from ledger.host.health import ProcessorHealth
from ledger.host.inventory import ActiveProcessor, PluginInfo
from ledger.host.isolation import PluginWorker
from ledger.host.roster import Roster
from ledger.host.shelf import Shelf

__all__ = ["Inventory"]


class Inventory:
    """Every plugin with what it declares, in the order in which processors run. Worker processes end before it is there.

    A plugin that changed since it was last looked at is loaded, just as the host does it; all others are not even
    imported until `records` needs them.
    """

    def __init__(self, settings: Plugins, *, isolate: str = "auto") -> None:
        self._settings = settings
        self._limits = Limits(memory=settings.memory * 1024**2)
        self._workers: list[PluginWorker] = []
        self.complaints: tuple[Problem, ...] = ()
        try:
            shelf = Shelf(settings.settings)
            self._roster = Roster(settings, isolate, self._new_worker, None, shelf, reuse=True)
        finally:
            for worker in self._workers:
                worker.close()
        self.processors: tuple[ActiveProcessor, ...] = self._roster.active
        self.plugins: tuple[PluginInfo, ...] = self._roster.plugins()

    @property
    def declared(self) -> tuple[tuple[str, ProcessorInfo], ...]:
        """Every processor that a plugin declares, active or not, with the plugin's name."""
        return tuple(self._roster.declared())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the plugins, one entry each."""
        return (*self._roster.problems, *self.complaints)

    def complain(self, problem: Problem) -> None:
        """Add a problem that showed when a record was used."""
        self.complaints = (*self.complaints, problem)

    def records(self, hook: str) -> tuple[Any, ...]:
        """The records of one hook, such as `ledger_sources`; imports the plugins that offer it, and no other."""
        return self._roster.records(hook)

    def any_on(self, hook: str) -> bool:
        """Whether a record of the hook takes no settings, or has all that it needs; imports nothing."""
        return any(
            record.config or not record.schema
            for plugin in self.plugins
            for record in plugin.records.get(hook, ())
        )

    def owner(self, hook: str, name: str) -> str:
        """The plugin that offers a record of the hook. Raises LookupError."""
        for plugin in self.plugins:
            if plugin.state == "active" and name in plugin.offers.get(hook, ()):
                return plugin.name
        raise LookupError(name)

    def offered(self, hook: str) -> dict[str, str]:
        """Names of one hook's records, with their summaries; imports nothing."""
        return {
            record.name: record.summary
            for plugin in self.plugins
            if plugin.state == "active"
            for record in plugin.records.get(hook, ())
        }

    def with_health(self, health: Mapping[str, ProcessorHealth]) -> tuple[PluginInfo, ...]:
        """The plugins, those with resting processors marked."""
        identities = {active.name: active.identity for active in self.processors}
        found = []
        for plugin in self.plugins:
            resting = {
                name: one.breaker.reason
                for name in plugin.processors
                if (one := health.get(name)) is not None
                and one.identity == identities[name]
                and one.breaker.reason
            }
            found.append(msgspec.structs.replace(plugin, resting=resting))
        return tuple(found)

    def _new_worker(self, candidate: Candidate) -> PluginWorker:
        worker = PluginWorker(candidate, self._settings.settings, self._limits, {})
        self._workers.append(worker)
        return worker
