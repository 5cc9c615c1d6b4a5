"""Gives a type that it does not declare."""

from ledger.plugin import Annotation, Span, processor


class Declared(Annotation, frozen=True, kw_only=True, tag="undeclared.declared"):
    pass


class Hidden(Annotation, frozen=True, kw_only=True, tag="undeclared.hidden"):
    pass


@processor("undeclared", version="1.0", provides=[Declared])
def undeclared(article, context):
    """Gives a type that it does not declare."""
    yield Hidden(span=Span(0, 1))
