"""The answer for one slot, put together from what was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ledger.state.best import incompatible, supporters
from ledger.state.graph import RETRACTED, SUPERSEDED, Outcome
from ledger.state.history import History
from ledger.state.model import ClaimState, Dead, Denial, Dispute, Figure, Forecast, RootFigure, SlotState
from ledger.state.reading import Reader, Reading
from ledger.state.roots import CIRCULAR
from ledger.state.titles import title_of
from ledger.state.versions import Node

__all__ = ["compose"]


def compose(reader: Reader, reading: Reading, at: datetime | None, history: History) -> SlotState:
    """The whole answer for one slot, as `reader` read it at R."""
    standing = reading.standing
    best = standing.best
    living = [
        (node, outcome)
        for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
        if outcome.alive
    ]
    at_best = [
        (node, outcome)
        for node, outcome in living
        if best is not None and reader.comparison.near(outcome.value, best.value)
    ]
    exact = [
        node
        for node, outcome in at_best
        if best is not None and outcome.value is not None and outcome.value.point == best.value.point
    ]
    first = living[0][0] if living else None
    current = {root.id for root in standing.current}
    candidates = {root.id for root in standing.candidates}
    count = supporters(reading.roots, reader.comparison)
    claims = _claims(reader, reading, at)
    return SlotState(
        id=reader.slot.id,
        slot=msgspec.structs.replace(reader.slot, title=title_of(reader.slot, claims)),
        best=best.value if best is not None else None,
        best_root=best.id if best is not None else None,
        vague=standing.vague,
        low=standing.low,
        high=standing.high,
        high_open=standing.high_open,
        latest=RootFigure(standing.latest.value, standing.latest.id, standing.latest.said_at)
        if standing.latest is not None
        else None,
        modality=standing.modality,
        reports=len({node.document.id for node, _ in living}),
        best_reports=len({node.document.id for node, _ in at_best}),
        best_independent_roots=len(standing.support),
        best_roots=tuple(root.id for root in standing.support),
        independent_roots=len(reading.roots),
        roots=tuple(root.id for root in reading.roots),
        best_parties=len({root.party for root in standing.support}),
        parties=len({root.party for root in reading.roots}),
        current_roots=tuple(root.id for root in standing.current),
        circular=any(root.id.startswith(CIRCULAR) for root in reading.roots),
        disputed=reading.disputed,
        dispute=Dispute(
            figures=tuple(sorted(incompatible(standing.current, reader.comparison))),
            denied_by=reading.denied_by,
        ),
        unconfirmed_by=tuple(
            sorted(
                {
                    node.claim.root or node.document.outlet
                    for node in reading.other
                    if node.claim.kind == "unconfirmed"
                }
            )
        ),
        forecasts=tuple(
            Forecast(node.claim.value, node.claim.root, node.claim.target)
            for node in reading.other
            if node.claim.kind == "forecast"
        ),
        denials=tuple(
            Denial(node.claim.root, node.claim.said_at, node.document.id, node.claim.sentence)
            for node in reading.other
            if node.claim.kind == "denial"
        ),
        first_seen=first.seen_at if first is not None else None,
        first_outlet=first.document.outlet if first is not None else None,
        best_first_seen=exact[0].seen_at if exact else None,
        best_first_outlet=exact[0].document.outlet if exact else None,
        dead=_dead(reading),
        figures=tuple(
            Figure(
                root=root.id,
                value=root.value,
                modality=root.modality,
                said_at=root.said_at,
                grade=root.grade,
                party=root.party,
                document=root.document,
                current=root.id in current,
                candidate=root.id in candidates,
                support=count(root.value),
            )
            for root in reading.roots
        ),
        claims=claims,
        last_change=history.changes[-1].recorded_at if history.changes else None,
        figure_history=history.changes,
        transitions=history.transitions,
    )


def _dead(reading: Reading) -> tuple[Dead, ...]:
    dead = [
        (node.document.id, node.order[2], outcome.reason or "")
        for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
        if not outcome.alive
    ]
    dead += [(node.document.id, node.order[2], why) for node, why in reading.dropped]
    return tuple(Dead(document, why) for document, _, why in sorted(dead))


def _claims(reader: Reader, reading: Reading, at: datetime | None) -> tuple[ClaimState, ...]:
    rows = [
        _claim(reader, node, outcome, at, reading.counted)
        for node, outcome in zip(reading.counted, reading.outcomes, strict=True)
    ]
    rows += [_claim(reader, node, _plainly(node, alive=True), at) for node in reading.other]
    rows += [
        _claim(reader, node, _plainly(node, alive=False, reason=why), at) for node, why in reading.dropped
    ]
    for node in reading.past:
        gone = reader.timeline.retracted(node.document.id, at)
        rows.append(
            _claim(reader, node, _plainly(node, alive=False, reason=RETRACTED if gone else SUPERSEDED), at)
        )
    return tuple(row for _, row in sorted(rows, key=lambda pair: pair[0]))


def _claim(
    reader: Reader, node: Node, outcome: Outcome, at: datetime | None, others: Sequence[Node] = ()
) -> tuple[tuple[datetime, str, int, int], ClaimState]:
    claim = node.claim
    model = others[outcome.rests_on].document.id if outcome.rests_on is not None else None
    cites = reader.timeline.cited(node, at) if claim.kind in ("derived", "wire") else None
    return (*node.order, node.version.n), ClaimState(
        document=node.document.id,
        outlet=node.document.outlet,
        url=node.document.url,
        version=node.version.n,
        sentence=claim.sentence,
        start=claim.start,
        end=claim.end,
        chain=claim.chain,
        root=outcome.root if outcome.alive else None,
        stated_root=claim.root,
        kind=claim.kind,
        value=outcome.value,
        stated=claim.value,
        modality=claim.modality,
        said_at=claim.said_at,
        seen_at=node.seen_at,
        recorded_at=node.version.recorded_at,
        alive=outcome.alive,
        reason=outcome.reason,
        cites=cites or claim.cites,
        model=model if claim.kind == "echo" else None,
        decided=claim.decided,
    )


def _plainly(node: Node, *, alive: bool, reason: str | None = None) -> Outcome:
    return Outcome(alive=alive, root=node.claim.root, value=node.claim.value, reason=reason)
