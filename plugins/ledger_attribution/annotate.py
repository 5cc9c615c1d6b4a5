"""From the sentences of an article to its `Attribution` and `Modality` annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ledger.plugin import Annotation, Article, Attribution, Link, Sentence, Span
from ledger_attribution.find import UNCONFIRMED, Found, find
from ledger_attribution.modality import modalities
from ledger_attribution.quotations import quotations
from ledger_attribution.sources import Memory, actor_of, agent_kind, kind_of
from ledger_attribution.words import Token, tokenize, windows

__all__ = ["annotate"]

_DATELINE = re.compile(
    r"[A-ZÀ-Þ][\w.'’ -]{1,40}(?:, [A-Z][\w. ]{1,30}){0,2}(?: \([A-Z][\w ./&-]{1,30}\))? ?(?:[–—]|--?)[ \n]"
)
_BRIEFED = frozenset({"briefed", "told"})
_PASSAGE_VERBS = frozenset({"put", "estimated"})


def annotate(article: Article, sentences: Sequence[Sentence]) -> Iterator[Annotation]:
    """Every attribution and every qualified clause of the article, sentence by sentence."""
    memory = Memory(article.outlet)
    blocks = article.blocks
    quotes: list[Span] = []
    block = -1
    sentence_block = Span(0, 0)
    open_source: Attribution | None = None
    for sentence in sentences:
        if sentence.block != block:
            block = sentence.block
            sentence_block = next((b for b in blocks if b.covers(sentence.span)), sentence.span)
            quotes = quotations(article.text, sentence_block)
            if open_source is not None and article.text[sentence.span.start] not in '"“':
                open_source = None
        start = dateline_end(article.text, sentence.span)
        for tokens in windows(tokenize(article.text, start, sentence.span.end)):
            made = [_attribution(article.text, found, memory) for found in find(article.text, tokens, quotes)]
            if not made:
                made = _implied(sentence, tokens, memory, sentence_block, quotes, open_source)
            open_source = next((a for a in reversed(made) if a.mode == "direct"), open_source)
            yield from made
            yield from modalities(tokens, made)


def _implied(
    sentence: Sentence,
    tokens: Sequence[Token],
    memory: Memory,
    block: Span,
    quotes: Sequence[Span],
    open_source: Attribution | None,
) -> list[Attribution]:
    """The attribution of a sentence that names no source: a passive of attribution, or a quotation that goes on."""
    found = _passage(tokens, memory, block)
    if found is None and open_source is not None:
        found = _carried(sentence.span, quotes, open_source)
    return [found] if found is not None else []


def dateline_end(text: str, span: Span) -> int:
    """Where a sentence begins after a dateline such as `OSLO (AGENCY) -`; its own start when it has none."""
    match = _DATELINE.match(text, span.start, span.end)
    if match is None:
        return span.start
    place = match.group().split("(")[0].split(",")[0].strip(" -–—")
    return match.end() if place.isupper() or "(" in match.group() else span.start


def _attribution(text: str, found: Found, memory: Memory) -> Attribution:
    origin = _link(text, found.words, found, memory)
    links = [_outlet(text, words) for words in found.relays]
    links.append(origin)
    behind = [*found.origins, *([words] if (words := _briefed(found.words)) else [])]
    if origin.kind == "document" and (owner := _owner(found.words)):
        behind.append(owner)
    links.extend(_link(text, words, found, memory) for words in behind)
    source = Span(found.words[0].start, found.words[-1].end)
    for words in behind:
        memory.add(links[-1].actor, links[-1].kind, Span(words[0].start, words[-1].end))
    if found.words[0].tag != "PRON" and not behind:
        memory.add(origin.actor, origin.kind, source)
    mode = "direct" if found.direct else "indirect"
    return Attribution(span=found.content, source=source, cue=found.cue, mode=mode, chain=tuple(links))


def _link(text: str, words: tuple[Token, ...], found: Found, memory: Memory) -> Link:
    span = Span(words[0].start, words[-1].end)
    surface = text[span.start : span.end]
    if words[0].low in {"we", "i"}:
        known: tuple[str, str, Span] | None = (memory.outlet, "outlet", span)
    else:
        known = memory.resolve(words)
    actor, kind = (
        (known[0], known[1])
        if known is not None
        else (actor_of(text, words), kind_of(words) or agent_kind(words) or "organisation")
    )
    certainty = (
        "doubtful"
        if found.lemma == UNCONFIRMED
        else "probable"
        if found.cue_class == "believe"
        else "certain"
    )
    return Link(
        actor=actor,
        surface=surface,
        kind=kind,
        span=span,
        cue=text[found.cue.start : found.cue.end],
        cue_class=found.cue_class,
        certainty=certainty,
        polarity="-" if found.cue_class == "deny" else "+",
        mood="predicted" if found.lemma in {"forecast", "predict", "expect"} else "asserted",
    )


def _outlet(text: str, words: tuple[Token, ...]) -> Link:
    span = Span(words[0].start, words[-1].end)
    return Link(actor=actor_of(text, words), surface=text[span.start : span.end], kind="outlet", span=span)


def _briefed(words: tuple[Token, ...]) -> tuple[Token, ...]:
    """`mayors briefed by the coast guard`: the words of the one behind."""
    for i in range(1, len(words) - 2):
        if words[i].low in _BRIEFED and words[i + 1].low == "by":
            return words[i + 2 :]
    return ()


def _owner(words: tuple[Token, ...]) -> tuple[Token, ...]:
    """`figures released by the ministry`, `a report from the office`: the words of the one who issued a document."""
    for i in range(1, len(words) - 1):
        if words[i].low in {"by", "from"} and kind_of(words[i + 1 :]):
            return words[i + 1 :]
    return ()


def _passage(tokens: Sequence[Token], memory: Memory, block: Span) -> Attribution | None:
    """`The toll is put at 300`: a passive of attribution speaks for the source of the passage."""
    known = memory.last()
    if known is None or not block.covers(known[2]):
        return None
    for i in range(1, len(tokens) - 1):
        if (
            tokens[i].low in _PASSAGE_VERBS
            and tokens[i - 1].low in {"is", "was", "are", "were", "been", "now"}
            and tokens[i + 1].low == "at"
        ):
            actor, kind, span = known
            end = tokens[-1].start if tokens[-1].tag == "." else tokens[-1].end
            cue = Span(tokens[i - 1].start, tokens[i].end)
            link = Link(
                actor=actor, surface=actor, kind=kind, span=span, cue=tokens[i].low, cue_class="estimate"
            )
            return Attribution(span=Span(tokens[0].start, end), source=span, cue=cue, chain=(link,))
    return None


def _carried(sentence: Span, quotes: Sequence[Span], earlier: Attribution) -> Attribution | None:
    """A sentence that is all quotation, after a quoted source, has that source."""
    for quote in quotes:
        if quote.start <= sentence.start + 1 and sentence.end <= quote.end + 2:
            return Attribution(
                span=sentence, source=earlier.source, cue=None, mode="direct", chain=earlier.chain
            )
    return None
