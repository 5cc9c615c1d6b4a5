"""Phones home, and hides that it could not."""

import contextlib
import socket

from ledger.plugin import Annotation, Span, processor


class Sockets(Annotation, frozen=True, kw_only=True, tag="sockets.mark"):
    note: str = ""


@processor("sockets", version="1.0", provides=[Sockets], timeout=20.0)
def sockets(article, context):
    """Phones home, and hides that it could not."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    yield Sockets(span=Span(0, 1))
