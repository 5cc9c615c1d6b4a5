"""Draws the pictures of the README: pages of the demo story in a headless browser, on a pinned day. See `make pictures`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from ledger import open_ledger
from ledger.cli.root import cli
from ledger.clock import FixedClock
from ledger.web.server import create_app, serving

FOLDER = Path(__file__).parent
PICTURES = {"figure.png": ("/figures/killed", 1220, 1300)}
"""Name -> (address, width and height in pixels)."""


def main() -> int:
    """Draw every picture anew; says where each lies."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("No chromium was found. Install one: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        CliRunner().invoke(cli, ["--home", str(home), "demo"], catch_exceptions=False)
        with (
            open_ledger(home, clock=FixedClock("2025-02-08T09:00:00Z")) as ledger,
            serving(create_app(ledger), host="127.0.0.1", port=0) as port,
            sync_playwright() as driver,
        ):
            chromium = driver.chromium.launch(executable_path=browser)
            for name, (address, width, height) in PICTURES.items():
                page = chromium.new_page(
                    base_url=f"http://127.0.0.1:{port}", viewport={"width": width, "height": height}
                )
                page.goto(address)
                page.screenshot(path=FOLDER / name)
                print(FOLDER / name)
            chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
