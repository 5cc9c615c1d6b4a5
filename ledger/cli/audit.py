"""`newsledger verify`, `replay` and `redact`."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, table

__all__ = ["redact", "replay", "verify"]


@click.command()
@click.option(
    "--outside",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A checkpoint that was kept elsewhere; may be given again.",
)
@click.option(
    "--policy", metavar="FILE", type=click.Path(path_type=Path), help="A tlog-policy: who must have signed."
)
@click.option(
    "--since",
    metavar="SIZE",
    type=click.IntRange(1),
    default=None,
    help="Read only events after a checkpoint over SIZE events.",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context, outside: tuple[Path, ...], policy: Path | None, since: int | None, as_json: bool
) -> None:
    """Recompute the Merkle root over the stored events, the payload commitments and the body hashes, and compare; then the
    tiles, the signed checkpoints, those kept elsewhere, and the witnesses that a policy wants.

    Exit 1 when anything does not hold; the layer and the first position that differ are named.
    """
    ledger = open_from(ctx)
    with progress("Verifying") as show:
        found = ledger.audits.verify(outside=outside, policy=policy, since=since or 0, progress=show)
    if as_json:
        json_out({**_as_dict(found), "holds": found.holds, "problems": found.problems})
    else:
        read = f" (read from {found.since + 1} on)" if found.since else ""
        click.echo(
            f"{found.position} events{read}, root {found.root}, {found.bodies} bodies, {found.redacted} redacted"
        )
        for who in found.vouched:
            click.echo(f"  {who}")
        for finding in found.findings:
            where = f"position {finding.position}: " if finding.position else ""
            click.echo(f"  [{finding.layer}] {where}{finding.what}")
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
