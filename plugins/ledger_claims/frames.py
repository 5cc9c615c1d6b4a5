"""Sentences and parts of them that speak of another world or another time: fiction, and events that are remembered."""

from __future__ import annotations

import re

from ledger.plugin import Span

__all__ = ["is_fiction", "remembered"]

_WORK = (
    r"(?:films?|movies?|novels?|thrillers?|sitcom|musical|opera|video ?games?|screenplay|miniseries|mini-series|short story|fairy tale"
    r"|comics?|blockbuster|TV series|television series|TV drama|television drama|stage play)"
)
_FICTION = re.compile(
    rf"^\W*In (?:the|this|that|his|her|their|its|a|an|one|\w+['’]s) (?:[\w’'-]+ ){{0,3}}{_WORK}\b"
    rf"|\b{_WORK}(?:['’]s)?,? (?:\w+ly )?(?:tells?|is about|was about|depicts?|portrays?|follows|imagines?|recounts?|opens|ends|begins"
    r"|chronicles?|centres? on|centers? on|in which|set in|about|features?|shows|sees)\b",
    re.IGNORECASE,
)
_REMEMBERED = re.compile(
    r"\banniversar(?:y|ies) of\b|\bcommemorat(?:es?|ed|ing|ion of)\b|\bin memory of\b|\bmemorials? (?:to|for)\b"
    r"|\b(?:years?|decades?|months) (?:after|since) (?:the|a|an)\b[^,;]*\b(?:that|which|in which)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r";|, (?:and|but|while|police|officials)\b|: ")


def is_fiction(words: str) -> bool:
    """Whether a sentence retells a work of fiction: `In the film, 300 soldiers die`, `the novel tells of 40 people killed`."""
    return _FICTION.search(words) is not None


def remembered(text: str, sentence: Span) -> list[Span]:
    """The parts of a sentence about what is only remembered: `marked the anniversary of the crash that killed 88 people`."""
    found: list[Span] = []
    for match in _REMEMBERED.finditer(text, sentence.start, sentence.end):
        stop = _GOES_ON.search(text, match.end(), sentence.end)
        found.append(Span(match.start(), stop.start() if stop is not None else sentence.end))
    return found
