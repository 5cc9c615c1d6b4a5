"""Versions of one text kept small: each as its difference to an earlier one, at most one step from a whole one.

About every `sqrt(n)`-th version is whole, so that differences stay small and n versions cost little more than their changes.
"""

from __future__ import annotations

import zstandard

from ledger.errors import ProjectionError

__all__ = ["base_of", "pack", "unpack"]

_LEVEL = 3


def base_of(version: int) -> int:
    """The version, itself or an earlier one, that a version is packed as a difference to; that one is packed whole."""
    return version - version % (1 << version.bit_length() // 2)


def pack(text: bytes, base: bytes | None = None) -> bytes:
    """A text compressed, as a difference to `base` where one is given."""
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_like(base), write_checksum=True).compress(text)


def unpack(packed: bytes, base: bytes | None = None) -> bytes:
    """The text of `pack`; `base` is the text that was given there. Raises ProjectionError."""
    try:
        return zstandard.ZstdDecompressor(dict_data=_like(base)).decompress(packed)
    except zstandard.ZstdError as error:
        raise ProjectionError(
            "An earlier version of a figure cannot be unpacked",
            which=str(error),
            fix="Run newsledger projection rebuild figures",
        ) from error


def _like(base: bytes | None) -> zstandard.ZstdCompressionDict | None:
    if base is None:
        return None
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
