"""The conformance kit for projections: a read model must not depend on how its events are cut into batches."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from ledger.clock import parse_time
from ledger.host.failures import explain
from ledger.plugin import Article, Projection
from ledger.testing.conformance import SAMPLES, Verdict, Verdicts

__all__ = ["check_projection", "events_of"]

Fact = tuple[str, dict[str, Any], Any]
Rows = dict[str, dict[str, Any]]


def events_of(articles: Sequence[Article]) -> list[Fact]:
    """Events as projections get them: each article is ingested, every other one is revised, the last one withdrawn."""
    at = parse_time("2031-05-04T08:00:00Z")
    found: list[Fact] = []
    for number, article in enumerate(articles):
        fields = msgspec.to_builtins(article)
        base = {
            key: fields[key]
            for key in ("hash", "url", "outlet", "title", "language", "published", "modified")
        }
        base |= {
            "article": article.id,
            "flags": [],
            "text": {"key": article.hash, "media_type": "text/plain", "size": 1},
        }
        found.append(("article.ingested", {**base, "revision": 1}, at + timedelta(minutes=number)))
        if number % 2:
            revised = {**base, "revision": 2, "previous_hash": article.hash, "silent": False}
            found.append(("article.revised", revised, at + timedelta(hours=1, minutes=number)))
    if articles:
        gone = {"article": articles[-1].id, "reason": "gone", "p_time": None, "note": ""}
        found.append(("article.withdrawn", gone, at + timedelta(hours=2)))
    return sorted(found, key=lambda fact: fact[2])


def check_projection(projection: Projection, events: Sequence[Fact] | None = None) -> Verdicts:
    """Fold `events` (type, payload, recorded time; made from the sample articles unless given) and judge the projection.

    Laws: no failure; rows that are dicts of JSON by text keys; the same rows in one batch, in batches of one, and the second
    time; the events unchanged.
    """
    facts = [
        fact for fact in (events if events is not None else events_of(SAMPLES)) if fact[0] in projection.types
    ]
    first = _fold(projection, facts, len(facts) or 1)
    if isinstance(first, str):
        return Verdicts(projection.name, (Verdict("it fails on no event", ok=False, message=first),))
    single = _fold(projection, facts, 1)
    again = _fold(projection, facts, len(facts) or 1)
    kept = copy.deepcopy(facts)
    _fold(projection, kept, 1)
    return Verdicts(
        projection.name,
        (
            Verdict("it fails on no event", ok=True),
            _json(first),
            _same("it gives the same rows in batches of any size", first, single),
            _same("it gives the same rows twice", first, again),
            _verdict(
                "it leaves the events as they were", kept == facts, "it changed the payload of an event"
            ),
        ),
    )


def _fold(projection: Projection, facts: Sequence[Fact], size: int) -> Rows | str:
    """The rows, as the ledger keeps them between batches; a text says how it failed."""
    rows: Rows = {}
    for start in range(0, len(facts), size):
        try:
            projection.fold(rows, facts[start : start + size])
        except Exception as error:  # noqa: BLE001 - a projection is a plugin's code
            return explain(error)
        try:
            rows = msgspec.json.decode(msgspec.json.encode(rows))
        except (TypeError, ValueError):
            return "its rows are no JSON"
    return rows


def _json(rows: Rows) -> Verdict:
    wrong = [key for key, row in rows.items() if not isinstance(row, dict)]
    return _verdict("its rows are dicts by text keys", not wrong, f"{wrong[:1]} is none")


def _same(law: str, one: Rows, other: Rows | str) -> Verdict:
    if isinstance(other, str):
        return Verdict(law, ok=False, message=other)
    keys = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
    return _verdict(
        law, not keys, f"{keys[:1]} is {one.get(keys[0])} and {other.get(keys[0])}" if keys else ""
    )


def _verdict(law: str, ok: bool, message: str) -> Verdict:  # noqa: FBT001
    return Verdict(law, ok=ok, message="" if ok else message)
