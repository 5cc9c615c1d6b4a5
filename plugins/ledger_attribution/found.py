"""One attribution as found in a sentence, before its source is resolved."""

from __future__ import annotations

from typing import NamedTuple

from ledger.plugin import Span
from ledger_attribution.words import Token

__all__ = ["Found"]


class Found(NamedTuple):
    """One attribution as found: token runs and code-point spans.

    `relays` are the outlets spoken to, `origins` those behind the source, `named` what a relative pronoun refers to.
    """

    words: tuple[Token, ...]
    cue: Span
    lemma: str
    cue_class: str
    content: Span
    direct: bool
    relays: tuple[tuple[Token, ...], ...] = ()
    origins: tuple[tuple[Token, ...], ...] = ()
    named: tuple[Token, ...] = ()
    extent: Span | None = None

    @property
    def source(self) -> Span:
        """All the words that name the source; `words` are those by which it is known."""
        return self.extent or Span(self.words[0].start, self.words[-1].end)
