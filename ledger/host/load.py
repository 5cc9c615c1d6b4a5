"""Import one plugin and collect its records, surviving whatever it does meanwhile.

Each plugin gets a pluggy manager of its own: an exception in one plugin's hook never reaches another.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from functools import reduce
from types import ModuleType
from typing import Any

import msgspec
import pluggy

from ledger.errors import ConfigError, PluginError
from ledger.host.configure import canonical, configure, schema
from ledger.host.describe import Candidate, Description, ProcessorInfo, RecordInfo, type_info
from ledger.host.failures import explain
from ledger.plugin import (
    API_VERSION,
    Annotation,
    Check,
    Command,
    Ephemeral,
    Extractor,
    Page,
    Processor,
    Projection,
    Sink,
    SourceKind,
)
from ledger.plugin.hookspecs import PROJECT, HookSpecs

__all__ = ["HOOKS", "Loaded", "check_processor_record", "describe", "load"]

HOOKS: dict[str, type] = {
    "ledger_processors": Processor,
    "ledger_annotation_types": type,
    "ledger_sources": SourceKind,
    "ledger_extractors": Extractor,
    "ledger_projections": Projection,
    "ledger_sinks": Sink,
    "ledger_checks": Check,
    "ledger_commands": Command,
    "ledger_pages": Page,
}
"""Each hook and the record that it yields."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_REPLAY = ("pure", "recorded", "tolerant", "opaque")


class Loaded(msgspec.Struct, frozen=True):
    """An imported plugin: its records per hook, in the order given."""

    candidate: Candidate
    records: dict[str, tuple[Any, ...]]

    @property
    def processors(self) -> tuple[Processor, ...]:
        """The processor records."""
        return self.records.get("ledger_processors", ())


def load(candidate: Candidate) -> Loaded:
    """Import the plugin and call its hooks. What it prints meanwhile goes to standard error.

    Raises PluginError for anything that goes wrong, `sys.exit` included.
    """
    with contextlib.redirect_stdout(sys.stderr):
        plugin = _import(candidate)
        _check_version(candidate, plugin)
        return Loaded(candidate, _records(candidate, plugin))


def _import(candidate: Candidate) -> Any:
    try:
        if candidate.file:
            return _import_file(candidate)
        module, _, attribute = candidate.value.partition(":")
        names = attribute.split(".") if attribute else []
        return reduce(getattr, names, importlib.import_module(module))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(f"It cannot be imported: {explain(error)}", which=candidate.name) from error


def _import_file(candidate: Candidate) -> ModuleType:
    name = f"newsledger_plugin_{candidate.name}"
    spec = importlib.util.spec_from_file_location(name, candidate.file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{candidate.file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_version(candidate: Candidate, plugin: Any) -> None:
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(candidate.value.partition(":")[0])
    wanted = getattr(module, "LEDGER_API", API_VERSION)
    if wanted != API_VERSION:
        raise PluginError(
            f"It is written for plugin API {wanted}, and this newsledger has API {API_VERSION}",
            which=candidate.name,
            fix="Install a release of the plugin for this API",
        )


def _records(candidate: Candidate, plugin: Any) -> dict[str, tuple[Any, ...]]:
    if isinstance(plugin, Processor):
        found: dict[str, tuple[Any, ...]] = {"ledger_processors": (plugin,)}
    else:
        found = _call_hooks(candidate, plugin)
        if not found and isinstance(plugin, ModuleType):
            own = [
                v
                for v in vars(plugin).values()
                if isinstance(v, Processor) and v.run.__module__ == plugin.__name__
            ]
            found = {"ledger_processors": tuple(own)} if own else {}
    if not found:
        raise PluginError(
            "It declares nothing",
            which=candidate.name,
            fix="Implement a hook with @hookimpl, or name a processor in the entry point",
        )
    for hook, records in found.items():
        _check_records(candidate, hook, records)
    return found


def _call_hooks(candidate: Candidate, plugin: Any) -> dict[str, tuple[Any, ...]]:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    try:
        manager.register(plugin, candidate.name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(f"A hook does not fit: {error}", which=candidate.name) from error
    found: dict[str, tuple[Any, ...]] = {}
    for hook in HOOKS:
        try:
            answers = getattr(manager.hook, hook)()
            records = tuple(record for answer in answers for record in answer)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"Its hook {hook} failed: {explain(error)}", which=candidate.name) from error
        if records:
            found[hook] = records
    return found


def _check_records(candidate: Candidate, hook: str, records: tuple[Any, ...]) -> None:
    expected = HOOKS[hook]
    names: set[str] = set()
    for record in records:
        if not isinstance(record, expected):
            raise PluginError(
                f"Its hook {hook} yields {type(record).__name__} where {expected.__name__} is expected",
                which=candidate.name,
            )
        name = _name(record)
        if name in names:
            raise PluginError(f"Its hook {hook} yields two records named {name!r}", which=candidate.name)
        names.add(name)
        if isinstance(record, Processor):
            check_processor_record(candidate, record)
        elif isinstance(record, Command | Page):
            _check_word(candidate, record)
        elif isinstance(record, type):
            _check_type(candidate, record, Annotation)


def check_processor_record(candidate: Candidate, record: Any) -> None:
    """Whether a processor record is valid. Raises PluginError saying what is not."""
    wrong = ""
    if not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        wrong = f"a processor's name is lower-case letters, digits, - and _, not {record.name!r}"
    elif not isinstance(record.version, str) or not record.version:
        wrong = f"processor {record.name} names no version"
    elif not callable(record.run):
        wrong = f"processor {record.name} has nothing to run"
    elif record.replay not in _REPLAY:
        wrong = f"processor {record.name}: replay is one of {', '.join(_REPLAY)}, not {record.replay!r}"
    elif not isinstance(record.timeout, int | float) or record.timeout <= 0:
        wrong = f"processor {record.name}: timeout is a number of seconds above 0"
    if wrong:
        raise PluginError(f"A record is not valid: {wrong}", which=candidate.name)
    for kind in (*record.requires, *record.provides):
        _check_type(candidate, kind, Annotation, Ephemeral)


def _check_word(candidate: Candidate, record: Command | Page) -> None:
    if not _NAME.fullmatch(record.name):
        kind = type(record).__name__.lower()
        raise PluginError(
            f"A {kind}'s name is lower-case letters, digits, - and _, not {record.name!r}",
            which=candidate.name,
        )


def _check_type(candidate: Candidate, kind: Any, *bases: type) -> None:
    if not isinstance(kind, type) or not issubclass(kind, bases):
        names = " or ".join(base.__name__ for base in bases)
        raise PluginError(f"{kind!r} is not a subclass of {names}", which=candidate.name)
    if not issubclass(kind, Annotation):
        return
    info = type_info(kind)
    if info.tag == Annotation.__struct_config__.tag or "." not in info.tag:
        raise PluginError(
            f"The annotation type {kind.__name__} has no tag of its own",
            which=candidate.name,
            fix=f'Declare it with tag="{candidate.name}.{kind.__name__.lower()}"',
        )
    try:
        msgspec.json.Decoder(kind)
    except Exception as error:
        raise PluginError(
            f"The annotation type {info.tag} cannot be written as JSON: {error}", which=candidate.name
        ) from error


def describe(loaded: Loaded, settings: Mapping[str, dict[str, Any]]) -> Description:
    """The plugin's declarations as data; each processor's settings are validated on the way."""
    types = {kind for record in loaded.processors for kind in record.provides}
    types |= set(loaded.records.get("ledger_annotation_types", ()))
    return Description(
        processors=tuple(_describe(record, settings.get(record.name, {})) for record in loaded.processors),
        types=tuple(sorted(type_info(kind) for kind in types)),
        offers={hook: tuple(_name(record) for record in records) for hook, records in loaded.records.items()},
        records={
            hook: tuple(_describe_record(record, settings) for record in records)
            for hook, records in loaded.records.items()
            if hook not in {"ledger_processors", "ledger_annotation_types"}
        },
    )


def _name(record: Any) -> str:
    if not isinstance(record, type):
        return str(record.name)
    return type_info(record).label if issubclass(record, Annotation) else record.__name__


def _settings(name: str, kind: Any, table: dict[str, Any]) -> tuple[str, str, str]:
    """JSON Schema, canonical JSON and what is wrong with the settings of one record."""
    form = ""
    try:
        form = schema(kind)
        return form, canonical(configure(name, kind, table)), ""
    except ConfigError as problem:
        return form, "", str(problem)
    except Exception as problem:  # noqa: BLE001 - a plugin's config type may raise anything
        return form, "", f"its settings cannot be described: {explain(problem)}"


def _describe_record(record: Any, settings: Mapping[str, dict[str, Any]]) -> RecordInfo:
    form = config = error = ""
    if (kind := getattr(record, "config", None)) is not None:
        form, config, error = _settings(record.name, kind, settings.get(record.name, {}))
        if not settings.get(record.name):
            error = ""  # it waits for its settings, which is no mistake
    about = getattr(record, "media_types", None) or getattr(record, "types", None) or ()
    return RecordInfo(
        name=record.name,
        summary=record.summary,
        detail=", ".join(about),
        schema=form,
        config=config,
        config_error=error,
    )


def _required(kind: Any) -> list[str]:
    """The settings that have no default."""
    try:
        return [field.encode_name for field in msgspec.structs.fields(kind) if field.required]
    except TypeError:
        return []  # no struct: whoever describes it says so


def _describe(record: Processor, table: dict[str, Any]) -> ProcessorInfo:
    form, config, error = _settings(record.name, record.config, table)
    needed = _required(record.config) if not table else []
    if needed:
        error = f"off until [plugins.{record.name}] gives {' and '.join(needed)}"
    return ProcessorInfo(
        name=record.name,
        version=record.version,
        requires=tuple(type_info(kind) for kind in record.requires),
        provides=tuple(type_info(kind) for kind in record.provides),
        languages=tuple(record.languages),
        replay=record.replay,
        data=tuple(record.data),
        libraries=tuple(record.libraries),
        timeout=float(record.timeout),
        summary=record.summary,
        config=config,
        schema=form,
        config_error=error,
        waits=bool(needed),
    )
