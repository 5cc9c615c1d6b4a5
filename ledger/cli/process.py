"""`newsledger process`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, warn

if TYPE_CHECKING:
    from ledger.host.backlog import Annotated

__all__ = ["annotated_text", "process", "warn_failures"]


def annotated_text(done: Annotated) -> str:
    """One sentence on what a run of the processors did."""
    failed = f", {len(done.failures)} failed" if done.failures else ""
    failed += f", {len(done.deferred)} put off" if done.deferred else ""
    return f"{done.revisions} revisions annotated, {done.recorded} results recorded{failed}"


def warn_failures(done: Annotated) -> None:
    """Name each failure on standard error, and what to do."""
    for one in done.failures:
        warn(f"newsledger: {one.processor} failed on {one.article} revision {one.revision}: {one.message}")
    if done.failures:
        warn("See `newsledger plugin doctor`; `newsledger process --retry` tries again")


@click.command()
@click.option("--retry", is_flag=True, help="Also run again what failed before.")
@json_option
@click.pass_context
def process(ctx: click.Context, retry: bool, as_json: bool) -> None:
    """Annotate what is pending and bring the views up to date. Safe to repeat at any time.

    Exit 1 when a processor failed; the failures are events, and everything else is recorded.
    """
    ledger = open_from(ctx)
    with progress("Annotating") as show:
        done = ledger.process(retry=retry, progress=show)
    if as_json:
        json_out(done)
    else:
        click.echo(annotated_text(done))
    warn_failures(done)
    ctx.exit(1 if done.failures else 0)
