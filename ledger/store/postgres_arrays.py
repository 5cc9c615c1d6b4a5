"""Arrays as PostgreSQL's binary protocol has them, made in one go: the driver's own way looks at each element."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

__all__ = ["bigints", "blobs", "integers", "register", "texts"]


class _Array(bytes):
    """An array that is packed already."""


class _Bigints(_Array):
    pass


class _Integers(_Array):
    pass


class _Blobs(_Array):
    pass


class _Texts(_Array):
    pass


_OIDS: dict[type[_Array], tuple[int, int]] = {
    _Bigints: (1016, 20),
    _Integers: (1007, 23),
    _Blobs: (1001, 17),
    _Texts: (1009, 25),
}
"""The object ids of each array type and of its elements; they are the same on every server."""

_length = struct.Struct(">i").pack


def _header(kind: type[_Array], count: int) -> tuple[int, ...]:
    """Dimensions, "has a NULL", type of the elements, their number, and the index of the first."""
    return (1, 0, _OIDS[kind][1], count, 1) if count else (0, 0, _OIDS[kind][1])


def bigints(values: Sequence[int]) -> bytes:
    """A `bigint[]`."""
    return _Bigints(_numbers(_Bigints, values, 8, "iq"))


def integers(values: Sequence[int]) -> bytes:
    """An `integer[]`."""
    return _Integers(_numbers(_Integers, values, 4, "ii"))


def _numbers(kind: type[_Array], values: Sequence[int], size: int, pair: str) -> bytes:
    head = _header(kind, len(values))
    laid = [part for value in values for part in (size, value)]
    return struct.pack(f">{len(head)}i{pair * len(values)}", *head, *laid)


def blobs(values: Sequence[bytes]) -> bytes:
    """A `bytea[]`."""
    return _Blobs(_joined(_Blobs, values))


def texts(values: Iterable[str]) -> bytes:
    """A `text[]`."""
    return _Texts(_joined(_Texts, [value.encode() for value in values]))


def _joined(kind: type[_Array], values: Sequence[bytes]) -> bytes:
    head = _header(kind, len(values))
    laid = [part for value in values for part in (_length(len(value)), value)]
    return struct.pack(f">{len(head)}i", *head) + b"".join(laid)


def register(connection: psycopg.Connection[Any]) -> None:
    """Let `connection` send these arrays."""
    for kind, (oid, _) in _OIDS.items():
        connection.adapters.register_dumper(kind, _dumper(oid))


def _dumper(array_oid: int) -> type[Dumper]:
    class Packed(Dumper):
        format = Format.BINARY
        oid = array_oid

        def dump(self, obj: bytes) -> bytes:
            return obj

    return Packed
