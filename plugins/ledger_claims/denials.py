"""Denials and "could not confirm": claims about a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ledger.plugin import Attribution, Claim, Span
from ledger_claims.clauses import Token
from ledger_claims.inflect import singular
from ledger_claims.table import Sense, Table

__all__ = ["denials", "refuted", "unstated"]

_NOUN = r"(?:reports?|claims?|figures?|allegations?|accounts?|toll|numbers?|estimates?|statements?|rumou?rs?|assertions?|suggestions?)"
_FALSE = re.compile(
    rf"\b(?:the|that|those|these|this|such|all)\s+(?:\w+\s+){{0,2}}{_NOUN}\b[^.;]{{0,30}}?\b(?:is|are|was|were)\s+(?:\w+\s+)?"
    r"(?:false|untrue|wrong|baseless|unfounded|fabricated|incorrect|nonsense|exaggerated|fake|a lie)\b",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    rf"\b{_NOUN}\s+(?:that|of)\s+([^.;]{{3,160}}?)\s+(?:is|are|was|were)\s+(?:\w+\s+)?"
    r"(?:false|untrue|wrong|baseless|unfounded|fabricated|incorrect|nonsense|exaggerated|fake|not true|a lie)\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"^\W*(?:(?:it|this|that|them|everything)(?=\W*$|[.,;]|\s+(?:and|but|on|in|as|late|early|again|outright|at|yesterday|today)\b|\s+\w+ly\b)"
    rf"|(?:the|that|those|these|this|such|any|all)\s+(?:[\w’']+\s+){{0,3}}{_NOUN}\b(?!\s+(?:that|of|had|has|was|were)\b))",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"^\W*(?:the|that|those|these|this|such|all)\s+(?:\w+\s+){{0,2}}{_NOUN}\W+(?:as\W+)?(?:\w+\s+){{0,2}}"
    r"(?:false|untrue|wrong|baseless|unfounded|fabricated|nonsense|exaggerated|fake|lies?|fiction|rubbish|propaganda|fabrications?)\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:figures|reports|claims|numbers|allegations|rumou?rs|them|everything)\b", re.IGNORECASE
)
_OWNER = re.compile(r"\b(?:the|a)\s+((?:[A-ZÀ-Þ][\w’'-]*\s?)+?)(?:['’]s?)?\s+" + _NOUN)


def denials(
    text: str,
    sentence: Span,
    local: Sequence[Attribution],
    earlier: Sequence[Claim],
    inside: Sequence[Claim],
    tokens: Sequence[Token],
    table: Table,
) -> list[Claim] | None:
    """What a denial or a missing confirmation in this sentence says of `earlier` claims, or of the claims `inside` it.

    None when the sentence holds neither. Claims of the sentence that the denial does not cover are kept.
    """
    for attribution in local:
        if attribution.cue is None or not sentence.covers(attribution.cue):
            continue
        link = attribution.chain[-1]
        own = any(c.value is not None and c.chain and c.chain[-1].actor == link.actor for c in inside)
        if own and link.cue_class == "deny" and link.cue.endswith("ing"):
            continue  # "300 have died, the union said, disputing the army's figure" gives a figure of its own
        kind = "denial" if link.cue_class == "deny" else "unconfirmed" if link.certainty == "doubtful" else ""
        content = text[attribution.span.start : attribution.span.end]
        called = link.cue_class == "judge" and _CALLED.match(content) is not None
        if called or (not kind and _FALSE.search(content)):
            kind = "denial"
        if not kind:
            continue
        covered = [c for c in inside if any(attribution.span.covers(s) for s in c.support)]
        kept = [c for c in inside if c not in covered]
        owner = _OWNER.search(content)
        target = re.sub(r"['’]s?$", "", owner.group(1).strip()) if owner is not None else ""
        if covered and not _BARE.match(content):
            return [*kept, *(_about(c, kind, attribution, sentence, target) for c in covered)]
        if not _BARE.match(content) and not _FALSE.search(content):
            continue
        targets = _targets(content, tokens, attribution.span, earlier, table)
        return [*inside, *(_about(c, kind, attribution, sentence, target) for c in targets)]
    return None


def refuted(text: str, sentence: Span, claims: Sequence[Claim]) -> list[Claim]:
    """The claims of a sentence, those in `reports that 90 had died were false` as denials by whom the sentence names, else left out."""
    found = _REFUTED.search(text, sentence.start, sentence.end)
    if found is None:
        return list(claims)
    content = Span(found.start(1), found.end(1))
    inside = [claim for claim in claims if all(content.covers(span) for span in claim.support)]
    denied = [
        msgspec.structs.replace(claim, value=None, kind="denial", polarity="-", modality="asserted")
        for claim in inside
        if claim.chain
    ]
    return [*(claim for claim in claims if claim not in inside), *denied]


def _targets(
    content: str, tokens: Sequence[Token], span: Span, earlier: Sequence[Claim], table: Table
) -> Sequence[Claim]:
    """The claims that `it`, `the figures` or `the death toll` speak of: of a named measure those, or one made for it."""
    named = next(
        (
            sense
            for token in tokens
            if span.covers(token.span) and (sense := token.says("total", "count")) is not None
        ),
        None,
    )
    if named is None:
        wholes = [claim for claim in earlier if not _is_part(claim, earlier)]
        return wholes if _PLURAL.search(content) else wholes[-1:]
    fitting = [claim for claim in earlier if claim.measure == named.measure]
    if fitting:
        return fitting[-1:]
    return [
        Claim(span=span, subject=table.defaults[named.measure], measure=named.measure, trigger=named.lemma)
    ]


def _is_part(claim: Claim, others: Sequence[Claim]) -> bool:
    """Whether a claim gives the share of one place in what another counts: "the figure" is the whole."""
    return bool(claim.scope) and any(
        other.measure == claim.measure and other.subject == claim.subject and not other.scope
        for other in others
    )


def unstated(
    text: str, tokens: Sequence[Token], local: Sequence[Attribution], inside: Sequence[Claim], table: Table
) -> list[tuple[Token, Sense, str]]:
    """What a denial speaks of without a figure or a thing: `denied that any soldier had been captured`.

    The token that says the measure, its sense and the noun before it, for each content that holds no claim of `inside`.
    """
    found: list[tuple[Token, Sense, str]] = []
    for attribution in local:
        if attribution.chain[-1].cue_class != "deny" or _BARE.match(
            text[attribution.span.start : attribution.span.end]
        ):
            continue
        if any(attribution.span.covers(s) for claim in inside for s in claim.support):
            continue
        for k, token in enumerate(tokens):
            sense = token.says("object", "agent")
            passive = k and tokens[k - 1].tag == "AUX"
            if sense is not None and passive and attribution.span.covers(token.span):
                nouns = [t for t in tokens[:k] if t.tag == "N" and attribution.span.covers(t.span)]
                found.append((token, sense, table.subject(singular(nouns[-1].low)) if nouns else ""))
                break
    return found


def _about(claim: Claim, kind: str, attribution: Attribution, sentence: Span, target: str) -> Claim:
    cue = attribution.cue if attribution.cue is not None else attribution.source
    return msgspec.structs.replace(
        claim,
        span=sentence,
        quote="",
        value=None,
        modality="asserted",
        polarity="-" if kind == "denial" else "+",
        kind=kind,
        chain=attribution.chain,
        said_on="",
        target=target,
        support=(cue,),
    )
