"""Calls sys.exit."""

import sys

from ledger.plugin import Annotation, Span, processor


class Exits(Annotation, frozen=True, kw_only=True, tag="exits.mark"):
    note: str = ""


@processor("exits", version="1.0", provides=[Exits], timeout=20.0)
def exits(article, context):
    """Calls sys.exit."""
    yield Exits(span=Span(0, 1))
    sys.exit(3)
