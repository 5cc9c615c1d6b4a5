"""`newsledger verify`, `replay`, `audit`, `whatif`, `diff` and `redact`."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.auditing import print_replay, print_report, print_what_if, sample_options
from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress

__all__ = ["audit", "diff", "redact", "replay", "verify", "whatif"]


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
@click.option(
    "--jobs",
    type=click.IntRange(0, 64),
    default=0,
    help="Processes that read the log. 0, the default: one for each core, for a long log.",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    outside: tuple[Path, ...],
    policy: Path | None,
    since: int | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Recompute the Merkle root over the stored events, the payload commitments and the body hashes, and compare; then the
    tiles, the signed checkpoints, those kept elsewhere, and the witnesses that a policy wants.

    Exit 1 when anything does not hold; the layer and the first position that differ are named.
    """
    ledger = open_from(ctx)
    with progress("Verifying") as show:
        found = ledger.audits.verify(
            outside=outside, policy=policy, since=since or 0, jobs=jobs, progress=show
        )
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
@click.option("--as-of", metavar="TIME|POSITION", help="Up to then; what was said is the last seal before.")
@click.option(
    "--plugins",
    default="recorded",
    show_default=True,
    metavar="recorded|current|NAME==V",
    help="In which versions processors run; anything but `recorded` is a what-if.",
)
@sample_options
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    views_only: bool,
    as_of: str | None,
    plugins: str,
    sample: int | None,
    seed: str,
    jobs: int,
    as_json: bool,
) -> None:
    """Rebuild all views from the events beside the live ones and compare them; repeat the processors' runs and compare.

    Changes nothing; started again after it was stopped, it goes on where it was. Exit 1 when a view differs from its events, 3 when only processors differ from what they recorded, 4 when
    nothing differs but parts cannot be repeated.
    """
    if plugins != "recorded":
        ctx.invoke(whatif, wanted=() if plugins == "current" else (plugins,), as_of=as_of, as_json=as_json)
        return
    ledger = open_from(ctx)
    with progress("Replaying") as show:
        if as_of is None:
            found = ledger.replay(
                processors=not views_only, sample=sample, seed=seed, jobs=jobs, progress=show
            )
            code = 1 if not found.views_hold else 0 if found.processors_hold else 3
            if code == 0 and set(found.counts) - {"identical", "within tolerance"}:
                code = 4
            plain = {
                **_as_dict(found),
                "views_hold": found.views_hold,
                "processors_hold": found.processors_hold,
            }
        else:
            report = ledger.audits.audit(as_of, sample=sample, seed=seed, jobs=jobs, progress=show)
            code, plain = report["verdict"]["exit_code"], report
    if as_json:
        json_out(plain)
    elif as_of is None:
        print_replay(found, views_only=views_only)
    else:
        print_report(report)
    ctx.exit(code)


@click.command()
@click.option("--as-of", required=True, metavar="TIME|POSITION", help="The day that is asked about.")
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Folder.")
@click.option("--outside", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="See verify.")
@click.option("--policy", metavar="FILE", type=click.Path(path_type=Path), help="See verify.")
@sample_options
@json_option
@click.pass_context
def audit(
    ctx: click.Context,
    as_of: str,
    output: Path,
    outside: tuple[Path, ...],
    policy: Path | None,
    sample: int | None,
    seed: str,
    jobs: int,
    as_json: bool,
) -> None:
    """What did the ledger say then, does it follow from the evidence and from the processors of that time, who vouches.

    Writes report.json (the same bytes for every auditor), report.html (for people and printers) and state.json into DIR; started again
    after it was stopped, it goes on where it was. Exit 0 it holds, 1 the evidence does not, 3 processors drift, 4 it holds but
    parts cannot be replayed.
    """
    ledger = open_from(ctx)
    with progress("Auditing") as show:
        report = ledger.audits.audit(
            as_of, output, outside=outside, policy=policy, sample=sample, seed=seed, jobs=jobs, progress=show
        )
    if as_json:
        json_out(report)
    else:
        print_report(report)
        click.echo(f"The report: {output / 'report.html'}")
    ctx.exit(report["verdict"]["exit_code"])


@click.command()
@click.argument("wanted", nargs=-1, metavar="[NAME==VERSION]...")
@click.option("--as-of", metavar="TIME|POSITION", help="Over what was recorded by then.")
@json_option
@click.pass_context
def whatif(ctx: click.Context, wanted: tuple[str, ...], as_of: str | None, as_json: bool) -> None:
    """What other versions of processors would make of the same texts: the effect on the reported state first.

    Without a NAME all processors run as they are installed now. Writes nothing to the ledger.
    """
    versions = {}
    for one in wanted:
        name, equals, version = one.partition("==")
        if not equals or not name or not version:
            raise click.UsageError(f"{one!r} is not NAME==VERSION")
        versions[name] = version
    ledger = open_from(ctx)
    with progress("Replaying") as show:
        found = ledger.audits.what_if(versions, as_of, progress=show)
    if as_json:
        json_out(found)
    else:
        print_what_if(found)


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def diff(ctx: click.Context, first: Path, second: Path, as_json: bool) -> None:
    """What differs between two audits, FIRST and SECOND (folders that `audit -o` wrote): the reported state first.

    Exit 1 when anything differs.
    """
    from ledger.audit.compare import compare_audits

    found = compare_audits(first, second)
    if as_json:
        json_out(found)
    else:
        for sentence in found.sentences():
            click.echo(sentence)
    ctx.exit(0 if found.same else 1)


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
