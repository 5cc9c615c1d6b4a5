"""Depends on the order of a set."""

from ledger.plugin import Annotation, Span, processor


class HashSeed(Annotation, frozen=True, kw_only=True, tag="hash_seed.mark"):
    note: str = ""


@processor("hash_seed", version="1.0", provides=[HashSeed], timeout=20.0)
def hash_seed(article, context):
    """Depends on the order of a set."""
    words = set(article.text.split())
    yield HashSeed(span=Span(0, min(1, len(article.text))), note=next(iter(words), ""))
