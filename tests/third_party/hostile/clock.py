"""Reads the clock."""

import time

from ledger.plugin import Annotation, Span, processor


class Clock(Annotation, frozen=True, kw_only=True, tag="clock.mark"):
    note: str = ""


@processor("clock", version="1.0", provides=[Clock], timeout=20.0)
def clock(article, context):
    """Reads the clock."""
    yield Clock(span=Span(0, min(1, len(article.text))), note=str(time.time_ns()))
