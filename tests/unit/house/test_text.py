"""The public surface is what it says, and every package says what it is."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted([*ROOT.glob("ledger/**/*.py"), *ROOT.glob("plugins/**/*.py")])
PUBLIC = [
    "ledger",
    "ledger.plugin",
    "ledger.testing",
    "ledger.state",
    "ledger.errors",
    "ledger.clock",
    "ledger.events",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_complete_and_importable(name):
    module = import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    assert sorted(module.__all__) == sorted(module.__all__, key=str)
    for one in module.__all__:
        assert getattr(module, one) is not None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_a_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_no_forbidden_module_names():
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
