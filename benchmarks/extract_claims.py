"""Claims for `bench_extract`: how many were killed and injured in an incident, from the claims of several reports alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from extract_parse import rows_of

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.plugin import Claim
from ledger.testing import annotate, article

Row = dict[str, Any]
Figure = dict[str, Any]

HARM = {"killed", "injured", "killed or injured", "hospitalised"}
ANYBODY = {
    "person",
    "victim",
    "child",
    "people",
    "adult",
    "male",
    "female",
    "resident",
    "teen",
    "teenager",
    "suspect",
}
CASUALTY_BARS = (
    ("killed", "right", 86.0, "the requirement; simple means 82"),
    ("killed", "where gold>1", 60.0, "simple means"),
    ("injured", "right", 58.0, "simple means"),
)


def bench_casualties(
    folder: Path, run_scorer: Callable[..., str], figure: Callable[..., Figure]
) -> Iterator[Figure]:
    """How often the figure of an incident is right, from the claims of all its reports."""
    predictions = []
    for row in rows_of(folder / "casualties_gva_dev.jsonl"):
        documents = counted([claims_of(document) for document in row["docs"]])
        fused = {
            measure: most_said([each[measure] for each in documents]) for measure in ("killed", "injured")
        }
        predictions.append({"id": row["id"], "docs": documents, **fused})
    output = run_scorer(folder, "casualties", "casualties_gva", predictions)
    for measure, column, bar, against in CASUALTY_BARS:
        line = re.search(rf"^{measure}\s+incident .*$", output, re.MULTILINE)
        value = re.search(rf"{re.escape(column)}(?: \(none=0\))? ([\d.]+)", line[0]) if line else None
        assert value
        yield figure(f"casualties/{measure} {column}", round(100 * float(value[1]), 1), "%", bar, against)


def claims_of(document: Row) -> list[Claim]:
    plugins = (ledger_syntax, ledger_numbers, ledger_attribution)
    providers = [processor for plugin in plugins for processor in plugin.ledger_processors()]
    (claims,) = ledger_claims.ledger_processors()
    text = re.sub(r"\n+", "\n\n", document["text"]).strip()
    day = document.get("date") or ""
    published = f"{day}T12:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else "2017-06-01T12:00:00Z"
    read = article(text, title=document.get("title", ""), published=published)
    return [made for made in annotate(claims, read, providers=providers) if isinstance(made, Claim)]


def counted(documents: Sequence[Sequence[Claim]]) -> list[dict[str, int | None]]:
    """Killed and injured by each report: the highest number it states, else the people whose fate one sentence tells.

    Somebody whom any of the reports tells to be dead is not injured; those shot and not killed are.
    """
    told = [(stated(claims), people(claims)) for claims in documents]
    dead = {who for _, fates in told for names in fates.get("killed", {}).values() for who in names}
    gone = dead | (ANYBODY if dead else set())
    found: list[dict[str, int | None]] = []
    for numbers, fates in told:

        def single(measure: str, without: set[str], fates: Any = fates) -> int:
            return max((len(names - without) for names in fates.get(measure, {}).values()), default=0)

        killed = max(numbers.get("killed", 0), single("killed", set()))
        beds = numbers.get("hospitalised", 0)
        injured = max(
            numbers.get("injured", 0),
            numbers.get("killed or injured", 0) - killed,
            beds if beds > killed or not dead else 0,
            *(single(measure, gone) for measure in HARM - {"killed"}),
        )
        found.append({"killed": killed or None, "injured": injured or None})
    return found


def counts(claim: Claim) -> bool:
    return claim.kind in {"primary", "hearsay"} and claim.polarity == "+" and claim.value is not None


def stated(claims: Sequence[Claim]) -> dict[str, int]:
    """The highest number that a report states for each measure."""
    highest: dict[str, int] = {}
    for claim in claims:
        point = claim.value.point if claim.value is not None else None
        wanted = claim.measure in HARM and claim.period == "cumulative" and claim.unit in {"persons", ""}
        if wanted and counts(claim) and isinstance(point, int | float):
            highest[claim.measure] = max(highest.get(claim.measure, 0), int(point))
    return highest


def people(claims: Sequence[Claim]) -> dict[str, dict[Any, set[str]]]:
    """Who came to harm, by measure and sentence."""
    found: dict[str, dict[Any, set[str]]] = {}
    for claim in claims:
        if not counts(claim) or claim.value is None or claim.value.op != "category":
            continue
        measure = str(claim.value.point) if claim.measure == "event" else claim.measure
        if measure in HARM:
            found.setdefault(measure, {}).setdefault(claim.span, set()).add(claim.subject)
    return found


def most_said(values: Sequence[int | None]) -> int | None:
    """What most reports say; of several said alike the highest."""
    known = Counter(value for value in values if value is not None)
    return max(known, key=lambda value: (known[value], value), default=None)
