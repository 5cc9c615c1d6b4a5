"""`newsledger verify`, `replay` and `redact`."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table

__all__ = ["redact", "replay", "verify"]


@click.command()
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Recompute the Merkle root over the stored events, the payload commitments and the body hashes, and compare.

    Exit 1 when anything does not hold; the first position that differs is named.
    """
    ledger = open_from(ctx)
    with progress("Verifying") as show:
        found = ledger.verify(progress=show)
    if as_json:
        json_out(found)
    else:
        click.echo(
            f"{found.position} events, root {found.root}, {found.bodies} bodies, {found.redacted} redacted"
        )
        for problem in found.problems:
            where = f"position {problem.position}: " if problem.position else ""
            click.echo(f"  {where}{problem.what}")
        click.echo("Everything is as it was committed to." if found.holds else "This ledger does not hold.")
    ctx.exit(0 if found.holds else 1)


@click.command()
@click.option("--views-only", is_flag=True, help="Rebuild and compare the views; run no processor.")
@click.option(
    "--sample", type=click.IntRange(1), metavar="N", help="Run the processors on about N revisions only."
)
@json_option
@click.pass_context
def replay(ctx: click.Context, views_only: bool, sample: int | None, as_json: bool) -> None:
    """Rebuild all views from the events beside the live ones and compare them; run the processors again and compare.

    Changes nothing. Exit 1 when a view differs from its events, 3 when only processors differ from what they recorded.
    """
    ledger = open_from(ctx)
    with progress("Replaying") as show:
        found = ledger.replay(processors=not views_only, sample=sample, progress=show)
    if as_json:
        json_out(
            {**_as_dict(found), "views_hold": found.views_hold, "processors_hold": found.processors_hold}
        )
    else:
        click.echo(f"Ledger at position {found.position}, root {found.root}")
        table(
            ("view", "rows digest", "rebuilt from the events"),
            [
                (view.name, view.live[:16], "identical" if view.same else f"DIFFERS: {view.rebuilt[:16]}")
                for view in found.views
            ],
            empty="No views.",
        )
        if not views_only:
            click.echo()
            counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
            click.echo(f"Processors run again: {counts or 'nothing recorded'}")
            for one in found.reruns[:20]:
                click.echo(
                    f"  {one.outcome}: {one.processor} on {one.article} revision {one.revision}: {one.detail}"
                )
            if len(found.reruns) > 20:
                click.echo(f"  ... and {len(found.reruns) - 20} more; all with --json")
    ctx.exit(1 if not found.views_hold else 0 if found.processors_hold else 3)


def _as_dict(found: object) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(found)
    return plain


@click.command()
@click.argument("event")
@click.option("--by", required=True, help="Who orders it.")
@click.option("--reason", required=True, help="Why.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def redact(ctx: click.Context, event: str, by: str, reason: str, yes: bool) -> None:
    """Remove the payload of EVENT (a position or an event id) and the bodies that only it uses. There is no undo.

    The envelope and every proof stay; the removal itself is an event.
    """
    ledger = open_from(ctx)
    if not yes:
        click.confirm(f"Remove the payload of event {event} for good?", abort=True, err=True)
    removed = ledger.redact(event, by=by, reason=reason)
    click.echo(
        f"Removed {len(removed.positions)} payloads and {len(removed.bodies)} bodies; the order is event {removed.order}."
    )
