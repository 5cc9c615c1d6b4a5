"""Turn plugins on and off in `newsledger.toml`, leaving everything else in the file as it is, comments too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.config import CONFIG_FILE
from ledger.errors import ConfigError, NotFoundError
from ledger.host.listing import Inventory
from ledger.host.replacing import replace_file

__all__ = ["switch"]


def switch(home: Path, inventory: Inventory, name: str, *, on: bool) -> bool:
    """Enable or disable a plugin or a processor; False when it was so already.

    An allow-list that does not name the plugin gets its name when it is enabled. Raises NotFoundError for an unknown name,
    ConfigError when the file cannot be changed.
    """
    plugins = {plugin.name: plugin for plugin in inventory.plugins}
    processors = {one for p in inventory.plugins for one in p.offers.get("ledger_processors", ())}
    processors |= {one for p in inventory.plugins for one in p.inactive}
    file = home / CONFIG_FILE
    table, section = _read(file)
    disabled = [str(one) for one in section.get("disabled", ())]
    if name not in plugins and name not in processors and name not in disabled:
        raise NotFoundError(
            "No such plugin or processor", which=name, fix=f"Installed: {', '.join(sorted(plugins))}"
        )
    changed = (name in disabled) is on
    if on:
        section_disabled = [one for one in disabled if one != name]
        allow = section.get("allow")
        plugin = plugins.get(name)
        barred = plugin is not None and plugin.distribution != "newsledger" and allow is not None
        if barred and name not in allow and (plugin is None or plugin.distribution not in allow):
            allow.append(name)
            changed = True
    else:
        section_disabled = [*disabled, *([] if name in disabled else [name])]
    if not changed:
        return False
    _set(section, section_disabled)
    try:
        home.mkdir(parents=True, exist_ok=True)
        replace_file(file, table.as_string().encode())
    except OSError as error:
        raise ConfigError("The configuration cannot be written", which=str(file), fix=str(error)) from error
    return True


def _read(file: Path) -> tuple[Any, Any]:
    """The document and its table `[plugins]`, which is made when it is not there."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(file.read_text("utf-8")) if file.exists() else tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError("The configuration cannot be read", which=str(file), fix=str(error)) from error
    if "plugins" not in document:
        document["plugins"] = tomlkit.table()
    return document, document["plugins"]


def _set(section: Any, names: list[str]) -> None:
    """Make the list what it should be, item by item, so that comments inside it stay."""
    import tomlkit

    if "disabled" not in section:
        section["disabled"] = tomlkit.array()
    array = section["disabled"]
    for item in [one for one in array if one not in names]:
        array.remove(item)
    for item in names:
        if item not in list(array):
            array.append(item)
