"""Documents are tests: `python` and `console` blocks of README.md and docs/*.md are executed.

A `console` block holds lines `$ command` followed by what it prints; `...` stands for any text, also over lines. Each
document has a fresh folder, in which its commands run one after the other; NEWSLEDGER_HOME is inside it. A `python` block that begins
with the name of a file (`# name.py`) is saved there too.

Generated examples are the same in every run, so that one commit gives one verdict; `--hypothesis-profile=exploring` draws new ones.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import settings
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parent

settings.register_profile("repeatable", derandomize=True, database=None)
settings.register_profile("exploring", print_blob=True)
settings.load_profile("repeatable")


def _setup(namespace: dict[str, object]) -> None:
    folder = tempfile.mkdtemp(prefix="newsledger-docs-")
    namespace["folder"] = Path(folder)
    namespace["ROOT"] = ROOT


def _teardown(namespace: dict[str, object]) -> None:
    shutil.rmtree(str(namespace["folder"]), ignore_errors=True)


def _run(command: str, folder: Path) -> str:
    binaries = Path(sys.executable).parent
    environment = {
        "PATH": f"{binaries}:/usr/bin:/bin",
        "HOME": str(folder),
        "NEWSLEDGER_HOME": str(folder / "ledger"),
        "COLUMNS": "80",
        "LANG": "C.UTF-8",
        "SEEDS": str(ROOT / "seeds"),
    }
    environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout


def _console(example: Example) -> str | None:
    steps: list[tuple[str, list[str]]] = []
    for line in str(example.parsed).splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    for command, expected in steps:
        printed = [
            line.rstrip() for line in _run(command, example.namespace["folder"]).strip("\n").splitlines()
        ]
        wanted = "\n".join(line.rstrip() for line in expected).strip("\n")
        pattern = ".*?".join(re.escape(part) for part in wanted.split("..."))
        if not re.fullmatch(pattern, "\n".join(printed), re.DOTALL):
            actual = "\n".join(printed)
            return f"$ {command}\nexpected:\n{wanted}\nprinted:\n{actual}"
    return None


def _python(example: Example) -> str | None:
    text = str(example.parsed)
    if named := re.match(r"# (\w+\.py)\n", text):
        (example.namespace["folder"] / named[1]).write_text(text)
    return PythonEvaluator()(example)


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser(language="console", evaluator=_console),
        CodeBlockParser(language="python", evaluator=_python),
    ],
    patterns=["README.md", "docs/*.md"],
    setup=_setup,
    teardown=_teardown,
).pytest()
