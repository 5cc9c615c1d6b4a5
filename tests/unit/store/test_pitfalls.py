"""The table of pitfalls in the documentation names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[3]
PAGE = (HOUSE / "docs" / "store.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (`tests/.+`) \|$", PAGE[PAGE.index("| pitfall | test |") :], re.MULTILINE)


@pytest.mark.parametrize(("pitfall", "cell"), ROWS, ids=[pitfall for pitfall, _ in ROWS])
def test_every_pitfall_has_its_test(pitfall, cell):
    for name in cell.split(", "):
        path, _, function = name.strip("`").partition("::")
        assert re.search(rf"^ *def {function}\(", (HOUSE / path).read_text(), re.MULTILINE), name


def test_the_table_is_all_there():
    assert len(ROWS) == PAGE[PAGE.index("| pitfall | test |") :].count("\n|") - 1 >= 10
