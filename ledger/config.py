"""Configuration: `newsledger.toml` in the home, the environment, the command line; the later wins.

home   --home, NEWSLEDGER_HOME, else the platform's data directory
db     --db, NEWSLEDGER_DB, else SQLite files in the home
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs

from ledger.errors import ConfigError

__all__ = [
    "CONFIG_FILE",
    "Alerts",
    "Fetch",
    "Plugins",
    "Schedule",
    "Settings",
    "StateDefaults",
    "load_settings",
]

CONFIG_FILE = "newsledger.toml"


class Fetch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[fetch]`. Times in seconds, sizes in bytes of decoded content.

    `allow_hosts` are exact `host:port` pairs that the address guard lets through although they are not public.
    """

    allow_hosts: tuple[str, ...] = ()
    contact: str = ""
    host_interval: float = 5.0
    per_host: int = 2
    concurrency: int = 32
    deadline: float = 20.0
    feed_bytes: int = 16 * 1024 * 1024
    page_bytes: int = 10 * 1024 * 1024
    redirects: int = 5
    robots: bool = True
    pages: bool = True


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[schedule]`. Seconds: between two looks at what is due, and the bounds of a feed's polling interval."""

    tick: float = 15.0
    first_interval: float = 1800.0
    min_interval: float = 600.0
    max_interval: float = 86400.0
    lease: float = 300.0


class StateDefaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[state]`: parameters of the reported state where the registry gives none."""

    window_days: float = 3.0
    fresh_days: float = 1.0
    status_fresh_days: float = 0.5
    level_fresh_days: float = 0.5
    tolerance: float = 0.1
    approx: float = 0.1


class Alerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[alerts]`. `moved`: a figure that moves by more than this share of itself raises an alert; `quiet`: kinds that raise none."""

    moved: float = 0.1
    quiet: tuple[str, ...] = ()


class Plugins(msgspec.Struct, frozen=True, kw_only=True):
    """`[plugins]`: names that are off, folders of one-file plugins, and a table of settings per plugin.

    With `allow` only the plugins and distributions that it names are loaded beside what newsledger ships. Folders are
    relative to the home.
    `memory` is what a worker process may map, in MiB; 0 means no limit. `calls` are calls to outside services under way at a time.
    """

    disabled: tuple[str, ...] = ()
    allow: tuple[str, ...] | None = None
    directories: tuple[str, ...] = ()
    memory: int = 2048
    calls: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    settings: dict[str, dict[str, Any]] = {}


class Audit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[audit]`, for `newsledger run`: seconds between two seals (once there is a key) and between two audits; 0 means never.

    An audit of this kind repeats `sample` runs, other ones each time.
    """

    seal: float = 3600.0
    every: float = 0.0
    sample: int = 50


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a ledger is opened with. `db` is a SQLAlchemy URL, or empty for files in `home`."""

    home: Path
    db: str = ""
    fetch: Fetch = Fetch()
    schedule: Schedule = Schedule()
    state: StateDefaults = StateDefaults()
    alerts: Alerts = Alerts()
    plugins: Plugins = Plugins()
    audit: Audit = Audit()


def load_settings(
    home: str | Path | None = None, db: str | None = None, plugin_dirs: Sequence[str] = ()
) -> Settings:
    """Read the settings; creates nothing. `plugin_dirs` come after the folders that the file names.

    Raises ConfigError naming file, key and what is wrong with it.
    """
    chosen = (
        home or os.environ.get("NEWSLEDGER_HOME") or platformdirs.user_data_dir("newsledger", appauthor=False)
    )
    folder = Path(chosen).expanduser()
    url = db or os.environ.get("NEWSLEDGER_DB") or ""
    file = folder / CONFIG_FILE
    table: dict[str, Any] = {}
    try:
        if file.is_file():
            table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("The configuration cannot be read", which=str(file), fix=str(error)) from error
    settings = _from_table(table, folder, url, file)
    named = [str(folder / Path(one).expanduser()) for one in settings.plugins.directories]
    plugins = msgspec.structs.replace(settings.plugins, directories=(*named, *plugin_dirs))
    return msgspec.structs.replace(settings, plugins=plugins)


def _from_table(table: dict[str, Any], folder: Path, url: str, file: Path) -> Settings:
    known = {"db", "audit", "fetch", "schedule", "state", "alerts", "plugins"}
    if unknown := sorted(set(table) - known):
        raise ConfigError(
            "Unknown section in the configuration",
            which=f"{file}: {', '.join(unknown)}",
            fix=f"Known sections: {', '.join(sorted(known))}",
        )
    plugins = dict(table.get("plugins", {}))
    own = set(Plugins.__struct_fields__) - {"settings"}
    named = {key: plugins.pop(key) for key in own & plugins.keys()}
    try:
        return Settings(
            home=folder,
            db=url or str(table.get("db", "")),
            fetch=msgspec.convert(table.get("fetch", {}), Fetch),
            schedule=msgspec.convert(table.get("schedule", {}), Schedule),
            state=msgspec.convert(table.get("state", {}), StateDefaults),
            alerts=msgspec.convert(table.get("alerts", {}), Alerts),
            audit=msgspec.convert(table.get("audit", {}), Audit),
            plugins=msgspec.convert({**named, "settings": plugins}, Plugins),
        )
    except msgspec.ValidationError as error:
        raise ConfigError("The configuration is not valid", which=str(file), fix=str(error)) from error
