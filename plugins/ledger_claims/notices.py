"""Notes of the publisher about its own reporting: corrections, retractions and credits to agencies."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from ledger.plugin import Article, Notice, Number, Quantity, Span

__all__ = ["correction_blocks", "notices", "old_figures"]

_CORRECTION = re.compile(
    r"\b(?:an?|the) (?:earlier|previous|original|first) version of (?:this|the|our) (?:article|report|story|post|item)"
    r"|\bthis (?:article|report|story|post) (?:was|has been) (?:amended|corrected|updated to correct)"
    r"|\bwe (?:wrongly|incorrectly|mistakenly) (?:reported|said|stated|wrote)"
    r"|\b(?:our|this|an? (?:earlier|previous)) (?:article|report|story|post|item)\b[^.]{0,120}?\b(?:wrong|incorrect|mistaken|an error|misstated)\b"
    r"|\b(?:should have (?:said|read)|was misstated|were transposed)\b",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\W{0,3}(?:correct(?:ion|ed|s)|clarification|erratum|amendment)\b.{0,40}?[:.)–—-]", re.IGNORECASE
)
_SENTENCE = 400
_TITLE = re.compile(r"\W{0,3}(?:correction|corrected|clarification|erratum)\b", re.IGNORECASE)
_RETRACTION = re.compile(
    r"\bwe (?:withdraw|retract|are withdrawing|are retracting|have withdrawn|have retracted)\b"
    r"|\b(?:this|our|the|yesterday's|earlier|that) (?:\w+ ){0,2}(?:article|report|story|post|item|claim) "
    r"(?:has been|have been|is|was|is hereby) (?:withdrawn|retracted|removed|taken down)"
    r"|\b(?:has|have) (?:withdrawn|retracted) (?:this|its|our|the|an earlier) (?:\w+ ){0,2}(?:article|report|story|post)"
    r"|^\W{0,3}(?:retracted|retraction|withdrawn)\b\s*[:.–—-]",
    re.IGNORECASE | re.MULTILINE,
)
_AGENCY = r"(?P<agency>[A-Z][A-Za-z&.]*(?: [A-Z][A-Za-z&.]*){0,4})"
_DATELINE = re.compile(rf"(?:^|\n\n)[A-ZÀ-Þ][\w.,'’ -]{{1,60}} ?\({_AGENCY}\) ?(?:[–—]|--?)\s")
_CREDITS = re.compile(
    rf"\b(?:[Ww]ith )?(?:[Aa]dditional )?[Rr]eporting (?:from|by) (?:the )?{_AGENCY}"
    rf"|\b[Ww]ith (?:material|files|information) from (?:the )?{_AGENCY.replace('agency', 'material')}"
    rf"|\b{_AGENCY.replace('agency', 'contributor')} contributed to this (?:report|article|story)"
    rf"|\((?:[Ss]ource|[Vv]ia|[Cc]redit): (?:the )?{_AGENCY.replace('agency', 'credited')}\)"
)
_AGENCY_NAME = re.compile(
    r"\b(?:[A-Z]{2,}|Press|News|Agency|Wire|Service|Reuters|Media|Post|Times|Associated|Bloomberg|Network|Bureau)\b"
)
_QUOTED = re.compile(r"https?://\S+?(?=[\s).,]*(?:\s|$))|[\"“]([^\"”]{4,200})[\"”]|[‘]([^’]{8,200})[’]")
_OLD_CUE = re.compile(
    r"\b(?:not|instead of|rather than|from|wrongly|incorrectly|mistakenly|(?:said|stated|reported|gave|wrote|had|put|quoted|saying))\b",
    re.IGNORECASE,
)
_NEW_CUE = re.compile(
    r"\b(?:should have (?:said|read|been)|in fact|is now|corrected to|revised to|to|spoke of|(?:figure|number|toll|total|it) (?:is|was))\b",
    re.IGNORECASE,
)


def correction_blocks(article: Article) -> list[Span]:
    """The blocks that are, or hold, a correction note; all of them when the title says that the article is one."""
    if _TITLE.match(article.title):
        return list(article.blocks)
    text = article.text
    return [
        block
        for block in article.blocks
        if _HEAD.match(text, block.start, block.end) or _CORRECTION.search(text, block.start, block.end)
    ]


def old_figures(text: str, block: Span, quantities: Sequence[Quantity]) -> list[Quantity]:
    """The quantities of a correction note that it names as wrong."""
    quoted = [(q.start(), q.end()) for q in _QUOTED.finditer(text, block.start, block.end)]
    wrong = []
    for quantity in _inside(quantities, block):
        at = quantity.span.start
        k = bisect_right(quoted, (at, block.end)) - 1
        if k >= 0 and at < quoted[k][1]:
            wrong.append(quantity)
            continue
        begin = max(text.rfind(". ", block.start, at), block.start, at - _SENTENCE)
        before = text[begin:at]
        if _last(_OLD_CUE, before) > _last(_NEW_CUE, before):
            wrong.append(quantity)
    return wrong


def _inside(quantities: Sequence[Quantity], block: Span) -> Sequence[Quantity]:
    """The quantities, which are in text order, inside a block."""
    first = bisect_left(quantities, block.start, key=lambda q: q.span.start)
    last = bisect_left(quantities, block.end, key=lambda q: q.span.start)
    return [q for q in quantities[first:last] if block.covers(q.span)]


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match ends; -1 when there is none."""
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def notices(article: Article, quantities: Sequence[Quantity]) -> Iterator[Notice]:
    """The notices of one article, in the order correction, retraction, credit."""
    for block in correction_blocks(article):
        wrong = old_figures(article.text, block, quantities)
        inside = [
            q
            for q in _inside(quantities, block)
            if q.value is not None and q.kind not in {"ordinal", "duration"}
        ]
        yield Notice(
            span=block,
            kind="correction",
            subject=_subject(article.text[block.start : block.end]),
            old=_values(wrong),
            new=_values([q for q in inside if q not in wrong]),
        )
    match = _RETRACTION.search(article.text)
    if match is not None:
        yield Notice(
            span=Span(match.start(), match.end()),
            kind="retraction",
            subject=_subject(_sentence(article.text, match)),
        )
    elif (
        _RETRACTION.search(article.title) or article.title.upper().startswith(("RETRACTED", "WITHDRAWN"))
    ) and article.text:
        first = article.blocks[0]
        yield Notice(span=first, kind="retraction", subject="")
    seen: set[str] = set()
    for pattern in (_DATELINE, _CREDITS):
        for match in pattern.finditer(article.text):
            agency = next(value for value in match.groupdict().values() if value)
            if agency not in seen and (pattern is _DATELINE or _AGENCY_NAME.search(agency)):
                seen.add(agency)
                start = match.end() - len(match.group().lstrip())
                yield Notice(
                    span=Span(start, match.start() + len(match.group().rstrip())),
                    kind="wire-credit",
                    subject=agency,
                )


def _values(quantities: Sequence[Quantity]) -> tuple[Number, ...]:
    return tuple(q.value for q in quantities if q.value is not None)


def _sentence(text: str, match: re.Match[str]) -> str:
    end = text.find("\n\n", match.end())
    return text[max(0, text.rfind("\n\n", 0, match.start())) : end if end >= 0 else len(text)]


def _subject(text: str) -> str:
    """The URL or quoted title of the report that a note speaks of."""
    match = _QUOTED.search(text)
    if match is None:
        return ""
    return next((group for group in match.groups() if group), match.group())
