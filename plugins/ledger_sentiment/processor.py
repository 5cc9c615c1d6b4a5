"""The processor `sentiment`."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.plugin import Article, Context, Entity, Sentence, Sentiment, Span, processor
from ledger_sentiment.lexicon import RATINGS, WORDS
from ledger_sentiment.tone import overall, read_tones, score, score_towards

__all__ = ["sentiment"]


@processor(
    "sentiment",
    version="1.0",
    requires=[Sentence, Entity],
    provides=[Sentiment],
    languages=["en"],
    data=[str(WORDS), str(RATINGS)],
)
def sentiment(article: Article, context: Context) -> Iterator[Sentiment]:
    """Rate the tone of the article, of its sentences, and towards the people and organisations that they name."""
    sentences = context.of(Sentence)
    scores: list[float] = []
    for sentence in sentences:
        span = sentence.span
        passage = read_tones(article.text, span.start, span.end)
        value = score(passage)
        scores.append(value)
        if not passage.tones:
            continue
        yield Sentiment(span=span, level="sentence", score=value)
        for entity in context.of(Entity, within=span):
            if entity.label in {"PER", "ORG", "GPE", "NORP"} and entity.level == "name":
                towards = score_towards(passage, entity.span.start, entity.span.end)
                yield Sentiment(span=entity.span, level="target", score=towards, target=entity.key)
    if scores:
        whole = Span(sentences[0].span.start, sentences[-1].span.end)
        yield Sentiment(span=whole, level="document", score=overall(scores))
