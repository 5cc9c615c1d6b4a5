"""The source registry as people keep it: loaded from a file, recorded as events, asked as of any time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from ledger.clock import parse_time
from ledger.config import StateDefaults
from ledger.errors import ConfigError, InputError
from ledger.events import Producer, new_event
from ledger.events.types import RegistryChanged
from ledger.projections.views import Views
from ledger.state import Parameters, Registry, load_registry
from ledger.state.record import Record, find_record, records
from ledger.store import Store

__all__ = ["Sources"]


def _instant(value: str | datetime | None) -> datetime | None:
    return None if value is None else parse_time(value)


class Sources:
    """The source registry: who the sources are, what interest they speak for, how reliable they have been."""

    def __init__(self, store: Store, views: Views, producer: Producer, defaults: StateDefaults) -> None:
        self._store = store
        self._views = views
        self._producer = producer
        self._defaults = Parameters(**msgspec.structs.asdict(defaults))

    def load(self, path: str | Path, *, by: str = "", reason: str = "") -> bool:
        """Make the file at `path` the registry from now on; False when it already is. Raises ConfigError."""
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise InputError(
                "The registry cannot be read", which=str(path), fix=str(error.strerror)
            ) from error
        return self.set(raw, by=by, reason=reason, origin=str(path))

    def set(self, raw: bytes, *, by: str = "", reason: str = "", origin: str = "the registry") -> bool:
        """Make `raw` (JSON) the registry from now on; False when it already is. Raises ConfigError."""
        try:
            table = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise ConfigError("The registry is not JSON", which=origin, fix=str(error)) from error
        load_registry(table)
        encoded = msgspec.json.Encoder(order="sorted").encode(table)
        self._views.catch_up()
        if self._views.registry() == encoded:
            return False
        event = RegistryChanged(registry=msgspec.Raw(encoded), by=by, reason=reason)
        self._store.append([new_event(event, stream="registry", producer=self._producer)])
        self._views.catch_up()
        return True

    def export(self, *, recorded_as_of: str | datetime | None = None) -> bytes:
        """The registry as JSON, in the form that `load` reads; `{}` when none was ever loaded."""
        raw = self._views.registry(_instant(recorded_as_of)) or b"{}"
        return msgspec.json.format(raw, indent=1) + b"\n"

    def record(self, name: str = "") -> tuple[Record, ...]:
        """What the ledger shows of the sources, of one by id or name: evidence for a grade. Raises NotFoundError."""
        found = records(self._views.state().slots, self.registry())
        return (find_record(found, self.registry(), name),) if name else found

    def registry(self, *, recorded_as_of: str | datetime | None = None) -> Registry:
        """The registry in force, or that of a past time; the settings' parameters stand where it gives none."""
        return load_registry(self._views.registry(_instant(recorded_as_of)) or b"{}", self._defaults)
