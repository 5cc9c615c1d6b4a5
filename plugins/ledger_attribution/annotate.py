"""From the sentences of an article to its `Attribution` and `Modality` annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from ledger.plugin import Annotation, Article, Attribution, Link, Sentence, Span
from ledger_attribution.anonymity import without_anonymity
from ledger_attribution.find import UNCONFIRMED, find
from ledger_attribution.found import Found
from ledger_attribution.merge import merge
from ledger_attribution.modality import modalities
from ledger_attribution.parsed import may_report, read
from ledger_attribution.quotations import quotations
from ledger_attribution.reader import Reader
from ledger_attribution.sources import (
    GENERIC_ORGANISATIONS,
    GROUP_WORDS,
    ORGANISATION_NAME_WORDS,
    ORGANISATION_WORDS,
    OUTLET_WORDS,
    SPOKES_WORDS,
    Memory,
    actor_of,
    agent_kind,
    kind_before,
    kind_of,
    noun_phrase_after,
)
from ledger_attribution.words import Token, tokenize, windows
from ledger_syntax.layer import Syntax
from ledger_syntax.tree import Parse

__all__ = ["annotate"]

_DATELINE = re.compile(
    r"[A-ZÀ-Þ][\w.'’ -]{1,40}(?:, [A-Z][\w. ]{1,30}){0,2}(?: \([A-Z][\w ./&-]{1,30}\))? ?(?:[–—]|--?)[ \n]"
)
_NAME_ASIDE = re.compile(r", ((?:[A-ZÀ-Þ][\w’'-]+ ){1,3}[A-ZÀ-Þ][\w’'-]+),")
_HEADLINE = 6
_POSTS = frozenset(
    {
        "officer",
        "director",
        "commander",
        "coordinator",
        "manager",
        "representative",
        "executive",
        "chief",
        "head",
        "chairman",
        "chairwoman",
        "president",
        "secretary",
        "leader",
    }
)
_BRIEFED = frozenset({"briefed", "told"})
_OWN_COUNTS = frozenset({"count", "tally", "figure", "figures", "estimate", "toll", "bulletin", "list"})
_TAKEN_IN = frozenset({"treated", "received", "admitted", "counted", "recorded", "registered", "documented"})
_PASSAGE_VERBS = {"put": "at", "estimated": "at", "believed": "to", "thought": "to"}


def annotate(
    article: Article, sentences: Sequence[Sentence], syntax: Syntax | None = None
) -> Iterator[Annotation]:
    """Every attribution and every qualified clause of the article, sentence by sentence; with `syntax`, also from parses."""
    memory = Memory(article.outlet)
    starts = [dateline_end(article.text, sentence.span) for sentence in sentences]
    tokenised = [
        without_anonymity(tokenize(article.text, start, sentence.span.end))
        for start, sentence in zip(starts, sentences, strict=True)
    ]
    parses = _parses(syntax, tokenised)
    blocks = article.blocks
    quotes: list[Span] = []
    block, at = -1, 0
    sentence_block = Span(0, 0)
    open_source: Attribution | None = None
    for sentence, words, parse in zip(sentences, tokenised, parses, strict=True):
        if sentence.block != block:
            block = sentence.block
            memory.mention(None)
            while at + 1 < len(blocks) and blocks[at].end <= sentence.span.start:
                at += 1
            sentence_block = blocks[at] if blocks and blocks[at].covers(sentence.span) else sentence.span
            quotes = quotations(article.text, sentence_block)
            if open_source is not None and article.text[sentence.span.start] not in '"“':
                open_source = None
        for tokens in windows(words):
            made: list[Attribution] = []
            subject = _mentioned(article.text, tokens)
            for found in _found(article.text, tokens, quotes, parse):
                made.append(_attribution(article.text, found, memory, made, subject))
            if not made:
                memory.mention(subject)
                made = _implied(sentence, tokens, memory, sentence_block, quotes, open_source)
            open_source = next((a for a in reversed(made) if a.mode == "direct"), open_source)
            yield from made
            yield from modalities(tokens, made)


def _parses(syntax: Syntax | None, tokenised: Sequence[Sequence[Token]]) -> list[Parse | None]:
    """The parses of the sentences in which somebody may speak; None for the others."""
    parses: list[Parse | None] = [None] * len(tokenised)
    if syntax is not None:
        asked = [k for k, tokens in enumerate(tokenised) if may_report(tokens)]
        spans = [Span(tokenised[k][0].start, tokenised[k][-1].end) for k in asked]
        for k, parse in zip(asked, syntax.parses(spans), strict=True):
            parses[k] = parse
    return parses


def _found(text: str, tokens: Sequence[Token], quotes: Sequence[Span], parse: Parse | None) -> list[Found]:
    patterns = find(text, tokens, quotes)
    return merge(patterns, read(Reader(text, tokens, quotes), parse)) if parse is not None else patterns


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


def _mentioned(text: str, tokens: Sequence[Token]) -> tuple[str, str, Span] | None:
    """The organisation that a sentence begins with, for `it` in the next one."""
    for stop in range(noun_phrase_after(tokens, 0), 0, -1):
        words = tuple(tokens[:stop])
        named = words[-1].capital and words[-1].low in ORGANISATION_NAME_WORDS
        if (named or words[-1].low in ORGANISATION_WORDS | GROUP_WORDS | OUTLET_WORDS) and words[
            0
        ].tag != "PRON":
            return actor_of(text, words), kind_of(words), Span(words[0].start, words[-1].end)
    return None


def _attribution(
    text: str,
    found: Found,
    memory: Memory,
    earlier: Sequence[Attribution],
    subject: tuple[str, str, Span] | None,
) -> Attribution:
    """The annotation of one find; `subject` is the organisation with which its sentence begins."""
    if subject is not None and not (
        subject[1] in {"organisation", "outlet"}
        and found.content.covers(subject[2])
        and subject[2].end < found.cue.start
    ):
        subject = None
    found = found._replace(words=_own_line(text, found.words))
    inner = next((a for a in reversed(earlier) if a.span.covers(found.cue)), None)
    origin = _link(text, found.words, found, memory, inner, subject)
    links = [_outlet(text, words) for words in found.relays]
    links.append(origin)
    behind = [*found.origins, *([words] if (words := _briefed(found.words)) else [])]
    if origin.kind == "document" and (owner := _owner(found.words)):
        behind.append(owner)
    links.extend(_link(text, words, found, memory) for words in behind)
    source = found.source
    for words in behind:
        memory.add(links[-1].actor, links[-1].kind, Span(words[0].start, words[-1].end))
    if not behind:
        _speaks(text, found, origin, memory, subject)
        if (employer := memory.behind(origin.actor)) is not None:
            links.append(
                msgspec.structs.replace(
                    origin, actor=employer[0], kind=employer[1], surface=employer[0], span=employer[2]
                )
            )
        if found.words[0].tag != "PRON" and not found.named:
            memory.add(origin.actor, origin.kind, source)
            if origin.kind == "role" and (name := _NAME_ASIDE.match(text, source.end)):
                memory.call(name[1], origin.actor)
    mode = "direct" if found.direct else "indirect"
    return Attribution(span=found.content, source=source, cue=found.cue, mode=mode, chain=tuple(links))


def _own_line(text: str, words: tuple[Token, ...]) -> tuple[Token, ...]:
    """The words of a source without a headline in the line above it."""
    for i in range(len(words) - 1, _HEADLINE - 1, -1):
        if "\n" in text[words[i - 1].end : words[i].start]:
            return words[i:]
    return words


def _speaks(
    text: str, found: Found, origin: Link, memory: Memory, subject: tuple[str, str, Span] | None
) -> None:
    """Note a spokesman, or `NAME, its director`, as one who speaks for the organisation named last.

    With `its director` after a statement about an organisation, that is the `subject` of the statement.
    """
    words = found.words
    alone = not any(t.low in {"of", "for", "at"} or t.tag == "POS" for t in words)
    spokesman = any(t.low in SPOKES_WORDS for t in words) and not kind_before(words)
    spokesman = spokesman or _serves(words)
    aside = text[words[-1].end : words[-1].end + 6].startswith((", its ", ", the a"))
    owned = words[0].low in {"its", "their"} or (
        words[0].low == "a" and len(words) == 2 and subject is not None
    )
    if origin.kind in {"person", "role"} and alone and (spokesman or aside or owned):
        memory.speak_for(origin.actor, subject if owned else None)
    of = next((i for i, t in enumerate(words) if t.low in {"of", "for", "at"}), len(words)) + 1
    if origin.kind == "role" and of < len(words) and (employer := memory.resolve(words[of:])) is not None:
        memory.speak_for(origin.actor, employer)  # "a spokesman for the service"


def _serves(words: Sequence[Token]) -> bool:
    """`duty officer Lena Orre`: a person with a post, of whom the phrase does not say where."""
    nouns = [t for t in words if t.tag == "N"]
    at = next((i for i, t in enumerate(nouns) if t.low in _POSTS), len(nouns))
    return (
        at + 1 < len(nouns)
        and all(t.capital for t in nouns[at + 1 :])
        and not any(t.capital or t.low in ORGANISATION_WORDS | GROUP_WORDS for t in nouns[:at])
    )


def _link(
    text: str,
    words: tuple[Token, ...],
    found: Found,
    memory: Memory,
    inner: Attribution | None = None,
    subject: tuple[str, str, Span] | None = None,
) -> Link:
    span = Span(words[0].start, words[-1].end)
    surface = text[span.start : span.end]
    if found.named and words is found.words:
        words = found.named
    if words[0].low in {"we", "i"}:
        known: tuple[str, str, Span] | None = (memory.outlet, "outlet", span)
    elif inner is not None and len(words) == 1 and words[0].low in {"it", "they", "he", "she"}:
        known = (inner.chain[-1].actor, inner.chain[-1].kind, span)
    elif subject is not None and len(words) == 1 and words[0].low == "it":
        known = subject
    elif (
        subject is not None
        and len(words) == 2
        and words[0].low == "the"
        and words[1].low in GENERIC_ORGANISATIONS
    ):
        known = memory.resolve(words) if words[1].low in subject[0].lower() else subject
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
    own = next((k for k in range(1, min(4, len(tokens))) if tokens[k].low in _OWN_COUNTS), 0)
    if not own and tokens[0].low == "it" and len(tokens) > 3 and tokens[2].low in _TAKEN_IN:
        own = 2 if tokens[1].tag == "AUX" else 0
    if own and tokens[0].low in {"its", "their", "it"}:
        actor, kind, span = memory.resolve([tokens[0]._replace(low="it")]) or known
        end = tokens[-1].start if tokens[-1].tag == "." else tokens[-1].end
        cue = Span(tokens[0].start, tokens[own].end)
        link = Link(
            actor=actor, surface=actor, kind=kind, span=span, cue=tokens[own].low, cue_class="estimate"
        )
        return Attribution(span=Span(tokens[0].start, end), source=span, cue=cue, chain=(link,))
    for i in range(1, len(tokens) - 1):
        if (
            tokens[i].low in _PASSAGE_VERBS
            and tokens[i - 1].low in {"is", "was", "are", "were", "been", "now"}
            and tokens[i + 1].low == _PASSAGE_VERBS[tokens[i].low]
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
