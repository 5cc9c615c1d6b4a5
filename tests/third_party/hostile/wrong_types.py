"""Puts a text where a number belongs."""

from ledger.plugin import Annotation, Span, processor


class WrongTypes(Annotation, frozen=True, kw_only=True, tag="wrong_types.mark"):
    size: int = 0


@processor("wrong_types", version="1.0", provides=[WrongTypes], timeout=20.0)
def wrong_types(article, context):
    """Puts a text where a number belongs."""
    yield WrongTypes(span=Span(0, 1), size="large")
