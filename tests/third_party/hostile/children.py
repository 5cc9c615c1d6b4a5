"""Starts children that outlive their work."""

import subprocess

from ledger.plugin import Annotation, Span, processor


class Children(Annotation, frozen=True, kw_only=True, tag="children.mark"):
    note: str = ""


@processor("children", version="1.0", provides=[Children], timeout=20.0)
def children(article, context):
    """Starts children that outlive their work."""
    child = subprocess.Popen(["sleep", "1000"])
    yield Children(span=Span(0, 1), note=str(child.pid))
