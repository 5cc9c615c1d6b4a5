"""The view `annotations`: runs of processors, their annotations byte for byte, and claims in readable columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from ledger.events.types import AnnotationFailed, ArticleAnnotated, ArticleIngested, ArticleRevised
from ledger.plugin import Claim, Notice, Span
from ledger.projections.articles import article_of
from ledger.projections.facts import Context, Fact, Tables, View
from ledger.projections.rows import AnnotationRow, ClaimRow, RedactedRevisionRow, RunRow

__all__ = ["CLAIM", "NOTICE", "Annotations"]

CLAIM, NOTICE = "core.claim", "core.notice"
DONE = ("annotated", "skipped")

_KNOWN: dict[str, msgspec.json.Decoder[Claim] | msgspec.json.Decoder[Notice]] = {
    CLAIM: msgspec.json.Decoder(Claim),
    NOTICE: msgspec.json.Decoder(Notice),
}


class _Head(msgspec.Struct, frozen=True):
    """What every annotation has, whatever its type."""

    type: str = ""
    span: Span = Span(0, 0)
    quote: str = ""


_HEAD = msgspec.json.Decoder(_Head)


class Annotations(View):
    """Tables `runs`, `annotations` and `claims`.

    The newest run of a processor (by name) on a revision counts, unless it failed; `superseded` says by which run an older
    one was replaced, so that any past position can be asked for.
    """

    name = "annotations"
    types = frozenset(
        {ArticleIngested.TYPE, ArticleRevised.TYPE, ArticleAnnotated.TYPE, AnnotationFailed.TYPE}
    )
    tables = (RunRow, AnnotationRow, ClaimRow, RedactedRevisionRow)
    sealed = (ClaimRow,)
    code: ClassVar[tuple[str, ...]] = ("ledger.plugin", "ledger.projections.articles")

    def fold(self, tables: Tables, facts: Sequence[Fact], context: Context) -> None:
        """Add runs with what they found, then say which runs count."""
        runs, removed = tables.of(RunRow), tables.of(RedactedRevisionRow)
        touched = set()
        made = []
        for fact in facts:
            if fact.envelope.type.startswith("article.") and fact.envelope.type != ArticleAnnotated.TYPE:
                if (gone := _without_text(fact, context)) is not None:
                    removed.put(gone)
                continue
            run, found = _run(fact)
            runs.put(run)
            touched.add(run.article)
            made.append((run, found))
        without = {(row.article, row.revision) for row in removed.matching("article", touched)}
        for run, found in made:
            if (run.article, run.revision) not in without:
                _keep(tables, run, found)
        groups = defaultdict(list)
        for run in runs.matching("article", touched):
            groups[run.article, run.revision, run.processor].append(run)
        for group in groups.values():
            for run in _superseded(group):
                runs.put(run)


def _without_text(fact: Fact, context: Context) -> RedactedRevisionRow | None:
    event = fact.event(ArticleIngested if fact.envelope.type == ArticleIngested.TYPE else ArticleRevised)
    if event is None:
        return RedactedRevisionRow(article_of(fact), fact.envelope.version)
    if event.text.key in context.redactions.bodies:
        return RedactedRevisionRow(event.article, event.revision)
    return None


def _run(fact: Fact) -> tuple[RunRow, Sequence[bytes]]:
    envelope = fact.envelope
    event: ArticleAnnotated | AnnotationFailed | None
    if envelope.type == ArticleAnnotated.TYPE:
        event = fact.event(ArticleAnnotated)
    else:
        event = fact.event(AnnotationFailed)
    found: Sequence[bytes] = ()
    status, kind, message, attempt = "redacted", "", "", 1
    if isinstance(event, ArticleAnnotated):
        found = [bytes(raw) for raw in event.annotations]
        status, message = ("skipped" if event.skipped else "annotated"), event.skipped
    elif isinstance(event, AnnotationFailed):
        status, kind, message, attempt = "failed", event.kind, event.message, event.attempt
    run = RunRow(
        position=fact.position,
        article=event.article if event is not None else article_of(fact),
        revision=event.revision if event is not None else 0,
        processor=event.processor if event is not None else envelope.producer.name,
        version=envelope.producer.version,
        identity=envelope.producer.identity,
        status=status,
        annotations=len(found),
        attempt=attempt,
        kind=kind,
        message=message,
        recorded_at=envelope.recorded_at,
        event=envelope.id,
        cause=envelope.causes[0] if envelope.causes else "",
        superseded=None,
    )
    return run, found


def _superseded(group: list[RunRow]) -> list[RunRow]:
    """The runs of one processor on one revision whose successor changed. What succeeded is replaced by a success only."""
    changed = []
    any_later: int | None = None
    done_later: int | None = None
    for run in reversed(group):
        successor = done_later if run.status in DONE else any_later
        if run.status == "redacted":
            successor = None
        else:
            any_later = run.position
            if run.status in DONE:
                done_later = run.position
        if successor != run.superseded:
            changed.append(msgspec.structs.replace(run, superseded=successor))
    return changed


def _keep(tables: Tables, run: RunRow, found: Sequence[bytes]) -> None:
    annotations, claims = tables.of(AnnotationRow), tables.of(ClaimRow)
    for ordinal, raw in enumerate(found):
        try:
            head, problem = _HEAD.decode(raw), ""
        except msgspec.ValidationError as error:
            head, problem = _Head(), str(error)
        decoder = _KNOWN.get(head.type)
        if decoder is not None:
            try:
                known = decoder.decode(raw)
            except msgspec.ValidationError as error:
                problem = str(error)
            else:
                if isinstance(known, Claim):
                    claims.add(_claim(run, ordinal, known))
        annotations.add(
            AnnotationRow(
                run.position,
                ordinal,
                run.article,
                run.revision,
                run.processor,
                head.type,
                head.span.start,
                head.span.end,
                raw.decode(),
                problem,
            )
        )


def _claim(run: RunRow, ordinal: int, claim: Claim) -> ClaimRow:
    value = claim.value
    point = value.point if value is not None else None
    number = float(point) if isinstance(point, int | float) else None
    wording = point if isinstance(point, str) else (value.text or "" if value is not None else "")
    return ClaimRow(
        position=run.position,
        ordinal=ordinal,
        article=run.article,
        revision=run.revision,
        processor=run.processor,
        start=claim.span.start,
        end=claim.span.end,
        sentence=claim.quote,
        subject=claim.subject,
        measure=claim.measure,
        scope=claim.scope,
        period=claim.period,
        unit=claim.unit,
        op=value.op if value is not None else "",
        value=number,
        low=_number(value.lo) if value is not None else None,
        high=_number(value.hi) if value is not None else None,
        wording=wording,
        modality=claim.modality,
        polarity=claim.polarity,
        kind=claim.kind,
        chain=" < ".join(link.actor for link in claim.chain),
        origin=claim.chain[-1].actor if claim.chain else "",
        said_on=claim.said_on,
        confidence=claim.confidence,
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
