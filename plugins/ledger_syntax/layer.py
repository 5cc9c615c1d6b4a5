"""The layer that other processors ask for parses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.plugin import Ephemeral, Span

if TYPE_CHECKING:
    from ledger_syntax.tree import Parse

__all__ = ["Syntax"]


class Syntax(Ephemeral):
    """The parses of one article's sentences, made when they are asked for and kept while the article is processed."""

    def __init__(self, text: str, model: str = "") -> None:
        self._text = text
        self._model = model
        self._made: dict[Span, Parse | None] = {}

    def parses(self, spans: Sequence[Span]) -> list[Parse | None]:
        """The parses of the sentences at `spans`, those not yet made all at once.

        None for a sentence that is too long or empty, and for every one where spaCy is not installed: rules over the
        words then stand alone.
        """
        missing = [span for span in dict.fromkeys(spans) if span not in self._made]
        if missing:
            self._made.update(zip(missing, self._parse(missing), strict=True))
        return [self._made[span] for span in spans]

    def _parse(self, spans: Sequence[Span]) -> Sequence[Parse | None]:
        from ledger_syntax.pipeline import installed, pipeline

        if not self._model and not installed():
            return [None] * len(spans)
        return pipeline(self._model).parse(self._text, [(span.start, span.end) for span in spans])
