"""An audit: what did the ledger say on a day, does it follow from the evidence, and who can vouch for it.

The report is deterministic: it holds no clock, no path and nothing of the machine, so that two auditors with the same events, the
same outside checkpoints and the same plugins write the same bytes.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ledger.audit.diff import diff_annotations
from ledger.audit.integrity import Finding, Integrity
from ledger.audit.past import StoreAt
from ledger.audit.rebuilt import RebuiltViews
from ledger.audit.reruns import OUTCOMES, Rerun, Reruns
from ledger.audit.rows import STATE, root_of
from ledger.audit.runs import Past
from ledger.clock import format_time
from ledger.errors import ProjectionError
from ledger.events import StoredEvent, decode
from ledger.events.types import PayloadRedacted, ViewSealed
from ledger.projections import Progress
from ledger.store import Store

__all__ = ["HOLDS", "LIMITS", "SealCheck", "check_seals", "exit_code", "make_report", "to_html", "to_json"]

HOLDS, DOES_NOT, DRIFTS, IN_PART = 0, 1, 3, 4
LIMITS = (
    "It does not show that any report is true, nor that the figures are.",
    "It does not show that everything was recorded: what never came into the ledger leaves no trace.",
    "Recorded times are the ledger's own claim; only an outside checkpoint or a cosignature bounds them.",
    "Without an outside checkpoint or a witness, whoever holds the signing key could have rewritten everything.",
)
_SAMPLES = 20


class SealCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a view said, and what its events give: `outcome` is identical, differs, other code, not installed, input redacted or not
    sealed.
    """

    outcome: str
    event: int = 0
    position: int = 0
    rows: int = 0
    sealed: str = ""
    recomputed: str = ""


def check_seals(
    store: Store, position: int, rebuilt: RebuiltViews, progress: Progress | None = None
) -> dict[str, SealCheck]:
    """Rebuild every table that was sealed up to `position` from the events before its last seal, and compare the roots.

    By name of the table, the reported state first.
    """
    then = StoreAt(store, position)
    newest: dict[str, tuple[StoredEvent, ViewSealed]] = {}
    for stored in then.read(types=(ViewSealed.TYPE,)):
        seal = decode(stored)
        if isinstance(seal, ViewSealed):
            newest[seal.view] = stored, seal
    roots: dict[str, tuple[str, str]] = {}
    for at in sorted({seal.position for _, seal in newest.values()}):
        then_sealed = {name for name, (_, seal) in newest.items() if seal.position == at}
        roots |= _roots(rebuilt, at, then_sealed, progress)
    found = {STATE: SealCheck(outcome="not sealed")}
    for name in sorted(newest):
        stored, seal = newest[name]
        fingerprint, recomputed = roots.get(name, ("", ""))
        found[name] = SealCheck(
            outcome=_outcome(store, seal, fingerprint, recomputed),
            event=stored.position,
            position=seal.position,
            rows=seal.rows,
            sealed=seal.root,
            recomputed=recomputed,
        )
    return found


def _roots(
    rebuilt: RebuiltViews, position: int, names: Collection[str], progress: Progress | None
) -> dict[str, tuple[str, str]]:
    """Fingerprint and root of sealed tables at a position; none when they cannot be made."""
    try:
        tables = rebuilt.at(position, progress).sealed()
        return {one.name: (one.fingerprint, root_of(one.rows)) for one in tables if one.name in names}
    except ProjectionError:
        return {}


def _outcome(store: Store, seal: ViewSealed, fingerprint: str, recomputed: str) -> str:
    if recomputed == seal.root:
        return "identical"
    if any(at <= seal.position for at in _removed(store, after=seal.position)):
        return "input redacted"
    if not fingerprint and seal.view != STATE:
        return "not installed"
    return "other code" if fingerprint != seal.fingerprint else "differs"


def _removed(store: Store, after: int = 0) -> Iterator[int]:
    for stored in store.read(after, types=("payload.redacted",)):
        event = decode(stored)
        if isinstance(event, PayloadRedacted):
            yield from event.positions


def exit_code(findings: Sequence[Finding], seals: Iterable[SealCheck], outcomes: Mapping[str, int]) -> int:
    """0 holds, 1 evidence does not hold, 3 replay drifts, 4 holds with parts that cannot be replayed."""
    said = {seal.outcome for seal in seals}
    if findings or "differs" in said:
        return DOES_NOT
    if outcomes.get("DRIFT") or outcomes.get("nondeterministic"):
        return DRIFTS
    partly = any(outcomes.get(name) for name in ("not runnable", "input redacted", "opaque"))
    return IN_PART if partly or said & {"other code", "not installed", "input redacted"} else HOLDS


_SENTENCES = {
    HOLDS: "The evidence holds, and what the ledger said follows from it.",
    DOES_NOT: "The evidence does NOT hold.",
    DRIFTS: "The evidence holds, but processors do not give what they recorded.",
    IN_PART: "The evidence holds; parts of it cannot be replayed.",
}


def make_report(
    store: Store,
    position: int,
    asked: str,
    integrity: Integrity,
    seals: Mapping[str, SealCheck],
    past: Past,
    reruns: Reruns,
    *,
    recorded: Callable[[int], Sequence[bytes]],
    sample: int | None,
    seed: str,
) -> dict[str, Any]:
    """The report as plain data. `recorded` gives the annotations of a run by position."""
    head = StoreAt(store, position).head()
    outcomes = reruns.outcomes()
    code = exit_code(integrity.findings, seals.values(), outcomes)
    differing = reruns.differing()
    return {
        "format": "newsledger audit report 1",
        "verdict": {"exit_code": code, "sentence": _SENTENCES[code]},
        "question": {
            "as_of": asked,
            "position": position,
            "root": head.root,
            "ledger": head.ledger,
            "last_recorded": format_time(head.recorded_at) if head.recorded_at else None,
        },
        "state": msgspec.to_builtins(seals[STATE]),
        "views": {name: msgspec.to_builtins(seal) for name, seal in seals.items() if name != STATE},
        "vouched": list(integrity.vouched),
        "integrity": {
            "events": integrity.position,
            "root": integrity.root,
            "bodies": integrity.bodies,
            "redacted": integrity.redacted,
            "findings": msgspec.to_builtins(integrity.findings),
        },
        "contents": _contents(store, position),
        "processors": _roster(past, reruns),
        "replay": {
            "runs": reruns.count,
            "sample": sample,
            "seed": seed,
            "outcomes": outcomes,
            "by_processor": reruns.by_processor(),
            "differing": [_plain(one) for one in differing],
            "samples": [
                {
                    "position": one.position,
                    "differences": msgspec.to_builtins(
                        diff_annotations(recorded(one.position), [raw.encode() for raw in one.annotations])
                    ),
                }
                for one in differing[:_SAMPLES]
                if one.annotations is not None
            ],
        },
        "limits": list(LIMITS),
        "repeat": f"newsledger audit --as-of {asked} -o DIR"
        + (f" --sample {sample} --seed {seed}" if sample else ""),
    }


def _plain(one: Rerun) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one)
    plain.pop("annotations")
    return plain


def _contents(store: Store, position: int) -> dict[str, Any]:
    types: Counter[str] = Counter()
    redactions = []
    for row in store.index_rows(0, upto=position):
        types[row.type] += 1
    for stored in store.read(types=("payload.redacted",)):
        event = decode(stored)
        if isinstance(event, PayloadRedacted):
            redactions.append(
                {
                    "event": stored.position,
                    "positions": list(event.positions),
                    "bodies": len(event.bodies),
                    "by": event.by,
                    "reason": event.reason,
                }
            )
    return {"events": dict(sorted(types.items())), "redactions": redactions}


def _roster(past: Past, reruns: Reruns) -> list[dict[str, Any]]:
    used = sorted((name, identity, version) for identity, (name, version) in past.used.items())
    return [
        {
            "name": name,
            "version": version,
            "identity": identity,
            "class": past.manifests.get(identity, {}).get("replay", "unknown"),
            "pinned": not past.manifests.get(identity, {}).get("install"),
            "replayable": identity not in reruns.lacking if identity in reruns.identities else None,
            "detail": reruns.lacking.get(identity, ""),
        }
        for name, identity, version in used
    ]


def to_json(report: Mapping[str, Any]) -> bytes:
    """The report's one byte form."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


_STYLE = (
    "body{font:15px/1.5 Georgia,serif;max-width:52em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid #ccc;vertical-align:top}"
    "code{font-size:.85em;word-break:break-all}.verdict{border:2px solid;padding:.5em 1em}@media print{body{margin:0}}"
)


def to_html(report: Mapping[str, Any]) -> bytes:
    """The same for people and printers: the verdict and the state first, then who vouches, then the details."""
    question, verdict, replay = report["question"], report["verdict"], report["replay"]
    out = ['<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Audit report</title>']
    out.append(
        f"<style>{_STYLE}</style></head><body><h1>Audit of what was reported as of {_e(question['as_of'])}</h1>"
    )
    out.append(
        f'<p class="verdict"><strong>{_e(verdict["sentence"])}</strong> (exit code {verdict["exit_code"]})</p>'
    )
    out.append(
        _rows(
            ("events", question["position"]),
            ("root", question["root"]),
            ("ledger", question["ledger"]),
            ("last event recorded", question["last_recorded"]),
        )
    )
    state = report["state"]
    out.append("<h2>What the ledger said</h2>")
    out.append(
        _rows(
            ("recomputed from the events", state["outcome"]),
            ("sealed root", state["sealed"]),
            ("rows", state["rows"]),
            ("at position", state["position"]),
        )
    )
    others = [f"{name}, {one['rows']} rows: {one['outcome']}" for name, one in report["views"].items()]
    out.append(_list([f"view {said}" for said in others], "") if others else "")
    out.append(
        "<h2>Who vouches</h2>"
        + _list(report["vouched"], "Nobody outside: no checkpoint kept elsewhere was given.")
    )
    findings = [f"{one['layer']}: {one['what']}" for one in report["integrity"]["findings"]]
    out.append(
        "<h2>Integrity</h2>" + _list(findings, "Every event, payload and body is what was committed to.")
    )
    orders = [
        f"event {one['event']}: {len(one['positions'])} payloads, {one['bodies']} bodies, by {one['by']}: {one['reason']}"
        for one in report["contents"]["redactions"]
    ]
    out.append("<h2>Redactions</h2>" + _list(orders, "None."))
    out.append("<h2>Processors</h2>")
    out.append(
        _table_html(
            ("processor", "class", "replayable", "identity", "detail"),
            [
                (
                    f"{one['name']} {one['version']}",
                    one["class"],
                    one["replayable"],
                    one["identity"][:16],
                    one["detail"],
                )
                for one in report["processors"]
            ],
        )
    )
    out.append(f"<h2>Runs repeated: {replay['runs']}</h2>")
    out.append(
        _table_html(
            ("processor", *OUTCOMES),
            [
                (name, *(found.get(one, 0) for one in OUTCOMES))
                for name, found in replay["by_processor"].items()
            ],
        )
    )
    samples = [
        f"event {sample['position']}: {one['kind']}, {one['type']}: {one['before']} -> {one['after']} in “{one['quote']}”"
        for sample in replay["samples"]
        for one in sample["differences"][:3]
    ]
    out.append("<h2>Differences</h2>" + _list(samples, "None."))
    out.append("<h2>What this does not show</h2>" + _list(report["limits"], ""))
    out.append(f"<p>Repeat it: <code>{_e(report['repeat'])}</code></p></body></html>\n")
    return "\n".join(out).encode()


def _e(value: Any) -> str:
    return html.escape("-" if value is None or value == "" else str(value))


def _rows(*pairs: tuple[str, Any]) -> str:
    return (
        "<table>"
        + "".join(f"<tr><th>{_e(name)}</th><td><code>{_e(value)}</code></td></tr>" for name, value in pairs)
        + "</table>"
    )


def _table_html(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = ["".join(f"<th>{_e(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{_e(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _list(items: Sequence[str], empty: str) -> str:
    return (
        "<ul>" + "".join(f"<li>{_e(item)}</li>" for item in items) + "</ul>"
        if items
        else f"<p>{_e(empty)}</p>"
    )
