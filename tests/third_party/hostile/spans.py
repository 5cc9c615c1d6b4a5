"""Points outside the text."""

from ledger.plugin import Annotation, Span, processor


class Spans(Annotation, frozen=True, kw_only=True, tag="spans.mark"):
    note: str = ""


@processor("spans", version="1.0", provides=[Spans], timeout=20.0)
def spans(article, context):
    """Points outside the text."""
    yield Spans(span=Span(0, len(article.text) + 1))
