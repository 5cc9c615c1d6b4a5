"""WARC files (ISO 28500): the pages that were answered, with their URLs."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from ledger.errors import FetchError, InputError
from ledger.feeds.decoding import decode_body

__all__ = ["WarcPage", "read_warc"]

MAX_RECORD = 32 * 1024 * 1024
MAX_PAGE = 10 * 1024 * 1024
MAX_HEADER = 64 * 1024


class WarcPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was answered with status 200. `at` is the time of the capture as the record gives it."""

    url: str
    media_type: str
    charset: str
    body: bytes
    at: str


def read_warc(path: Path) -> Iterator[WarcPage]:
    """The pages of a `.warc` or `.warc.gz` file, one record in memory at a time.

    Records of other kinds are passed over. Raises InputError for what is no WARC file or breaks off.
    """
    try:
        with path.open("rb") as file:
            if path.name.endswith(".gz"):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield from _pages(io.BufferedReader(unpacked), str(path))
            else:
                yield from _pages(file, str(path))
    except (OSError, EOFError, zlib.error) as error:
        raise InputError("The WARC file cannot be read to its end", which=str(path), fix=str(error)) from None


def _pages(stream: BinaryIO, name: str) -> Iterator[WarcPage]:
    while (first := stream.readline(MAX_HEADER)) != b"":
        if not first.strip():
            continue
        if not first.startswith(b"WARC/"):
            raise InputError("Not a WARC file", which=name)
        headers = _headers(stream)
        length = headers.get("content-length", "")
        if not length.isdigit():
            raise InputError("A WARC record without a length", which=name)
        size = int(length)
        kind = headers.get("warc-type")
        if kind not in ("response", "resource") or size > MAX_RECORD:
            _skip(stream, size)
            continue
        content = stream.read(size)
        if len(content) < size:
            raise InputError("The WARC file breaks off", which=name)
        page = _page(headers, content, response=kind == "response")
        if page is not None:
            yield page


def _headers(stream: BinaryIO) -> dict[str, str]:
    found: dict[str, str] = {}
    while (line := stream.readline(MAX_HEADER)).strip():
        key, _, value = line.decode("utf-8", "replace").partition(":")
        found[key.strip().lower()] = value.strip()
    return found


def _skip(stream: BinaryIO, size: int) -> None:
    while size > 0 and (piece := stream.read(min(size, 1 << 20))):
        size -= len(piece)


def _page(record: dict[str, str], content: bytes, *, response: bool) -> WarcPage | None:
    url = record.get("warc-target-uri", "").strip("<>")
    media_type, encodings, body = record.get("content-type", ""), "", content
    if response:
        head, separator, body = content.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/\d(?:\.\d)? 200\b", head)
        if status is None or not separator:
            return None
        lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
        headers = {key.strip().lower(): value.strip() for key, _, value in lines}
        media_type, encodings = headers.get("content-type", ""), headers.get("content-encoding", "")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = _dechunked(body)
    try:
        body, _ = decode_body(body, encodings.split(","), limit=MAX_PAGE, url=url)
    except FetchError:
        return None
    charset = re.search(r"charset=\s*\"?([\w.:-]+)", media_type)
    return WarcPage(
        url=url,
        media_type=media_type.partition(";")[0].strip().lower(),
        charset=charset[1] if charset else "",
        body=body,
        at=record.get("warc-date", ""),
    )


def _dechunked(body: bytes) -> bytes:
    """The body without its chunk sizes; crawlers that undo the chunks often keep the header, so a plain body stays."""
    out = bytearray()
    position = 0
    while match := re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n").match(body, position):
        size = int(match[1], 16)
        if size == 0:
            return bytes(out)
        out += body[match.end() : match.end() + size]
        position = match.end() + size + 2
    return bytes(out) if out else body
