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
_TRAILER = 8
"""Bytes of a gzip member's checksum and length."""
_MAX_PARTS = 1_000
"""Members of a gzip body, frames of a zstd one. Writers that cut a body do so by the tens of kilobytes."""
_SMALL = 1024 * 1024


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


def _many(url: str, name: str) -> FetchError:
    return FetchError(
        f"The {name} stream has too many parts", which=url, fix=f"At most {_MAX_PARTS:,} are read"
    )


def _inflate(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    out = bytearray()
    at = parts = 0
    while body.startswith(_GZIP_MAGIC, at):
        if (parts := parts + 1) > _MAX_PARTS:
            raise _many(url, "gzip")
        at, whole = _pump(zlib.decompressobj(wbits=31), body, at, out, limit, url, "gzip")
        if not whole:
            return bytes(out), False
    return bytes(out), True


def _deflate(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    """RFC 9110 means zlib's format by `deflate`; some servers send the bare stream."""
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    out = bytearray()
    _, whole = _pump(zlib.decompressobj(wbits=15 if wrapped else -15), body, 0, out, limit, url, "deflate")
    return bytes(out), whole


def _pump(
    stream: zlib._Decompress, data: bytes, at: int, out: bytearray, limit: int, url: str, name: str
) -> tuple[int, bool]:
    """Unpack one stream that begins at `at`; gives where it ends and whether it is whole."""
    view = memoryview(data)
    rest: bytes | memoryview = b""
    full = False
    try:
        while not stream.eof and (rest or full or at < len(data)):
            if not rest:
                # The checksum goes in by itself: a wrong one does not take what came before it.
                rest = view[at : at + min(_STEP, max(len(data) - at - _TRAILER, _TRAILER))]
                at += len(rest)
            piece = stream.decompress(rest, _STEP)
            rest, full = stream.unconsumed_tail, len(piece) == _STEP
            out += piece
            if len(out) > limit:
                raise _too_large(url, limit)
    except zlib.error:
        if not out:
            raise _damaged(url, name) from None
        return at, False
    return at - len(stream.unused_data), stream.eof


def _brotli(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    found, whole = _brotli_by(_STEP, body, limit, url)
    if whole is None and len(body) <= _SMALL:
        # What comes behind the stream spoils the slice that it comes in.
        found, whole = _brotli_by(1, body, limit, url)
    if whole is None:
        return (found, False) if found else (body, True)
    return found, whole


def _brotli_by(size: int, body: bytes, limit: int, url: str) -> tuple[bytes, bool | None]:
    """What slices of `size` bytes give, and whether it is whole; None where a slice cannot be read."""
    stream = brotli.Decompressor()
    out = bytearray()
    at, full = 0, False
    try:
        while not stream.is_finished():
            data = b""
            if not full and stream.can_accept_more_data():
                data, at = body[at : at + size], at + size
            piece = stream.process(data, output_buffer_limit=_STEP)
            full = len(piece) >= _STEP
            out += piece
            if len(out) > limit:
                raise _too_large(url, limit)
            if not piece and at >= len(body) and stream.can_accept_more_data():
                return bytes(out), stream.is_finished()
    except brotli.error:
        return bytes(out), None
    return bytes(out), True


def _zstd(body: bytes, limit: int, url: str) -> tuple[bytes, bool]:
    """Small slices, since one compressed block of a few bytes may stand for 128 KiB."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    view = memoryview(body)
    out = bytearray()
    at = parts = 0
    try:
        while body.startswith(_ZSTD_MAGIC, at):
            if (parts := parts + 1) > _MAX_PARTS:
                raise _many(url, "zstd")
            frame = unpacker.decompressobj()
            while at < len(body) and not frame.eof:
                out += frame.decompress(view[at : at + _ZSTD_SLICE])
                at += len(view[at : at + _ZSTD_SLICE])
                if len(out) > limit:
                    raise _too_large(url, limit)
            if not frame.eof:
                return bytes(out), False
            at -= len(frame.unused_data)
    except zstandard.ZstdError:
        if not out:
            raise _damaged(url, "zstd") from None
        return bytes(out), False
    return bytes(out), True
