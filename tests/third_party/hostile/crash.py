"""Ends its process by a signal."""

import os
import signal

from ledger.plugin import Annotation, Span, processor


class Crash(Annotation, frozen=True, kw_only=True, tag="crash.mark"):
    note: str = ""


@processor("crash", version="1.0", provides=[Crash], timeout=20.0)
def crash(article, context):
    """Ends its process by a signal."""
    yield Crash(span=Span(0, 1))
    os.kill(os.getpid(), signal.SIGSEGV)
