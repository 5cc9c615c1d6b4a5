"""Rows as JSON Lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from ledger.errors import UsageError
from ledger.export.rows import Row

__all__ = ["write_csv", "write_jsonl", "write_parquet"]

_GROUP = 20_000
"""Rows that are held in memory for Parquet, which keeps columns together."""


def write_jsonl(rows: Iterable[Row], out: BinaryIO) -> None:
    """One JSON object per line, keys in their own order."""
    out.writelines(msgspec.json.encode(row) + b"\n" for row in rows)


def write_csv(rows: Iterable[Row], out: BinaryIO) -> None:
    """RFC 4180 with a header, UTF-8; what is no plain value is JSON inside its cell, nothing is an empty cell."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(text, fieldnames=list(row))
                writer.writeheader()
            writer.writerow({key: _plain(value) for key, value in row.items()})
    finally:
        text.detach()


def write_parquet(rows: Iterable[Row], out: BinaryIO) -> None:
    """Parquet with one column per key: texts, integers, floats, booleans as such, what is no plain value as JSON text.

    A column of whole and broken numbers holds floats. Needs the extra `parquet`; UsageError says so where it is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow", fix="Install it: pip install 'newsledger[parquet]'"
        ) from error
    schema = None
    writer = None
    try:
        for group in _groups(rows):
            plain = [{key: _plain(value) for key, value in row.items()} for row in group]
            if schema is None:
                schema = _schema(pa, plain)
                writer = pq.ParquetWriter(out, schema, compression="zstd")
            if writer is not None:
                writer.write_table(pa.Table.from_pylist([_fitting(row, schema, pa) for row in plain], schema))
        if schema is None:
            pq.write_table(pa.table({}), out)
    finally:
        if writer is not None:
            writer.close()


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    every = iter(rows)
    while group := list(islice(every, _GROUP)):
        yield group


def _schema(pa: Any, rows: list[Row]) -> Any:
    """Column types from the rows at hand; a column of which nothing is known holds texts."""
    fields = []
    for key in rows[0]:
        kinds = {type(row[key]) for row in rows if row[key] is not None}
        if kinds == {bool}:
            kind = pa.bool_()
        elif kinds == {int}:
            kind = pa.int64()
        elif kinds and kinds <= {int, float}:
            kind = pa.float64()
        else:
            kind = pa.string()
        fields.append(pa.field(key, kind))
    return pa.schema(fields)


def _fitting(row: Row, schema: Any, pa: Any) -> Row:
    """The row with its values as the schema has them; a later row may hold what the first ones did not."""
    fitted: Row = {}
    for field in schema:
        value = row.get(field.name)
        if value is None or field.type == pa.bool_():
            fitted[field.name] = value
        elif field.type == pa.string():
            fitted[field.name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        elif field.type == pa.float64():
            fitted[field.name] = float(value)
        else:
            fitted[field.name] = int(value)
    return fitted


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else value
