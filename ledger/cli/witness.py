"""`newsledger witness`: newsrooms watch each other's logs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ledger.cli.opening import open_from, settings_from
from ledger.errors import UsageError

__all__ = ["witness"]


@click.group()
def witness() -> None:
    """Cosign other logs, or have this one cosigned (c2sp.org/tlog-witness). A log holds no article text, so nothing leaks."""


@witness.command()
@click.argument("name")
@click.pass_context
def new(ctx: click.Context, name: str) -> None:
    """Make the key that this desk cosigns with. NAME is such as desk.example/witness."""
    from ledger.audit.keys import generate, save_signer
    from ledger.audit.newsledger_verify import COSIGNATURE

    signer = generate(name, COSIGNATURE)
    save_signer(_folder(ctx) / "witness.key", signer)
    click.echo(signer.key.vkey)


@witness.command()
@click.option(
    "--log", "logs", multiple=True, required=True, metavar="VKEY", help="Key of a log, or its file."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8420, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.pass_context
def serve(ctx: click.Context, logs: tuple[str, ...], host: str, port: int) -> None:
    """Cosign the checkpoints of these logs, each only when it extends what was cosigned before; until Ctrl-C."""
    from ledger.audit.keys import load_signer, read_vkey
    from ledger.audit.newsledger_verify import COSIGNATURE
    from ledger.audit.witness import Witness, WitnessServer

    signer = load_signer(_folder(ctx) / "witness.key")
    keys = [read_vkey(text) for text in logs]
    if wrong := [key.name for key in keys if key.kind == COSIGNATURE]:
        raise UsageError("Not the key of a log", which=wrong[0], fix="Give the log's key, not a witness'")
    served = WitnessServer(Witness(_folder(ctx) / "seen", signer, keys, lambda: int(time.time())), host, port)
    click.echo(f"{signer.key.vkey}\nlistening at {served.url}")
    served.serve()


@witness.command()
@click.argument("url")
@click.argument("vkey")
@click.pass_context
def cosign(ctx: click.Context, url: str, vkey: str) -> None:
    """Have the witness at URL, whose key is VKEY (text or file), cosign this log's newest checkpoint."""
    done = open_from(ctx).audits.cosign(url, vkey)
    click.echo(f"Cosigned: {done.origin}, {done.size} events, root {done.root.hex()}")


def _folder(ctx: click.Context) -> Path:
    return settings_from(ctx).home / "witness"
