"""The whole plugin surface as one page of Markdown, written from the declarations themselves."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import msgspec

from ledger import plugin
from ledger.host.annotations import CORE_TYPES, tag_of
from ledger.host.load import HOOKS
from ledger.plugin.hookspecs import HookSpecs

__all__ = ["hook_reference"]

_SEAMS = (plugin.Context, plugin.SourceContext, plugin.SinkContext, plugin.PageContext)
_DATA = (
    plugin.Article,
    plugin.Answer,
    plugin.Extracted,
    plugin.SourceItem,
    plugin.CommittedEvent,
    plugin.CheckResult,
)


def hook_reference() -> str:
    """Hooks, their records, what records are given, and the vocabulary. Equal declarations give equal bytes."""
    parts = [
        "# Hooks",
        "Written by `newsledger plugin docs` from `ledger.plugin`; a test compares the two. The guide is in plugins.md.",
        f"Plugin API version {plugin.API_VERSION}. Everything here can be imported from `ledger.plugin`.",
        "## The hooks",
        _table(
            ("hook", "yields", "for"),
            [(f"`{name}`", f"`{_record_name(name)}`", _first(getattr(HookSpecs, name))) for name in HOOKS],
        ),
        "Each with a module that is a whole plugin:",
        *(_example(name) for name in HOOKS),
        "## Records",
        *(_struct(record) for name, record in HOOKS.items() if record is not type),
        "## What they are given and give",
        *(_struct(kind) for kind in _DATA),
        *(_protocol(kind) for kind in _SEAMS),
        "## Annotations",
        _prose(plugin.annotations),
        _struct(plugin.Annotation),
        *(_struct(CORE_TYPES[tag]) for tag in sorted(CORE_TYPES)),
        "## Parts of annotations",
        *(_struct(kind) for kind in (plugin.Span, plugin.Link, plugin.ClaimValue)),
    ]
    return "\n\n".join(parts) + "\n"


def _example(hook: str) -> str:
    _, _, code = (inspect.getdoc(getattr(HookSpecs, hook)) or "").partition("Example::\n\n")
    return f"### `{hook}`\n\n```python\n{textwrap.dedent(code).strip()}\n```"


def _record_name(hook: str) -> str:
    record = HOOKS[hook]
    return "type[Annotation]" if record is type else record.__name__


def _struct(kind: type[Any]) -> str:
    title = f"### {kind.__name__}"
    if issubclass(kind, plugin.Annotation) and kind is not plugin.Annotation:
        title += f" (`{tag_of(kind)}`)"
    inherited = set(plugin.Annotation.__struct_fields__) if kind is not plugin.Annotation else set()
    rows = [
        (f"`{field.name}`", f"`{_type(kind, field.name)}`", _default(field))
        for field in msgspec.structs.fields(kind)
        if not (issubclass(kind, plugin.Annotation) and field.name in inherited)
    ]
    return f"{title}\n\n{_prose(kind)}\n\n" + _table(("field", "type", "default"), rows)


def _protocol(kind: type[Any]) -> str:
    rows = []
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        call = "" if isinstance(member, property) else str(inspect.signature(member)).replace("self, ", "")
        rows.append((f"`{name}{call}`", _prose(member)))
    return f"### {kind.__name__}\n\n{_prose(kind)}\n\n" + _table(("member", "what it is"), rows)


def _type(kind: type[Any], name: str) -> str:
    for base in kind.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return str(base.__annotations__[name]).replace("'", "").replace('"', "")
    raise KeyError(name)


def _default(field: Any) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{field.default_factory()!r}`"
    return "required" if field.default is msgspec.NODEFAULT else f"`{field.default!r}`"


def _prose(thing: Any) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(thing) or "")


def _first(thing: Any) -> str:
    return _prose(thing).partition("\n")[0]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )
