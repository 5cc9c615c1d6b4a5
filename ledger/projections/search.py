"""The view `search`: a full-text index over title, text and claims of each article's newest revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from ledger.events.types import ArticleAnnotated, ArticleIngested, ArticleRevised
from ledger.plugin import Claim
from ledger.projections.annotations import CLAIM
from ledger.projections.articles import article_of
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import SearchClaimsRow, SearchEntryRow

__all__ = ["INDEX", "Search"]

INDEX = "search"
_TAG = msgspec.json.encode(CLAIM)
_FIELDS = msgspec.json.Decoder(type=dict[str, msgspec.Raw])
_CLAIM = msgspec.json.Decoder(Claim)


class Search(View):
    """Full-text index `search` (columns article, title, text, claims; rowid = position of the revision)."""

    name = "search"
    types = frozenset({ArticleIngested.TYPE, ArticleRevised.TYPE, ArticleAnnotated.TYPE})
    tables = (SearchEntryRow, SearchClaimsRow)
    fulltext: ClassVar[Mapping[str, tuple[str, ...]]] = {INDEX: ("article", "title", "text", "claims")}
    on_error = "park"
    code: ClassVar[tuple[str, ...]] = (
        "ledger.plugin",
        "ledger.projections.articles",
        "ledger.projections.annotations",
        "ledger.projections.fulltext",
    )

    def fold(self, tables: Tables, facts: Sequence[Fact], context: Context) -> None:
        """Follow the newest revision of each article and the claims made on it, then index what changed."""
        entries, words = tables.of(SearchEntryRow), tables.of(SearchClaimsRow)
        gone: set[int] = set()
        touched: set[str] = set()
        newest = {row.article: row for row in entries.matching("article", {article_of(f) for f in facts})}
        for fact in facts:
            if fact.envelope.type == ArticleAnnotated.TYPE:
                row = _words(fact)
                entry = newest.get(row.article) if row is not None else None
                if row is not None and entry is not None and entry.revision == row.revision:
                    words.put(row)
                    touched.add(row.article)
                continue
            entry = _entry(fact, context)
            if (older := newest.get(entry.article)) is not None:
                gone.add(older.position)
            newest[entry.article] = entry
            entries.put(entry)
            touched.add(entry.article)
        documents: dict[int, dict[str, str] | None] = dict.fromkeys(gone)
        claims = defaultdict(list)
        for row in words.matching("article", touched):
            claims[row.article, row.revision].append(row.words)
        for entry in entries.matching("article", touched):
            documents[entry.position] = None
            if entry.text:
                documents[entry.position] = {
                    "article": entry.article,
                    "title": entry.title,
                    "text": context.text(entry.text),
                    "claims": "\n".join(claims[entry.article, entry.revision]),
                }
        tables.index(INDEX, documents)


def _entry(fact: Fact, context: Context) -> SearchEntryRow:
    event = fact.event(ArticleIngested if fact.envelope.type == ArticleIngested.TYPE else ArticleRevised)
    if event is None:
        return SearchEntryRow(article_of(fact), fact.envelope.version, fact.position, "", "")
    text = "" if event.text.key in context.redactions.bodies else event.text.key
    return SearchEntryRow(event.article, event.revision, fact.position, event.title if text else "", text)


def _words(fact: Fact) -> SearchClaimsRow | None:
    event = fact.event(ArticleAnnotated)
    if event is None:
        return None
    lines = []
    for raw in event.annotations:
        if bytes(_FIELDS.decode(raw).get("type", b"")) != _TAG:
            continue
        claim = _CLAIM.decode(raw)
        parts = [claim.subject, claim.measure, claim.scope, *(link.actor for link in claim.chain)]
        lines.append(" ".join(part for part in parts if part))
    return SearchClaimsRow(event.article, event.processor, event.revision, "\n".join(lines))
