"""Annotations between bytes and objects; a type that is not installed keeps its exact bytes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import msgspec

from ledger.errors import CorruptionError
from ledger.plugin import (
    Annotation,
    Attribution,
    Claim,
    Entity,
    Modality,
    Notice,
    Quantity,
    Sentence,
    Sentiment,
    Span,
    TimeSpan,
)

__all__ = [
    "CORE_TYPES",
    "Head",
    "UnknownAnnotation",
    "decode_annotation",
    "encode_annotation",
    "read_head",
    "tag_of",
]


class Head(msgspec.Struct, frozen=True):
    """What every annotation's JSON begins with, whatever its type."""

    type: str
    span: Span | None = None
    quote: str = ""


class UnknownAnnotation(msgspec.Struct, frozen=True, kw_only=True):
    """An annotation whose type is not installed, or whose form is newer than the installed one. `raw` is untouched."""

    tag: str
    span: Span | None
    quote: str
    raw: bytes


def tag_of(kind: type[Annotation]) -> str:
    """The namespaced tag of an annotation type."""
    return str(kind.__struct_config__.tag)


CORE_TYPES: dict[str, type[Annotation]] = {
    tag_of(kind): kind
    for kind in (Attribution, Claim, Entity, Modality, Notice, Quantity, Sentence, Sentiment, TimeSpan)
}
"""The vocabulary of newsledger itself, by tag."""

_HEAD = msgspec.json.Decoder(Head)


@functools.cache
def _decoder(kind: type[Annotation]) -> msgspec.json.Decoder[Annotation]:
    return msgspec.json.Decoder(kind)


encode_annotation: Callable[[Annotation], bytes] = msgspec.json.Encoder(order="deterministic").encode
"""JSON in declared field order, dicts by key: equal annotations have equal bytes."""


def read_head(raw: bytes) -> Head:
    """Type, span and quote of an encoded annotation. Raises CorruptionError when it is none."""
    try:
        return _HEAD.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptionError("An annotation cannot be read", which=repr(raw[:80]), fix=str(error)) from error


def decode_annotation(raw: bytes, types: Mapping[str, type[Annotation]]) -> Annotation | UnknownAnnotation:
    """The typed annotation; UnknownAnnotation when `types` has no such tag or its type does not fit the bytes.

    Raises CorruptionError for bytes that are no annotation at all.
    """
    head = read_head(raw)
    if (kind := types.get(head.type)) is not None:
        try:
            return _decoder(kind).decode(raw)
        except msgspec.ValidationError:
            pass
    return UnknownAnnotation(tag=head.type, span=head.span, quote=head.quote, raw=bytes(raw))
