"""Views that plugins bring: a mapping from text keys to JSON-able dicts, kept, rebuilt and listed like the built-in ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from ledger.clock import parse_time
from ledger.errors import PluginError
from ledger.events import Redacted
from ledger.plugin import Projection
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import Row

__all__ = ["PluginView", "check_declared", "plain"]

_JSON = msgspec.json.Encoder(order="sorted")
LIFETIMES = ("async", "inline", "live")


class PluginView(View):
    """Keeps the rows of one `ledger.plugin.Projection`. Its failure is shown in the list of views and harms no other view."""

    required = False

    def __init__(self, projection: Projection) -> None:
        check_declared(projection)
        self.name = projection.name
        self.types = frozenset(projection.types)
        self.tables = self.sealed = (_row_type(projection.name),)
        self.projection = projection
        self.inline = projection.lifetime == "inline"

    def config(self) -> bytes:
        """The version that the plugin declares."""
        return hashlib.sha256(self.projection.version.encode()).digest()

    @staticmethod
    def content(rows: Iterable[Row]) -> dict[str, object]:
        """Stored rows as the plugin wrote them, by key."""
        return {row.key: msgspec.json.decode(row.row) for row in rows}  # type: ignore[attr-defined]

    def fold(self, tables: Tables, facts: Sequence[Fact], _context: Context) -> None:
        """Give the plugin its rows and the readable events; keep what it changed. Redacted events are left out."""
        table = tables.of(self.tables[0])
        before: dict[str, str] = {row.key: row.row for row in table.rows()}  # type: ignore[attr-defined]
        rows: dict[str, dict[str, Any]] = {key: msgspec.json.decode(text) for key, text in before.items()}
        self.projection.fold(rows, [plain(fact) for fact in facts if not isinstance(fact.content, Redacted)])
        for key in before.keys() - rows.keys():
            table.delete(key)
        for key, value in rows.items():
            text = _JSON.encode(value).decode()
            if before.get(key) != text:
                table.put(self.tables[0](key, text))


def check_declared(projection: Projection) -> None:
    """Raises PluginError for a name or a lifetime that is none."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", projection.name) is None or "__g" in projection.name:
        raise PluginError(
            "Not a name for a view", which=projection.name, fix="Use small letters, digits and underscores"
        )
    if projection.lifetime not in LIFETIMES:
        raise PluginError(
            "Not a lifetime of a projection",
            which=f"{projection.name}: {projection.lifetime}",
            fix=f"Use one of {', '.join(LIFETIMES)}",
        )


def plain(fact: Fact) -> tuple[str, dict[str, Any], Any]:
    """An event as a projection gets it: type, payload, recorded time."""
    return (
        fact.envelope.type,
        msgspec.json.decode(fact.payload or b"{}"),
        parse_time(fact.envelope.recorded_at),
    )


def _row_type(name: str) -> type[Row]:
    class PluginRow(Row, frozen=True):
        """One row of a plugin's view."""

        TABLE: ClassVar[str] = name
        KEY: ClassVar[tuple[str, ...]] = ("key",)

        key: Annotated[str, "key of the row"]
        row: Annotated[str, "the row as JSON"]

    return PluginRow
