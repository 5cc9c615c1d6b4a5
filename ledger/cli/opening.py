"""Opening the ledger that the global options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ledger.app import Ledger
    from ledger.config import Settings

__all__ = ["json_option", "open_from", "settings_from"]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def settings_from(ctx: click.Context) -> Settings:
    """The settings that the global options, the environment and the configuration file give."""
    from ledger.config import load_settings

    options = ctx.find_root().obj or {}
    return load_settings(options.get("home"), options.get("db"), options.get("plugin_dir") or ())


def open_from(ctx: click.Context, **changes: str) -> Ledger:
    """The ledger that the global options name; closed when the command ends."""
    from ledger.app import open_ledger

    return ctx.with_resource(open_ledger(settings=settings_from(ctx), **changes))  # type: ignore[arg-type]
