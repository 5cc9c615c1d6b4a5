"""Gives annotations without end."""

from ledger.plugin import Annotation, Span, processor


class Flood(Annotation, frozen=True, kw_only=True, tag="flood.mark"):
    note: str = ""


@processor("flood", version="1.0", provides=[Flood], timeout=20.0)
def flood(article, context):
    """Gives annotations without end."""
    while True:
        yield Flood(span=Span(0, 1))
