"""The views as they follow from nothing but the events up to a position, built aside and once for everything that an audit asks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import msgspec

from ledger.audit.past import Change, StoreAt
from ledger.clock import Clock
from ledger.config import Settings
from ledger.plugin import Projection
from ledger.projections import Views, open_views
from ledger.store import Store

__all__ = ["RebuiltViews", "plain_slots"]

_CACHE_MIB = 4
"""They are written once and from one end to the other, so a large cache would only make the audit of a large ledger a large process."""

Progress = Callable[[int, "int | None"], None]


class RebuiltViews:
    """Views in a folder of their own, which is removed in the end; a context manager, asked for one position after the other.

    What was folded for a position is not folded again for a later one. `projections` are those that plugins bring, `change` is as
    for `StoreAt`.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        projections: Iterable[Projection] = (),
        change: Change | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._projections = tuple(projections)
        self._change = change
        self._views: Views | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="newsledger-audit-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._folder.cleanup()

    def at(self, position: int, progress: Progress | None = None) -> Views:
        """The views at a position, to be used until the next one is asked for. Raises as `Views.catch_up` does."""
        self._close()
        elsewhere = msgspec.structs.replace(self._settings, home=Path(self._folder.name), db="")
        then = StoreAt(self._store, position, self._change)
        self._views = open_views(
            elsewhere, then, clock=self._clock, projections=self._projections, cache_mib=_CACHE_MIB
        )
        self._views.catch_up(progress)
        return self._views

    def _close(self) -> None:
        if self._views is not None:
            self._views.close()
            self._views = None


def plain_slots(views: Views) -> list[dict[str, Any]]:
    """The slots of the state in plain form."""
    slots: list[dict[str, Any]] = views.state().to_dict()["slots"]
    return slots
