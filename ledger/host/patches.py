"""Functions that a plugin replaces in modules which are not its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

__all__ = ["definitions", "replaced"]

_LOOSE = frozenset({"__main__", "sys", "warnings"})
"""Modules whose functions are meant to be replaced."""


def definitions() -> dict[str, object]:
    """The public functions and classes that the modules loaded so far define, by dotted name; methods for those of newsledger."""
    found: dict[str, object] = {}
    for module, loaded in list(sys.modules.items()):
        if module not in _LOOSE:
            found.update((f"{module}.{name}", value) for name, value in _own(module, loaded))
    return found


def replaced(before: Mapping[str, object]) -> list[str]:
    """The dotted names that mean something else than `before`, in order."""
    now = definitions()
    gone = object()
    return sorted(name for name, value in before.items() if now.get(name, gone) is not value)


def _own(module: str, loaded: Any) -> Iterator[tuple[str, object]]:
    for name, value in list(getattr(loaded, "__dict__", {}).items()):
        if name.startswith("_") or not isinstance(value, FunctionType | BuiltinFunctionType | type):
            continue
        if getattr(value, "__module__", None) != module:
            continue
        yield name, value
        if module.startswith("ledger.") and isinstance(value, type):
            methods = ((key, item) for key, item in vars(value).items() if isinstance(item, FunctionType))
            yield from ((f"{name}.{key}", item) for key, item in methods if not key.startswith("_"))
