"""When the views of plugins are brought forward: in the call that appends, or in memory for the life of a process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ledger.errors import LedgerError, ProjectionError
from ledger.events import NewEvent, Redacted
from ledger.plugin import Projection
from ledger.projections.custom import plain
from ledger.projections.facts import read_fact
from ledger.projections.folding import BATCH_EVENTS
from ledger.projections.generations import read_redactions
from ledger.store import Appended, Store

__all__ = ["FollowedStore", "LiveRows"]

log = logging.getLogger(__name__)

_JSON = msgspec.json.Encoder(order="sorted")


class FollowedStore:
    """A store whose `append` calls `follow` before it returns; all else is the store's own.

    What was appended stays appended when following fails: the views then go on from their checkpoints at the next chance.
    """

    def __init__(self, store: Store, follow: Callable[[], None]) -> None:
        self._store = store
        self._follow = follow

    def append(self, events: Sequence[NewEvent], **more: Any) -> Appended:
        """See `Store.append`."""
        done = self._store.append(events, **more)
        try:
            self._follow()
        except LedgerError as error:
            log.warning("Views are not brought forward with what was appended: %s", error)
        return done

    def copy_to(self, path: Path) -> None:
        """Copy the log into a new file while it is in use, where the store can do that."""
        self.__getattr__("copy_to")(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class LiveRows:
    """The rows of one projection in memory: folded from the log's beginning when first asked for, then from where they stand.

    Safe to use from any thread. Rows and position change together: a fold that fails leaves none behind, and the next question
    begins anew.
    """

    def __init__(self, projection: Projection, store: Store) -> None:
        self.projection = projection
        self._store = store
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._position = self._redactions = 0

    def content(self) -> dict[str, object]:
        """The rows at the head of the ledger, by key. Raises ProjectionError for events that cannot be folded."""
        with self._lock:
            redactions = read_redactions(self._store)
            if redactions.upto != self._redactions:
                self._forget()
            head = self._store.head().position
            while self._position < head:
                upto = min(head, self._position + BATCH_EVENTS)
                stored = self._store.read(self._position, types=sorted(self.projection.types), upto=upto)
                facts = [read_fact(each, redactions) for each in stored]
                readable = [plain(fact) for fact in facts if not isinstance(fact.content, Redacted)]
                try:
                    self.projection.fold(self._rows, readable)
                except Exception as error:
                    at = self._position
                    self._forget()
                    raise ProjectionError(
                        "The projection cannot fold these events",
                        which=f"{self.projection.name}, positions {at + 1} to {upto}: {error}",
                        fix="Tell its author, or disable the plugin",
                    ) from error
                self._position = upto
            self._redactions = redactions.upto
            return {key: msgspec.json.decode(_JSON.encode(row)) for key, row in sorted(self._rows.items())}
