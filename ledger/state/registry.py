"""The source registry: who speaks, for whom, how reliable; which outlets, which declared slots, which parameters.

The form of the file is one JSON object with `config`, `slots`, `sources` and `outlets` (and `topics` where there are
several). What `dump_registry` writes, `load_registry` reads back equal.
"""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from ledger.errors import ConfigError
from ledger.state.model import GRADES, Slot

__all__ = [
    "Outlet",
    "Parameters",
    "Registry",
    "Source",
    "Topic",
    "dump_registry",
    "load_registry",
]

SLOT_KINDS = ("cumulative", "increment", "level", "measurement", "status")


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the rules. Times in days; `tolerance` and `approx` are shares (0.1 is ten per cent)."""

    window_days: float = 3
    fresh_days: float = 1
    status_fresh_days: float = 0.5
    level_fresh_days: float = 0.5
    tolerance: float = 0.1
    approx: float = 0.1

    @property
    def window(self) -> timedelta:
        """How far before the anchor an older figure or a denial still counts."""
        return timedelta(days=self.window_days)

    def fresh_for(self, kind: str) -> timedelta:
        """For how long a root of a slot of this kind is fresh."""
        days = {"status": self.status_fresh_days, "level": self.level_fresh_days}.get(kind, self.fresh_days)
        return timedelta(days=days)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who makes statements. `party` is whose interest it speaks for; `reliability` is A (best) to F."""

    name: str = ""
    aliases: tuple[str, ...] = ()
    party: str = ""
    reliability: str = "F"


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """A publisher. `kind`: wire, broadcaster, newspaper, blog, aggregator."""

    name: str = ""
    host: str = ""
    kind: str = ""
    aliases: tuple[str, ...] = ()


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A story that is followed: its title and the ids of its slots.

    An id may hold `*` for any text, so that slots that are yet to be discovered belong to it. `parameters` stand in place of the
    registry's for its slots.
    """

    title: str = ""
    slots: tuple[str, ...] = ()
    parameters: dict[str, int | float] = {}

    def holds(self, slot: str) -> bool:
        """Whether the slot with this id belongs to the topic."""
        return any(fnmatchcase(slot, pattern) for pattern in self.slots)


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that people declare. `extra` keeps keys of the file's `config` that no rule reads."""

    sources: dict[str, Source] = {}
    outlets: dict[str, Outlet] = {}
    slots: dict[str, Slot] = {}
    topics: dict[str, Topic] = {}
    parameters: Parameters = Parameters()
    extra: dict[str, Any] = {}

    def grade(self, root: str) -> str:
        """The reliability of a root; F for one that is not registered."""
        source = self.sources.get(root)
        return source.reliability if source is not None else GRADES[-1]

    def name(self, key: str) -> str:
        """What people call a source or an outlet; the id itself where nobody has named it."""
        known = self.sources.get(key) or self.outlets.get(key)
        return (known.name if known is not None else "") or key

    def parameters_of(self, slot: str) -> Parameters:
        """The parameters for a slot: those of the first topic, by id, that holds it and gives any, over the registry's."""
        for _, topic in sorted(self.topics.items()):
            if topic.parameters and topic.holds(slot):
                return msgspec.structs.replace(self.parameters, **topic.parameters)
        return self.parameters

    def party(self, root: str) -> str:
        """The party that a root speaks for; a root that is not registered is a party by itself."""
        source = self.sources.get(root)
        return (source.party or root) if source is not None else root


def load_registry(data: bytes | str | dict[str, Any], defaults: Parameters | None = None) -> Registry:
    """Read a registry. `defaults` stand where its `config` is silent. Raises ConfigError saying what is wrong where."""
    if not isinstance(data, dict):
        try:
            data = msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise ConfigError("The source registry is not JSON", fix=str(error)) from error
        if not isinstance(data, dict):
            raise ConfigError(
                "The source registry is not a JSON object", fix="See docs/state.md for its form"
            )
    config = dict(_section(data, "config"))
    slots = {key: _slot(key, entry) for key, entry in _section(data, "slots").items()}
    topics = _read(_section(data, "topics"), dict[str, Topic], "topics")
    for key, topic in topics.items():
        if unknown := sorted(set(topic.parameters) - set(Parameters.__struct_fields__)):
            raise ConfigError(
                "A topic has a parameter that no rule reads",
                which=f"topics.{key}.parameters.{unknown[0]}",
                fix=f"Use {', '.join(Parameters.__struct_fields__)}",
            )
        _in_range(topic.parameters, f"topics.{key}.parameters")
    if "story" in config:
        story = str(config.pop("story"))
        topics = {story: Topic(title=str(config.pop("title", "")), slots=tuple(slots)), **topics}
    given = {name: config.pop(name) for name in Parameters.__struct_fields__ if name in config}
    parameters = msgspec.structs.replace(defaults or Parameters(), **_read_parameters(given))
    sources = _read(_section(data, "sources"), dict[str, Source], "sources")
    for key, source in sources.items():
        if len(source.reliability) != 1 or source.reliability not in GRADES:
            raise ConfigError(
                "Not a reliability grade",
                which=f"sources.{key}.reliability = {source.reliability!r}",
                fix="Use one letter, A (reliable) to F (cannot be judged)",
            )
    return Registry(
        sources=sources,
        outlets=_read(_section(data, "outlets"), dict[str, Outlet], "outlets"),
        slots=slots,
        topics=topics,
        parameters=parameters,
        extra=config,
    )


def dump_registry(registry: Registry) -> bytes:
    """The registry as JSON, in the form that `load_registry` reads: UTF-8, two blanks of indent, a final newline."""
    config: dict[str, Any] = {}
    topics = dict(registry.topics)
    whole = next(
        (
            key
            for key, topic in topics.items()
            if topic.slots == tuple(registry.slots) and not topic.parameters
        ),
        None,
    )
    if whole is not None:
        config["story"] = whole
        config["title"] = topics.pop(whole).title
    config.update(msgspec.to_builtins(registry.parameters))
    config.update(registry.extra)
    document: dict[str, Any] = {
        "config": config,
        "slots": {key: _dump_slot(slot) for key, slot in registry.slots.items()},
        "sources": msgspec.to_builtins(registry.sources),
        "outlets": {
            key: {
                name: value
                for name, value in msgspec.to_builtins(outlet).items()
                if value or name != "aliases"
            }
            for key, outlet in registry.outlets.items()
        },
    }
    if topics:
        document["topics"] = {key: _dump_topic(topic) for key, topic in topics.items()}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _section(data: dict[str, Any], name: str) -> dict[str, Any]:
    section = data.get(name) or {}
    if not isinstance(section, dict):
        raise ConfigError("A section of the source registry is not an object", which=name)
    return section


def _read(section: dict[str, Any], into: Any, name: str) -> Any:
    try:
        return msgspec.convert(section, into)
    except msgspec.ValidationError as error:
        raise ConfigError("The source registry cannot be read", which=name, fix=str(error)) from error


def _read_parameters(given: dict[str, Any]) -> dict[str, float]:
    read = _read(given, dict[str, int | float], "config")
    _in_range(read, "config")
    return dict(read)


def _in_range(parameters: dict[str, int | float], where: str) -> None:
    for name, value in parameters.items():
        if not 0 <= value < 1e6:
            raise ConfigError("A parameter is out of range", which=f"{where}.{name} = {value}")


def _dump_topic(topic: Topic) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(topic)
    return {name: value for name, value in plain.items() if value or name != "parameters"}


def _slot(key: str, entry: Any) -> Slot:
    if not isinstance(entry, dict):
        raise ConfigError("A slot is not an object", which=f"slots.{key}")
    slot: Slot = _read({**entry, "id": key}, Slot, f"slots.{key}")
    if slot.kind not in SLOT_KINDS:
        raise ConfigError(
            "Unknown kind of slot",
            which=f"slots.{key}.kind = {slot.kind!r}",
            fix=f"Use one of {', '.join(SLOT_KINDS)}",
        )
    return slot


def _dump_slot(slot: Slot) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(slot)
    for name in ("id", "declared"):
        del plain[name]
    for name in ("title", "default", "categories", "tolerance"):
        if not plain[name]:
            del plain[name]
    return plain
