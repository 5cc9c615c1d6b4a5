"""`newsledger plugin vendor` and `plugin identity`: whether past runs can be repeated."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out

__all__ = ["identity", "vendor"]


@click.command()
@click.argument("wheels", nargs=-1, metavar="[WHEEL]...", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def vendor(ctx: click.Context, wheels: tuple[Path, ...], as_json: bool) -> None:
    """Keep every plugin in use as a wheel in HOME/wheelhouse, by the digest of its code, so that what it records can be replayed.

    Run it after each installation or upgrade. An editable install is kept too, but its identity says that it was one. With WHEEL
    those files are kept instead, as they are: an older version can be asked about by `whatif` that was never installed here.
    """
    kept = open_from(ctx).audits.vendor(wheels)
    if as_json:
        json_out(kept)
        return
    for one in kept:
        origin = f"{one.distribution} {one.version}".strip() or one.file
        click.echo(
            f"{'kept' if one.new else 'kept already'}: {one.plugin} ({origin}), code {one.digest[:16]}"
        )
    if not kept:
        click.echo("No plugin has active processors.")


@click.command()
@json_option
@click.pass_context
def identity(ctx: click.Context, as_json: bool) -> None:
    """Recompute each plugin's identity from its files, and name what makes it unfit as evidence.

    An edit in place, a compiled file that is not its source's, an editable install, code that is not in the wheelhouse, a model
    that changed since it was last recorded. Exit 1 when there is any.
    """
    found = open_from(ctx).audits.identities()
    if as_json:
        json_out(found)
    else:
        for one in found:
            click.echo(f"{one.plugin}: code {one.code[:16] or 'none'}")
            for name, digest in one.processors.items():
                click.echo(f"  processor {name}: identity {digest[:16]}")
            for fault in one.faults:
                click.echo(f"  NOT FIT: {fault}")
    ctx.exit(1 if any(one.faults for one in found) else 0)
