"""`newsledger plugin`."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, progress, table, warn
from ledger.errors import NotFoundError

__all__ = ["plugin"]


@click.group()
def plugin() -> None:
    """Plugins: what is installed, what runs in which order, what failed and why."""


@plugin.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every plugin with its processors; inactive and broken ones with the reason. Exit 1 when one is broken."""
    from ledger.host import Host

    host = Host(settings_from(ctx).plugins)
    ctx.call_on_close(host.close)
    if as_json:
        json_out({"plugins": host.plugins, "processors": host.processors, "problems": host.problems})
    else:
        table(
            ("plugin", "from", "provides", "status"),
            [
                (one.name, f"{one.distribution} {one.version}", ", ".join(one.provides), one.status)
                for one in host.plugins
            ],
            empty="No plugins.",
        )
        for problem in host.problems:
            warn(f"newsledger: {problem.plugin} ({problem.distribution}): {problem.what}. {problem.fix}")
    ctx.exit(1 if host.problems else 0)


@plugin.command()
@click.argument("name")
@json_option
@click.pass_context
def info(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one plugin: its processors, what they need and give, settings, identity."""
    from ledger.host import Host

    host = Host(settings_from(ctx).plugins)
    ctx.call_on_close(host.close)
    found = next((one for one in host.plugins if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in host.plugins)
        raise NotFoundError("No such plugin", which=name, fix=f"Installed: {names}")
    processors = [one for one in host.processors if one.plugin == name]
    if as_json:
        json_out({"plugin": found, "processors": processors})
        return
    click.echo(f"{found.name}: {found.distribution} {found.version}, {found.status}")
    for one in processors:
        click.echo(
            f"\nprocessor {one.name} {one.version} ({'in this process' if one.inline else 'in a worker process'})"
        )
        click.echo(f"  {one.summary}")
        click.echo(f"  needs: {', '.join(one.requires) or 'the text only'}")
        click.echo(f"  gives: {', '.join(one.provides)}")
        click.echo(f"  identity: {one.identity}")
        for key, value in sorted(one.manifest.items()):
            click.echo(f"    {key}: {value}")


@plugin.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Load every plugin and list what is wrong with it and what failed on which article. Exit 1 when anything is."""
    ledger = open_from(ctx)
    ledger.views.catch_up()
    failures = list(ledger.views.failures())
    problems = ledger.host.problems
    if as_json:
        json_out({"problems": problems, "failures": failures})
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
        if not problems:
            click.echo("Every plugin loads.")
    ctx.exit(1 if problems or failures else 0)


@plugin.command()
@click.pass_context
def retry(ctx: click.Context) -> None:
    """Run again every processor on every article it failed on. Exit 1 when one fails again."""
    from ledger.cli.process import annotated_text

    ledger = open_from(ctx)
    with progress("Annotating") as show:
        done = ledger.process(retry=True, progress=show)
    click.echo(annotated_text(done))
    ctx.exit(1 if done.failures else 0)
