"""The processor `syntax`: sentences of the article's text, and their parses for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ledger.plugin import Article, Context, Sentence, Span, processor
from ledger_syntax.layer import Syntax
from ledger_syntax.sentences import sentence_spans

__all__ = ["SyntaxConfig", "syntax"]


class SyntaxConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[plugins.syntax]`: `model = "en_core_web_trf"` parses with that installed spaCy pipeline instead of the one shipped."""

    model: str = ""


@processor(
    "syntax",
    version="2.0",
    provides=[Sentence, Syntax],
    config=SyntaxConfig,
    libraries=["spacy", "thinc"],
)
def syntax(article: Article, context: Context) -> Iterator[Sentence | Syntax]:
    """Split every block of the text into sentences by rule; parse those that another processor asks for."""
    model = context.config.model if isinstance(context.config, SyntaxConfig) else ""
    if model:
        from ledger_syntax.pipeline import pipeline

        pipeline(model)
    for number, block in enumerate(article.blocks):
        for start, end in sentence_spans(article.text, block.start, block.end):
            yield Sentence(span=Span(start, end), quote=article.text[start:end], block=number)
    yield Syntax(article.text, model)
