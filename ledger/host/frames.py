"""What host and worker say to each other: frames of four bytes of length, big-endian, and msgpack."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from ledger.host.describe import Candidate, Description
from ledger.host.failures import Failure

__all__ = ["HEADER", "LoadRequest", "Reply", "RunRequest", "encode_request"]

HEADER = struct.Struct(">I")


class LoadRequest(msgspec.Struct, frozen=True, tag="load"):
    """Import a plugin and describe it."""

    number: int
    candidate: Candidate
    settings: dict[str, dict[str, Any]]


class RunRequest(msgspec.Struct, frozen=True, tag="run"):
    """Run `processor` on an article (JSON, so that a time keeps its offset) with stored layers by tag.

    `before` names processors to run first for the sake of their ephemeral layers.
    """

    number: int
    processor: str
    before: tuple[str, ...]
    article: bytes
    layers: dict[str, list[bytes]]


class Reply(msgspec.Struct, frozen=True):
    """The answer to the request of the same number."""

    number: int
    description: Description | None = None
    annotations: tuple[bytes, ...] = ()
    failure: Failure | None = None


def encode_request(request: LoadRequest | RunRequest) -> bytes:
    """The frame of a request, length included."""
    body = msgspec.msgpack.encode(request)
    return HEADER.pack(len(body)) + body
