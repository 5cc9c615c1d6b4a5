"""Bodies: large contents kept beside the log, the same bytes once.

A body's key is the salted commitment SHA-256(salt || bytes), so that a key says nothing about its bytes once the salt is
gone. The same bytes are found again by a keyed hash under a key that belongs to the ledger.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterable

import msgspec
import zstandard

from ledger.errors import CorruptionError, UsageError
from ledger.events.envelope import SALT_BYTES, commitment
from ledger.events.types import BodyRef
from ledger.store.protocol import Entropy

__all__ = ["MAX_BODY", "NewBody", "check_body", "key_bytes", "pack", "prepare_bodies", "unpack"]

MAX_BODY = 512 * 1024 * 1024
"""Bytes that one body may have."""

PLAIN, ZSTD = 0, 1
_LEVEL = 3


class _Packer(threading.local):
    """One compressor for each thread: to make one costs as much as to compress an article."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=_LEVEL).compress


_PACKER = _Packer()


class NewBody(msgspec.Struct, frozen=True):
    """A body that may have to be kept: what it is found by, and what it would be kept as."""

    dedupe: bytes
    salt: bytes
    ref: BodyRef
    content: bytes


def prepare_bodies(
    bodies: Iterable[tuple[bytes, str]], *, dedupe_key: bytes, entropy: Entropy
) -> list[NewBody]:
    """Hash and salt `bodies`; needs no lock. Raises UsageError for one that is too large."""
    prepared = []
    for content, media_type in bodies:
        if len(content) > MAX_BODY:
            raise UsageError(
                "A body is too large", which=f"{len(content)} bytes", fix=f"The limit is {MAX_BODY} bytes"
            )
        salt = entropy(SALT_BYTES)
        ref = BodyRef(commitment(salt, content), media_type, len(content))
        prepared.append(NewBody(hmac.digest(dedupe_key, content, "sha256"), salt, ref, bytes(content)))
    return prepared


def pack(content: bytes) -> tuple[int, bytes]:
    """The codec and the bytes to store: zstandard where it saves something, else the content itself."""
    packed = _PACKER.compress(content)
    return (ZSTD, packed) if len(packed) < len(content) else (PLAIN, content)


def unpack(codec: int, data: bytes, size: int, key: str) -> bytes:
    """The inverse of `pack` for a body of `size` bytes. Raises CorruptionError naming `key`."""
    if codec == PLAIN:
        return data
    if codec != ZSTD:
        raise CorruptionError("A body is kept in an unknown form", which=f"{key}, codec {codec}")
    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise CorruptionError(
            "A body cannot be unpacked", which=key, fix="Restore the ledger from a backup"
        ) from error


def check_body(key: str, salt: bytes, content: bytes) -> bytes:
    """`content` if it hashes to `key`; raises CorruptionError otherwise."""
    if commitment(salt, content) != key:
        raise CorruptionError(
            "A body does not hash to its key", which=key, fix="Restore the ledger from a backup"
        )
    return content


def key_bytes(key: str) -> bytes | None:
    """The 32 bytes of a body key, None for a text that is no key."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        return None
    return raw if len(raw) == 32 and raw.hex() == key else None
