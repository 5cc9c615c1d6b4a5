"""The annotations made so far on one revision, and what a processor sees of them."""

from __future__ import annotations

import functools
import types
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from ledger.host.annotations import tag_of
from ledger.host.calls import Asked
from ledger.host.failures import RejectedError
from ledger.plugin import Annotation, Answer, Ephemeral, Span

__all__ = ["Entry", "LayerContext", "Layers", "Made", "Post", "entry_order", "holds_spans", "stray_span"]

Post = Callable[[Asked], Answer]
"""Makes the calls of one processor on one revision. Raises OSError without an answer."""


class Entry(NamedTuple):
    """An annotation that passed the checks. `value` is None while nobody needed it as an object."""

    start: int
    end: int
    tag: str
    raw: bytes
    value: Annotation | None


class Made(NamedTuple):
    """What one processor made of one revision: stored annotations in order, and ephemeral ones as they came."""

    entries: tuple[Entry, ...]
    ephemeral: tuple[Ephemeral, ...] = ()


entry_order = itemgetter(0, 1, 2, 3)
"""Sort key: span, tag and bytes, independent of the order in which a processor yields."""


class Layers:
    """Layers by type, collected from processors that ran, from stored annotations, or from another process."""

    def __init__(self) -> None:
        self._raw: dict[str, list[tuple[bytes, Annotation | None]]] = {}
        self._live: dict[type, list[Ephemeral]] = {}
        self._seen: dict[type, tuple[Any, ...]] = {}

    def add(self, made: Made) -> None:
        """Add what a processor made."""
        self._seen.clear()
        for entry in made.entries:
            self._raw.setdefault(entry.tag, []).append((entry.raw, entry.value))
        for item in made.ephemeral:
            self._live.setdefault(type(item), []).append(item)

    def add_raw(self, tag: str, raws: Iterable[bytes]) -> None:
        """Add encoded annotations of one tag; they are decoded when somebody asks for them."""
        self._seen.clear()
        self._raw.setdefault(tag, []).extend((raw, None) for raw in raws)

    def raw(self, tag: str) -> list[bytes]:
        """The encoded annotations of one tag."""
        return [raw for raw, _ in self._raw.get(tag, ())]

    def of(self, kind: type[Any]) -> tuple[Any, ...]:
        """All of one type: stored ones by position, ephemeral ones as they were made."""
        found = self._seen.get(kind)
        if found is None:
            found = self._seen[kind] = self._collect(kind)
        return found

    def _collect(self, kind: type[Any]) -> tuple[Any, ...]:
        if not issubclass(kind, Annotation):
            return tuple(self._live.get(kind, ()))
        decoded: list[tuple[Span, bytes, Annotation]] = []
        for raw, value in self._raw.get(tag_of(kind), ()):
            item = value if type(value) is kind else _decode(kind, raw)
            decoded.append((item.span, raw, item))
        decoded.sort(key=lambda row: row[:2])
        return tuple(item for _, _, item in decoded)


def _decode(kind: type[Annotation], raw: bytes) -> Annotation:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise RejectedError("invalid", f"a stored {tag_of(kind)} does not fit its type: {error}") from error


class LayerContext:
    """The context of one processor on one revision: its settings, the layers that it requires, and outside services where it may."""

    __slots__ = ("_allowed", "_config", "_layers", "_post")

    def __init__(
        self, config: msgspec.Struct | None, allowed: Sequence[type], layers: Layers, post: Post | None = None
    ) -> None:
        self._config = config
        self._allowed = allowed
        self._layers = layers
        self._post = post

    @property
    def config(self) -> Any:
        """The processor's settings, None when it declares none."""
        return self._config

    def of(self, layer: type[Any], within: Span | None = None) -> Sequence[Any]:
        """The annotations of one required type, by position; with `within`, only those inside it.

        Raises LookupError for a type that the processor does not require.
        """
        if layer not in self._allowed:
            raise LookupError(f"{layer.__name__} is not among the types that this processor requires")
        found = self._layers.of(layer)
        if within is None:
            return found
        first = bisect_left(found, within.start, key=lambda item: item.span.start)
        inside: list[Any] = []
        for item in found[first:]:
            if item.span.start > within.end:
                break
            if item.span.end <= within.end:
                inside.append(item)
        return tuple(inside)

    def post(
        self,
        url: str,
        body: str,
        *,
        media_type: str = "application/json",
        key: str = "",
        timeout: float = 60.0,
    ) -> Answer:
        """See `ledger.plugin.Context.post`. Raises LookupError for a processor that is not `recorded`."""
        if self._post is None:
            raise LookupError('only a processor of the replay class "recorded" may call outside services')
        return self._post(Asked(url, body, media_type, key, timeout))


def holds_spans(kind: type[Annotation]) -> bool:
    """Whether annotations of this type may hold spans beside their own."""
    return bool(_span_fields(kind))


def stray_span(value: Any, size: int) -> Span | None:
    """The first span inside `value`, at any depth, that lies outside a text of `size` code points."""
    kind = type(value)
    if kind is Span:
        return None if 0 <= value.start <= value.end <= size else value
    parts: Iterable[Any]
    if issubclass(kind, msgspec.Struct):
        parts = [getattr(value, name) for name in _span_fields(kind)]
    elif issubclass(kind, tuple | list):
        parts = value
    elif issubclass(kind, dict):
        parts = value.values()
    else:
        return None
    for part in parts:
        if part is not None and (found := stray_span(part, size)) is not None:
            return found
    return None


@functools.cache
def _span_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Fields that may hold spans, an annotation's own `span` left out: most types have none, and cost nothing."""
    own = {"span"} if issubclass(kind, Annotation) else set()
    fields = msgspec.structs.fields(kind)
    return tuple(f.name for f in fields if f.name not in own and _may_hold(f.type, (kind,)))


def _may_hold(kind: Any, above: tuple[Any, ...]) -> bool:
    if kind is Span or kind is Any or kind in above:
        return True
    if isinstance(kind, type) and get_origin(kind) is None:
        if issubclass(kind, msgspec.Struct):
            return any(_may_hold(f.type, (*above, kind)) for f in msgspec.structs.fields(kind))
        return kind in {tuple, list, dict, object}
    if isinstance(kind, types.UnionType) or get_origin(kind) is not None:
        return any(_may_hold(part, above) for part in get_args(kind) if part is not ...)
    return False
