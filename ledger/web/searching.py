"""Articles that hold all words of a query, as of a moment, with the outlets that they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from ledger.projections.fulltext import phrases
from ledger.projections.results import Hit
from ledger.web.asof import Moment
from ledger.web.desk import Desk, Facet

__all__ = ["Found", "find_articles"]

_MOST = 200


class Found(msgspec.Struct, frozen=True):
    """Articles best first, of one outlet where one was asked for; `outlets` counts those of all outlets."""

    hits: Sequence[Hit]
    outlets: tuple[Facet, ...]


def find_articles(desk: Desk, moment: Moment, query: str, outlet: str = "") -> Found:
    """Up to 200 articles. Texts are searched as they are now; a past moment leaves out articles that came later."""
    if not phrases(query):
        return Found((), ())
    every = list(desk.ledger.search(query, _MOST))
    if moment.is_past:
        known = desk.browser.among({hit.article for hit in every}, **desk.known(moment))
        every = [hit for hit in every if hit.article in known]
    counts = Counter(hit.outlet for hit in every)
    outlets = tuple(Facet(*one) for one in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return Found([hit for hit in every if not outlet or hit.outlet == outlet], outlets)
