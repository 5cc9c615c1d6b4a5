"""A new plugin project: one file of code, its tests and its packaging, working as it is."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from ledger.errors import UsageError

__all__ = ["KINDS", "new_project"]

KINDS: dict[str, tuple[str, str]] = {
    "processor": (
        "Mentions of words that newsledger.toml lists.",
        "newsledger --plugin-dir . annotate 'A flood hit Karrow.' --layer $tag.mention",
    ),
    "source": (
        "Articles from the paragraphs of a text file.",
        "newsledger --plugin-dir . ingest $name:reports.txt",
    ),
    "sink": (
        "A line in a file for each new article.",
        "newsledger plugin config $name",
    ),
    "projection": (
        "Articles per outlet.",
        "newsledger --plugin-dir . projection show $tag",
    ),
    "page": (
        "Figures by the number of independent sources.",
        "newsledger --plugin-dir . serve      # then /plugins/$name",
    ),
}
"""Kind of plugin -> what the generated one does, and a command to try it."""


def new_project(name: str, kind: str, into: Path) -> tuple[Path, ...]:
    """Write the project `newsledger-NAME` into the folder `into`; returns the files, in order.

    Raises UsageError for a name that cannot be one, an unknown kind or a project that is there already.
    """
    if kind not in KINDS:
        raise UsageError("No such kind of plugin", which=kind, fix=f"One of {', '.join(KINDS)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or name.startswith("newsledger"):
        raise UsageError(
            "Not a name for a plugin",
            which=name,
            fix="Lower-case letters, digits, - and _, beginning with a letter; `newsledger-` is put before it",
        )
    tag = name.replace("-", "_")
    if tag == "core" or find_spec(f"ledger_{tag}") is not None:
        raise UsageError("The name is taken", which=name, fix="Choose another one")
    folder = into / f"newsledger-{name}"
    if folder.exists():
        raise UsageError("The folder exists already", which=str(folder), fix="Choose another name or --into")
    summary, try_it = KINDS[kind]
    words = {
        "name": name,
        "tag": tag,
        "module": f"ledger_{tag}",
        "cls": "".join(part.title() for part in tag.split("_")) + "Mention",
        "summary": summary,
    }
    words["try_it"] = Template(try_it).substitute(words)
    layout = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        f"{words['module']}.py": f"{kind}.py",
        f"tests/test_{tag}.py": f"{kind}_test.py",
    }
    templates = files("ledger.testing") / "templates"
    written = []
    for target, template in layout.items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (templates / f"{template}.txt").read_text("utf-8")
        path.write_text(Template(text).substitute(words), "utf-8")
        written.append(path)
    return tuple(written)
