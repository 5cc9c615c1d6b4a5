"""Audit replays: the seven outcomes of a repeated run, upgrades between two days, and reports that two auditors share."""

from __future__ import annotations

import json
import py_compile
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger import Ledger, open_ledger
from ledger.audit.newsledger_verify import parse_row_receipt
from ledger.cli.root import cli
from ledger.errors import NotFoundError
from ledger.events import new_event
from ledger.events.types import AuditDone, ViewSealed
from ledger.testing import FixedClock

FIRST_PARTY = ("syntax", "numbers", "entities", "sentiment", "attribution", "claims")
OTHERS = ("folder", "sitemap", "pdf", "sinks")
DAY_1, DAY_2, LATER = "2031-05-04T07:00:00Z", "2031-05-05T07:00:00Z", "2031-06-01T00:00:00Z"

PLUGIN = '''"""Marks the first words of a text."""

from pathlib import Path

from ledger.plugin import Annotation, Span, processor


class Mark(Annotation, frozen=True, kw_only=True, tag="marks.mark"):
    score: float
    names: tuple[str, ...] = ()


@processor("marks", version="{version}", provides=[Mark], replay="{replay}"{more})
def marks(article, context):
    """The first word."""
    {body}
'''
PLAIN = "yield Mark(span=Span(0, 3), score=1.0)"


def write(
    home: Path,
    *,
    body: str = PLAIN,
    version: str = "1.0",
    replay: str = "pure",
    more: str = "",
    name: str = "marks",
) -> None:
    folder = home / "plugins.d"
    folder.mkdir(parents=True, exist_ok=True)
    off = json.dumps([*FIRST_PARTY, *OTHERS])
    (home / "newsledger.toml").write_text(
        f'[plugins]\ndirectories = ["plugins.d"]\ndisabled = {off}\n', "utf-8"
    )
    (folder / f"{name}.py").write_text(
        PLUGIN.format(body=body, version=version, replay=replay, more=more), "utf-8"
    )


def record(home: Path, *texts: str, at: str = DAY_1, vendor: bool = True) -> None:
    with open_ledger(home, clock=FixedClock(at)) as ledger:
        for number, text in enumerate(texts):
            file = home.parent / f"{at[:10]}-{number}.txt"
            file.write_text(f"{text}\n\n{text} again.", "utf-8")
            ledger.ingest(file, outlet="harbour")
        ledger.process()
        if vendor:
            ledger.audits.vendor()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def audited(home: Path) -> tuple[dict[str, int], int, str]:
    """What an audit of everything gives: outcomes, exit code, and the first detail."""
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        report = ledger.audits.audit(ledger.store.head().position)
    details = [one["detail"] for one in report["replay"]["differing"] if one["detail"]]
    return report["replay"]["outcomes"], report["verdict"]["exit_code"], next(iter(details), "")


def test_a_pure_processor_gives_what_it_recorded(home: Path) -> None:
    write(home)
    record(home, "One ship came in", "Two ships left")
    assert audited(home) == ({"identical": 2}, 0, "")


def test_a_processor_that_is_upgraded_is_repeated_from_the_wheelhouse(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    write(home, body="yield Mark(span=Span(0, 3), score=2.0)", version="2.0")
    assert audited(home) == ({"identical": 1}, 0, "")


def test_drift_a_processor_that_reads_something_undeclared(home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "model.txt"
    secret.write_text("1.0", "utf-8")
    write(home, body=f"yield Mark(span=Span(0, 3), score=float(Path({str(secret)!r}).read_text()))")
    record(home, "One ship came in")
    secret.write_text("2.0", "utf-8")
    assert audited(home) == ({"DRIFT": 1}, 3, "1 annotations gone, 1 new, 0 as recorded")


def test_nondeterministic_a_processor_that_depends_on_the_order_of_sets(home: Path) -> None:
    words = "{'alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'}"
    write(home, body=f"yield Mark(span=Span(0, 3), score=__import__('time').time(), names=tuple({words}))")
    record(home, "One ship came in")
    assert audited(home)[:2] == ({"nondeterministic": 1}, 3)


@pytest.mark.parametrize(
    ("factor", "outcome"),
    [
        ("1.0000000001", "within tolerance"),
        pytest.param("1.01", "DRIFT", marks=pytest.mark.slow),
    ],
)
def test_tolerant_numbers_may_differ_a_little_and_no_more(
    home: Path, tmp_path: Path, factor: str, outcome: str
) -> None:
    noise = tmp_path / "noise.txt"
    noise.write_text("1.0", "utf-8")
    write(
        home,
        body=f"yield Mark(span=Span(0, 3), score=7 * float(Path({str(noise)!r}).read_text()))",
        replay="tolerant",
    )
    record(home, "One ship came in")
    noise.write_text(factor, "utf-8")
    assert audited(home)[0] == {outcome: 1}


def test_opaque_is_not_run(home: Path) -> None:
    write(home, replay="opaque")
    record(home, "One ship came in")
    assert audited(home)[:2] == ({"opaque": 1}, 4)


def test_not_runnable_names_the_missing_wheel(home: Path) -> None:
    write(home)
    record(home, "One ship came in", vendor=False)
    write(home, body="yield Mark(span=Span(0, 3), score=2.0)")
    found, code, detail = audited(home)
    assert (found, code) == ({"not runnable": 1}, 4)
    assert "of marks 1.0 is missing: its wheel is not kept" in detail


def test_not_runnable_names_a_changed_model_and_changed_settings(home: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"one")
    write(home, more=f", data=[{str(model)!r}]")
    record(home, "One ship came in")
    model.write_bytes(b"two")
    found, _, detail = audited(home)
    assert found == {"not runnable": 1}
    assert "a model or data file changed" in detail
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        [identity] = ledger.audits.identities()
        assert "a model or data file of marks changed since it was last recorded" in identity.faults


def test_input_redacted_is_told_from_withheld(home: Path) -> None:
    write(home)
    record(home, "One ship came in", "Two ships left")
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        event = next(iter(ledger.store.read(types=("article.ingested",))))
        ledger.redact(event.id, by="counsel", reason="court order 7")
    assert audited(home)[:2] == ({"identical": 1, "input redacted": 1}, 4)


@pytest.mark.slow
def test_a_failure_that_happens_again_is_identical(home: Path) -> None:
    write(home, body="raise ValueError('no'); yield")
    record(home, "One ship came in")
    assert audited(home)[0] == {"identical": 1}


def test_a_tampered_compiled_file_is_never_read_and_is_named(home: Path) -> None:
    write(home)
    source = home / "plugins.d" / "marks.py"
    evil = source.with_name("evil.py")
    evil.write_text(source.read_text("utf-8").replace("score=1.0", "score=2.0"), "utf-8")
    compiled = py_compile.compile(
        str(evil), dfile=str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert compiled is not None
    evil.unlink()
    Path(compiled).rename(Path(compiled).with_name(Path(compiled).name.replace("evil", "marks")))
    record(home, "One ship came in")
    assert audited(home)[0] == {"DRIFT": 1}, (
        "what was recorded came from the compiled file, and the source says otherwise"
    )
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        [identity] = ledger.audits.identities()
        assert any("never compares with its source" in fault for fault in identity.faults)


@pytest.mark.slow
def test_a_kept_plugin_that_was_changed_is_refused(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    [kept] = (home / "wheelhouse").glob("*/*.whl")
    write(home, body="yield Mark(span=Span(0, 3), score=2.0)", version="2.0")
    record(home, at=DAY_2)
    [other] = [path for path in (home / "wheelhouse").glob("*/*.whl") if path != kept]
    for damage, said in ((other.read_bytes(), "not what its digest says"), (b"no archive", "cannot be read")):
        kept.write_bytes(damage)
        with open_ledger(home, clock=FixedClock(LATER)) as ledger:
            _, found = ledger.audits.rerun(ledger.store.head().position)
        assert found.by_processor()["marks 1.0"] == {"not runnable": 1}
        assert any(said in one.detail for one in found.differing())


@pytest.mark.slow
def test_a_sample_is_the_same_for_everybody_who_names_the_seed(home: Path) -> None:
    write(home, replay="opaque")
    record(home, *(f"Ship {number} came in" for number in range(12)))
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        position = ledger.store.head().position
        first, again, other = (
            [
                one.position
                for one in ledger.audits.rerun(position, sample=4, seed=seed, jobs=jobs)[1].differing()
            ]
            for seed, jobs in (("a", 1), ("a", 2), ("b", 1))
        )
    assert len(first) == 4
    assert first == again
    assert first != other


def test_a_replay_that_was_stopped_goes_on(home: Path, tmp_path: Path) -> None:
    write(home)
    record(home, *(f"Ship {number} came in" for number in range(6)))
    notes = tmp_path / "runs.jsonl"

    class StoppedError(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done == 3:
            raise StoppedError

    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        position = ledger.store.head().position
        with pytest.raises(StoppedError):
            ledger.audits.rerun(position, notes=notes, progress=stop)
        assert len(notes.read_text("utf-8").splitlines()) == 4
        seen: list[int] = []
        _, found = ledger.audits.rerun(position, notes=notes, progress=lambda done, total: seen.append(done))
    assert seen == [4, 5, 6]
    assert found.outcomes() == {"identical": 6}


def test_an_audit_does_not_trust_the_live_views(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    with closing(sqlite3.connect(home / "views.db")) as views, views:
        names = [name for (name,) in views.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        [revisions] = [name for name in names if name.startswith("revisions_")]
        assert views.execute(f"UPDATE {revisions} SET text = ''").rowcount == 1
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        assert ledger.audits.rerun(ledger.store.head().position)[1].outcomes() == {"input redacted": 1}
    assert audited(home) == ({"identical": 1}, 0, "")


def test_an_audit_of_the_first_day_holds_after_an_upgrade_and_what_if_shows_the_change(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    write(home, body="yield Mark(span=Span(0, 3), score=2.0)", version="2.0")
    record(home, "Two ships left", at=DAY_2)
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        first = ledger.audits.audit(DAY_1)
        assert first["replay"]["outcomes"] == {"identical": 1}
        assert first["question"]["position"] < ledger.store.head().position
        changed = ledger.audits.what_if({"marks": "2.0"}, DAY_1)
        assert changed.counts == {"marks": {"attribute": 1}}
        [difference] = changed.changed[0].differences
        assert (difference.before, difference.after) == ("0-3 score 1.0", "0-3 score 2.0")
        before = ledger.store.head()
        back = ledger.audits.what_if({"marks": "1.0"})
        assert {one.position for one in back.changed}, "the second day with the first version"
        assert ledger.store.head() == before, "a what-if writes nothing"


def test_two_auditors_write_the_same_report(home: Path, tmp_path: Path) -> None:
    write(home)
    record(home, "One ship came in", "Two ships left")
    with open_ledger(home, clock=FixedClock(DAY_1)) as ledger:
        ledger.audits.sealer.new_key("desk.example/log")
        ledger.audits.seal()
        outside = tmp_path / "checkpoint"
        outside.write_bytes(ledger.audits.checkpoint())
        keys = tmp_path / "policy"
        keys.write_text(f"log {ledger.audits.known_keys()[0].vkey}\nquorum none\n", "utf-8")
    other = tmp_path / "elsewhere"
    shutil.copytree(home, other, ignore=shutil.ignore_patterns("views.db*", "keys", "log"))
    for place, jobs in ((home, 1), (other, 2)):
        with open_ledger(place, clock=FixedClock(LATER if jobs == 1 else DAY_2)) as ledger:
            ledger.audits.audit(
                "2031-12-31", tmp_path / f"out{jobs}", outside=[outside], policy=keys, jobs=jobs
            )
    one, two = tmp_path / "out1", tmp_path / "out2"
    for name in ("report.json", "report.html", "state.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    report = json.loads((one / "report.json").read_bytes())
    assert report["verdict"]["exit_code"] == 0
    assert report["state"]["outcome"] == "identical"
    assert report["vouched"]


@pytest.mark.slow
def test_a_seal_that_does_not_follow_from_the_events_is_seen(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    with open_ledger(home, clock=FixedClock(DAY_1)) as ledger:
        ledger.audits.sealer.new_key("desk.example/log")
        ledger.audits.seal()
        last = ledger.store.last("view:figures")
        assert last is not None
        body = json.loads(last.payload or b"{}")
        lie = ViewSealed(**{**body, "root": "0" * 64})
        ledger.store.append([new_event(lie, stream="view:figures", producer=ledger.producer)])
        report = ledger.audits.audit(ledger.store.head().position)
    assert report["state"]["outcome"] == "differs"
    assert report["verdict"]["exit_code"] == 1


CLAIMING = '''
from ledger.plugin import Claim, ClaimValue, Span, processor


@processor("tolls", version="{version}", provides=[Claim])
def tolls(article, context):
    """One figure for each text."""
    span = Span(0, article.text.index("."))
    value = ClaimValue(point={value}, op="exact")
    yield Claim(span=span, subject="people", measure="killed", value=value, trigger="kill")
'''


def test_what_if_shows_the_figures_that_change_before_anything_else(home: Path) -> None:
    write(home)
    plugin = home / "plugins.d" / "tolls.py"
    plugin.write_text(CLAIMING.format(version="1.0", value="3.0"), "utf-8")
    record(home, "At least three people were killed in Karrow.")
    plugin.write_text(CLAIMING.format(version="2.0", value="5.0"), "utf-8")
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        report = ledger.audits.audit(DAY_1)
        assert report["replay"]["outcomes"] == {"identical": 2}, "the old version comes from its wheel"
        before = ledger.store.head()
    said = CliRunner().invoke(cli, ["--home", str(home), "whatif", "tolls==2.0", "--as-of", DAY_1])
    assert said.exit_code == 0, said.output
    first, second, third = said.stdout.splitlines()[:3]
    assert first.startswith("With tolls==2.0, over 1 runs")
    assert "killed" in second
    assert "3 -> 5" in second
    assert third == "tolls: 1 value"
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        assert ledger.store.head() == before


COUNTING = '''
from ledger.plugin import Projection, hookimpl


def fold(rows, events):
    """Count the articles of each outlet{more}."""
    for _, payload, _ in events:
        row = rows.setdefault(payload["outlet"], {{"articles": 0}})
        row["articles"] += {step}


@hookimpl
def ledger_projections():
    yield Projection(name="by_outlet", version="{version}", types=("article.ingested",), fold=fold)
'''


def test_a_view_that_a_plugin_brings_is_sealed_proven_and_recomputed(home: Path, tmp_path: Path) -> None:
    write(home)
    counting = home / "plugins.d" / "counting.py"
    counting.write_text(COUNTING.format(version="1", step=1, more=""), "utf-8")
    record(home, "One ship came in", "Two ships left")
    with open_ledger(home, clock=FixedClock(DAY_1)) as ledger:
        ledger.audits.sealer.new_key("desk.example/log")
        ledger.audits.seal()
        receipt = parse_row_receipt(ledger.audits.prove("by_outlet/harbour").content)
        receipt.check()
        assert (receipt.view, json.loads(json.loads(receipt.row)["row"])) == ("by_outlet", {"articles": 2})
        with pytest.raises(NotFoundError, match="No such row in the table by_outlet"):
            ledger.audits.prove("by_outlet/elsewhere")
        seals = len(list(ledger.store.read(types=("view.sealed",))))
        ledger.audits.seal()
        assert len(list(ledger.store.read(types=("view.sealed",)))) == seals == 8 + 1
        report = ledger.audits.audit(ledger.store.head().position, tmp_path / "out")
        assert report["views"]["by_outlet"]["outcome"] == "identical"
        assert report["verdict"]["exit_code"] == 0
    counting.write_text(COUNTING.format(version="2", step=2, more=" twice"), "utf-8")
    assert _view(home) == ("other code", 4)
    counting.unlink()
    assert _view(home) == ("not installed", 4)


def _view(home: Path) -> tuple[str, int]:
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        report = ledger.audits.audit(ledger.store.head().position)
    return report["views"]["by_outlet"]["outcome"], report["verdict"]["exit_code"]


def test_upkeep_seals_and_audits_when_it_is_due_and_records_the_outcome(home: Path) -> None:
    write(home)
    record(home, "One ship came in")
    with (home / "newsledger.toml").open("a", encoding="utf-8") as file:
        file.write("\n[audit]\nseal = 3600\nevery = 86400\nsample = 1\n")
    clock = FixedClock(DAY_1)
    with open_ledger(home, clock=clock) as ledger:
        assert [said.split(":")[0] for said in ledger.audits.keep_up()] == ["audited 3 events"]
        ledger.audits.sealer.new_key("desk.example/log")
        assert [said.split(":")[0] for said in ledger.audits.keep_up()] == ["sealed"]
        assert ledger.audits.keep_up() == []
        clock.advance(3601)
        assert [said.split(":")[0] for said in ledger.audits.keep_up()] == ["sealed already"]
        [done] = _audits(ledger)
        assert (done.exit_code, done.outcomes) == (0, {"identical": 1})


def _audits(ledger: Ledger) -> Iterator[AuditDone]:
    from ledger.events import decode

    for stored in ledger.store.read(types=("audit.done",)):
        event = decode(stored)
        assert isinstance(event, AuditDone)
        yield event


def test_a_ledger_is_witnessed_through_the_command(home: Path, tmp_path: Path) -> None:
    from ledger.audit.keys import generate
    from ledger.audit.newsledger_verify import COSIGNATURE
    from ledger.audit.witness import Witness, WitnessServer

    write(home)
    record(home, "One ship came in")
    signer = generate("w.example", COSIGNATURE)

    def newsledger(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["--home", str(home), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    key = newsledger("key", "new", "desk.example/log").strip()
    newsledger("seal")
    with open_ledger(home, clock=FixedClock(LATER)) as ledger:
        served = WitnessServer(
            Witness(tmp_path / "w", signer, ledger.audits.known_keys(), lambda: 1_900_000_000)
        )
    thread = threading.Thread(target=served.serve)
    thread.start()
    try:
        assert "Cosigned: desk.example/log" in newsledger("witness", "cosign", served.url, signer.key.vkey)
    finally:
        served.close()
        thread.join()
    policy = tmp_path / "policy"
    policy.write_text(f"log {key}\nwitness w {signer.key.vkey}\nquorum w\n", "utf-8")
    assert "w.example cosigned 12 events" in newsledger("verify", "--policy", str(policy))
