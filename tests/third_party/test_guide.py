"""The plugin guide says what is so: its code runs, its project is the one that is built, and it leaves no hook out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ledger.plugin
from ledger.host.describe import Candidate
from ledger.host.load import HOOKS, load
from ledger.testing import article, check_plugin, conformance

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
HOOKS_PAGE = (ROOT / "docs" / "hooks.md").read_text("utf-8")
PROJECT = Path(__file__).parent / "newsledger-casualties"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_its_code_runs_from_top_to_bottom(capsys, tmp_path):
    namespace: dict[str, object] = {"__name__": "guide", "folder": tmp_path}
    for number, block in enumerate(blocks("python")):
        exec(compile(block, f"block {number}", "exec"), namespace)
    printed = capsys.readouterr().out.splitlines()
    assert printed
    assert all(line.startswith("ok") for line in printed)


def test_its_project_is_the_one_that_is_built():
    assert (PROJECT / "ledger_casualties.py").read_text("utf-8") in blocks("python")
    assert (PROJECT / "pyproject.toml").read_text("utf-8") in blocks("toml")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_is_a_whole_plugin(hook, tmp_path):
    section = HOOKS_PAGE.partition(f"### `{hook}`\n")[2]
    file = tmp_path / "example.py"
    file.write_text(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], "utf-8")
    loaded = load(Candidate(name="example", value="example", file=str(file)))
    assert list(loaded.records) == [hook]
    if hook in {"ledger_processors", "ledger_projections", "ledger_pages"}:
        assert all(one.ok for one in check_plugin(file, [article("Help! It burns!")]))


def test_it_names_every_hook_and_every_law():
    for hook, record in HOOKS.items():
        assert f"`{hook}`" in GUIDE
        assert record is type or f"`{record.__name__}`" in GUIDE
    [whole] = check_plugin(PROJECT)
    for verdict in (*conformance.check_processor(_nothing()).verdicts, *whole.verdicts):
        assert f"| {verdict.law} |" in GUIDE
    assert f"`LEDGER_API = {ledger.plugin.API_VERSION}`" in GUIDE


def _nothing():
    return ledger.plugin.processor("nothing", version="1")(lambda article, context: [])
