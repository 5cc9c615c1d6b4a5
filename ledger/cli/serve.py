"""`newsledger serve`: the pages and the programming interface; and the tokens that let others in."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from, settings_from
from ledger.cli.output import json_out, table, warn
from ledger.cli.wording import time_text

__all__ = ["serve"]


@click.group(invoke_without_command=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; beyond this machine only with a token.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Port.")
@click.option(
    "--public-name",
    metavar="NAME",
    multiple=True,
    help="A host name that the pages are asked by; repeatable.",
)
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, public_name: tuple[str, ...]) -> None:
    """Serve the pages and the programming interface until SIGTERM or Ctrl-C.

    Reading on this machine needs no token; writing always needs one. Listening beyond this machine is refused while there is
    no token.
    """
    if ctx.invoked_subcommand is not None:
        return
    from ledger.web.server import create_app, run_server

    ledger = open_from(ctx)
    app = create_app(ledger, host=host, public_names=public_name)
    shown = f"[{host}]" if ":" in host else host
    warn(f"newsledger serves http://{shown}:{port}/; Ctrl-C or SIGTERM stops it")
    run_server(app, host=host, port=port)


@serve.group()
def token() -> None:
    """Tokens: who may read from elsewhere, review, add feeds, administer."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(("read", "review", "ingest", "admin")),
    help="What it allows; repeatable. admin allows everything.",
)
@click.pass_context
def add(ctx: click.Context, name: str, scopes: tuple[str, ...]) -> None:
    """Make a token and print it, once; only its hash is kept."""
    from ledger.clock import SystemClock
    from ledger.web.access import TokenBook

    click.echo(TokenBook(settings_from(ctx).home).add(name, scopes, SystemClock().now()))


@token.command("list")
@json_option
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    """Tokens by name, without their secrets."""
    from ledger.web.access import TokenBook

    tokens = TokenBook(settings_from(ctx).home).list()
    if as_json:
        json_out([{"name": one.name, "scopes": one.scopes, "created": one.created} for one in tokens])
        return
    table(
        ("name", "scopes", "made"),
        [(one.name, ", ".join(one.scopes), time_text(one.created)) for one in tokens],
        empty="No tokens. Make one: newsledger serve token add NAME --scope read",
    )


@token.command("remove")
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Make a token invalid from now on; a running server sees it at once."""
    from ledger.web.access import TokenBook

    TokenBook(settings_from(ctx).home).remove(name)
    click.echo(f"{name} is no longer valid")
