"""The error tree. Every message says *what* failed, *which* one, and *what to do*.

LedgerError                     exit code 1 unless the subclass says otherwise
|-- UsageError                  2  the caller asked for something that cannot be
|   |-- ConfigError             2  newsledger.toml, environment or registry file
|   `-- NotFoundError           2  an id or name that the ledger does not hold
|-- InputError                  2  a file, page or feed that cannot be read as what it claims to be
|-- FetchError                  1  the network or a remote host
|   `-- BlockedAddressError     1  an address that the guard refuses
|-- StoreError                  4  the database
|   |-- ConflictError           4  expected version was not the version found
|   |-- DuplicateEventError     4  same event id, other content
|   |-- StoreVersionError       4  written by a newer release, or not migrated
|   |-- StoreUnavailableError   4  locked, read-only, full, missing
|   `-- CorruptionError         1  stored bytes contradict each other
|-- ProjectionError             1  a view that cannot be built or does not match its ledger
`-- PluginError                 3  a plugin that cannot be loaded, configured or run
    `-- PluginConflictError     3  two distributions claim the same name
"""

from __future__ import annotations

__all__ = [
    "BlockedAddressError",
    "ConfigError",
    "ConflictError",
    "CorruptionError",
    "DuplicateEventError",
    "FetchError",
    "InputError",
    "LedgerError",
    "NotFoundError",
    "PluginConflictError",
    "PluginError",
    "ProjectionError",
    "StoreError",
    "StoreUnavailableError",
    "StoreVersionError",
    "UsageError",
]


class LedgerError(Exception):
    """Anything that newsledger raises on purpose.

    `what` is one sentence; `which` names the id, path or URL; `fix` says what to do.
    """

    exit_code = 1

    def __init__(self, what: str, *, which: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.which = which
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.what}: {self.which}" if self.which else self.what
        return f"{text}. {self.fix}" if self.fix else text


class UsageError(LedgerError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration file, an environment variable or a registry file is wrong."""


class NotFoundError(UsageError):
    """The ledger holds nothing under that id or name."""


class InputError(LedgerError):
    """A file, page or feed cannot be read as what it claims to be."""

    exit_code = 2


class FetchError(LedgerError):
    """A remote host did not answer as it should."""


class BlockedAddressError(FetchError):
    """The address is not a public one and is not listed in `[fetch] allow_hosts`."""


class StoreError(LedgerError):
    """The database refused or failed."""

    exit_code = 4


class ConflictError(StoreError):
    """The stream is not at the expected version; nothing was written."""


class DuplicateEventError(StoreError):
    """An event with this id but other content is already recorded; nothing was written."""


class StoreVersionError(StoreError):
    """The database was written by a newer release or still has to be upgraded."""


class StoreUnavailableError(StoreError):
    """The database is locked, read-only, full or missing."""


class CorruptionError(StoreError):
    """Stored bytes contradict each other; the ledger must not be trusted as it is."""

    exit_code = 1


class ProjectionError(LedgerError):
    """A view cannot be built, or belongs to another history of the ledger."""


class PluginError(LedgerError):
    """A plugin cannot be loaded, configured or run."""

    exit_code = 3


class PluginConflictError(PluginError):
    """Two distributions claim the same plugin name or annotation type."""
