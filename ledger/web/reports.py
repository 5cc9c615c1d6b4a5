"""The reports behind a figure as a table: in camps that agree, each with its sentence, its chain and who read it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.projections.browse import Provenance
from ledger.state.explain import Explanation
from ledger.state.model import ClaimState, Figure, SlotState
from ledger.state.wording import value_text
from ledger.web.articles import claim_href
from ledger.web.asof import Moment
from ledger.web.desk import Desk

__all__ = ["Camp", "ReportLine", "camps", "report_lines"]


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """One claim on a figure. `value` is what it states, `chain` who passed it on, `provenance` who read it."""

    claim: ClaimState
    value: str
    href: str
    provenance: Provenance | None

    def flat(self) -> dict[str, object]:
        """The line as one row of a table for programs."""
        claim, found = self.claim, self.provenance
        return {
            "published": claim.seen_at,
            "recorded": claim.recorded_at,
            "said": claim.said_at,
            "outlet": claim.outlet,
            "root": claim.root or "",
            "value": self.value,
            "point": claim.stated.point if claim.stated is not None else None,
            "op": claim.stated.op if claim.stated is not None else "",
            "modality": claim.modality,
            "kind": claim.kind,
            "counted": claim.alive,
            "reason": claim.reason or "",
            "chain": " < ".join(claim.chain),
            "sentence": claim.sentence,
            "article": claim.document,
            "revision": claim.version,
            "start": claim.start,
            "end": claim.end,
            "url": claim.url,
            "processor": found.processor if found else "",
            "version": found.version if found else "",
            "event": found.position if found else None,
        }


class Camp(msgspec.Struct, frozen=True, kw_only=True):
    """Roots that agree on a value. `role` says what the camp does for the figure."""

    title: str
    role: str
    figures: tuple[Figure, ...]
    lines: tuple[ReportLine, ...]


def report_lines(desk: Desk, slot: SlotState, moment: Moment) -> list[ReportLine]:
    """Every claim of a figure in its order, with who read it."""
    found = desk.browser.provenance({claim.document for claim in slot.claims}, desk.upto(moment))
    return [
        ReportLine(
            claim=claim,
            value=value_text(claim.stated),
            href=claim_href(claim, moment),
            provenance=found.get((claim.document, claim.version, claim.start, claim.end)),
        )
        for claim in slot.claims
    ]


def camps(slot: SlotState, explanation: Explanation, lines: Iterable[ReportLine]) -> list[Camp]:
    """The camp that stands by the figure first, then the others, reports without a root, and what no longer counts."""
    by_claim = {id(line.claim): line for line in lines}
    groups: dict[str, list[int]] = {}
    for index, group in enumerate(explanation.roots):
        best = group.root in slot.best_roots
        key = "best" if best else f"{value_text(group.figure.value)}|{group.role}"
        groups.setdefault(key, []).append(index)
    found = []
    for key in sorted(groups, key=lambda each: each != "best"):
        members = [explanation.roots[index] for index in groups[key]]
        found.append(
            Camp(
                title=value_text(slot.best) if key == "best" else value_text(members[0].figure.value),
                role="stands behind the figure" if key == "best" else members[0].role,
                figures=tuple(member.figure for member in members),
                lines=_sorted(by_claim, (claim for member in members for claim in member.claims)),
            )
        )
    denials = (claim for claim in slot.claims if claim.alive and claim.kind in ("denial", "unconfirmed"))
    forecasts = (claim for claim in slot.claims if claim.alive and claim.kind == "forecast")
    for title, role, claims in (
        ("Without a root of its own", "adds no independent source", explanation.rootless),
        ("Denied or not confirmed", "counts against, or for nothing", denials),
        ("Forecasts", "count for nothing else", forecasts),
        ("No longer counted", "corrected, retracted, replaced or rejected", explanation.dead),
    ):
        if some := _sorted(by_claim, claims):
            found.append(Camp(title=title, role=role, figures=(), lines=some))
    return found


def _sorted(by_claim: dict[int, ReportLine], claims: Iterable[ClaimState]) -> tuple[ReportLine, ...]:
    return tuple(sorted((by_claim[id(claim)] for claim in claims), key=lambda line: line.claim.seen_at))
