"""Bytes of a response to the bytes of the document: content encodings, undone by hand under a limit.

The limit counts decoded bytes, so that a small response cannot grow without bound.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import brotli
import zstandard

from ledger.errors import FetchError

__all__ = ["ACCEPT_ENCODING", "decode_body"]

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_STEP = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MAX_ENCODINGS = 3
_ZSTD_WINDOW = 8 * 1024 * 1024
_ZSTD_SLICE = 256


def decode_body(body: bytes, encodings: Sequence[str], *, limit: int, url: str) -> tuple[bytes, bool]:
    """The decoded bytes, and whether they are complete (False when a compressed stream ends too early).

    `encodings` are the names of the Content-Encoding header in its order. A body that is not what the header says is
    taken as it is; one that is gzip without the header saying so is unpacked. Raises FetchError for an unknown encoding,
    a damaged stream and more than `limit` decoded bytes.
    """
    names = [name.strip().lower() for name in encodings if name.strip().lower() not in ("", "identity")]
    if len(names) > _MAX_ENCODINGS:
        raise FetchError("Too many content encodings", which=url)
    complete = True
    for name in reversed(names):
        body, whole = _decode_one(body, name, limit, url)
        complete = complete and whole
    if body.startswith(_GZIP_MAGIC):
        body, whole = _inflate(body, limit, url)
        complete = complete and whole
    return body, complete


def _decode_one(body: bytes, name: str, limit: int, url: str) -> tuple[bytes, bool]:
    if not body:
        return body, True
    if name in ("gzip", "x-gzip"):
        return _inflate(body, limit, url) if body.startswith(_GZIP_MAGIC) else (body, True)
    if name == "deflate":
        return _deflate(body, limit, url)
    if name == "br":
        return _brotli(body, limit, url)
    if name == "zstd":
        return _zstd(body, limit, url) if body.startswith(_ZSTD_MAGIC) else (body, True)
    raise FetchError("Unknown content encoding", which=f"{name} from {url}")


def _too_large(url: str, limit: int) -> FetchError:
    return FetchError("The document is too large", which=url, fix=f"At most {limit:,} bytes are read")


def _damaged(url: str, name: str) -> FetchError:
    return FetchError(f"The {name} stream is damaged", which=url)


def _inflate(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    out = bytearray()
    rest = body
    while rest.startswith(_GZIP_MAGIC):
        member = zlib.decompressobj(wbits=31)
        if not _pump(member, rest, out, limit, url, "gzip"):
            return bytes(out), False
        rest = member.unused_data
    return bytes(out), True


def _deflate(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    """RFC 9110 means zlib's format by `deflate`; some servers send the bare stream."""
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    out = bytearray()
    whole = _pump(zlib.decompressobj(wbits=15 if wrapped else -15), body, out, limit, url, "deflate")
    return bytes(out), whole


def _pump(stream: zlib._Decompress, data: bytes, out: bytearray, limit: int, url: str, name: str) -> bool:
    try:
        while data and not stream.eof:
            out += stream.decompress(data, _STEP)
            data = stream.unconsumed_tail
            if len(out) > limit:
                raise _too_large(url, limit)
    except zlib.error:
        if not out:
            raise _damaged(url, name) from None
        return False
    return stream.eof


def _brotli(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    stream = brotli.Decompressor()
    out = bytearray()
    data = body
    try:
        while not stream.is_finished():
            piece = stream.process(data, output_buffer_limit=_STEP)
            data = b""
            out += piece
            if len(out) > limit:
                raise _too_large(url, limit)
            if not piece and stream.can_accept_more_data():
                return bytes(out), stream.is_finished()
    except brotli.error:
        if not out:
            return body, True
        return bytes(out), False
    return bytes(out), True


def _zstd(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    """Small slices, since one compressed block of a few bytes may stand for 128 KiB."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    out = bytearray()
    rest = body
    try:
        while rest.startswith(_ZSTD_MAGIC):
            frame = unpacker.decompressobj()
            position = 0
            while position < len(rest) and not frame.eof:
                out += frame.decompress(rest[position : position + _ZSTD_SLICE])
                position += _ZSTD_SLICE
                if len(out) > limit:
                    raise _too_large(url, limit)
            if not frame.eof:
                return bytes(out), False
            rest = frame.unused_data + rest[position:]
    except zstandard.ZstdError:
        if not out:
            raise _damaged(url, "zstd") from None
        return bytes(out), False
    return bytes(out), True
