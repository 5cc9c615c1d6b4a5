"""Takes all the memory that there is."""

from ledger.plugin import Annotation, Span, processor


class Memory(Annotation, frozen=True, kw_only=True, tag="memory.mark"):
    note: str = ""


@processor("memory", version="1.0", provides=[Memory], timeout=20.0)
def memory(article, context):
    """Takes all the memory that there is."""
    hoard = []
    while True:
        hoard.append(bytearray(1 << 24))
        yield Memory(span=Span(0, 1))
