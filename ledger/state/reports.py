"""What the state is computed from: article revisions with the claims that were read from them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ledger.plugin import Claim, Notice

__all__ = ["Report"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of one article, with the claims and notices that processors read from it.

    `p_time` is the published time of this revision (`recorded_at` for a silent edit or when nothing was declared).
    `published` is what version 1 declares, in the publisher's own UTC offset, for resolving "on Tuesday".
    `withdrawn` marks a revision made by `article.withdrawn`: it has no claims and acts from its own times on.
    """

    article: str
    outlet: str
    url: str
    revision: int
    hash: str
    title: str
    text: str
    recorded_at: datetime
    p_time: datetime
    published: datetime | None = None
    withdrawn: bool = False
    claims: tuple[Claim, ...] = ()
    notices: tuple[Notice, ...] = ()
