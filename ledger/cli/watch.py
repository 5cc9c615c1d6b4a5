"""`newsledger alerts` and `newsledger watch`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click
import msgspec

from ledger.cli.figures import screen_width
from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, warn
from ledger.cli.wording import time_text

if TYPE_CHECKING:
    from ledger.alerts import Alert
    from ledger.events.types import AlertRaised

__all__ = ["alerts", "watch"]


@click.command()
@click.option("--slot", default="", help="Only alerts of this figure.")
@click.option("--unfollowed", is_flag=True, help="Instead: reports that never followed a correction.")
@json_option
@click.pass_context
def alerts(ctx: click.Context, slot: str, unfollowed: bool, as_json: bool) -> None:
    """What became otherwise on the figures, each transition once, oldest first.

    Alerts are raised while articles are recorded, and are events that sinks deliver: `newsledger plugin info file`, `webhook`, `atom`.
    """
    ledger = open_from(ctx)
    if unfollowed:
        found = [each for each in ledger.alerts.unfollowed() if slot in ("", each.slot)]
        if as_json:
            json_out(found)
            return
        for each in found:
            click.secho(f"{each.slot}: {each.outlet} still reports {each.value}", bold=True)
            click.echo(f"  {each.article} version {each.version}  {each.url}")
        if not found:
            click.echo("Every report followed the corrections of what it rests on.")
        return
    raised = list(ledger.alerts.list(slot=slot))
    if as_json:
        json_out(raised)
        return
    for alert in raised:
        _print(alert)
    if not raised:
        click.echo("No alerts yet.")


@click.command()
@click.option("--slot", default="", help="Only alerts of this figure.")
@click.option(
    "--since", metavar="POSITION", type=click.IntRange(0), help="Begin after this event; otherwise now."
)
@click.option("--once", is_flag=True, help="Print what there is and end.")
@json_option
@click.pass_context
def watch(ctx: click.Context, slot: str, since: int | None, once: bool, as_json: bool) -> None:
    """Follow the alerts as they are raised by `newsledger run`; one line of JSON each with --json. Ctrl-C ends it."""
    from ledger.schedule import Ticker

    ledger = open_from(ctx)
    last = ledger.store.head().position if since is None else since

    def tick() -> None:
        nonlocal last
        for alert in ledger.alerts.list(slot=slot, after=last):
            last = alert.position
            if as_json:
                click.echo(msgspec.json.encode(alert).decode())
            else:
                _print(alert)

    if once:
        tick()
        return
    warn("Watching; Ctrl-C stops it")
    Ticker(tick, settings_from(ctx).schedule.tick).run()


def _print(alert: Alert) -> None:
    raised = alert.raised
    click.secho(f"{time_text(raised.at)}  {raised.slot}: {_what(raised)}", bold=True)
    lines = [raised.title]
    if raised.articles:
        lines.append(f"by {', '.join(raised.articles)}")
    if raised.still:
        lines.append(f"still reported by {', '.join(raised.still)}")
    for line in lines:
        click.echo(
            "\n".join(textwrap.wrap(line, screen_width(), initial_indent="  ", subsequent_indent="    "))
        )


def _what(raised: AlertRaised) -> str:
    before, after = raised.before or "nothing", raised.after or "nothing"
    match raised.kind:
        case "first":
            return f"first figure, {after}"
        case "gone":
            return f"no figure any more, it was {before}"
        case "moved":
            share = "" if raised.share is None or raised.share >= 10 else f" ({raised.share:.0%})"
            return f"{before} -> {after}{share}"
        case "second-root":
            return f"a second independent root stands by {after}"
        case "dispute-opened":
            return f"disputed, {after}"
        case "dispute-closed":
            return f"disputed no more, {after}"
        case "denied":
            return f"denied by {', '.join(raised.roots)}"
        case "revised":
            return f"an article no longer says {before}"
        case "corrected":
            return f"{before} was corrected"
        case _:
            return f"{before} was retracted"
