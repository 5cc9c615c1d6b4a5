"""What `plugin list`, `plugin info` and `plugin doctor` show."""

from __future__ import annotations

import msgspec

from ledger.host.describe import RecordInfo

__all__ = ["ActiveProcessor", "PluginInfo"]


class ActiveProcessor(msgspec.Struct, frozen=True, kw_only=True):
    """A processor that runs. `requires` and `provides` are tags, or class names of ephemeral layers.

    `manifest` is what `identity` (hex SHA-256) covers. `isolation`: `inline` or `worker`. `pinned`: its code can be
    fetched again as it is, because it is not an editable install. `config` is the JSON of the settings in force and
    `schema` their JSON Schema; both are empty for a processor without settings.
    """

    name: str
    version: str
    identity: str
    manifest: dict[str, str]
    plugin: str
    distribution: str
    isolation: str
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    languages: tuple[str, ...] = ()
    replay: str = "pure"
    timeout: float = 30.0
    summary: str = ""
    pinned: bool = True
    config: str = ""
    schema: str = ""

    @property
    def inline(self) -> bool:
        """Whether it runs in this process."""
        return self.isolation == "inline"


class PluginInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin that was found.

    `state`: `active`, `inactive` (none of its processors runs), `broken`, `conflict` or `disabled`; `reason` says why.
    `processors` run and make `provides`; `inactive` maps those that do not run to the reason. `offers` maps hooks to names
    of records, and `records` says more of them. `source` is the entry point or the file. `resting` maps processors that failed too
    often in a row to what happened last. `noted` says what it did while it was loaded and had better not do.
    """

    name: str
    distribution: str
    version: str
    source: str
    state: str
    isolation: str
    pinned: bool
    reason: str = ""
    processors: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    inactive: dict[str, str] = {}
    offers: dict[str, tuple[str, ...]] = {}
    records: dict[str, tuple[RecordInfo, ...]] = {}
    resting: dict[str, str] = {}
    noted: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Where it comes from, for people: `distribution 1.2`, or the file."""
        return f"{self.distribution} {self.version}" if self.distribution else self.source

    @property
    def status(self) -> str:
        """State and reason on one line."""
        if self.reason:
            return f"{self.state}: {self.reason}"
        return "; ".join([self.state, *self.noted, *(f"{name} {why}" for name, why in self.resting.items())])
