"""Fails on one article only."""

from ledger.plugin import Annotation, Span, processor


class OneInAThousand(Annotation, frozen=True, kw_only=True, tag="one_in_a_thousand.mark"):
    note: str = ""


@processor("one_in_a_thousand", version="1.0", provides=[OneInAThousand], timeout=20.0)
def one_in_a_thousand(article, context):
    """Fails on one article only."""
    if "777" in article.text:
        raise ValueError("this one is unlucky")
    yield OneInAThousand(span=Span(0, 1))
