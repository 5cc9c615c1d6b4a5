"""`newsledger run`."""

from __future__ import annotations

import contextlib
import logging
import sys

import click

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, progress, warn

__all__ = ["run"]

log = logging.getLogger("ledger.run")


@click.command()
@click.option("--once", is_flag=True, help="One tick: poll what is due now, then end.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the feeds.",
)
@click.option(
    "--metrics", type=click.IntRange(1, 65535), metavar="PORT", help="Serve Prometheus metrics on loopback."
)
@click.option(
    "--serve", is_flag=True, help="Serve the pages on this machine beside it (see `newsledger serve`)."
)
@json_option
@click.pass_context
def run(
    ctx: click.Context, once: bool, workers: int, metrics: int | None, serve: bool, as_json: bool
) -> None:
    """Poll feeds when they are due, record what is new, annotate it and keep the views up to date.

    A worker that dies is started again. SIGTERM or Ctrl-C ends it after the feeds in flight and what they brought. Exit 1 with --once when a feed failed.
    """
    from ledger.cli.feed import poll_table

    settings = settings_from(ctx)
    ledger = open_from(ctx)
    if left := ledger.feeds.take_over():
        log.info("%d feeds were held by a process that was killed; they are free", left)
    if once:
        with progress("Polling") as show:
            report = ledger.poll(progress=show)
        if as_json:
            json_out(report)
        else:
            poll_table(report)
        for sentence in ledger.audits.keep_up():
            warn(sentence)
        ctx.exit(1 if report.errors else 0)

    def tick() -> None:
        report = ledger.poll(stopping=lambda: ticker.stopping)
        if report.feeds:
            log.info(
                "%d feeds, %d new, %d revised, %d failed",
                len(report.feeds),
                report.new,
                report.revised,
                len(report.errors),
            )
        for sentence in ledger.audits.keep_up():
            log.info("%s", sentence)

    from ledger.schedule import Crew, Ticker

    served = contextlib.ExitStack()
    if metrics is not None:
        from ledger.schedule.metrics import serve_metrics

        served.enter_context(serve_metrics(ledger.store, ledger.clock, metrics))
    commands = ["run"] * (workers - 1) + ["serve"] * serve
    warn(f"newsledger runs with {workers} process(es); Ctrl-C or SIGTERM stops it")
    ticker = Ticker(tick, settings.schedule.tick)
    with Crew([_command(ctx, name) for name in commands]), served:
        ticker.run()


def _command(ctx: click.Context, name: str) -> list[str]:
    options = ctx.find_root().obj
    command = [sys.executable, "-m", "ledger"]
    for option in ("home", "db"):
        if options.get(option):
            command += [f"--{option}", options[option]]
    for folder in options.get("plugin_dir") or ():
        command += ["--plugin-dir", folder]
    return [*command, name]
