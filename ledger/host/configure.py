"""Settings of a processor: from its table in `newsledger.toml` to its config struct, its digest and its JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.errors import ConfigError

if TYPE_CHECKING:
    from ledger.host.listing import Inventory

__all__ = ["SettingsOf", "canonical", "configure", "schema", "settings_of", "settings_text"]


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


class SettingsOf(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one record: its JSON Schema and the values in force, None while they are not complete."""

    name: str
    plugin: str
    schema: dict[str, Any]
    values: dict[str, Any] | None


def settings_of(inventory: Inventory) -> tuple[SettingsOf, ...]:
    """Every record that takes settings, processors first."""
    given: list[tuple[str, str, str, str]] = [
        (one.name, plugin, one.schema, one.config) for plugin, one in inventory.declared if one.schema
    ]
    for plugin in inventory.plugins:
        for records in plugin.records.values():
            given += [(one.name, plugin.name, one.schema, one.config) for one in records if one.schema]
    return tuple(
        SettingsOf(
            name=name, plugin=plugin, schema=json.loads(form), values=json.loads(config) if config else None
        )
        for name, plugin, form, config in given
    )


def settings_text(settings: SettingsOf) -> str:
    """The settings as TOML with the type of each key; a required one that is missing is a comment."""
    lines = [f"[plugins.{settings.name}]"]
    form = settings.schema
    form = form.get("$defs", {}).get(form.get("$ref", "").rpartition("/")[2], form)
    required = form.get("required", ())
    for key, kind in form.get("properties", {}).items():
        about = _kind(kind)
        value = settings.values.get(key) if settings.values is not None else kind.get("default")
        if value is None:
            lines.append(f"# {key} =    # {about}{', required' if key in required else ''}")
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}    # {about}")
    return "\n".join(lines)


def _kind(form: dict[str, Any]) -> str:
    if "anyOf" in form:
        return " or ".join(_kind(one) for one in form["anyOf"])
    if "enum" in form:
        return "one of " + ", ".join(json.dumps(one) for one in form["enum"])
    if form.get("type") == "array" and isinstance(form.get("items"), dict):
        return f"list of {_kind(form['items'])}"
    return str(form.get("type") or form.get("$ref", "any").rpartition("/")[2])
