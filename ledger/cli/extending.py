"""Commands that plugins bring: listed without importing the plugins, loaded when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.errors import LedgerError, PluginError

if TYPE_CHECKING:
    from ledger.config import Settings
    from ledger.host import Inventory

__all__ = ["plugin_command", "plugin_commands"]

_HOOK = "ledger_commands"


def plugin_commands(ctx: click.Context) -> dict[str, str]:
    """Names and summaries; empty where the configuration cannot be read, since help must always come."""
    try:
        inventory = _inventory(ctx)
    except LedgerError:
        return {}
    return inventory.offered(_HOOK) if inventory is not None else {}


def plugin_command(ctx: click.Context, name: str) -> click.Command | None:
    """The command of that name, None when no plugin brings it. Raises PluginError when it cannot be loaded."""
    inventory = _inventory(ctx)
    if inventory is None or name not in inventory.offered(_HOOK):
        return None
    record = next((one for one in inventory.records(_HOOK) if one.name == name), None)
    if record is None:
        raise PluginError("The plugin cannot be imported", which=name, fix="See `newsledger plugin list`")
    try:
        command = record.load()
    except Exception as error:
        raise PluginError(
            f"The command cannot be loaded: {type(error).__name__}: {error}", which=name
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(f"Its load gives {type(command).__name__}, not a click command", which=name)
    return command


def _inventory(ctx: click.Context) -> Inventory | None:
    """None when only newsledger's own plugins are there, which bring no commands."""
    from ledger.config import load_settings

    given = ctx.find_root().params
    settings = load_settings(given.get("home"), given.get("db"), given.get("plugin_dir") or ())
    if not _others(settings):
        return None
    from ledger.host import Inventory

    return Inventory(settings.plugins)


def _others(settings: Settings) -> bool:
    from importlib.metadata import entry_points

    if settings.plugins.directories:
        return True
    return any(
        point.dist is not None and point.dist.name != "newsledger" for point in entry_points(group="ledger")
    )
