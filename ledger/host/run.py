"""Run one processor on one revision in this process, and check everything that it yields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from ledger.errors import CorruptionError
from ledger.events.types import ServiceCall
from ledger.host.annotations import decode_annotation, encode_annotation, read_head, tag_of
from ledger.host.failures import Failure, Limits, RejectedError, explain
from ledger.host.layers import Entry, LayerContext, Layers, Made, Post, entry_order, holds_spans, stray_span
from ledger.plugin import Annotation, Article, Ephemeral, Processor, Span

__all__ = ["Failure", "Outcome", "Runner", "accept"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one processor gave for one revision.

    `annotations` are encoded, by span, tag and bytes. `skipped` says why it was not asked. With `deferred` that reason
    may pass (a provider failed, the breaker is open): nothing should be recorded as the answer. Without, it is final
    (another language). `calls` are what it asked outside services.
    """

    processor: str
    version: str
    identity: str
    annotations: tuple[bytes, ...] = ()
    failure: Failure | None = None
    skipped: str = ""
    deferred: bool = False
    calls: tuple[ServiceCall, ...] = ()


class Runner:
    """A processor ready to run: its settings and the decoder of what it provides."""

    def __init__(self, processor: Processor, config: msgspec.Struct | None, limits: Limits) -> None:
        self.processor = processor
        self._config = config
        self._limits = limits
        stored = [kind for kind in processor.provides if issubclass(kind, Annotation)]
        self._tags = {kind: tag_of(kind) for kind in stored}
        self._nested = {tag_of(kind) for kind in stored if holds_spans(kind)}
        self._ephemeral = {kind for kind in processor.provides if issubclass(kind, Ephemeral)}
        union: Any = reduce(or_, stored) if stored else msgspec.Raw
        self._decoder = msgspec.json.Decoder(tuple[union, ...])

    def produce(self, article: Article, layers: Layers, post: Post | None = None) -> Made:
        """Run it; `post` makes calls for one of the class `recorded`.

        Raises RejectedError for whatever goes wrong; only KeyboardInterrupt passes through.
        """
        allowed = post if self.processor.replay == "recorded" else None
        context = LayerContext(self._config, self.processor.requires, layers, allowed)
        try:
            return self._collect(article.text, self.processor.run(article, context))
        except (RejectedError, KeyboardInterrupt):
            raise
        except MemoryError as error:
            raise RejectedError("memory", "out of memory") from error
        except SystemExit as error:
            raise RejectedError("exception", f"it called sys.exit({error.code!r})") from error
        except BaseException as error:
            raise RejectedError("exception", explain(error)) from error

    def _collect(self, text: str, items: Iterable[Any] | None) -> Made:
        if items is None or isinstance(items, str | bytes):
            raise RejectedError(
                "invalid", f"it returned {items!r:.50}; it must yield annotations or return a list"
            )
        size = len(text)
        most = self._limits.annotations + size
        left = self._limits.output
        tags = self._tags
        found: list[tuple[str, bytes]] = []
        ephemeral: list[Ephemeral] = []
        for item in items:
            if len(found) + len(ephemeral) >= most:
                raise RejectedError("flood", f"more than {most} annotations of a text of {size} characters")
            tag = tags.get(type(item))
            if tag is None:
                if type(item) not in self._ephemeral:
                    raise RejectedError(
                        "invalid", f"it yields {_kind(item)}, which it does not declare in provides"
                    )
                ephemeral.append(item)
                continue
            raw = _encode(_with_quote(item, tag, text, size), tag)
            left -= len(raw)
            if left < 0:
                raise RejectedError("flood", f"more than {self._limits.output} bytes of annotations")
            found.append((tag, raw))
        return Made(self._entries(found, size), tuple(ephemeral))

    def _entries(self, found: Sequence[tuple[str, bytes]], size: int) -> tuple[Entry, ...]:
        # What later processors see is decoded from the very bytes that are stored, all at once because that is fast.
        try:
            values = self._decoder.decode(b"[" + b",".join(raw for _, raw in found) + b"]")
        except msgspec.ValidationError as error:
            raise RejectedError("invalid", f"an annotation does not fit its type: {error}") from error
        entries = []
        for (tag, raw), value in zip(found, values, strict=True):
            if tag in self._nested:
                _check_inner(value, tag, size)
            span = value.span
            entries.append(Entry(span.start, span.end, tag, raw, value))
        entries.sort(key=entry_order)
        return tuple(entries)


_ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _kind(item: Any) -> str:
    return tag_of(type(item)) if isinstance(item, Annotation) else f"a {type(item).__name__}"


def _encode(item: Annotation, tag: str) -> bytes:
    try:
        raw = encode_annotation(item)
    except (TypeError, ValueError, OverflowError) as error:
        raise RejectedError("invalid", f"{tag}: it cannot be written as JSON: {error}") from error
    if b"\\u0000" in raw and _ZERO.search(raw):
        raise RejectedError("invalid", f"{tag}: it holds a zero byte, which no column of text takes")
    return raw


def _with_quote(item: Annotation, tag: str, text: str, size: int) -> Annotation:
    span = item.span
    if type(span) is not Span or type(span.start) is not int or type(span.end) is not int:
        raise RejectedError(
            "invalid", f"{tag}: its span is {span!r:.80}, not Span(start, end) of whole numbers"
        )
    quote = _covered(span, tag, text, size)
    if item.quote == quote:
        return item
    if item.quote:
        raise RejectedError("invalid", f"{tag}: its quote {item.quote!r:.80} is not the text at {_at(span)}")
    return msgspec.structs.replace(item, quote=quote)


def _covered(span: Span, tag: str, text: str, size: int) -> str:
    if not 0 <= span.start <= span.end <= size:
        raise RejectedError("invalid", f"{tag}: span {_at(span)} lies outside the text of {size} characters")
    return text[span.start : span.end]


def _at(span: Span) -> str:
    return f"{span.start}-{span.end}"


def _check_inner(value: Annotation, tag: str, size: int) -> None:
    if (stray := stray_span(value, size)) is not None:
        raise RejectedError(
            "invalid", f"{tag}: an inner span {_at(stray)} lies outside the text of {size} characters"
        )


def accept(
    raws: Sequence[bytes], text: str, provides: Iterable[str], types: Mapping[str, type[Annotation]]
) -> Made:
    """Check encoded annotations that come from another process as if it could not be trusted.

    Declared tags, spans, quotes, and the whole form where the type is known here. Raises RejectedError.
    """
    size = len(text)
    declared = frozenset(provides)
    entries = []
    for raw in raws:
        try:
            head = read_head(raw)
            value = decode_annotation(raw, types)
        except CorruptionError as error:
            raise RejectedError("invalid", str(error)) from error
        if head.type not in declared or head.span is None:
            raise RejectedError(
                "invalid", f"it yields {head.type!r:.80}, which it does not declare in provides"
            )
        if head.quote != _covered(head.span, head.type, text, size):
            raise RejectedError("invalid", f"{head.type}: its quote is not the text at {_at(head.span)}")
        known = value if isinstance(value, Annotation) else None
        if head.type in types:
            if known is None:
                raise RejectedError("invalid", f"{head.type}: the annotation does not fit its type")
            _check_inner(known, head.type, size)
        entries.append(Entry(head.span.start, head.span.end, head.type, raw, known))
    return Made(tuple(sorted(entries, key=entry_order)))
