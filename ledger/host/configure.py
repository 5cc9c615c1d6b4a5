"""Settings of a processor: from its table in `newsledger.toml` to its config struct, its digest and its JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ledger.errors import ConfigError

__all__ = ["canonical", "configure", "schema"]


def configure(name: str, kind: type[msgspec.Struct] | None, table: dict[str, Any]) -> msgspec.Struct | None:
    """The validated settings of processor `name`; None when it declares none.

    Raises ConfigError naming the key: one that is unknown, missing or of the wrong type, or a table for a processor
    that takes no settings.
    """
    section = f"[plugins.{name}]"
    if kind is None:
        if table:
            raise ConfigError("The processor takes no settings", which=section, fix="Remove the table")
        return None
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    if unknown := sorted(set(table) - known):
        raise ConfigError(
            "Unknown setting",
            which=f"{section} {', '.join(unknown)}",
            fix=f"Known settings: {', '.join(sorted(known)) or 'none'}",
        )
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError("A setting is not valid", which=section, fix=str(error)) from error


def canonical(config: msgspec.Struct | None) -> str:
    """The JSON text of the settings, defaults included: equal settings have equal texts. Empty for None."""
    if config is None:
        return ""
    return msgspec.json.encode(config, order="deterministic").decode()


def schema(kind: type[msgspec.Struct] | None) -> str:
    """JSON Schema of the settings as text, empty when there are none. Raises TypeError for a type JSON cannot hold."""
    if kind is None:
        return ""
    return json.dumps(msgspec.json.schema(kind), sort_keys=True)
