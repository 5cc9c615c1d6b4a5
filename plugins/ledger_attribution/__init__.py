"""Who says it, and how surely: attribution chains and modality, by rules over sentences.

The rules are imported when the processor first runs, so that listing plugins stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ledger.plugin import (
    Annotation,
    Article,
    Attribution,
    Context,
    Ephemeral,
    Modality,
    Processor,
    Sentence,
    hookimpl,
)
from ledger_syntax.layer import Syntax

__all__ = ["ledger_processors"]


def _run(article: Article, context: Context) -> Iterable[Annotation | Ephemeral]:
    from ledger_attribution.annotate import annotate

    return annotate(article, context.of(Sentence), next(iter(context.of(Syntax)), None))


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The `attribution` processor."""
    yield Processor(
        name="attribution",
        version="2.0",
        run=_run,
        requires=(Sentence, Syntax),
        provides=(Attribution, Modality),
        languages=("en",),
        data=(str(Path(__file__).with_name("lexicon.toml")),),
        summary="Who says it: sources, cues, contents, chains, and how sure the source is.",
    )
