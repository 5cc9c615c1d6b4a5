"""`newsledger feed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table, warn
from ledger.cli.process import warn_failures
from ledger.cli.wording import time_text
from ledger.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from ledger.feeds.poll import PollReport

__all__ = ["feed", "poll_table"]


@click.group()
def feed() -> None:
    """The feeds that are followed."""


@feed.command()
@click.argument("url")
@click.option("--outlet", default="", help="Key of the outlet, as in the source registry [the host].")
@click.option("--title", default="", help="A name for the feed.")
@click.option(
    "--interval", type=int, metavar="SECONDS", help="Poll at this interval instead of an adaptive one."
)
@click.option("--by", default="", help="Who adds it.")
@click.option("--no-check", is_flag=True, help="Do not fetch it first.")
@click.pass_context
def add(
    ctx: click.Context, url: str, outlet: str, title: str, interval: int | None, by: str, no_check: bool
) -> None:
    """Follow the feed at URL. A site's home page will do: its feed is looked for."""
    ledger = open_from(ctx)
    if not no_check:
        found = ledger.feeds.discover(url)
        if not found:
            raise InputError(
                "No feed here", which=url, fix="Give the feed's own address, or add it unseen with --no-check"
            )
        if found[0].url != url:
            warn(f"Found {found[0].url} ({found[0].kind}, {found[0].items} items)")
        for other in found[1:]:
            warn(f"  also there: {other.url}  {other.title}")
        url, title = found[0].url, title or found[0].title
    identifier = ledger.feeds.add(url, outlet=outlet, title=title, interval=interval, by=by)
    click.echo(f"{identifier} is followed. Poll it now: newsledger feed poll {identifier}")


@feed.command()
@click.argument("name", metavar="ID|URL")
@click.option("--reason", default="", help="Why.")
@click.option("--by", default="", help="Who removes it.")
@click.pass_context
def remove(ctx: click.Context, name: str, reason: str, by: str) -> None:
    """Stop following a feed. Its articles stay."""
    click.echo(f"{open_from(ctx).feeds.remove(name, reason=reason, by=by)} is no longer followed.")


@feed.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Every feed with its health: silent, failing, moved and gone ones at a glance."""
    found = open_from(ctx).feeds.list()
    if as_json:
        json_out(found)
        return
    table(
        ("feed", "outlet", "health", "last good", "next", "url"),
        [
            (one.feed, one.outlet, one.health, time_text(one.last_success), time_text(one.next_at), one.url)
            for one in found
        ],
        empty="No feeds. Add one: newsledger feed add URL",
    )
    for one in found:
        if one.error:
            warn(f"{one.feed}: {one.error}")
        if one.moved_to:
            warn(f"{one.feed}: moved to {one.moved_to}")


@feed.command()
@click.argument("names", nargs=-1, metavar="[ID|URL]...")
@json_option
@click.pass_context
def poll(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Poll the feeds named, or all, now, and look again at every page still in their windows. Exit 1 when one failed."""
    ledger = open_from(ctx)
    only = None
    if names:
        known = {one.feed: one for one in ledger.feeds.list()}
        only = {one.feed for one in known.values() if one.feed in names or one.url in names}
        if missing := [
            name for name in names if name not in known and name not in {one.url for one in known.values()}
        ]:
            raise NotFoundError("No such feed", which=", ".join(missing), fix="See `newsledger feed list`")
    with progress("Polling") as show:
        report = ledger.poll(force=True, only=only, progress=show, process=False)
    with progress("Annotating") as show:
        done = ledger.process(progress=show)
    if as_json:
        json_out(report)
    else:
        poll_table(report)
    warn_failures(done)
    ctx.exit(1 if report.errors or done.failures else 0)


def poll_table(report: PollReport) -> None:
    """What a poll brought, feed by feed."""
    table(
        ("feed", "outcome", "items", "new", "revised", "what happened"),
        [(one.feed, one.outcome, one.items, one.new, one.revised, one.error) for one in report.feeds],
        empty="No feed is due.",
        right=(2, 3, 4),
    )
    for one in report.feeds:
        for skipped in one.skipped:
            warn(f"{one.feed}: {skipped}")
    if report.offline:
        warn("More than half of all hosts failed: this looks like our own network, so no feed is blamed.")


@feed.command("test")
@click.argument("url")
@json_option
@click.pass_context
def test_(ctx: click.Context, url: str, as_json: bool) -> None:
    """Show what polling URL would record; writes nothing."""
    found = open_from(ctx).feeds.test(url)
    if as_json:
        json_out(found)
        return
    click.echo(f"{found.title or found.url} ({found.kind}), {len(found.items)} items")
    table(
        ("published", "words", "title", "problem"),
        [(time_text(one.published), one.words, one.title, one.problem) for one in found.items],
        empty="No items.",
        right=(1,),
    )


@feed.command()
@click.argument("url")
@json_option
@click.pass_context
def discover(ctx: click.Context, url: str, as_json: bool) -> None:
    """Find the feeds of a site. Exit 1 when there is none."""
    found = open_from(ctx).feeds.discover(url)
    if as_json:
        json_out(found)
    else:
        table(
            ("kind", "items", "url", "title"),
            [(one.kind, one.items, one.url, one.title) for one in found],
            empty="No feed found.",
            right=(1,),
        )
    ctx.exit(0 if found else 1)


@feed.command()
@click.argument("name", metavar="ID|URL")
@json_option
@click.pass_context
def history(ctx: click.Context, name: str, as_json: bool) -> None:
    """The newest polls of a feed."""
    found = open_from(ctx).feeds.history(name)
    if as_json:
        json_out(found)
        return
    table(
        ("at", "status", "outcome", "new", "revised", "error"),
        [
            (time_text(one.at), one.status or "-", one.outcome, one.new, one.revised, one.error)
            for one in found
        ],
        empty="Never polled.",
        right=(1, 3, 4),
    )


@feed.command("import")
@click.argument("path")
@click.option("--by", default="", help="Who adds them.")
@click.pass_context
def import_(ctx: click.Context, path: str, by: str) -> None:
    """Follow every feed of an OPML file; the outlet is the feed's host."""
    from ledger.feeds.opml import read_opml

    try:
        body = Path(path).read_bytes()
    except OSError as error:
        raise InputError("The file cannot be read", which=path, fix=str(error.strerror)) from error
    ledger = open_from(ctx)
    subscriptions = read_opml(body)
    with progress("Adding") as show:
        for number, one in enumerate(subscriptions, 1):
            ledger.feeds.add(one.url, title=one.title, by=by)
            show(number, len(subscriptions))
    click.echo(f"{len(subscriptions)} feeds are followed. Poll them now: newsledger feed poll")


@feed.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """Print all feeds as OPML."""
    from ledger.feeds.opml import Subscription, write_opml

    feeds = open_from(ctx).feeds.list()
    click.echo(
        write_opml([Subscription(url=one.url, title=one.title, folder=one.outlet) for one in feeds]).decode()
    )
