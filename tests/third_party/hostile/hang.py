"""Never comes back."""

from ledger.plugin import Annotation, Span, processor


class Hang(Annotation, frozen=True, kw_only=True, tag="hang.mark"):
    note: str = ""


@processor("hang", version="1.0", provides=[Hang], timeout=0.5)
def hang(article, context):
    """Never comes back."""
    yield Hang(span=Span(0, 1))
    while True:
        pass
