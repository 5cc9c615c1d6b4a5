"""Documents and texts that wait in memory for their turn, compressed."""

from __future__ import annotations

import threading

import zstandard

__all__ = ["LARGE", "pack", "unpack"]

LARGE = 2 * 1024 * 1024
"""From how many bytes on a document's parts wait compressed."""


class _Packer(threading.local):
    """One compressor for each thread: to make one costs as much as to compress an article."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_PACKER = _Packer()


def pack(raw: bytes) -> bytes:
    """The bytes, compressed; empty for empty ones."""
    return _PACKER.compress(raw) if raw else b""


def unpack(packed: bytes) -> bytes:
    """The inverse of `pack`."""
    return _PACKER.decompress(packed) if packed else b""
