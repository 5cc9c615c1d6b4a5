"""Functions that a plugin replaces in modules which are not its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

__all__ = ["Definitions"]

_LOOSE = frozenset({"__main__", "sys", "warnings"})
"""Modules whose functions are meant to be replaced."""


class _Place(NamedTuple):
    """Where a definition stands: a namespace that is alive, the key in it, and its dotted name."""

    namespace: Mapping[str, object]
    key: str
    name: str


class Definitions:
    """The public functions and classes that the modules loaded so far define, and the methods of newsledger's own classes."""

    def __init__(self) -> None:
        self._known = list(_definitions())

    def replaced(self) -> list[str]:
        """The dotted names that mean something else than before, in order; each is told once."""
        changed = [at for at, (place, value) in enumerate(self._known) if _now(place) is not value]
        for at in changed:
            place, _ = self._known[at]
            self._known[at] = place, _now(place)
        return sorted(self._known[at][0].name for at in changed)


def _now(place: _Place) -> object:
    return place.namespace.get(place.key)


def _definitions() -> Iterator[tuple[_Place, object]]:
    for module, loaded in list(sys.modules.items()):
        if module not in _LOOSE:
            yield from _own(module, loaded)


def _own(module: str, loaded: Any) -> Iterator[tuple[_Place, object]]:
    namespace = getattr(loaded, "__dict__", {})
    for name, value in list(namespace.items()):
        if name.startswith("_") or not isinstance(value, FunctionType | BuiltinFunctionType | type):
            continue
        if getattr(value, "__module__", None) != module:
            continue
        yield _Place(namespace, name, f"{module}.{name}"), value
        if module.startswith("ledger.") and isinstance(value, type):
            for key, item in list(vars(value).items()):
                if isinstance(item, FunctionType) and not key.startswith("_"):
                    yield _Place(vars(value), key, f"{module}.{name}.{key}"), item
