"""The programming interface does what its OpenAPI document says, whatever is sent: schemathesis finds nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.web.access import SCOPES, TokenBook

pytestmark = pytest.mark.slow


def test_schemathesis_finds_nothing(site, tmp_path: Path):
    pytest.importorskip("schemathesis", reason="needs schemathesis: make test-web")
    token = TokenBook(site.ledger.settings.home).add("machine", SCOPES, site.ledger.clock.now())
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{site.address}/api/openapi.json",
            "--header", f"Authorization: Bearer {token}", "--checks", "all", "--max-examples", "25", "--seed", "7",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
