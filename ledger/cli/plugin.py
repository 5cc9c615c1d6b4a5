"""`newsledger plugin`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, progress, table, warn
from ledger.cli.plugin_vendor import identity, vendor
from ledger.cli.wording import time_text
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from ledger.app import Ledger
    from ledger.host import Inventory, PluginInfo
    from ledger.host.health import ProcessorHealth
    from ledger.host.notes import Note

__all__ = ["plugin"]


@click.group()
def plugin() -> None:
    """Plugins: what is installed, what runs in which order, what failed and why; and how to write one."""


plugin.add_command(vendor)
plugin.add_command(identity)


@plugin.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every plugin with what it brings; inactive, resting and broken ones with the reason. Exit 1 when one is broken.

    Plugins that did not change since they were last looked at are not loaded; `plugin doctor` loads every one.
    """
    inventory, health = _look(ctx)
    plugins = inventory.with_health(health)
    if as_json:
        json_out(
            {
                "plugins": plugins,
                "processors": inventory.processors,
                "health": {name: _health(one) for name, one in health.items()},
                "problems": inventory.problems,
            }
        )
    else:
        table(
            ("plugin", "from", "brings", "status"),
            [(one.name, one.origin, _brings(one), one.status) for one in plugins],
            empty="No plugins.",
        )
        for problem in inventory.problems:
            warn(f"newsledger: {problem.plugin} ({problem.distribution}): {problem.what}. {problem.fix}")
    ctx.exit(1 if inventory.problems else 0)


@plugin.command()
@click.argument("name")
@json_option
@click.pass_context
def info(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one plugin: what it brings, what its processors need and give, health, settings, identity."""
    inventory, health = _look(ctx)
    found = _find(inventory.with_health(health), name)
    processors = [one for one in inventory.processors if one.plugin == name]
    if as_json:
        known = {one.name: _health(health[one.name]) for one in processors if one.name in health}
        json_out({"plugin": found, "processors": processors, "health": known})
        return
    click.echo(f"{found.name}: {found.origin}, {found.status}")
    for hook, records in found.records.items():
        for record in records:
            click.echo(f"\n{hook.removeprefix('ledger_').removesuffix('s')} {record.name}")
            for line in (record.summary, f"for: {record.detail}" if record.detail else ""):
                if line:
                    click.echo(f"  {line}")
            if record.schema and not record.config:
                click.echo(
                    f"  off until its settings are complete; see `newsledger plugin config {record.name}`"
                )
    for one in processors:
        click.echo(
            f"\nprocessor {one.name} {one.version} ({'in this process' if one.inline else 'in a worker process'})"
        )
        click.echo(f"  {one.summary}")
        click.echo(f"  needs: {', '.join(one.requires) or 'the text only'}")
        click.echo(f"  gives: {', '.join(one.provides)}")
        if (seen := health.get(one.name)) is not None and seen.identity == one.identity:
            slow = f", 95% within {seen.p95:.3g} s" if seen.p95 is not None else ""
            click.echo(f"  on this machine: {seen.runs} runs, {seen.failures} failures{slow}")
            for note in seen.notes.values():
                click.echo(f"  noted: {note}{f', first on {note.article}' if note.article else ''}")
        click.echo(f"  identity: {one.identity}")
        for key, value in sorted(one.manifest.items()):
            click.echo(f"    {key}: {value}")


@plugin.command()
@click.argument("name")
@json_option
@click.pass_context
def config(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show the settings of a plugin, a processor or a sink: each key with its type, and the value in force.

    What it prints is TOML for newsledger.toml; --json gives the JSON Schema and the values.
    """
    from ledger.host.configure import SettingsOf, settings_of, settings_text

    inventory, _ = _look(ctx)
    every = settings_of(inventory)
    found: list[SettingsOf] = [one for one in every if name in (one.name, one.plugin)]
    if not found and name not in {p.name for p in inventory.plugins} | {
        one.name for one in inventory.processors
    }:
        raise NotFoundError(
            "No such plugin, processor or sink",
            which=name,
            fix=f"With settings: {', '.join(one.name for one in every) or 'none'}",
        )
    if as_json:
        json_out(found)
        return
    click.echo("\n\n".join(settings_text(one) for one in found) or f"{name} takes no settings.")


@plugin.command()
@click.argument("name")
@click.pass_context
def enable(ctx: click.Context, name: str) -> None:
    """Take a plugin or processor off `[plugins] disabled` in newsledger.toml, and put it on an allow-list if there is one."""
    _switch(ctx, name, on=True)


@plugin.command()
@click.argument("name")
@click.pass_context
def disable(ctx: click.Context, name: str) -> None:
    """Put a plugin or processor on `[plugins] disabled` in newsledger.toml. What it recorded stays."""
    _switch(ctx, name, on=False)


@plugin.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["processor", "source", "sink", "projection", "page"]),
    default="processor",
    show_default=True,
    help="What the plugin brings.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to write the project into, instead of this one.",
)
def new(name: str, kind: str, into: Path) -> None:
    """Write the project of a new plugin: code, tests, packaging. It works as it is; then make it your own."""
    from ledger.testing.scaffold import new_project

    files = new_project(name, kind, into)
    folder = files[0].parent
    for file in files:
        click.echo(f"  {file}")
    click.echo(
        f"\nNext:\n  cd {folder}\n  pip install -e '.[test]'\n  python -m pytest\n"
        f"  newsledger plugin check .\n  newsledger plugin info {name}"
    )


@plugin.command()
@click.argument("target", metavar="NAME|FILE|FOLDER")
@click.option(
    "--history",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare with this recorded history, too; recorded first when there is no such file.",
)
@json_option
@click.pass_context
def check(ctx: click.Context, target: str, history: Path | None, as_json: bool) -> None:
    """Judge a plugin: an installed one by name, one file, or the folder of its project. Exit 1 when a law is broken.

    Twice the same, under other hash seeds and time zones, any order of articles, spans inside the text, declared types
    only, input unchanged, no network, in time, and quickly imported.
    """
    from ledger.testing import check_plugin
    from ledger.testing.plugins import compare_plugin

    settings = settings_from(ctx).plugins.settings
    verdicts = check_plugin(target, settings=settings)
    diffs = compare_plugin(target, history, settings=settings) if history is not None else ()
    if as_json:
        json_out({"verdicts": verdicts, "history": diffs})
    else:
        for one in verdicts:
            click.echo(f"{one.processor}\n" + "\n".join(f"  {line}" for line in one.verdicts))
        for diff in diffs:
            click.echo(str(diff))
    ctx.exit(0 if all(one.ok for one in verdicts) and all(diff.ok for diff in diffs) else 1)


@plugin.command()
def docs() -> None:
    """Print every hook, record and annotation type, as Markdown."""
    from ledger.testing.reference import hook_reference

    click.echo(hook_reference(), nl=False)


@plugin.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Load every plugin and list what is wrong with it and what failed on which article. Exit 1 when anything is.

    What a plugin did beside its work and harmed nobody with (it printed, left processes running, gave something else when it was asked
    again) is listed, too; that alone is no failure.
    """
    ledger = open_from(ctx)
    ledger.views.catch_up()
    failures = list(ledger.views.failures())
    problems = (*ledger.host.problems, *ledger.hooks.complaints)
    sinks = ledger.sinks.status()
    notes = _notes(ledger)
    if as_json:
        json_out({"problems": problems, "failures": failures, "notes": notes, "sinks": sinks})
    else:
        for problem in problems:
            click.echo(
                f"{problem.plugin} ({problem.distribution} {problem.version}): {problem.what}. {problem.fix}"
            )
        table(
            ("processor", "article", "rev", "kind", "what happened"),
            [(one.processor, one.article, one.revision, one.kind, one.message) for one in failures],
            empty="No processor has failed.",
        )
        if notes:
            click.echo("\nNothing failed by this, but the author should know:")
            table(
                ("processor", "article", "rev", "what it did"),
                [
                    (name, note.article, note.revision or "", str(note))
                    for name, kinds in notes.items()
                    for note in kinds
                ],
                empty="",
            )
        if not problems:
            click.echo("Every plugin loads.")
        for sink in sinks:
            state = f"failing, {sink.error}; again after {time_text(sink.next_at)}" if sink.error else "ok"
            click.echo(f"Sink {sink.sink}: {sink.lag} events to go, {state}")
    ctx.exit(1 if problems or failures or any(sink.error for sink in sinks) else 0)


@plugin.command()
@click.argument("article", required=False)
@click.pass_context
def retry(ctx: click.Context, article: str | None) -> None:
    """Run again every processor on every article it failed on, or on ARTICLE (id or URL) only. Exit 1 when one fails again.

    Processors that rest after too many failures are woken.
    """
    from ledger.cli.process import annotated_text, warn_failures

    ledger = open_from(ctx)
    with progress("Annotating") as show:
        done = ledger.process(retry=True, article=article, progress=show)
    click.echo(annotated_text(done))
    warn_failures(done)
    ctx.exit(1 if done.failures else 0)


def _look(ctx: click.Context) -> tuple[Inventory, dict[str, ProcessorHealth]]:
    from ledger.cli.root import COMMANDS
    from ledger.host import Inventory, Problem
    from ledger.host.health import read_health

    settings = settings_from(ctx)
    inventory = Inventory(settings.plugins)
    for one in inventory.plugins:
        for record in one.records.get("ledger_commands", ()):
            if record.name in COMMANDS:
                inventory.complain(
                    Problem(
                        plugin=one.name,
                        distribution=one.distribution,
                        version=one.version,
                        what=f"Its command {record.name!r} has the name of a command of newsledger and is left out",
                        fix="Ask its author to rename it",
                    )
                )
    return inventory, read_health(settings.home)


def _find(plugins: tuple[PluginInfo, ...], name: str) -> PluginInfo:
    found = next((one for one in plugins if one.name == name), None)
    if found is None:
        raise NotFoundError(
            "No such plugin", which=name, fix=f"Installed: {', '.join(one.name for one in plugins)}"
        )
    return found


def _brings(one: PluginInfo) -> str:
    """Annotation types, then the records of other hooks."""
    others = [
        f"{hook.removeprefix('ledger_').removesuffix('s')} {record.name}"
        for hook, records in one.records.items()
        for record in records
    ]
    return ", ".join([*one.provides, *others])


def _notes(ledger: Ledger) -> dict[str, list[Note]]:
    """What was noticed of the processors in use, worker processes of this command included."""
    known = ledger.host.keep_health()
    return {
        active.name: list(one.notes.values())
        for active in ledger.host.processors
        if (one := known.get(active.name)) is not None and one.identity == active.identity and one.notes
    }


def _health(one: ProcessorHealth) -> dict[str, object]:
    return {**msgspec.structs.asdict(one), "p95": one.p95}


def _switch(ctx: click.Context, name: str, *, on: bool) -> None:
    from ledger.host import Inventory
    from ledger.host.switching import switch

    settings = settings_from(ctx)
    changed = switch(settings.home, Inventory(settings.plugins), name, on=on)
    word = "enabled" if on else "disabled"
    click.echo(f"{name} is {word}." if changed else f"{name} was {word} already.")
