"""Exports and views in the hands of the tools that they are for: pandas, DuckDB, Datasette, a JSON-LD parser."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.export import WHAT, export


@pytest.fixture
def files(ledger, tmp_path: Path) -> Path:
    for what in WHAT:
        for form in ("csv", "jsonl", "parquet"):
            with (tmp_path / f"{what}.{form}").open("wb") as out:
                export(ledger, what, form, out)
    return tmp_path


@pytest.mark.parametrize("what", WHAT)
def test_pandas_reads_every_table(files, what):
    import pandas as pd

    frames = {
        "parquet": pd.read_parquet(files / f"{what}.parquet"),
        "csv": pd.read_csv(files / f"{what}.csv", keep_default_na=False),
        "jsonl": pd.read_json(files / f"{what}.jsonl", lines=True, dtype=False),
    }
    columns = list(frames["parquet"].columns)
    assert all(list(frame.columns) == columns for frame in frames.values())
    assert len({len(frame) for frame in frames.values()}) == 1


def test_pandas_has_instants_numbers_and_truths(files):
    import pandas as pd

    reports = pd.read_parquet(files / "reports.parquet")
    assert str(reports["recorded"].dt.tz) == "UTC"
    assert reports["counted"].dtype == bool
    killed = reports[(reports["slot"] == "killed") & reports["counted"]]
    assert (killed["value"].min(), killed["value"].max()) == (300, 1000)


def test_duckdb_asks_the_files_themselves(files):
    import duckdb

    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        found = database.execute(
            f"SELECT root, max(value) FROM '{files}/reports.parquet' WHERE slot = 'killed' "
            "AND published < TIMESTAMPTZ '2025-01-30 20:00:00Z' GROUP BY root ORDER BY root"
        ).fetchall()
        assert found == [("kr-intelligence", 300.0), ("western-officials", 1000.0)]
        for what in WHAT:
            counts = {
                database.execute(f"SELECT count(*) FROM '{files}/{what}.{form}'").fetchone()[0]
                for form in ("csv", "jsonl", "parquet")
            }
            assert len(counts) == 1, what


def test_duckdb_reads_the_views_where_they_lie(ledger):
    import duckdb

    path = ledger.settings.home / "views.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as views:
        rows = views.execute("SELECT slot, best, independent_roots FROM figures ORDER BY slot").fetchall()
    with duckdb.connect() as database:
        database.execute("CREATE TABLE figures (slot TEXT, best TEXT, roots INT)")
        database.executemany("INSERT INTO figures VALUES (?, ?, ?)", rows)
        assert database.execute("SELECT max(roots) FROM figures").fetchone() == (4,)


@pytest.mark.slow
def test_datasette_serves_the_views(ledger):
    pytest.importorskip("datasette", reason="needs datasette: make test-web")
    path = ledger.settings.home / "views.db"
    done = subprocess.run(
        [Path(sys.executable).with_name("datasette"), path, "--get", "/views/figures.json?_shape=array"],
        capture_output=True,
        check=True,
    )
    assert {row["slot"]: row["best"] for row in json.loads(done.stdout)}["killed"] == "about 1000"


CONTEXTS: dict[str, dict[str, Any]] = {
    "https://schema.org": {"@vocab": "https://schema.org/", "url": {"@type": "@id"}},
    "http://www.w3.org/ns/anno.jsonld": {
        "@vocab": "http://www.w3.org/ns/oa#",
        "id": "@id",
        "type": "@type",
        "target": {"@id": "hasTarget", "@type": "@id"},
        "body": {"@id": "hasBody", "@type": "@id"},
    },
}
"""Stands for what a parser would fetch: enough of both vocabularies for the documents to be read."""


@pytest.mark.slow
def test_a_json_ld_parser_reads_claim_reviews_and_annotations(ledger):
    jsonld = pytest.importorskip("pyld.jsonld", reason="needs pyld: make test-web")

    def known(url: str, _options: Any) -> dict[str, Any]:
        context = CONTEXTS[url.rstrip("/")]
        return {"contentType": "", "contextUrl": None, "documentUrl": url, "document": {"@context": context}}

    def read(document: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = jsonld.expand(document, {"documentLoader": known})
        return found

    out = io.BytesIO()
    export(ledger, "state", "claimreview", out)
    reviews = [
        one for one in read(json.loads(out.getvalue())) if one["@type"] == ["https://schema.org/ClaimReview"]
    ]
    assert len(reviews) == len(ledger.state().slots)
    assert all("https://schema.org/claimReviewed" in one for one in reviews)
    out = io.BytesIO()
    export(ledger, "annotations", "webannotation", out)
    for line in out.getvalue().splitlines()[:50]:
        (one,) = read(json.loads(line))
        assert one["@type"] == ["http://www.w3.org/ns/oa#Annotation"]
        assert one["http://www.w3.org/ns/oa#hasTarget"]
