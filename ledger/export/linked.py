"""Linked data: ClaimReview (schema.org), Web Annotation and PROV (W3C), and FollowTheMoney entities as statements.

ClaimReview is written for what the reports say, not for whether it is true: its rating says how well a figure is sourced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.clock import format_time
from ledger.events import decode
from ledger.events.types import ArticleAnnotated, ArticleIngested, ArticleRevised
from ledger.export.rows import TABLES, At, Row, upto
from ledger.projections.browse import Browser
from ledger.state.model import SlotState
from ledger.state.wording import reported_text, slot_title

if TYPE_CHECKING:
    from ledger.app import Ledger

__all__ = ["STATEMENT", "claim_reviews", "ftm_statements", "provenance", "web_annotations"]

STATEMENT = (
    "id", "entity_id", "canonical_id", "prop", "schema", "value", "dataset", "lang", "original_value", "external",
    "first_seen", "last_seen", "origin",
)  # fmt: skip
"""The columns of a FollowTheMoney statement."""

_DATASET = "newsledger"


def claim_reviews(ledger: Ledger, at: At) -> dict[str, Any]:
    """One ClaimReview per figure with a value, as JSON-LD (https://schema.org/ClaimReview)."""
    graph = [_claim_review(slot) for slot in ledger.state(recorded_as_of=at).slots if slot.best is not None]
    return {"@context": "https://schema.org", "@graph": graph}


def _claim_review(slot: SlotState) -> dict[str, Any]:
    said = f"{slot_title(slot)}: {reported_text(slot)}"
    roots = slot.best_independent_roots
    wording = (
        f"Reported; {roots} of {slot.independent_roots} independent roots stand by it"
        f"{', disputed' if slot.disputed else ''}"
    )
    appearances = [
        {
            "@type": "CreativeWork",
            "url": claim.url,
            "publisher": {"@type": "Organization", "name": claim.outlet},
        }
        for claim in slot.claims
        if claim.alive
    ]
    changed = format_time(slot.last_change) if slot.last_change is not None else None
    return {
        "@type": "ClaimReview",
        "@id": f"urn:newsledger:figure:{slot.id}",
        "claimReviewed": said,
        "datePublished": changed,
        "author": {"@type": "Organization", "name": "newsledger"},
        "itemReviewed": {
            "@type": "Claim",
            "appearance": appearances,
            "firstAppearance": appearances[0] if appearances else None,
        },
        "reviewRating": {
            "@type": "Rating",
            "alternateName": wording,
            "ratingExplanation": "How well it is sourced; not whether it is true.",
            "worstRating": 0,
            "bestRating": max(slot.independent_roots, roots),
            "ratingValue": roots,
        },
    }


def web_annotations(ledger: Ledger, at: At) -> Iterator[Row]:
    """Every annotation as a Web Annotation (https://www.w3.org/TR/annotation-model/), by quote and position.

    Positions are Unicode code points of the stored text, as the model has them.
    """
    urls = {row["article"]: row["url"] for row in TABLES["articles"].rows(ledger, at)}
    for row in TABLES["annotations"].rows(ledger, at):
        body = row["annotation"]
        selectors: list[dict[str, Any]] = [
            {"type": "TextPositionSelector", "start": row["start"], "end": row["end"]}
        ]
        if body.get("quote"):
            selectors.append({"type": "TextQuoteSelector", "exact": body["quote"]})
        yield {
            "@context": "http://www.w3.org/ns/anno.jsonld",
            "id": f"urn:newsledger:annotation:{row['position']}:{row['ordinal']}",
            "type": "Annotation",
            "motivation": "tagging",
            "creator": {
                "id": f"urn:newsledger:processor:{row['processor']}:{row['identity']}",
                "type": "Software",
                "name": f"{row['processor']} {row['version']}",
            },
            "body": {
                "type": "Dataset",
                "format": "application/json",
                "value": msgspec.json.encode(body).decode(),
            },
            "target": {
                "source": urls.get(row["article"]) or f"urn:newsledger:article:{row['article']}",
                "state": {
                    "type": "State",
                    "refinedBy": f"urn:newsledger:revision:{row['article']}:{row['revision']}",
                },
                "selector": selectors,
            },
        }


def provenance(ledger: Ledger, at: At) -> dict[str, Any]:
    """Which processor made which claims from which revision, as PROV-JSON (https://www.w3.org/Submission/prov-json/)."""
    entities: dict[str, Any] = {}
    activities: dict[str, Any] = {}
    agents: dict[str, Any] = {"nl:newsledger": {"prov:type": "prov:SoftwareAgent"}}
    used: dict[str, Any] = {}
    generated: dict[str, Any] = {}
    associated: dict[str, Any] = {}
    derived: dict[str, Any] = {}
    types = ArticleIngested.TYPE, ArticleRevised.TYPE, ArticleAnnotated.TYPE
    for stored in ledger.store.read(types=types, upto=upto(ledger, at)):
        event = decode(stored)
        when = format_time(stored.recorded_at)
        if isinstance(event, ArticleIngested | ArticleRevised):
            entities[f"nl:{event.article}-{event.revision}"] = {
                "prov:type": "nl:Revision",
                "nl:url": event.url,
                "nl:sha256": event.hash,
                "prov:generatedAtTime": {"$": when, "type": "xsd:dateTime"},
            }
            if event.revision > 1:
                derived[f"_:d{stored.position}"] = {
                    "prov:generatedEntity": f"nl:{event.article}-{event.revision}",
                    "prov:usedEntity": f"nl:{event.article}-{event.revision - 1}",
                    "prov:type": "prov:Revision",
                }
        elif isinstance(event, ArticleAnnotated):
            by = stored.envelope.producer
            agent = f"nl:{by.name}-{by.identity[:12] or 'core'}"
            agents[agent] = {
                "prov:type": "prov:SoftwareAgent",
                "nl:version": by.version,
                "nl:identity": by.identity,
            }
            run, made = f"nl:run-{stored.position}", f"nl:annotations-{stored.position}"
            activities[run] = {"prov:endTime": when}
            entities[made] = {"prov:type": "nl:Annotations", "nl:count": len(event.annotations)}
            used[f"_:u{stored.position}"] = {
                "prov:activity": run,
                "prov:entity": f"nl:{event.article}-{event.revision}",
            }
            generated[f"_:g{stored.position}"] = {
                "prov:entity": made,
                "prov:activity": run,
                "prov:time": when,
            }
            associated[f"_:a{stored.position}"] = {"prov:activity": run, "prov:agent": agent}
    return {
        "prefix": {"nl": "urn:newsledger:", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "entity": entities,
        "activity": activities,
        "agent": agents,
        "used": used,
        "wasGeneratedBy": generated,
        "wasAssociatedWith": associated,
        "wasDerivedFrom": derived,
    }


def ftm_statements(ledger: Ledger, at: At) -> Iterator[Row]:
    """Articles, outlets and the names in them as FollowTheMoney statements (https://followthemoney.tech/docs/statements/).

    Schemata: Article, Organization (outlets), Mention (a name in an article).
    """
    outlets: dict[str, str] = {}
    for article in TABLES["articles"].rows(ledger, at):
        outlets.setdefault(article["outlet"], _id("outlet", article["outlet"]))
        seen = {"first_seen": article["recorded_at"], "last_seen": article["changed_at"]}
        key = article["article"]
        values = (
            ("title", article["title"]),
            ("sourceUrl", article["url"]),
            ("language", article["language"]),
            ("author", article["byline"]),
            ("publishedAt", article["published"] or article["p_time"]),
            ("publisher", article["outlet"]),
            ("contentHash", article["hash"]),
        )
        yield from _entity(key, "Article", values, seen)
    for name, key in sorted(outlets.items()):
        yield from _entity(key, "Organization", (("name", name),), {})
    yield from _mentions(ledger, at)


def _mentions(ledger: Ledger, at: At) -> Iterator[Row]:
    browser, last = Browser(ledger.views), upto(ledger, at)
    kinds = {"PER": "Person", "ORG": "Organization"}
    done: set[str] = set()
    after = (0, -1)
    while found := browser.all_annotations(after, 1000, "core.entity", upto=last):
        for one, article, _ in found:
            body = msgspec.json.decode(one.body)
            key = _id("mention", article, str(body.get("label")), str(body.get("name")))
            if key in done:
                continue
            done.add(key)
            schema = kinds.get(str(body.get("label")), "LegalEntity")
            values = (("name", str(body.get("name"))), ("document", article), ("detectedSchema", schema))
            yield from _entity(key, "Mention", values, {})
        after = (found[-1][0].position, found[-1][0].ordinal)


def _entity(
    key: str, schema: str, values: tuple[tuple[str, Any], ...], seen: dict[str, str]
) -> Iterator[Row]:
    """The statements of one entity; the one of its id comes first, as the library writes it."""
    given = [(prop, str(value)) for prop, value in values if value]
    checksum = hashlib.sha1(usedforsecurity=False)
    for prop, value in sorted(given):
        checksum.update(f"{prop}={value}\n".encode())
    for prop, value in [("id", checksum.hexdigest()), *given]:
        yield {
            "id": _id(_DATASET, key, prop, value),
            "entity_id": key,
            "canonical_id": key,
            "prop": prop,
            "schema": schema,
            "value": value,
            "dataset": _DATASET,
            "lang": "",
            "original_value": "",
            "external": "f",
            "first_seen": seen.get("first_seen", ""),
            "last_seen": seen.get("last_seen", ""),
            "origin": "",
        }


def _id(*parts: str) -> str:
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()
