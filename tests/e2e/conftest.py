"""The demo corpus as data, and the comparison of a state with the one worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.testing.demo import Manifest, load_manifest, seeds_folder

Differences = Callable[[dict[str, Any], dict[str, Any]], list[str]]


@pytest.fixture(scope="session")
def seeds() -> Path:
    return seeds_folder()


@pytest.fixture(scope="session")
def manifest(seeds: Path) -> Manifest:
    return load_manifest(seeds)


def _load(name: str) -> Any:
    return json.loads((seeds_folder() / name).read_text("utf-8"))


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    return _load("expected.json")


@pytest.fixture(scope="session")
def coded() -> dict[str, Any]:
    return _load("claims_input.json")


@pytest.fixture(scope="session")
def registry() -> dict[str, Any]:
    return _load("registry.json")


@pytest.fixture(scope="session")
def differences() -> Differences:
    """`differences(wanted slots, state)`: one line per field that is not as worked out by hand."""

    def compare(wanted: dict[str, Any], state: dict[str, Any]) -> list[str]:
        got = {slot["id"]: slot for slot in state["slots"]}
        lines = []
        for name, fields in wanted.items():
            if name not in got:
                lines.append(f"{name}: no such slot")
                continue
            for field, value in fields.items():
                have = got[name].get(field)
                if field == "latest":
                    have = have and {"root": have["root"]}
                if field in ("roots", "best_roots"):
                    have = sorted(have or [])
                if have != value:
                    lines.append(f"{name}.{field}: wanted {value!r}, got {have!r}")
        return lines

    return compare
