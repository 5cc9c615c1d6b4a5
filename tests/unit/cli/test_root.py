"""The command line as a stranger meets it: help, wrong input, exit codes, start-up."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from ledger.cli.root import COMMANDS, cli

HEAVY = (
    "sqlalchemy",
    "alembic",
    "httptools",
    "lxml",
    "trafilatura",
    "feedparser",
    "apscheduler",
    "rich",
    "pluggy",
    "spacy",
)


def newsledger(*args: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    options = ["--home", str(home)] if home else []
    return subprocess.run(
        [sys.executable, "-m", "ledger", *options, *args], capture_output=True, text=True, check=False
    )


def test_help_lists_every_command():
    result = newsledger("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom ledger.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr == ""


def walk(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in command.commands:
            found += walk(command.commands[name], (*path, name))
    return found


def every_command() -> list[tuple[tuple[str, ...], click.Command]]:
    found = []
    for name, (target, _) in COMMANDS.items():
        module, _, attribute = target.partition(":")
        found += walk(getattr(import_module(module), attribute), (name,))
    return found


@pytest.mark.parametrize(
    ("path", "command"),
    every_command(),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_and_option_is_described(path, command):
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, (path, parameter.name)


def test_unknown_command_is_a_usage_error():
    result = newsledger("frobnicate")
    assert result.returncode == 2
    assert "No such command" in result.stderr
    assert "Traceback" not in result.stderr


def test_errors_are_one_sentence_and_an_exit_code(tmp_path):
    (tmp_path / "newsledger.toml").write_text("[fetch]\nhost_intervall = 3\n")
    result = newsledger("state", home=tmp_path)
    assert result.returncode == 2
    assert "host_intervall" in result.stderr
    assert "newsledger.toml" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(tmp_path):
    (tmp_path / "newsledger.toml").write_text("broken")
    result = newsledger("--debug", "state", home=tmp_path)
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_version():
    assert newsledger("--version").stdout.startswith("newsledger 0.")


def test_the_root_is_a_group():
    assert isinstance(cli, click.Group)
