"""The audit page, made to be printed: what was checked, what was found, and the command that repeats it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.params import URLEncodedBody

from ledger.clock import format_time
from ledger.events import decode
from ledger.events.types import AuditDone, PayloadRedacted, ViewSealed
from ledger.store.verify import Verification
from ledger.web.asking import GivenDesk, GivenMoment
from ledger.web.asof import Moment
from ledger.web.desk import Desk
from ledger.web.forms import Form, goto, sender
from ledger.web.health import processor_lines
from ledger.web.rendering import Page, page_response
from ledger.web.routes import action, page

__all__ = ["audit", "check"]

_AT_ONCE = 20_000
"""Events up to which the log is checked while the reader waits."""


@page("/audit", "/audit.json", "/audit.csv")
def audit(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """Whether the log is what it committed to, what was removed, who read the texts, and which audits were made."""
    head = desk.ledger.store.head()
    upto = min(desk.upto(moment), head.position)
    checked = desk.verified(wait=head.position <= _AT_ONCE)
    recorded = [
        (stored, decode(stored))
        for stored in desk.ledger.store.read(
            types=(AuditDone.TYPE, ViewSealed.TYPE, PayloadRedacted.TYPE), upto=upto
        )
    ]
    failures = desk.browser.failed_runs(upto)
    findings = _findings(desk, moment, checked, upto, len(failures))
    return page_response(
        request,
        desk,
        Page(
            template="audit.html",
            title="Audit",
            data={"position": upto, "head": head, "verification": checked, "findings": findings},
            rows=findings,
            moment=moment,
            section="audit",
            context={
                "upto": upto,
                "head": head,
                "checked": checked,
                "findings": findings,
                "audits": [pair for pair in recorded if isinstance(pair[1], AuditDone)][::-1][:20],
                "seals": [pair for pair in recorded if isinstance(pair[1], ViewSealed)][::-1][:20],
                "redactions": [pair for pair in recorded if isinstance(pair[1], PayloadRedacted)][::-1],
                "processors": processor_lines(desk, moment),
                "failures": failures,
            },
        ),
    )


class Check(Form, frozen=True, kw_only=True):
    """The wish to check the log now."""


@action("/audit")
def check(request: Request[Any, Any, Any], desk: GivenDesk, data: URLEncodedBody[Check]) -> Response[bytes]:
    """Check the whole log now, however long it takes."""
    sender(request, data, "admin")
    desk.verified(wait=True)
    return goto("/audit")


def _findings(
    desk: Desk, moment: Moment, checked: Verification | None, upto: int, failures: int
) -> list[dict[str, Any]]:
    """One row per question: what was asked, the answer, whether it is well, and the command that repeats it."""
    parked = desk.ledger.views.parked()
    lag = desk.ledger.views.lag()
    at = format_time(moment.recorded) if moment.recorded is not None else str(upto)
    log = "not checked yet" if checked is None else "as it was committed to"
    if checked is not None and not checked.holds:
        log = "; ".join(f"{one.what} (position {one.position})" for one in checked.problems[:10])
    rows = [
        ("The log", log, None if checked is None else checked.holds, "newsledger verify"),
        (
            "The views",
            f"{lag} events behind" if lag else "up to date",
            lag == 0,
            "newsledger projection list",
        ),
        (
            "Events that a view passed over",
            str(len(parked)) if parked else "none",
            not parked,
            "newsledger projection rebuild",
        ),
        (
            "Failures of processors that stand",
            str(failures) if failures else "none",
            not failures,
            "newsledger plugin doctor",
        ),
        (
            "Views and processors, recomputed",
            "not made on a page: it takes as long as the reading did",
            None,
            "newsledger replay",
        ),
        (
            "What was said on that day",
            "rebuilt and compared by the command",
            None,
            f"newsledger audit --as-of {at}",
        ),
    ]
    return [
        {"question": one, "answer": answer, "holds": holds, "command": command}
        for one, answer, holds, command in rows
    ]
