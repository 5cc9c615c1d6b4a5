"""docs/views.md says what is there: every table and column, and queries that run."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from ledger.projections import evidence_rows, rows
from ledger.projections.tables import document_columns

DOCUMENT = (Path(__file__).parents[3] / "docs" / "views.md").read_text("utf-8")
TYPES = {str: "text", int: "integer", float: "real", bytes: "blob"}
TABLES = sorted(
    (
        row
        for module in (rows, evidence_rows)
        for name in module.__all__
        if (row := getattr(module, name)).TABLE
    ),
    key=lambda row: row.TABLE,
)


def section(row):
    lines = [
        f"### `{row.TABLE}`",
        "",
        inspect.getdoc(row),
        f"Key: {', '.join(f'`{k}`' for k in row.KEY)}.",
        "",
    ]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    for name, (kind, nullable, text) in document_columns(row).items():
        lines.append(f"| `{name}` | {TYPES[kind]}{' or null' if nullable else ''} | {text} |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE)
def test_every_table_is_documented_column_by_column(row):
    assert section(row) in DOCUMENT


def test_no_table_is_documented_that_is_not_there():
    assert re.findall(r"^### `(\w+)`$", DOCUMENT, re.MULTILINE) == [row.TABLE for row in TABLES]


def test_the_queries_of_the_document_run(room, claim):
    room.article("a-1")
    room.annotate("a-1", claim(40))
    views = room.views()
    views.catch_up()
    queries = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(queries) >= 3
    for query in queries:
        assert room.sql(query), query
