"""How sure a source is: qualifiers of each clause, after FactBank's probable / possible and a class for predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ledger.plugin import Attribution, Modality, Span
from ledger_attribution.lexicon import word_list
from ledger_attribution.words import Token

__all__ = ["clauses", "modalities"]

_MODALS = {
    "may": "possible",
    "might": "possible",
    "could": "possible",
    "will": "predicted",
    "won't": "predicted",
}
_ADVERBS = {
    "likely": "probable",
    "probably": "probable",
    "apparently": "probable",
    "presumably": "probable",
    "seemingly": "probable",
    "possibly": "possible",
    "perhaps": "possible",
    "maybe": "possible",
    "reportedly": "possible",
    "allegedly": "possible",
    "potentially": "possible",
    "unlikely": "doubtful",
    "doubtful": "doubtful",
}
_ADJECTIVES = {
    "potential": "possible",
    "possible": "possible",
    "alleged": "possible",
    "suspected": "possible",
    "feared": "possible",
    "probable": "probable",
    "presumed": "probable",
}
_FATES = word_list("fates")
_PLURALS = frozenset({"people", "men", "women", "children", "police"})
_RAISING = word_list("raising")
_BELIEF = word_list("belief")
_HEARSAY = word_list("hearsay_verbs")
_FORECAST = word_list("forecast")
_BE = word_list("be")
_EXPECTING = frozenset({"expect", "expects", "predict", "predicts", "forecasts", "foresee", "foresees"})
_NEGATION = word_list("negation")
_ORDER = ("asserted", "probable", "possible", "doubtful", "predicted")


def clauses(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Index ranges of the clauses: cut at semicolons, at subordinators, and where a conjunction or comma joins two verbs."""
    cuts = [0]
    for i, token in enumerate(tokens):
        if i == 0:
            continue
        if (
            token.tag in {";", "-"}
            or (token.tag == "SUB" and token.low not in {"that", "as", "than"})
            or (token.tag == "CC" and _opens_group(tokens, i + 1))
            or (
                ((token.tag == "CC" and token.low in {"and", "but", "or"}) or token.tag == ",")
                and _finite(tokens, cuts[-1], i)
                and _finite(tokens, i + 1, _next_cut(tokens, i + 1))
            )
        ):
            cuts.append(i)
    cuts.append(len(tokens))
    return [(a, b) for a, b in pairwise(cuts) if b > a]


def _opens_group(tokens: Sequence[Token], i: int) -> bool:
    """Whether a second verb group of the same subject begins: `... and is expected to rise`."""
    while i < len(tokens) and tokens[i].tag == "ADV":
        i += 1
    return i < len(tokens) and tokens[i].tag == "AUX"


def _next_cut(tokens: Sequence[Token], i: int) -> int:
    while i < len(tokens) and tokens[i].tag not in {";", ",", "SUB"}:
        i += 1
    return i


def _finite(tokens: Sequence[Token], begin: int, end: int) -> bool:
    return any(token.tag == "AUX" for token in tokens[begin:end])


def modalities(tokens: Sequence[Token], attributions: Sequence[Attribution]) -> Iterator[Modality]:
    """One annotation for each clause that is qualified or negated; a believed content is probable as a whole.

    An adjective before its noun qualifies that alone: "killed two suspected smugglers" leaves no doubt that two were killed.
    """
    low_confidence = _low_confidence(tokens)
    for begin, end in clauses(tokens):
        found: list[tuple[str, Token]] = []
        negative: list[Token] = []
        for i in range(begin, end):
            level = _level(tokens, i, end)
            if level and (noun := _noun_after(tokens, i, end)):
                span = Span(tokens[i].start, tokens[noun].end)
                yield Modality(span=span, level=level, cues=(Span(tokens[i].start, tokens[i].end),))
            elif level:
                found.append((level, tokens[i]))
            elif tokens[i].low in _NEGATION or tokens[i].low.endswith("n't"):
                negative.append(tokens[i])
        if low_confidence is not None:
            found.append(("possible", low_confidence))
        if found or negative:
            level = max((name for name, _ in found), key=_ORDER.index, default="asserted")
            marks = sorted({Span(t.start, t.end) for t in [*(t for _, t in found), *negative]})
            span = Span(tokens[begin].start, tokens[end - 1].end)
            yield Modality(span=span, level=level, polarity="-" if negative else "+", cues=tuple(marks))
    for attribution in attributions:
        link = attribution.chain[-1]
        if attribution.cue is not None and link.mood == "predicted":
            yield Modality(span=attribution.span, level="predicted", cues=(attribution.cue,))
        elif attribution.cue is not None and link.certainty == "probable":
            yield Modality(span=attribution.span, level="probable", cues=(attribution.cue,))


def _level(tokens: Sequence[Token], i: int, end: int) -> str:
    token = tokens[i]
    following = tokens[i + 1].low if i + 1 < end else ""
    before = tokens[i - 1].low if i else ""
    if token.tag == "AUX" and token.low in _MODALS and not token.capital:
        return _MODALS[token.low]
    if token.low in _ADJECTIVES:
        return _ADJECTIVES[token.low]
    if token.low in _ADVERBS and token.low != "likely":
        return _ADVERBS[token.low]
    if token.low == "likely":
        return (
            "predicted"
            if before in _BE and following == "to" and tokens[min(i + 2, end - 1)].low != "have"
            else "probable"
        )
    if token.low in _RAISING and following in {"to", "that", "likely", "unlikely", "as"}:
        return "probable"
    passive = before in _BE or (i > 1 and tokens[i - 1].tag == "ADV" and tokens[i - 2].low in _BE)
    if token.low in _BELIEF and passive:
        return "probable"
    if token.low in _HEARSAY and passive and following == "to":
        return "possible"
    if token.low in _EXPECTING and before and any(t.low == "to" for t in tokens[i + 1 : end]):
        return "predicted"
    if token.low in _FORECAST and passive and following in {"to", "for"}:
        return "predicted"
    return ""


def _noun_after(tokens: Sequence[Token], i: int, end: int) -> int:
    """The index of the noun that an adjective at `i` stands before; 0 where it is a predicate: `are feared dead`."""
    k = i + 1
    if tokens[i].low not in _ADJECTIVES or k >= end or tokens[k].tag != "N" or tokens[k].low in _FATES:
        return 0
    while k + 1 < end and tokens[k + 1].tag == "N" and not _ends_phrase(tokens[k].low):
        k += 1
    return k


def _ends_phrase(low: str) -> bool:
    return low in _PLURALS or (low.endswith("s") and not low.endswith(("ss", "us", "is")))


def _low_confidence(tokens: Sequence[Token]) -> Token | None:
    for i in range(len(tokens) - 1):
        if tokens[i].low in {"low", "limited", "little"} and tokens[i + 1].low in {"confidence", "certainty"}:
            return tokens[i]
    return None
