"""`newsledger demo`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
import msgspec
import platformdirs

from ledger.cli.figures import print_state
from ledger.cli.opening import json_option, settings_from
from ledger.cli.output import json_out, progress, warn
from ledger.cli.process import warn_failures
from ledger.errors import UsageError

__all__ = ["demo"]

_MARK = "this-is-a-demo"


@click.command()
@json_option
@click.pass_context
def demo(ctx: click.Context, as_json: bool) -> None:
    """Serve the demo corpus as feeds on loopback, poll them as they stood on several days, and print the reported state.

    The ledger is written to a folder of its own (--home, else the platform's data folder), afresh each time, and stays
    there to look at.
    """
    from ledger.app import open_ledger
    from ledger.clock import FixedClock
    from ledger.testing.demo import StoryServer, seeds_folder

    given = (ctx.find_root().obj or {}).get("home")
    home = Path(given) if given else Path(platformdirs.user_data_dir("newsledger-demo", appauthor=False))
    _prepare(home)
    settings = settings_from(ctx)
    seeds = seeds_folder()
    with StoryServer(seeds) as story:
        fetch = msgspec.structs.replace(
            settings.fetch, allow_hosts=(story.address,), host_interval=0.0, robots=False
        )
        settings = msgspec.structs.replace(settings, home=home, db="", fetch=fetch)
        clock = FixedClock(story.manifest.polls[0].recorded_at)
        with open_ledger(settings=settings, clock=clock) as ledger:
            ledger.sources.load(seeds / "registry.json", by="demo", reason="The registry of the demo corpus")
            for outlet, url in story.feeds.items():
                ledger.feeds.add(url, outlet=outlet, by="demo")
            for number, poll in enumerate(story.manifest.polls):
                clock.set(poll.recorded_at)
                story.move_to(number)
                with progress(f"Poll {number + 1} of {len(story.manifest.polls)}") as show:
                    report = ledger.poll(force=True, progress=show, process=False)
                    done = ledger.process()
                warn(
                    f"{poll.recorded_at}  {len(report.feeds)} feeds polled: {report.new} new articles, "
                    f"{report.revised} revised, {len(report.errors)} not answering"
                )
                warn_failures(done)
            state = ledger.state()
            head = ledger.store.head()
    if as_json:
        json_out(state.to_dict())
        return
    warn("")
    print_state(state.slots)
    where = f"--home {home} " if " " not in str(home) else f"--home '{home}' "
    click.echo(f"\n{head.position} events, Merkle root {head.root[:16]}...; the ledger stays in {home}")
    click.echo("Look deeper:")
    figure = max(state.slots, key=lambda slot: slot.reports).id if state.slots else "FIGURE"
    program = "newsledger" if shutil.which("newsledger") else sys.argv[0]
    for what in (f"explain {figure}", f"state {figure}", "verify", "replay"):
        click.echo(f"  {program} {where}{what}")


def _prepare(home: Path) -> None:
    """Make `home` an empty demo folder; refuse one that holds anything but an earlier demo."""
    if home.exists() and any(home.iterdir()):
        if not (home / _MARK).is_file():
            raise UsageError(
                "The folder is not empty and not a demo's", which=str(home), fix="Name another with --home"
            )
        shutil.rmtree(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / _MARK).write_text(
            "Made by `newsledger demo`, which empties this folder when it runs again.\n", "utf-8"
        )
    except OSError as error:
        raise UsageError(
            "The demo folder cannot be written", which=str(home), fix=str(error.strerror)
        ) from error
