"""Full-text indexes: FTS5 tables in SQLite, tables with a GIN index over a tsvector in PostgreSQL.

Words are stemmed as in English and marks on letters do not matter. A query is a list of phrases, all of which must occur.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

__all__ = ["Phrase", "create", "phrases", "prepare", "replace", "search_sql"]

_WEIGHTS = {"title": "A", "claims": "B"}
_MARKED = 500_000
"""Characters of a text that PostgreSQL indexes; its index entries are limited in size."""


class Phrase(msgspec.Struct, frozen=True):
    """Words that stand together; the last one is a beginning if `prefix`."""

    words: str
    prefix: bool = False


def phrases(query: str) -> list[Phrase]:
    """What a person types: all words must occur; "quoted words" stand together; `word*` begins. Marks are no operators."""
    found = []
    for number, part in enumerate(query.split('"')):
        for term in [part] if number % 2 else part.split():
            bare = term.strip().rstrip("*")
            if any(letter.isalnum() for letter in bare):
                found.append(Phrase(bare, term.endswith("*")))
    return found


_STEMMED = (
    "CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION stemmed (COPY = pg_catalog.simple)",
    (
        "ALTER TEXT SEARCH CONFIGURATION stemmed ALTER MAPPING FOR asciiword, word, asciihword, hword, hword_asciipart, "
        "hword_part WITH stems"
    ),
)
"""English stems without stop words: whoever quotes a phrase means its small words too."""


def prepare(connection: sa.Connection) -> None:
    """Make what indexes in PostgreSQL need, once in a schema."""
    known = "SELECT 1 FROM pg_ts_config WHERE cfgname = 'stemmed' AND cfgnamespace = current_schema()::regnamespace"
    if connection.exec_driver_sql(known).fetchone() is None:
        for statement in _STEMMED:
            connection.exec_driver_sql(statement)


def create(connection: sa.Connection, table: str, columns: Sequence[str]) -> None:
    """Make an empty index. The column `article` is kept, not searched."""
    if connection.dialect.name == "postgresql":
        kept = ", ".join(f'{column} text COLLATE "C"' for column in columns)
        connection.exec_driver_sql(
            f"CREATE TABLE IF NOT EXISTS {table} (rowid bigint PRIMARY KEY, {kept}, words tsvector)"
        )
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {table}__words ON {table} USING gin (words)")
        return
    listed = ", ".join(f"{column} UNINDEXED" if column == "article" else column for column in columns)
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} "
        f"USING fts5({listed}, tokenize='porter unicode61 remove_diacritics 2')"
    )


def replace(
    connection: sa.Connection,
    table: str,
    columns: Sequence[str],
    rows: Mapping[int, Mapping[str, str] | None],
) -> None:
    """Replace documents by rowid; None removes one."""
    server = connection.dialect.name == "postgresql"
    mark = "%s" if server else "?"
    removed = [(rowid,) for rowid in sorted(rows)]
    connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = {mark}", removed)  # noqa: S608 - own names
    added = [(rowid, row) for rowid, row in sorted(rows.items()) if row is not None]
    if not added:
        return
    names = ["rowid", *columns]
    marks = [mark] * len(names)
    values: list[tuple[Any, ...]] = [(rowid, *(row[column] for column in columns)) for rowid, row in added]
    if server:
        searched = [column for column in columns if column != "article"]
        vectors = [
            f"setweight(to_tsvector('stemmed', %s), '{_WEIGHTS.get(column, 'D')}')" for column in searched
        ]
        names.append("words")
        marks.append(" || ".join(vectors))
        values = [
            (*plain, *(_unmarked(row[column])[:_MARKED] for column in searched))
            for plain, (_, row) in zip(values, added, strict=True)
        ]
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})",  # noqa: S608 - own names
        values,
    )


def search_sql(
    connection: sa.Connection, table: str, wanted: Sequence[Phrase]
) -> tuple[str, str, str, tuple[Any, ...]]:
    """(passage, rank, condition, parameters) of a query over `table f`; a smaller rank is better.

    In the passage found words stand between U+0002 and U+0003. Parameters: of the passage, then of the rank, then of the
    condition.
    """
    if connection.dialect.name == "postgresql":
        query = " && ".join(
            "to_tsquery('stemmed', %s)" if each.prefix else "phraseto_tsquery('stemmed', %s)"
            for each in wanted
        )
        given = tuple(_prefix(each.words) if each.prefix else _unmarked(each.words) for each in wanted)
        options = (
            'StartSel=\x02, StopSel=\x03, MaxWords=24, MinWords=12, MaxFragments=1, FragmentDelimiter=" ... "'
        )
        shown = "concat_ws(' ... ', NULLIF(f.title, ''), f.text, f.claims)"
        return (
            f"ts_headline('stemmed', {shown}, {query}, %s)",
            f"-ts_rank_cd(f.words, {query})",
            f"f.words @@ ({query})",
            (*given, options, *given, *given),
        )
    match = " ".join(f'"{each.words}"' + ("*" if each.prefix else "") for each in wanted)
    return (
        f"snippet({table}, -1, char(2), char(3), ' ... ', 24)",
        f"bm25({table}, 0, 4, 1, 2)",
        f"{table} MATCH ?",
        (match,),
    )


def _unmarked(text: str) -> str:
    """A text without the marks on its letters."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _prefix(words: str) -> str:
    """A tsquery of words that stand together, of which the last is a beginning."""
    plain = "".join(letter if letter.isalnum() else " " for letter in _unmarked(words)).split()
    return " <-> ".join(plain) + ":*"
