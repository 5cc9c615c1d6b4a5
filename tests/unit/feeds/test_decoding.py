"""Content encodings, undone under a limit."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FetchError
from ledger.feeds.decoding import decode_body

LIMIT = 1_000_000
URL = "https://outlet.example/feed"


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


@given(st.binary(max_size=2000), st.sampled_from(sorted(PACKERS)))
def test_what_was_packed_comes_back(data, name):
    if data.startswith(b"\x1f\x8b"):
        return
    assert decode_body(PACKERS[name](data), [name], limit=LIMIT, url=URL) == (data, True)


def test_raw_deflate_two_layers_and_two_members():
    assert decode_body(raw_deflate(b"news" * 50), ["deflate"], limit=LIMIT, url=URL) == (b"news" * 50, True)
    twice = gzip.compress(brotli.compress(b"news"))
    assert decode_body(twice, ["br", "gzip"], limit=LIMIT, url=URL) == (b"news", True)
    members = gzip.compress(b"ab") + gzip.compress(b"cd")
    assert decode_body(members, ["gzip"], limit=LIMIT, url=URL) == (b"abcd", True)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_stops_at_the_limit(name):
    bomb = PACKERS[name](b"\0" * 4_000_000)
    with pytest.raises(FetchError, match="too large"):
        decode_body(bomb, [name], limit=LIMIT, url=URL)


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "deflate"])
def test_a_stream_that_breaks_off_is_incomplete(name):
    body = bytes(range(256)) * 400
    decoded, complete = decode_body(PACKERS[name](body)[:-12], [name], limit=LIMIT, url=URL)
    assert not complete
    assert body.startswith(decoded)


def test_a_header_that_lies_is_not_believed():
    assert decode_body(b"<rss/>", ["gzip"], limit=LIMIT, url=URL) == (b"<rss/>", True)
    assert decode_body(gzip.compress(b"<rss/>"), [], limit=LIMIT, url=URL) == (b"<rss/>", True)


def test_an_unknown_encoding_is_an_error_that_names_it():
    with pytest.raises(FetchError, match="rot13"):
        decode_body(b"x", ["rot13"], limit=LIMIT, url=URL)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_body_of_very_many_empty_parts_is_refused_and_one_of_some_is_read(name):
    empty = PACKERS[name](b"")
    with pytest.raises(FetchError, match="too many parts"):
        decode_body(empty * 700_000, [name], limit=LIMIT, url=URL)
    some = b"".join(PACKERS[name](bytes((number % 250,)) * 3000) for number in range(200))
    assert decode_body(some, [name], limit=LIMIT, url=URL) == (
        b"".join(bytes((number % 250,)) * 3000 for number in range(200)),
        True,
    )


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "deflate"])
@pytest.mark.parametrize("size", [40, 300_000])
def test_bytes_behind_a_stream_take_nothing_from_it(name, size):
    body = bytes(number * number % 251 for number in range(size))
    assert decode_body(PACKERS[name](body) + b"\0trailer", [name], limit=LIMIT, url=URL) == (body, True)


@pytest.mark.parametrize("size", [40, 300_000])
def test_a_wrong_checksum_leaves_what_came_before_it_and_a_doubt(size):
    body = bytes(number * number % 251 for number in range(size))
    packed = bytearray(gzip.compress(body))
    packed[-6] ^= 1
    assert decode_body(bytes(packed), ["gzip"], limit=LIMIT, url=URL) == (body, False)
