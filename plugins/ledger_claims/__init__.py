"""What is reported: figures and states with their slot, value, source and modality, and the publisher's notices.

The rules are imported when the processor first runs, so that listing plugins stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ledger.plugin import (
    Annotation,
    Article,
    Attribution,
    Claim,
    Context,
    Entity,
    Ephemeral,
    Modality,
    Notice,
    Processor,
    Quantity,
    Sentence,
    TimeSpan,
    hookimpl,
)

__all__ = ["ClaimsConfig", "ledger_processors"]


class ClaimsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[plugins.claims]`: measures added to the table, or entries of it replaced; a text that begins with `+` adds its words.

    `[plugins.claims.measures.evicted]` with `object = "evict"` and `subject = "people"` makes "40 families were evicted" a
    claim. Keys of a measure: subject, object, agent, state, count, total, act; lists are parted by commas.
    """

    measures: dict[str, dict[str, str]] = {}


def _run(article: Article, context: Context) -> Iterable[Annotation | Ephemeral]:
    from ledger_claims.extract import extract

    config = context.config
    return extract(article, context, config.measures if isinstance(config, ClaimsConfig) else {})


@hookimpl
def ledger_processors() -> Iterator[Processor]:
    """The `claims` processor."""
    here = Path(__file__)
    yield Processor(
        name="claims",
        version="1.0",
        run=_run,
        requires=(Sentence, Quantity, TimeSpan, Entity, Attribution, Modality),
        provides=(Claim, Notice),
        languages=("en",),
        config=ClaimsConfig,
        data=tuple(
            str(here.with_name(name))
            for name in ("events.toml", "lexicon.toml", "measures.toml", "states.toml")
        ),
        summary="Figures and states that the text reports, with slot, value, source and modality.",
    )
