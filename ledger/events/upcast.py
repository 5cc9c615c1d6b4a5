"""Upcasters: how payloads of an older schema version are read as the newest one.

An upcaster is a pure function from the builtin form (dicts, lists, texts, numbers) of version n to that of version n+1.
It runs when an event is read; stored bytes are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["UPCASTERS", "Upcaster", "upcast", "upcaster"]

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def upcaster(event_type: str, from_schema: int) -> Callable[[Upcaster], Upcaster]:
    """Register the decorated function as the step from `from_schema` to the next version of `event_type`."""

    def register(function: Upcaster) -> Upcaster:
        UPCASTERS[event_type, from_schema] = function
        return function

    return register


def upcast(event_type: str, schema: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Apply every registered step, beginning at `schema`; returns the version reached and the body."""
    while (step := UPCASTERS.get((event_type, schema))) is not None:
        body = step(body)
        schema += 1
    return schema, body
