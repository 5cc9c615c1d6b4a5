"""What a plugin declares, as plain data: the same whether it was loaded in this process or in a worker."""

from __future__ import annotations

import msgspec

from ledger.errors import LedgerError
from ledger.plugin import Annotation

__all__ = [
    "FIRST_PARTY",
    "Candidate",
    "Description",
    "Problem",
    "ProcessorInfo",
    "RecordInfo",
    "TypeInfo",
    "describe_fix",
    "type_info",
]

FIRST_PARTY = "newsledger"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that was found and not yet imported: an entry point (`value` is `module` or `module:object`) or one file.

    `distribution` and `version` are empty for a file. `editable`: the distribution is installed in editable mode.
    """

    name: str
    value: str
    distribution: str = ""
    version: str = ""
    file: str = ""
    editable: bool = False

    @property
    def first_party(self) -> bool:
        """Whether newsledger itself ships it."""
        return self.distribution == FIRST_PARTY

    @property
    def origin(self) -> str:
        """Where it comes from, for people: `dist 1.2` or the file's path."""
        return self.file or f"{self.distribution} {self.version}".strip()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with a plugin: `what` is one sentence, `fix` says what to do."""

    plugin: str
    distribution: str
    version: str
    what: str
    fix: str = ""


class TypeInfo(msgspec.Struct, frozen=True, order=True):
    """An annotation type (`tag`) or an ephemeral one (empty tag). `key` is `module:qualified name`."""

    key: str
    tag: str

    @property
    def label(self) -> str:
        """The tag, or the class of an ephemeral layer."""
        return self.tag or self.key


class ProcessorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A processor record without its code. `config` is the canonical JSON of its settings, `schema` their JSON Schema.

    `config_error` says why the settings were refused; the processor is then inactive. With `waits` that is no mistake: it has
    settings without defaults, and nobody has given any.
    """

    name: str
    version: str
    requires: tuple[TypeInfo, ...]
    provides: tuple[TypeInfo, ...]
    languages: tuple[str, ...] = ()
    replay: str = "pure"
    data: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    timeout: float = 30.0
    summary: str = ""
    config: str = ""
    schema: str = ""
    config_error: str = ""
    waits: bool = False


class RecordInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a hook other than `ledger_processors`, without its code.

    `schema` is the JSON Schema of its settings, empty when it takes none; `config` their canonical JSON, empty while they
    are not complete or `config_error` says why they are refused. `detail` is what it works on: media types, event types.
    """

    name: str
    summary: str = ""
    detail: str = ""
    schema: str = ""
    config: str = ""
    config_error: str = ""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a plugin declares. `offers` maps a hook to the names of its records, `records` says more of them.

    `noted` are sentences about what loading it did that it had better not do.
    """

    processors: tuple[ProcessorInfo, ...]
    types: tuple[TypeInfo, ...]
    offers: dict[str, tuple[str, ...]]
    records: dict[str, tuple[RecordInfo, ...]] = {}
    noted: tuple[str, ...] = ()


def type_info(kind: type) -> TypeInfo:
    """How `kind` is named across processes."""
    tag = str(kind.__struct_config__.tag) if issubclass(kind, Annotation) else ""
    return TypeInfo(f"{kind.__module__}:{kind.__qualname__}", tag)


def describe_fix(error: LedgerError) -> str:
    """An error's sentence and what to do, without the name that is shown beside it anyway."""
    return f"{error.what}. {error.fix}" if error.fix else error.what
