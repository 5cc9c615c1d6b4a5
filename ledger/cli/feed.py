"""`newsledger feed`."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table, warn
from ledger.cli.process import warn_failures
from ledger.cli.wording import clipped, time_text
from ledger.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from rich.text import Text

    from ledger.app import Ledger
    from ledger.feeds.poll import PollReport
    from ledger.feeds.subscriptions import FeedStatus

__all__ = ["feed", "poll_table"]

WIDTH = 32
HOST = r"[\w.-]+\.[a-z]{2,}(?:/\S*)?"


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
    """Follow the feed at URL. A site's home page will do: its feed is looked for.

    KIND:LOCATION follows a source of a plugin, as in `newsledger ingest`.
    """
    from ledger.feeds.subscriptions import is_source

    ledger = open_from(ctx)
    url = url if is_source(url) else _address(url)
    if not no_check and not is_source(url):
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


def _address(url: str) -> str:
    """A URL as it was typed: a host alone is taken as https. Raises UsageError."""
    from ledger.feeds.subscriptions import feed_address

    return feed_address(f"https://{url}" if re.fullmatch(HOST, url, re.IGNORECASE) else url)


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
    """Every feed with its health, and how long ago it was read, brought something new, and will be read again."""
    ledger = open_from(ctx)
    found = ledger.feeds.list()
    if as_json:
        json_out(found)
        return
    now = ledger.clock.now()
    table(
        ("feed", "health", "good", "news", "next", "outlet and address"),
        [
            (
                one.feed,
                _health(one),
                _ago(one.last_success, now),
                _ago(one.last_news, now),
                _ago(now, one.next_at),
                _place(one),
            )
            for one in found
        ],
        empty="No feeds. Add one: newsledger feed add URL",
        right=(2, 3, 4),
    )
    for one in found:
        if one.error:
            warn(f"{one.feed}: {one.error}")
        if one.moved_to:
            warn(f"{one.feed}: moved to {one.moved_to}")
    if found:
        counts = Counter(str(_health(one)) for one in found)
        click.echo(", ".join(f"{number} {health}" for health, number in sorted(counts.items())))


def _health(one: FeedStatus) -> Text:
    from rich.text import Text

    name = "moved" if one.moved_to and one.health == "ok" else one.health
    return Text(
        name, style={"ok": "green", "new": "", "silent": "yellow", "moved": "yellow"}.get(name, "red")
    )


def _ago(since: datetime | None, until: datetime) -> str:
    """How long it is from one time to another, in the largest unit that fits."""
    if since is None:
        return "-"
    seconds = max(0.0, (until - since).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return "now"


def _place(one: FeedStatus) -> str:
    """Outlet and address in the width of a column; --json has them in full."""
    address = one.url.partition("://")[2] or one.url
    return clipped(address if address.startswith(one.outlet) else f"{one.outlet} {address}", WIDTH)


@feed.command()
@json_option
@click.pass_context
def health(ctx: click.Context, as_json: bool) -> None:
    """The feeds that need a look, the worst first. Exit 1 when there are any, so that a timer can raise the alarm."""
    from ledger.feeds.metrics import overview

    ledger = open_from(ctx)
    found = overview(ledger.store, ledger.clock.now())
    if as_json:
        json_out(found)
    else:
        click.echo(
            ", ".join(f"{number} {name}" for name, number in found.health.items() if number) or "No feeds."
        )
        if found.due:
            click.echo(f"{found.due} wait for a poll, the longest for {found.late / 60:.0f} minutes")
        table(
            ("feed", "outlet", "health", "last good", "last news", "what is wrong"),
            [
                (
                    one.feed,
                    one.outlet,
                    one.health,
                    time_text(one.last_success),
                    time_text(one.last_news),
                    one.error or (f"moved to {one.moved_to}" if one.moved_to else _quiet(one)),
                )
                for one in found.unwell
            ],
            empty="All feeds are well.",
        )
    ctx.exit(1 if found.unwell else 0)


@feed.command()
@click.pass_context
def metrics(ctx: click.Context) -> None:
    """Print the state of the feeds in Prometheus's text format, for its textfile collector."""
    from ledger.feeds.metrics import metrics_text

    ledger = open_from(ctx)
    click.echo(metrics_text(ledger.store, ledger.clock.now()), nl=False)


@feed.command()
@json_option
@click.pass_context
def replay(ctx: click.Context, as_json: bool) -> None:
    """Ingest every kept document again and compare with the record; writes nothing. Exit 1 when something differs."""
    from ledger.feeds.replay import replay_ingestion

    ledger = open_from(ctx)
    with progress("Replaying") as show:
        found = replay_ingestion(ledger.store, extractor=ledger.hooks.extractor, progress=show)
    if as_json:
        json_out(found)
    else:
        click.echo(", ".join(f"{number} {name}" for name, number in found.counts.items()))
        table(
            ("position", "article", "revision", "outcome", "detail"),
            [(one.position, one.article, one.revision, one.outcome, one.detail) for one in found.others[:50]],
            empty="Every revision came out the same.",
            right=(0, 2),
        )
    ctx.exit(0 if found.holds else 1)


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


def _quiet(one: FeedStatus) -> str:
    return f"nothing new since {time_text(one.last_news)}" if one.last_news else "nothing new yet"


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
    found = open_from(ctx).feeds.test(_address(url))
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
    found = open_from(ctx).feeds.discover(_address(url))
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
@click.option("--diff", is_flag=True, help="What its articles changed instead: text, and figures.")
@json_option
@click.pass_context
def history(ctx: click.Context, name: str, diff: bool, as_json: bool) -> None:
    """The newest polls of a feed, or what its articles changed."""
    ledger = open_from(ctx)
    found = ledger.feeds.history(name)
    if diff:
        _print_changes(ledger, name, as_json)
        return
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


def _print_changes(ledger: Ledger, name: str, as_json: bool) -> None:
    from ledger.feeds.changes import revision_changes
    from ledger.feeds.identity import feed_id

    known = {one.feed for one in ledger.feeds.list()}
    found = list(revision_changes(ledger.store, name if name in known else feed_id(name)))
    if as_json:
        json_out(found)
        return
    if not found:
        click.echo("No article of this feed was revised.")
    for one in found:
        click.secho(f"{one.title}", bold=True)
        silent = ", a silent edit" if one.silent else ""
        click.echo(f"{one.article} revision {one.revision}, {time_text(one.recorded_at)}{silent}")
        for figure in one.figures:
            click.secho(f"  {figure.before} -> {figure.after}   {figure.context}", fg="yellow")
        for line in one.diff[2:]:
            click.secho(f"  {line}", fg={"+": "green", "-": "red"}.get(line[:1]))


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
