"""The processor `syntax`: sentences of the article's text."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Article, Context, Sentence, Span, processor
from ledger_syntax.sentences import sentence_spans

__all__ = ["syntax"]


@processor("syntax", version="1.0", provides=[Sentence])
def syntax(article: Article, context: Context) -> Iterator[Sentence]:  # noqa: ARG001
    """Split every block of the text into sentences by rule."""
    for number, block in enumerate(article.blocks):
        for start, end in sentence_spans(article.text, block.start, block.end):
            yield Sentence(span=Span(start, end), quote=article.text[start:end], block=number)
