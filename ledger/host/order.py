"""The order of processors: by the types that they require and provide, ties by name."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping

from ledger.host.describe import ProcessorInfo

__all__ = ["Inactive", "order", "providers_of"]

Inactive = dict[str, str]
"""Processor name to the reason why it cannot run."""


def providers_of(processor: ProcessorInfo, active: Iterable[ProcessorInfo]) -> set[str]:
    """Names of the other processors that make something `processor` reads."""
    wanted = set(processor.requires)
    return {p.name for p in active if p.name != processor.name and wanted & set(p.provides)}


def order(
    processors: Iterable[ProcessorInfo], trusted: Callable[[str], bool]
) -> tuple[tuple[ProcessorInfo, ...], Inactive]:
    """Those that can run, providers before readers, and why the others cannot.

    A processor whose requirement nobody provides is inactive, and so is whoever needed it. Of a cycle the processors that
    are not `trusted` are inactive; all of them if every one is trusted, so that a stranger cannot stop a core processor.
    """
    active = {p.name: p for p in processors}
    inactive: Inactive = {}
    while True:
        _drop_unmet(active, inactive)
        graph = {name: providers_of(p, active.values()) for name, p in active.items()}
        try:
            return tuple(active[name] for name in _by_name(graph)), inactive
        except graphlib.CycleError as error:
            _drop_cycle(error.args[1], active, inactive, trusted)


def _by_name(graph: Mapping[str, set[str]]) -> list[str]:
    sorter = graphlib.TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    sorter.prepare()
    done: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        done += ready
        sorter.done(*ready)
    return done


def _drop_unmet(active: dict[str, ProcessorInfo], inactive: Inactive) -> None:
    while True:
        unmet: dict[str, str] = {}
        for name, processor in active.items():
            provided = {kind for p in active.values() if p.name != name for kind in p.provides}
            if missing := sorted(kind.label for kind in processor.requires if kind not in provided):
                unmet[name] = f"requires {', '.join(missing)}, which no active processor provides"
        if not unmet:
            return
        inactive.update(unmet)
        for name in unmet:
            del active[name]


def _drop_cycle(
    cycle: list[str], active: dict[str, ProcessorInfo], inactive: Inactive, trusted: Callable[[str], bool]
) -> None:
    # graphlib lists a node before its reader and repeats the first at the end; begin with the smallest name
    members = cycle[:-1]
    start = members.index(min(members))
    path = " -> ".join([*members[start:], *members[:start], members[start]])
    strangers = [name for name in members if not trusted(name)]
    for name in strangers or members:
        inactive[name] = f"its requirements form a cycle: {path}"
        del active[name]
