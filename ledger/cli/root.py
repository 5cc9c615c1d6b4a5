"""The root command: global options, lazily loaded subcommands, errors as one sentence and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from ledger.errors import LedgerError

__all__ = ["COMMANDS", "INTERNAL_ERROR", "cli", "main"]

INTERNAL_ERROR = 70

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "ledger.cli.demo:demo",
        "Ingest the demo corpus over loopback HTTP and print the reported state",
    ),
    "ingest": ("ledger.cli.ingest:ingest", "Record articles from files, folders or URLs"),
    "feed": (
        "ledger.cli.feed:feed",
        "Follow feeds: add, list, remove, poll, test, discover, import, export, history",
    ),
    "run": ("ledger.cli.run:run", "Poll feeds on a schedule until stopped"),
    "process": ("ledger.cli.process:process", "Annotate what is pending and bring the views up to date"),
    "annotate": ("ledger.cli.annotate:annotate", "Show the layers of a text; touches no ledger"),
    "state": ("ledger.cli.state:state", "What is reported now, or as of a past day"),
    "explain": ("ledger.cli.state:explain", "Why a figure is what it is, report by report"),
    "explain-change": (
        "ledger.cli.state:explain_change",
        "What changed between two instants, and by what cause",
    ),
    "serve": ("ledger.cli.serve:serve", "Serve the pages and the programming interface; tokens"),
    "article": ("ledger.cli.article:article", "One article: its revisions, layers and differences"),
    "search": ("ledger.cli.article:search", "Search titles, texts and claims"),
    "entity": ("ledger.cli.entity:entity", "A name: its articles and the figures that speak of it"),
    "sources": ("ledger.cli.sources:sources", "The source registry: import, export, list, record"),
    "review": (
        "ledger.cli.review:review",
        "Decisions: accept, reject, reslot, reroot, merge, split, grade, copy, undo, list",
    ),
    "slot": ("ledger.cli.slot:slot", "Figures: list, name, merge, split, pin"),
    "alerts": ("ledger.cli.watch:alerts", "What became otherwise on the figures"),
    "watch": ("ledger.cli.watch:watch", "Follow the alerts as they are raised"),
    "plugin": (
        "ledger.cli.plugin:plugin",
        "Plugins: list, info, new, check, config, enable, disable, doctor, retry, docs",
    ),
    "projection": ("ledger.cli.projection:projection", "Views: list, rebuild, diff, rollback"),
    "verify": (
        "ledger.cli.audit:verify",
        "Check the Merkle root, commitments and bodies against the stored bytes",
    ),
    "replay": (
        "ledger.cli.audit:replay",
        "Rebuild what was said and repeat the processors; show what differs",
    ),
    "audit": ("ledger.cli.audit:audit", "Check everything up to a day and write the report"),
    "whatif": ("ledger.cli.audit:whatif", "What other versions of processors would make of the same texts"),
    "diff": ("ledger.cli.audit:diff", "What differs between two audits"),
    "seal": ("ledger.cli.log:seal", "Sign a checkpoint over everything recorded so far"),
    "checkpoint": ("ledger.cli.log:checkpoint", "Print a signed checkpoint, to be kept elsewhere"),
    "prove": ("ledger.cli.log:prove", "Write the receipt of an event or of a figure"),
    "bundle": ("ledger.cli.log:bundle", "Write the evidence for a figure, article or event as one zip file"),
    "key": ("ledger.cli.log:key", "The key that signs the log: new, show, rotate"),
    "witness": ("ledger.cli.witness:witness", "Cosign other logs, or have this one cosigned"),
    "verifier": ("ledger.cli.log:verifier", "Write newsledger-verify, the one-file checker, to a file"),
    "redact": ("ledger.cli.audit:redact", "Remove a payload for good; proofs stay valid"),
    "export": (
        "ledger.cli.export:export",
        "Events, annotations, claims or the state as JSON Lines or CSV; the log as tiles",
    ),
    "db": ("ledger.cli.db:db", "The database: upgrade, check, backup, restore"),
    "doctor": ("ledger.cli.doctor:doctor", "Check the installation and the ledger"),
}


class _LazyGroup(click.Group):
    """Lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *_brought(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            from ledger.cli.extending import plugin_command

            return plugin_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])
        if brought := _brought(ctx):
            with formatter.section("Commands of plugins"):
                formatter.write_dl(list(brought.items()))


def _brought(ctx: click.Context) -> dict[str, str]:
    """Commands of plugins; one that takes the name of a command of newsledger is left out."""
    from ledger.cli.extending import plugin_commands

    return {name: summary for name, summary in plugin_commands(ctx).items() if name not in COMMANDS}


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"newsledger {version('newsledger')}")
    ctx.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    metavar="DIR",
    is_eager=True,
    help="Folder of the ledger [NEWSLEDGER_HOME, else the platform's data folder].",
)
@click.option(
    "--plugin-dir",
    metavar="DIR",
    multiple=True,
    is_eager=True,
    help="Folder of one-file plugins, or one such file; repeatable.",
)
@click.option("--db", metavar="URL", help="Database URL instead of files in the home [NEWSLEDGER_DB].")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
@click.pass_context
def cli(
    ctx: click.Context,
    home: str | None,
    plugin_dir: tuple[str, ...],
    db: str | None,
    debug: bool,
    verbose: bool,
) -> None:
    """Newsledger records what the news reports and answers: what is reported about X, by whom first, since when, how the
    figure moved, who disagrees, and how many independent sources stand behind it.

    It never says what is true.
    """
    from ledger.log import configure

    configure(verbose=verbose)
    ctx.obj = {"home": home, "db": db, "debug": debug, "plugin_dir": plugin_dir}


def main(argv: list[str] | None = None) -> None:
    """Run the command and exit: 0 ok, 1 the answer is no, 2 usage or unreadable input, 3 plugin, 4 database, 70 a bug."""
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    try:
        result: Any = cli.main(args=args, prog_name="newsledger", standalone_mode=False)
    except LedgerError as error:
        if debug:
            raise
        click.echo(f"newsledger: {error}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        click.echo("newsledger: stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output went away; leave without a complaint of the interpreter's own.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        click.echo(
            f"newsledger: an error inside newsledger: {type(error).__name__}: {error}. "
            "Nothing recorded is lost. Repeat with --debug for the details",
            err=True,
        )
        sys.exit(INTERNAL_ERROR)
    sys.exit(result if isinstance(result, int) else 0)
