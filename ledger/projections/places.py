"""Where the sentences of claims stand now: what a figure rests on, found again in the newest revisions of its articles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ledger.clock import parse_time
from ledger.plugin import Span
from ledger.projections.views import Views
from ledger.state.anchors import Fate, anchor, locate
from ledger.state.model import ClaimState

__all__ = ["Placed", "places"]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of a revision that is not the newest, `start` and `end` in its code points, and what became of it in the `newest`.

    `span` is where it stands there, None when it is gone. See `ledger.state.anchors.locate` for what the fates mean.
    """

    document: str
    version: int
    start: int
    end: int
    newest: int
    fate: Fate
    span: Span | None


def places(
    views: Views, claims: Iterable[ClaimState], recorded_as_of: datetime | None = None
) -> list[Placed]:
    """One for each sentence of the claims that stands in a revision behind which a newer one with a text came by then."""
    by_article: dict[str, set[tuple[int, int, int]]] = {}
    for claim in claims:
        by_article.setdefault(claim.document, set()).add((claim.version, claim.start, claim.end))
    found = []
    for article, sentences in sorted(by_article.items()):
        newest = _newest(views, article, recorded_as_of)
        old = sorted(one for one in sentences if one[0] < newest)
        now = views.to_article(article, newest) if old else None
        for version, start, end in old if now is not None else ():
            then = views.to_article(article, version)
            if then is None or now is None or not 0 <= start <= end <= len(then.text):
                continue
            sentence = Span(start, end)
            place = locate(anchor(then.text, sentence, sentence), now.text)
            found.append(
                Placed(
                    document=article,
                    version=version,
                    start=start,
                    end=end,
                    newest=newest,
                    fate=place.fate,
                    span=place.span,
                )
            )
    return found


def _newest(views: Views, article: str, recorded_as_of: datetime | None) -> int:
    """The newest revision with a text that was recorded by then, 0 when there is none."""
    shown = views.article(article)
    return max(
        (
            row.revision
            for row in (shown.revisions if shown is not None else ())
            if row.text and (recorded_as_of is None or parse_time(row.recorded_at) <= recorded_as_of)
        ),
        default=0,
    )
