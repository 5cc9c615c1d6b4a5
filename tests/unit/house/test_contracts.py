"""The import contracts hold, and each one breaks when somebody violates it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VIOLATIONS = {
    "layers": ("ledger/events/planted.py", "import ledger.store\n"),
    "sql": ("ledger/state/planted.py", "import sqlalchemy\n"),
    "http": ("ledger/store/planted.py", "import httptools\n"),
    "plugins": ("plugins/ledger_numbers/planted.py", "import ledger.events\n"),
    "core": ("ledger/host/planted.py", "import ledger_numbers\n"),
    "pure": ("ledger/state/planted.py", "import random\n"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.path[:0] = ['.', 'plugins']; from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("ledger", "plugins"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_contracts_hold(copy: Path):
    result = lint(copy)
    assert result.returncode == 0, result.stdout[-2000:]


@pytest.mark.parametrize("contract", sorted(VIOLATIONS))
def test_a_planted_violation_is_found(copy: Path, contract: str):
    name, code = VIOLATIONS[contract]
    planted = copy / name
    planted.write_text(code)
    try:
        result = lint(copy)
    finally:
        planted.unlink()
    assert result.returncode == 1
    assert "planted" in result.stdout


def test_plugins_are_kept_from_everything_but_the_public_packages():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    forbidden = set(next(one for one in declared if one["id"] == "plugins")["forbidden_modules"])
    parts = {
        path.stem
        for path in (ROOT / "ledger").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    public = {"__init__", "__main__", "errors", "plugin", "testing"}
    assert forbidden == {f"ledger.{part}" for part in parts - public}
