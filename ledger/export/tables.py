"""Rows as JSON Lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from ledger.clock import parse_time
from ledger.errors import UsageError
from ledger.export.rows import Kind, Row

__all__ = ["write_csv", "write_jsonl", "write_parquet"]

_GROUP = 20_000
"""Rows that are held in memory for Parquet, which keeps columns together."""


def write_jsonl(rows: Iterable[Row], out: BinaryIO) -> None:
    """One JSON object per line, keys in their own order."""
    out.writelines(msgspec.json.encode(row) + b"\n" for row in rows)


def write_csv(columns: Iterable[str], rows: Iterable[Row], out: BinaryIO) -> None:
    """RFC 4180 with a header, UTF-8; what is no plain value is JSON inside its cell, nothing is an empty cell."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        writer = csv.DictWriter(text, fieldnames=list(columns))
        writer.writeheader()
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
    finally:
        text.detach()


def write_parquet(columns: Mapping[str, Kind], rows: Iterable[Row], out: BinaryIO) -> None:
    """Parquet: texts, 64-bit integers and floats, booleans, instants in UTC to the microsecond, JSON as text.

    Needs the extra `parquet`; UsageError says so where it is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow", fix="Install it: pip install 'newsledger[parquet]'"
        ) from error
    types = {
        "text": pa.string(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "truth": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "json": pa.string(),
    }
    schema = pa.schema([pa.field(name, types[kind]) for name, kind in columns.items()])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in _groups(rows):
            fitted = [{name: _FIT[kind](row[name]) for name, kind in columns.items()} for row in group]
            writer.write_table(pa.Table.from_pylist(fitted, schema))


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    every = iter(rows)
    while group := list(islice(every, _GROUP)):
        yield group


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else value


def _same(value: Any) -> Any:
    return value


_FIT: dict[Kind, Callable[[Any], Any]] = {
    "text": _same,
    "whole": _same,
    "truth": _same,
    "number": lambda value: None if value is None else float(value),
    "time": lambda value: None if value is None else parse_time(value),
    "json": lambda value: None if value is None else msgspec.json.encode(value).decode(),
}
"""How a value becomes what its column holds."""
