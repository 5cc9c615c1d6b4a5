"""Each hook does what its record says, in a ledger."""

from __future__ import annotations

import json

import pytest

from ledger.errors import NotFoundError, PluginError

TOLL = "At least {} people were killed in Karrow, police said."

PROJECTION = """
from ledger.plugin import Projection, hookimpl

@hookimpl
def ledger_projections():
    yield Projection(name="{name}", version="1", types=("article.ingested",), fold=fold)

def fold(rows, events):
    for _type, payload, recorded in events:
        row = rows.setdefault(payload["outlet"], {{"articles": 0}})
        row["articles"] += 1
"""


def article(path, number=3, name="report"):
    file = path / f"{name}.txt"
    file.write_text(TOLL.format(number))
    return file


def test_a_projection_is_kept_rebuilt_and_replayed(write, opened, newsledger, folder, tmp_path):
    write("outlets", PROJECTION.format(name="outlets"))
    with opened() as ledger:
        ledger.ingest(article(tmp_path), outlet="harbour")
        ledger.ingest(article(tmp_path, 5, "other"), outlet="tarn")
        assert ledger.views.plugin_rows("outlets") == {"harbour": {"articles": 1}, "tarn": {"articles": 1}}
        ledger.views.rebuild("outlets")
        assert ledger.views.plugin_rows("outlets")["tarn"] == {"articles": 1}
        replay = ledger.replay(processors=False)
        assert replay.views_hold
        assert "outlets" in {view.name for view in replay.views}
    shown = newsledger("--plugin-dir", str(folder), "projection", "show", "outlets", "--json")
    assert json.loads(shown.stdout) == {"harbour": {"articles": 1}, "tarn": {"articles": 1}}


@pytest.mark.parametrize("name", ["articles", "Not A Name"])
def test_a_projection_that_cannot_be_a_view_is_named_and_harms_nobody(name, write, opened, tmp_path):
    write("outlets", PROJECTION.format(name=name))
    with opened() as ledger:
        ledger.ingest(article(tmp_path))
        assert len(ledger.state().slots) == 1
        [problem] = ledger.hooks.complaints
        assert (problem.plugin, name in problem.what) == ("outlets", True)


SOURCE = """
import pathlib
from ledger.plugin import SourceItem, SourceKind, hookimpl

@hookimpl
def ledger_sources():
    yield SourceKind(name="lines", open=read)

def read(location, context):
    if location == "broken":
        raise RuntimeError("no such place")
    for line in pathlib.Path(location).read_text("utf-8").splitlines():
        if not context.seen(line):
            yield SourceItem(name=line, body=b"" if "empty" in line else line.encode(), media_type="text/plain", mark=line)
"""


def test_a_source_gives_only_what_was_not_recorded_before(write, opened, tmp_path):
    write("lines", SOURCE)
    lines = tmp_path / "lines.txt"
    lines.write_text(TOLL.format(3) + "\nempty\n")
    with opened() as ledger:
        [report] = ledger.ingest(f"lines:{lines}", outlet="harbour")
        assert (report.documents, report.new, len(report.failures)) == (2, 1, 1)
        lines.write_text(lines.read_text() + TOLL.format(5) + "\n")
        [report] = ledger.ingest(f"lines:{lines}", outlet="harbour")
        # what failed comes again, what was recorded does not
        assert (report.documents, report.new, len(report.failures)) == (2, 1, 1)


def test_what_goes_wrong_with_a_source_is_said(write, opened):
    write("lines", SOURCE)
    with opened() as ledger:
        [report] = ledger.ingest("lines:broken")
        assert "the source lines failed: RuntimeError: no such place" in report.failures[0].error
        [report] = ledger.ingest("lines:/no/such/file")
        assert "No such file" in report.failures[0].error
        with pytest.raises(NotFoundError, match=r"No such source: nosuch\. Sources: folder, lines, sitemap"):
            ledger.ingest("nosuch:place")


EXTRACTOR = """
from ledger.plugin import Extracted, Extractor, hookimpl

@hookimpl
def ledger_extractors():
    yield Extractor(name="reversed", version="2.0", media_types=("application/zip",), extract=extract)

def extract(body, url):
    if body == b"secret":
        raise ValueError("a password is needed")
    if body == b"bug":
        raise KeyError("pages")
    return Extracted(title="A report", text=body.decode()[::-1])
"""


def test_an_extractor_reads_its_media_types(write, opened, tmp_path):
    write("reversed", EXTRACTOR)
    for name, body in (("good", TOLL.format(7)[::-1]), ("locked", "secret"), ("odd", "bug")):
        (tmp_path / f"{name}.zip").write_text(body)
    with opened() as ledger:
        [good] = ledger.ingest(tmp_path / "good.zip", outlet="harbour")
        found = ledger.article(good.articles[0])
        assert ledger.views.to_article(found.article.article, 1).text == TOLL.format(7)
        event = next(iter(ledger.store.read(types=["article.ingested"])))
        assert json.loads(event.payload)["extractor"] == "reversed 2.0"
        for name, reason in (("locked", "a password is needed"), ("odd", "KeyError: 'pages'")):
            [report] = ledger.ingest(tmp_path / f"{name}.zip")
            assert report.failures[0].error == f"reversed cannot read it: {reason}"


COMMAND = """
from ledger.plugin import Command, hookimpl

@hookimpl
def ledger_commands():
    yield Command(name="greet", load=load, summary="Say hello")
    yield Command(name="state", load=load, summary="Not this one")
    yield Command(name="wrong", load=lambda: 7, summary="No command at all")

def load():
    import click

    @click.command()
    @click.argument("whom")
    def greet(whom):
        click.echo(f"Hello {whom}")

    return greet
"""


def test_a_command_is_listed_and_runs(write, newsledger, folder):
    write("greeting", COMMAND)
    listed = newsledger("--plugin-dir", str(folder), "--help")
    assert "greet" in listed.stdout.partition("Commands of plugins")[2]
    assert "Not this one" not in listed.stdout
    assert newsledger("--plugin-dir", str(folder), "greet", "Karrow").stdout == "Hello Karrow\n"
    assert newsledger("greet", "Karrow").returncode == 2
    named = newsledger("--plugin-dir", str(folder), "plugin", "list")
    assert (
        named.returncode,
        "Its command 'state' has the name of a command of newsledger" in named.stderr,
    ) == (1, True)
    wrong = newsledger("--plugin-dir", str(folder), "wrong")
    assert (wrong.returncode, "not a click command" in wrong.stderr) == (3, True)


def test_a_broken_plugin_does_not_take_help_with_it(write, newsledger, folder):
    write("broken", "raise RuntimeError")
    listed = newsledger("--plugin-dir", str(folder), "--help")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "Commands of plugins" not in listed.stdout


CLAIMS = """
import re
from ledger.plugin import Annotation, Claim, ClaimValue, Span, processor

class Boats(Annotation, frozen=True, kw_only=True, tag="boats.boats"):
    number: int

@processor("boats", version="1.0", provides=[Claim, Boats])
def boats(article, context):
    "Boats that sank."
    for found in re.finditer(r"(\\d+) boats sank", article.text):
        yield Claim(span=Span(*found.span()), subject="boat", measure="sunk", value=ClaimValue(op="exact", point=int(found[1])))
        yield Boats(span=Span(*found.span(1)), number=int(found[1]))
"""


def test_claims_of_a_plugin_are_in_the_state_and_stay_readable_without_it(
    write, opened, newsledger, tmp_path
):
    plugin = write("boats", CLAIMS)
    report = tmp_path / "boats.txt"
    report.write_text("In the storm 14 boats sank.")
    with opened() as ledger:
        [done] = ledger.ingest(report, outlet="harbour")
        [slot] = [one.id for one in ledger.state().slots if one.id.startswith("sunk.boat")]
        before = ledger.state().to_dict()
    plugin.unlink()
    with opened() as ledger:
        ledger.process()
        assert "boats" not in {active.name for active in ledger.host.processors}
        assert ledger.state().to_dict() == before
        assert ledger.views.rebuild() > 0
        assert ledger.state().to_dict() == before
        replay = ledger.replay()
        assert replay.counts["not runnable"] == 1
    shown = json.loads(newsledger("article", done.articles[0], "--json").stdout)
    kept = {one["type"]: one for one in shown["annotations"] if one["processor"] == "boats"}
    assert kept["core.claim"]["quote"] == "14 boats sank"
    assert (kept["boats.boats"]["quote"], kept["boats.boats"]["number"]) == ("14", 14)
    assert "boats.boats" in newsledger("article", done.articles[0]).stdout
    assert "number=14" in newsledger("article", done.articles[0]).stdout
    assert slot in newsledger("state", "--json").stdout


def test_what_the_kit_says_of_a_projection(write):
    from ledger.testing import check_plugin

    write_good = write("good", PROJECTION.format(name="good"))
    assert all(verdicts.ok for verdicts in check_plugin(write_good))
    body = 'rows["all"] = {"articles": len(events)}'
    bad = write("bad", PROJECTION.format(name="bad").partition("    for _type")[0] + f"    {body}\n")
    broken = [v.law for verdicts in check_plugin(bad) for v in verdicts.verdicts if not v.ok]
    assert broken == ["it gives the same rows in batches of any size"]


def test_an_unknown_article_cannot_be_retried(opened):
    with opened() as ledger, pytest.raises(NotFoundError):
        ledger.process(retry=True, article="a-0000000000000000")


def test_a_history_names_what_changed(tmp_path):
    from ledger.plugin import Annotation, Span, processor
    from ledger.testing import article as build
    from ledger.testing import compare_history, record_history

    class Word(Annotation, frozen=True, kw_only=True, tag="trial.word"):
        note: str = ""

    @processor("trial", version="1.0", provides=[Word])
    def old(article, context):
        yield Word(span=Span(0, 5), note="first")

    @processor("trial", version="1.1", provides=[Word])
    def new(article, context):
        if "storm" in article.text:
            raise ValueError("no storms")
        yield Word(span=Span(0, 5), note="second")

    articles = [
        build("Flood in Karrow.", url="https://harbour.example/1"),
        build("A storm.", url="https://harbour.example/2"),
    ]
    record_history(tmp_path / "history.jsonl", old, articles)
    assert compare_history(tmp_path / "history.jsonl", old).ok
    diff = compare_history(tmp_path / "history.jsonl", new)
    lines = str(diff).splitlines()
    assert lines[0] == "trial 1.0 -> 1.1: 2 articles, 0 annotations as recorded, 2 gone, 1 new"
    assert lines[2:4] == [
        """  - trial.word 0-5 'Flood' note="first\"""",
        """  + trial.word 0-5 'Flood' note="second\"""",
    ]
    assert "+ failed: Processor trial failed: exception, ValueError: no storms" in str(diff)
    with pytest.raises(PluginError, match=r"1\.0 -> 1\.1"):
        diff.require()
