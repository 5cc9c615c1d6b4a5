"""Replay: the views rebuilt from the events, and the processors run again over the stored texts.

Two claims, answered separately. *Views*: folding the recorded events again gives the same rows, byte for byte. *Processors*: the recorded
versions over the recorded texts give the recorded annotations; `ledger.audit.reruns` names the outcomes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from ledger.audit.reruns import Rerun, Reruns
from ledger.clock import Clock
from ledger.config import Settings
from ledger.projections import Views, open_views
from ledger.store import Store

__all__ = ["Replay", "ViewCheck", "replay"]


class ViewCheck(msgspec.Struct, frozen=True):
    """One view: the digest of its live rows and of the rows folded anew."""

    name: str
    live: str
    rebuilt: str

    @property
    def same(self) -> bool:
        """Whether the two digests are equal."""
        return self.live == self.rebuilt


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found, at the ledger's position and root. `reruns` holds every run that is not identical."""

    position: int
    root: str
    views: tuple[ViewCheck, ...]
    counts: dict[str, int]
    reruns: tuple[Rerun, ...]

    @property
    def views_hold(self) -> bool:
        """Whether every view is what the events give."""
        return all(view.same for view in self.views)

    @property
    def processors_hold(self) -> bool:
        """Whether no run gives anything else than it recorded."""
        return not (self.counts.get("DRIFT") or self.counts.get("nondeterministic"))


def replay(
    settings: Settings,
    store: Store,
    views: Views,
    rerun: Callable[[int], Reruns] | None,
    *,
    clock: Clock,
    progress: Callable[[int, int | None], None] | None = None,
) -> Replay:
    """Replay the ledger; changes nothing in it. `rerun` repeats the runs up to a position; without it only views are checked."""
    views.catch_up()
    head = store.head()
    checks = _check_views(settings, store, views, clock, progress)
    reruns = rerun(head.position) if rerun is not None else Reruns()
    return Replay(
        position=head.position,
        root=head.root,
        views=checks,
        counts=reruns.outcomes(),
        reruns=tuple(reruns.differing()),
    )


def _check_views(
    settings: Settings,
    store: Store,
    views: Views,
    clock: Clock,
    progress: Callable[[int, int | None], None] | None,
) -> tuple[ViewCheck, ...]:
    live = views.digests()
    with tempfile.TemporaryDirectory(prefix="newsledger-replay-") as folder:
        elsewhere = msgspec.structs.replace(settings, home=Path(folder), db="")
        fresh = open_views(elsewhere, store, clock=clock, projections=views.projections)
        try:
            fresh.catch_up(progress)
            rebuilt = fresh.digests()
        finally:
            fresh.close()
    return tuple(
        ViewCheck(name, live.get(name, ""), rebuilt.get(name, "")) for name in sorted({*live, *rebuilt})
    )
