"""Exports, read back by the tools they are for."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from ledger import open_ledger
from ledger.cli.root import cli
from ledger.clock import FixedClock, format_time, parse_time
from ledger.errors import UsageError
from ledger.export import FORMS, WHAT, export, forms_of


def made(ledger, what, form):
    out = io.BytesIO()
    export(ledger, what, form, out)
    return out.getvalue()


@pytest.mark.parametrize("what", WHAT)
def test_rows_are_the_same_in_every_form(ledger, what):
    from pyarrow import parquet

    lines = [json.loads(line) for line in made(ledger, what, "jsonl").splitlines()]
    table = list(csv.DictReader(io.StringIO(made(ledger, what, "csv").decode(), newline="")))
    columns = parquet.read_table(io.BytesIO(made(ledger, what, "parquet"))).to_pylist()
    assert lines
    assert len(lines) == len(table) == len(columns)
    for line, row, stored in zip(lines, table, columns, strict=True):
        assert list(line) == list(row) == list(stored)
        for key, value in line.items():
            if isinstance(value, dict | list):
                assert json.loads(row[key]) == json.loads(stored[key]) == value
            elif isinstance(stored[key], datetime):
                assert (row[key], format_time(stored[key])) == (value, value)
            elif value is None:
                assert (row[key], stored[key]) == ("", None)
            elif isinstance(value, str):
                assert row[key].replace("\r\n", "\n") == stored[key].replace("\r\n", "\n") == value
            elif isinstance(value, bool):
                assert (row[key], stored[key]) == (str(value), value)
            else:
                assert float(row[key]) == float(stored[key]) == value


@pytest.mark.parametrize("what", WHAT)
def test_a_table_without_rows_has_the_same_columns(ledger, what, tmp_path):
    from pyarrow import parquet

    with open_ledger(tmp_path / "empty", clock=ledger.clock) as empty:
        schema = parquet.read_schema(io.BytesIO(made(empty, what, "parquet")))
        assert schema == parquet.read_schema(io.BytesIO(made(ledger, what, "parquet")))
        header, *rows = csv.reader(io.StringIO(made(empty, what, "csv").decode()))
        assert (header, rows) == (schema.names, [])


@pytest.mark.parametrize(("what", "form"), [(what, form) for form in FORMS for what in FORMS[form].of])
def test_the_same_ledger_gives_the_same_bytes(ledger, what, form):
    assert made(ledger, what, form) == made(ledger, what, form)


def test_claim_reviews_say_how_well_a_figure_is_sourced(ledger):
    document = json.loads(made(ledger, "state", "claimreview"))
    assert document["@context"] == "https://schema.org"
    (killed,) = [one for one in document["@graph"] if one["@id"].endswith(":killed")]
    assert killed["claimReviewed"].endswith("killed, Kursk region: about 1,000")
    assert killed["reviewRating"]["ratingValue"] == 2
    assert "disputed" in killed["reviewRating"]["alternateName"]
    assert len(killed["itemReviewed"]["appearance"]) == 8


def test_web_annotations_select_what_they_quote(ledger):
    rows = [json.loads(line) for line in made(ledger, "annotations", "webannotation").splitlines()]
    assert len(rows) == len(made(ledger, "annotations", "jsonl").splitlines())
    texts = {}
    for row in rows:
        position, *quotes = row["target"]["selector"]
        article, revision = (
            row["target"]["state"]["refinedBy"].rpartition(":")[0].rpartition(":")[2],
            int(row["target"]["state"]["refinedBy"].rpartition(":")[2]),
        )
        text = texts.setdefault((article, revision), ledger.views.to_article(article, revision).text)
        for quote in quotes:
            assert text[position["start"] : position["end"]] == quote["exact"]


def test_provenance_has_no_loose_ends(ledger):
    document = json.loads(made(ledger, "annotations", "prov"))
    for relation in document["used"].values():
        assert relation["prov:entity"] in document["entity"]
        assert relation["prov:activity"] in document["activity"]
    for relation in document["wasAssociatedWith"].values():
        assert relation["prov:agent"] in document["agent"]
    for relation in document["wasGeneratedBy"].values():
        assert relation["prov:entity"] in document["entity"]
    for relation in document["wasDerivedFrom"].values():
        assert relation["prov:usedEntity"] in document["entity"]


@pytest.mark.slow
def test_ftm_statements_are_read_by_the_library(ledger):
    from followthemoney import Statement, StatementEntity
    from followthemoney.dataset import Dataset

    rows = list(csv.DictReader(io.StringIO(made(ledger, "articles", "ftm").decode())))
    entities: dict[str, list[Statement]] = {}
    for row in rows:
        entities.setdefault(row["entity_id"], []).append(Statement.from_dict(row))
    dataset = Dataset.make({"name": "newsledger", "title": "newsledger"})
    built = [StatementEntity.from_statements(dataset, statements) for statements in entities.values()]
    assert {one.schema.name for one in built} == {"Article", "Organization", "Mention"}
    titles = {value for one in built if one.schema.name == "Article" for value in one.get("title")}
    assert titles == {row.title for row in ledger.views.articles() if row.title}


def test_a_form_that_does_not_fit_is_refused(ledger):
    with pytest.raises(UsageError, match="Forms of events: jsonl, csv, parquet"):
        made(ledger, "events", "ftm")
    assert "claimreview" in forms_of("state")


def test_the_command_writes_a_file_whole_or_not_at_all(story, tmp_path):
    target = tmp_path / "reports.csv"
    done = CliRunner().invoke(
        cli, ["--home", str(story), "export", "reports", "--format", "csv", "-o", str(target)]
    )
    assert done.exit_code == 0, done.output
    assert target.read_text().startswith("slot,published,")
    bad = CliRunner().invoke(
        cli, ["--home", str(story), "export", "events", "--format", "ftm", "-o", str(tmp_path / "x")]
    )
    assert bad.exit_code != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reports.csv"]


@pytest.mark.parametrize(("what", "form"), [(what, form) for form in FORMS for what in FORMS[form].of])
def test_the_page_links_every_export_and_gives_the_same_bytes(client, ledger, what, form):
    assert f"/exports/{what}.{form}" in client.get("/exports", headers={"accept": "text/html"}).text
    answer = client.get(f"/exports/{what}.{form}")
    assert answer.content == made(ledger, what, form)
    assert answer.headers["content-disposition"].startswith('attachment; filename="newsledger-')


@pytest.mark.parametrize(
    "name", ["events.ftm", "nothing.csv", "events", "events.csv.csv", "..%2f..%2fweb-tokens.json"]
)
def test_an_unknown_export_is_not_found(client, name):
    assert client.get(f"/exports/{name}").status_code == 404


def test_what_was_known_on_a_day_is_written_the_same_a_week_of_events_later(tmp_path):
    def told(name: str, text: str, published: str) -> None:
        report = tmp_path / name
        report.write_text(text)
        ledger.ingest(report, outlet=name.partition(".")[0], published=published)

    def all_of(ledger, at=None):
        found = {}
        for what in WHAT:
            for form in forms_of(what):
                out = io.BytesIO()
                export(ledger, what, form, out, recorded_as_of=at)
                found[what, form] = out.getvalue()
        return found

    clock = FixedClock("2031-05-04T20:00:00Z")
    with open_ledger(tmp_path / "home", clock=clock) as ledger:
        told(
            "tribune.txt",
            "At least 40 people were killed in Karrow, the ministry said.",
            "2031-05-04T18:00:00Z",
        )
        told("courier.txt", "The floods killed 46 people in Karrow, police said.", "2031-05-04T19:00:00Z")
        day = clock.now()
        before = all_of(ledger)
        clock.set("2031-05-11T20:00:00Z")
        told(
            "tribune.txt",
            "At least 52 people were killed in Karrow, the ministry said.",
            "2031-05-11T18:00:00Z",
        )
        told("mercury.txt", "Divers found 61 bodies in Karrow on Sunday.", "2031-05-11T19:00:00Z")
        ledger.reviews.reject(slot=ledger.state().slots[0].id, root="police", by="kim", reason="Misheard")
        assert all_of(ledger) != before
        again = all_of(ledger, day)
        assert [key for key in before if again[key] != before[key]] == []


def test_the_page_and_the_command_give_what_was_known_on_a_day(client, ledger):
    day = "2025-01-30T20:00:00Z"
    out = io.BytesIO()
    export(ledger, "figures", "csv", out, recorded_as_of=parse_time(day))
    assert client.get(f"/exports/figures.csv?at={day}").content == out.getvalue()
    done = CliRunner().invoke(
        cli, ["--home", str(ledger.settings.home), "export", "figures", "--format", "csv", "--as-of", day]
    )
    assert done.stdout_bytes == out.getvalue()
    assert out.getvalue() != made(ledger, "figures", "csv")
