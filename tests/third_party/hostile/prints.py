"""Prints to standard output, also what looks like a reply to the host."""

import os

from ledger.plugin import Annotation, Span, processor


class Prints(Annotation, frozen=True, kw_only=True, tag="prints.mark"):
    note: str = ""


@processor("prints", version="1.0", provides=[Prints], timeout=20.0)
def prints(article, context):
    """Prints to standard output, also what looks like a reply to the host."""
    print("\x00\x00\x00\x05hello" * 10_000)
    os.write(1, b"\x00" * 100_000)
    yield Prints(span=Span(0, 1))
