"""`newsledger doctor`."""

from __future__ import annotations

import click
import msgspec

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out
from ledger.errors import LedgerError
from ledger.plugin import CheckResult

__all__ = ["doctor"]


class _Finding(msgspec.Struct, frozen=True):
    """One check with its result."""

    name: str
    result: CheckResult


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check configuration, database, views, feeds and plugins. Exit 1 when anything needs attention."""
    findings = _findings(ctx)
    if as_json:
        json_out(findings)
    else:
        for one in findings:
            click.echo(f"{'ok ' if one.result.ok else 'BAD'}  {one.name}: {one.result.message}")
            if one.result.fix and not one.result.ok:
                click.echo(f"       {one.result.fix}")
    ctx.exit(0 if all(one.result.ok for one in findings) else 1)


def _findings(ctx: click.Context) -> list[_Finding]:
    findings: list[_Finding] = []

    def add(name: str, ok: bool, message: str, fix: str = "") -> None:
        findings.append(_Finding(name, CheckResult(ok=ok, message=message, fix=fix)))

    try:
        settings = settings_from(ctx)
        add("configuration", True, str(settings.home))
        ledger = open_from(ctx)
    except LedgerError as error:
        add("ledger", False, error.what + (f": {error.which}" if error.which else ""), error.fix)
        return findings
    head = ledger.store.head()
    add("ledger", True, f"{head.position} events, root {head.root[:16]}")
    lag = ledger.views.lag()
    add("views", lag == 0, f"{lag} events behind", "Run `newsledger process`")
    parked = ledger.views.parked()
    add("parked events", not parked, f"{len(parked)}", "Run `newsledger projection rebuild` after an upgrade")
    unwell = [feed for feed in ledger.feeds.list() if feed.health not in {"ok", "new"}]
    add("feeds", not unwell, f"{len(unwell)} need attention", "See `newsledger feed list`")
    problems = (*ledger.host.problems, *ledger.hooks.complaints)
    add("plugins", not problems, f"{len(problems)} cannot be used", "See `newsledger plugin list`")
    failing = [sink for sink in ledger.sinks.status() if sink.error]
    add("sinks", not failing, "; ".join(f"{s.sink}: {s.error}" for s in failing) or "none fails")
    failures = ledger.views.failures()
    add("processors", not failures, f"{len(failures)} failures", "See `newsledger plugin doctor`")
    for check in ledger.host.records("ledger_checks"):
        try:
            findings.append(_Finding(check.name, check.run()))
        except Exception as error:  # noqa: BLE001 - a plugin's check is a plugin's code
            add(
                check.name,
                False,
                f"the check failed: {type(error).__name__}: {error}",
                "Report it to its author",
            )
    return findings
