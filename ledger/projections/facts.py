"""What a view is: tables, the event types that it wants, and a fold from facts to rows. No SQL."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from ledger.errors import CorruptionError, ProjectionError
from ledger.events import Redacted, StoredEvent, Unknown, decode
from ledger.events.envelope import Envelope
from ledger.events.types import Event
from ledger.projections.rows import Row

__all__ = ["Context", "Fact", "Redactions", "Table", "Tables", "View", "code_digest", "read_fact"]

R = TypeVar("R", bound=Row)
E = TypeVar("E", bound=Event)


class Redactions(msgspec.Struct, frozen=True):
    """Everything that was ordered to be removed by events up to position `upto`."""

    upto: int = 0
    positions: frozenset[int] = frozenset()
    bodies: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """What a fold may use beside the facts: the stored bodies, and what was redacted."""

    body: Callable[[str], bytes | None]
    redactions: Redactions

    def text(self, key: str) -> str:
        """The text of a body, empty when it was redacted or when there is none."""
        if not key or key in self.redactions.bodies:
            return ""
        return (self.body(key) or b"").decode()


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One event as a fold sees it. `content` is an error when the payload cannot be read."""

    position: int
    envelope: Envelope
    content: Event | Unknown | Redacted | CorruptionError
    payload: bytes | None

    def event(self, wanted: type[E]) -> E | None:
        """The typed event, None when it was redacted. Raises what makes this a poison event."""
        if isinstance(self.content, wanted):
            return self.content
        if isinstance(self.content, Redacted):
            return None
        if isinstance(self.content, CorruptionError):
            raise self.content
        raise ProjectionError(
            "The event was written by a newer release",
            which=f"{self.envelope.type} v{self.envelope.schema}",
            fix="Upgrade newsledger",
        )


def read_fact(stored: StoredEvent, redactions: Redactions) -> Fact:
    """Decode one stored event; never raises for its content."""
    content: Event | Unknown | Redacted | CorruptionError
    if stored.position in redactions.positions:
        content = Redacted(stored.envelope)
    else:
        try:
            content = decode(stored)
        except CorruptionError as error:
            content = error
    payload = None if isinstance(content, Redacted) else stored.payload
    return Fact(stored.position, stored.envelope, content, payload)


class Table(Protocol[R]):
    """The rows of one table, as one batch sees and changes them."""

    def get(self, *key: Any) -> R | None:
        """The row under a key."""
        ...

    def put(self, row: R) -> None:
        """Add a row, or replace the one with its key."""
        ...

    def add(self, row: R) -> None:
        """The same for a row whose key this batch does not touch again; costs less."""
        ...

    def delete(self, *key: Any) -> None:
        """Remove the row under a key, if there is one."""
        ...

    def matching(self, column: str, values: Collection[Any]) -> list[R]:
        """The rows whose `column` is one of `values`, in the order of their keys."""
        ...

    def rows(self) -> list[R]:
        """All rows in the order of their keys."""
        ...


class Tables(Protocol):
    """The tables of one view."""

    def of(self, row: type[R]) -> Table[R]:
        """The table of a row type."""
        ...

    def index(self, table: str, rows: Mapping[int, Mapping[str, str] | None]) -> None:
        """Replace documents of a full-text index, by rowid; None removes one."""
        ...


class View:
    """Base of all views.

    `on_error`: `stop` leaves the view before an event that it cannot fold; `park` notes the event and goes on.
    `fulltext` maps full-text indexes to their columns.
    """

    name: str = ""
    types: frozenset[str] = frozenset()
    tables: tuple[type[Row], ...] = ()
    sealed: tuple[type[Row], ...] = ()
    """Those of its tables whose rows are sealed, each under the table's name."""
    fulltext: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    on_error: str = "stop"
    code: ClassVar[tuple[str, ...]] = ()
    sources: ClassVar[tuple[str, ...]] = ()
    """Names of the views that this one is derived from; empty for a view that folds events."""
    inline = False
    """Whether it is brought forward in the call that appends."""
    required = True
    """Whether a failure of this view is an error of the program, not only of the plugin that brought it."""

    def fold(self, tables: Tables, facts: Sequence[Fact], context: Context) -> None:
        """Bring the rows forward by `facts`, which are of the wanted types and in log order."""
        raise NotImplementedError

    def derive(self, draft: Any, reader: Any, upto: int) -> bool:
        """Bring the rows a step nearer to those that follow from `sources`, which all stand at `upto`.

        Changes go into the draft; True says that nothing is left to do.
        """
        raise NotImplementedError

    def config(self) -> bytes:
        """What else the rows depend on, such as settings."""
        return b""

    def fingerprint(self) -> str:
        """Hex digest of the code, the tables and the configuration that shape the rows."""
        shape = [(row.TABLE, row.KEY, row.__struct_fields__) for row in self.tables]
        digest = hashlib.sha256(repr((self.name, shape, sorted(self.fulltext.items()))).encode())
        digest.update(
            code_digest(("ledger.projections.rows", "ledger.events", type(self).__module__, *self.code))
        )
        digest.update(self.config())
        return digest.hexdigest()


def code_digest(modules: Iterable[str]) -> bytes:
    """SHA-256 over the source files of modules and packages, in the order given; files of a package by name."""
    digest = hashlib.sha256()
    for module in modules:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        files = sorted(origin.parent.glob("*.py")) if spec.submodule_search_locations else [origin]
        for file in files:
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()
