"""What host and worker say to each other: frames of four bytes of length, big-endian, and msgpack."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from ledger.host.calls import Asked, Heard
from ledger.host.describe import Candidate, Description
from ledger.host.failures import Failure
from ledger.host.notes import Note

__all__ = ["HEADER", "EndRequest", "LoadRequest", "Reply", "Request", "RunRequest", "encode_request"]

HEADER = struct.Struct(">I")


class LoadRequest(msgspec.Struct, frozen=True, tag="load"):
    """Import a plugin and describe it."""

    number: int
    candidate: Candidate
    settings: dict[str, dict[str, Any]]


class RunRequest(msgspec.Struct, frozen=True, tag="run"):
    """Run `processor` on an article (JSON, so that a time keeps its offset) with stored layers by tag.

    `before` names processors to run first for the sake of their ephemeral layers. With `look` the worker also looks for what
    it cannot look for every time.
    """

    number: int
    processor: str
    before: tuple[str, ...]
    article: bytes
    layers: dict[str, list[bytes]]
    look: bool = False


class EndRequest(msgspec.Struct, frozen=True, tag="end"):
    """Run the exit handlers: nothing more will be asked."""

    number: int


class Reply(msgspec.Struct, frozen=True):
    """The answer to the request of the same number; `seconds` is how long it took.

    With `asked` it is none yet: the processor waits until an outside service has been heard, and the host writes a `Heard`.
    """

    number: int
    description: Description | None = None
    annotations: tuple[bytes, ...] = ()
    failure: Failure | None = None
    notes: tuple[Note, ...] = ()
    seconds: float = 0.0
    asked: Asked | None = None


Request = LoadRequest | RunRequest | EndRequest


def encode_request(request: Request | Heard) -> bytes:
    """The frame of a request, length included."""
    body = msgspec.msgpack.encode(request)
    return HEADER.pack(len(body)) + body
