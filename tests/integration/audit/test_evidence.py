"""Receipts and bundles in the hands of a stranger: they hold as they are, and with anything changed they do not."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from ledger import Ledger, open_ledger
from ledger.audit import newsledger_verify as verifier
from ledger.audit.keys import generate
from ledger.audit.newsledger_verify import RefusedError, check_bundle, read_bundle, sort_members, trust_of
from ledger.cli.root import cli
from ledger.errors import UsageError
from ledger.events import new_event
from ledger.events.types import ReviewDecided
from ledger.testing import FixedClock

AT = "2031-12-31T00:00:00Z"
Files = dict[str, bytes]
UNFIT = (ValueError, KeyError, TypeError, AttributeError)
"""What making the derived files of nonsense ends in; the check itself only ever refuses."""


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home, clock=FixedClock(AT)) as opened:
        yield opened


@pytest.fixture(scope="module")
def trust(sealed: Path) -> verifier.Trust:
    with open_ledger(sealed, clock=FixedClock(AT)) as opened:
        return trust_of(None, opened.audits.known_keys())


@pytest.fixture(scope="module")
def whole(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A bundle of a figure."""
    path = tmp_path_factory.mktemp("bundle") / "killed.evidence.zip"
    with open_ledger(sealed, clock=FixedClock(AT)) as opened:
        opened.audits.bundle("killed", path)
    return read_bundle(path)


@pytest.fixture(scope="module")
def small(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A bundle of one annotation event and what it leans on."""
    path = tmp_path_factory.mktemp("bundle") / "one.evidence.zip"
    with open_ledger(sealed, clock=FixedClock(AT)) as opened:
        event = next(iter(opened.store.read(types=("article.annotated",))))
        opened.audits.bundle(event.id, path)
    return read_bundle(path)


def run_verifier(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The one file, copied away, in a Python that cannot see the project."""
    script = folder / "newsledger_verify.py"
    script.write_bytes(Path(verifier.__file__).read_bytes())
    code = (
        "import sys, runpy; sys.path[:] = [p for p in sys.path if 'newsledger' not in p and p != ''];"
        "import socket; socket.socket = None; sys.modules['ledger'] = None;"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", code, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )


def test_a_stranger_checks_a_bundle_a_row_and_an_event(ledger: Ledger, tmp_path: Path) -> None:
    key = ledger.audits.known_keys()[0].vkey
    ledger.audits.bundle("killed", tmp_path / "k.zip")
    row, event = ledger.audits.prove("killed"), ledger.audits.prove("7")
    (tmp_path / row.name).write_bytes(row.content)
    (tmp_path / event.name).write_bytes(event.content)
    (tmp_path / "entry").write_bytes(event.entry)
    for arguments in (("k.zip",), (row.name,), (event.name, "--entry", "entry")):
        done = run_verifier(*arguments, "--vkey", key, folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("HOLDS: ")
        assert "signed by desk.example/log" in done.stdout
    policy = tmp_path / "policy"
    policy.write_text(f"log {key}\nquorum none\n", "utf-8")
    assert run_verifier("k.zip", "--policy", "policy", folder=tmp_path).returncode == 0
    other = generate("desk.example/log").key.vkey
    assert run_verifier("k.zip", "--vkey", other, folder=tmp_path).returncode == 1
    assert run_verifier("entry", "--vkey", key, folder=tmp_path).returncode == 2
    assert run_verifier("nothing", "--vkey", key, folder=tmp_path).returncode == 2
    assert run_verifier("k.zip", folder=tmp_path).returncode == 2
    assert run_verifier(event.name, "--entry", row.name, "--vkey", key, folder=tmp_path).returncode == 1


TABLES = [
    "articles", "claims", "feeds", "figures", "processors", "registry", "reviews", "slot_decisions",
]  # fmt: skip


def test_each_sealed_table_gives_receipts_of_its_rows(
    ledger: Ledger, trust: verifier.Trust, tmp_path: Path
) -> None:
    seen = {}
    for table in ledger.views.sealed():
        keys = ["/".join(str(getattr(row, name)) for name in row.KEY) for row in table.rows]
        seen[table.name] = keys
    assert sorted(seen) == TABLES
    for name in TABLES:
        for key in seen[name][-1:]:
            receipt = ledger.audits.prove(f"{name}/{key}")
            path = tmp_path / name
            path.write_bytes(receipt.content)
            assert verifier.check_file(path, trust).what == "row"
            parsed = verifier.parse_row_receipt(receipt.content)
            assert (parsed.view, parsed.size) == (name, len(seen[name]))


def test_an_article_is_proven_by_its_id(ledger: Ledger) -> None:
    article = ledger.views.articles(limit=1)[0]
    receipt = verifier.parse_row_receipt(ledger.audits.prove(article.article).content)
    assert (receipt.view, msgspec.json.decode(receipt.row)["title"]) == ("articles", article.title)


def test_only_tables_whose_events_came_in_are_sealed_anew(home: Path) -> None:
    with open_ledger(home, clock=FixedClock(AT)) as ledger:
        before = {one.envelope.stream: one.position for one in ledger.store.read(types=("view.sealed",))}
        ledger.feeds.add("https://another.example/feed", outlet="another")
        ledger.audits.seal()
        after = {one.envelope.stream: one.position for one in ledger.store.read(types=("view.sealed",))}
    assert {stream for stream in after if after[stream] != before.get(stream)} == {"view:feeds"}


def test_a_whole_log_is_written_as_tiles_and_checked_by_a_stranger(home: Path, tmp_path: Path) -> None:
    def newsledger(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--home", str(home), *arguments])

    key = newsledger("key", "show").output.splitlines()[0]
    done = newsledger("export", "tiles", str(tmp_path / "log"))
    assert done.exit_code == 0, done.output
    checked = run_verifier("log", "--vkey", key, folder=tmp_path)
    assert (checked.returncode, checked.stdout.split(",")[0]) == (0, "HOLDS: log in desk.example/log")
    for refused in (("tiles", str(tmp_path / "log")), ("tiles",), ("events", str(tmp_path / "elsewhere"))):
        assert isinstance(newsledger("export", *refused).exception, UsageError)
    assert newsledger("export", "tiles", "-o", str(tmp_path / "other")).exit_code == 0


def test_a_receipt_is_small(ledger: Ledger) -> None:
    assert len(ledger.audits.prove("7").content) < 2_000
    assert len(ledger.audits.prove("losses").content) < 60_000


def test_a_bundle_says_what_it_holds(whole: Files, trust: verifier.Trust) -> None:
    verdict = check_bundle(whole, trust)
    assert verdict.events > 30
    assert (verdict.redacted, verdict.withheld, verdict.unknown) == ((), (), 0)
    assert verdict.name == hashlib.sha256(whole["manifest-sha256.txt"]).hexdigest()
    lines = whole["manifest-sha256.txt"].decode().splitlines()
    assert {line.partition("  ")[2] for line in lines} == set(whole) - {"manifest-sha256.txt"}
    for line in lines:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256(whole[name]).hexdigest() == digest, "sha256sum -c says the same"


def test_web_annotations_point_at_the_words_that_they_quote(whole: Files) -> None:
    found = msgspec.json.decode(whole["annotations.jsonld"])
    texts = {key: content.decode() for key, (_, content) in sort_members(whole).bodies.items()}
    checked = 0
    for one in found:
        assert one["@context"] == "http://www.w3.org/ns/anno.jsonld"
        place, quote = one["target"]["selector"]
        if text := next(
            (t for t in texts.values() if t[place["start"] : place["end"]] == quote["exact"]), None
        ):
            checked += 1
            assert quote["prefix"] == text[max(0, place["start"] - 32) : place["start"]] or quote["exact"]
    assert checked > 100


def test_the_same_evidence_is_the_same_bytes(ledger: Ledger, tmp_path: Path) -> None:
    ledger.audits.bundle("killed", tmp_path / "a.zip")
    ledger.audits.bundle("killed", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def repaired(files: Files) -> Files:
    """What somebody does who knows the format: everything that follows from the members is made anew."""
    return sort_members(files).members()


def undetected(files: Files, trust: verifier.Trust, flips: int, seed: int, *, repair: bool) -> list[str]:
    """Flip one bit of one member, many times over; gives what passed."""
    chance = random.Random(seed)
    names = sorted(
        name for name in files if not repair or name not in ("manifest-sha256.txt", "ro-crate-metadata.json")
    )
    missed = []
    for _ in range(flips):
        name = chance.choices(names, weights=[len(files[one]) for one in names])[0]
        at, bit = chance.randrange(len(files[name])), chance.randrange(8)
        changed = bytearray(files[name])
        changed[at] ^= 1 << bit
        damaged = {**files, name: bytes(changed)}
        try:
            if repair:
                again = repaired(damaged)
                if again == files:
                    continue  # the repair undid the change: it was in something derived
                damaged = again
        except UNFIT:
            continue
        try:
            check_bundle(damaged, trust)
        except RefusedError:
            continue
        missed.append(f"{name} at {at}, bit {bit}")
    return missed


@pytest.mark.parametrize("repair", [False, True])
def test_no_flipped_bit_of_a_member_passes(small: Files, trust: verifier.Trust, repair: bool) -> None:
    assert undetected(small, trust, 400, 1, repair=repair) == []


@pytest.mark.slow
@pytest.mark.parametrize("repair", [False, True])
def test_no_flipped_bit_passes_in_ten_thousand(small: Files, trust: verifier.Trust, repair: bool) -> None:
    assert undetected(small, trust, 10_000, 2, repair=repair) == []


def _drop(prefix: str) -> Callable[[Files], Files]:
    return lambda files: {name: data for name, data in files.items() if not name.startswith(prefix)}


def _first(files: Files, folder: str) -> str:
    return min(name for name in files if name.startswith(folder))


def _drop_event(files: Files, kind: str) -> Files:
    position = next(
        name.removeprefix("events/").removesuffix(".json")
        for name, data in files.items()
        if name.startswith("events/") and msgspec.json.decode(data)["type"] == kind
    )
    return {name: data for name, data in files.items() if f"/{position}." not in name}


def _swap(files: Files, folder: str) -> Files:
    first, second, *_ = sorted(name for name in files if name.startswith(folder))
    return {**files, first: files[second], second: files[first]}


def _rename(files: Files) -> Files:
    name = _first(files, "events/")
    return {(f"events/{10**6}.json" if one == name else one): data for one, data in files.items()}


TAMPERING: dict[str, Callable[[Files], Files]] = {
    "no checkpoint": _drop("checkpoint"),
    "no manifest": _drop("manifest"),
    "no crate": _drop("ro-crate"),
    "no report": _drop("report"),
    "no provenance": _drop("prov"),
    "no annotations": _drop("annotations"),
    "no proofs": _drop("proofs/"),
    "an event is dropped": lambda files: _drop_event(files, "article.ingested"),
    "the maker of an annotation is dropped": lambda files: _drop_event(files, "processor.registered"),
    "two proofs are exchanged": lambda files: _swap(files, "proofs/"),
    "two events are exchanged": lambda files: _swap(files, "events/"),
    "two bodies are exchanged": lambda files: _swap(files, "bodies/"),
    "an event has another position": _rename,
    "an extra file": lambda files: {**files, "note.txt": b"believe me"},
    "an extra event": lambda files: {**files, "events/1000000.json": b"{}"},
    "an extra body": lambda files: {
        **files,
        f"bodies/{'0' * 64}.bin": b"x",
        f"bodies/{'0' * 64}.salt": b"0" * 32,
    },
    "a path out of the folder": lambda files: {**files, "../events/1.json": b"{}"},
    "a salt in capitals": lambda files: {**files, _salt(files): files[_salt(files)].upper()},
    "a position with a leading zero": lambda files: {
        one.replace("events/", "events/0"): data for one, data in files.items()
    },
}


def _salt(files: Files) -> str:
    return next(
        name for name in sorted(files) if name.endswith(".salt") and files[name].upper() != files[name]
    )


@pytest.mark.parametrize("what", TAMPERING)
def test_a_bundle_that_was_put_together_otherwise_is_refused(
    whole: Files, trust: verifier.Trust, what: str
) -> None:
    tampered = TAMPERING[what](whole)
    with pytest.raises(RefusedError):
        check_bundle(tampered, trust)
    try:
        mended = repaired(tampered)
    except UNFIT:
        return
    if mended != whole:
        with pytest.raises(RefusedError):
            check_bundle(mended, trust)


def test_a_bundle_under_another_key_is_refused(whole: Files) -> None:
    with pytest.raises(RefusedError, match="No signature"):
        check_bundle(whole, trust_of(None, [generate("desk.example/log").key]))


def test_a_signature_that_nobody_knows_is_refused_unless_it_is_allowed(
    ledger: Ledger, tmp_path: Path, trust: verifier.Trust
) -> None:
    stranger = generate("w.example", verifier.COSIGNATURE)
    last = ledger.audits.sealer.latest()
    assert last is not None
    line = stranger.cosign(last[1].text, 1)
    ledger.audits.sealer.add_cosignatures(last[0].size, [line])
    ledger.audits.bundle("7", tmp_path / "b.zip")
    files = read_bundle(tmp_path / "b.zip")
    with pytest.raises(RefusedError, match="keys that you do not know"):
        check_bundle(files, trust)
    assert check_bundle(files, trust, unknown_signatures=True).unknown == 1
    both = trust_of(None, [*ledger.audits.known_keys(), stranger.key])
    assert check_bundle(files, both).signers == ("desk.example/log", "w.example")


def test_an_archive_that_is_damaged_or_holds_a_name_twice_cannot_be_read(
    tmp_path: Path, small: Files
) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("checkpoint", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("checkpoint", b"2")
    with pytest.raises(RefusedError, match="twice"):
        read_bundle(path)
    path.write_bytes(b"PK\x03\x04 nothing more")
    with pytest.raises(RefusedError, match="cannot be read"):
        read_bundle(path)


def test_withheld_is_not_redacted(ledger: Ledger, tmp_path: Path, trust: verifier.Trust) -> None:
    ledger.audits.bundle("killed", tmp_path / "withheld.zip", withhold_texts=True)
    verdict = check_bundle(read_bundle(tmp_path / "withheld.zip"), trust)
    assert verdict.withheld
    assert verdict.redacted == ()
    key = ledger.audits.known_keys()[0].vkey
    done = run_verifier("withheld.zip", "--vkey", key, folder=tmp_path)
    assert (done.returncode, "withheld: body" in done.stdout) == (4, True)


def test_after_a_redaction_old_receipts_verify_and_new_bundles_name_the_order(
    ledger: Ledger, tmp_path: Path, trust: verifier.Trust
) -> None:
    event = next(iter(ledger.store.read(types=("article.ingested",))))
    before = ledger.audits.prove(event.id)
    (tmp_path / "old.tlog-proof").write_bytes(before.content)
    (tmp_path / "old.json").write_bytes(before.entry)
    removed = ledger.redact(event.id, by="counsel", reason="court order 7")
    key = ledger.audits.known_keys()[0].vkey
    assert (
        run_verifier("old.tlog-proof", "--entry", "old.json", "--vkey", key, folder=tmp_path).returncode == 0
    )
    assert ledger.audits.verify().holds
    ledger.audits.seal()
    assert ledger.audits.verify().holds
    ledger.audits.bundle(event.id, tmp_path / "after.zip")
    verdict = check_bundle(read_bundle(tmp_path / "after.zip"), trust)
    assert (f"payload of event {event.position}", removed.order) in verdict.redacted
    assert verdict.withheld == ()
    done = run_verifier("after.zip", "--vkey", key, folder=tmp_path)
    assert done.returncode == 0
    assert f"redacted by event {removed.order}: payload of event {event.position}" in done.stdout


def test_a_changed_key_is_an_event_and_old_and_new_evidence_hold(
    ledger: Ledger, tmp_path: Path, trust: verifier.Trust
) -> None:
    old = ledger.audits.known_keys()[0]
    ledger.audits.bundle("7", tmp_path / "before.zip")
    new = ledger.audits.sealer.rotate_key(by="a test", reason="on schedule")
    assert new.name == old.name
    assert new.id != old.id
    assert ledger.audits.known_keys() == [new, old]
    ledger.store.append(
        [
            new_event(
                ReviewDecided(review="r", action="note", target={}, by="a", reason="b"),
                stream="reviews",
                producer=ledger.producer,
            )
        ]
    )
    ledger.audits.seal()
    ledger.audits.bundle("7", tmp_path / "after.zip")
    assert ledger.audits.verify().holds
    assert check_bundle(read_bundle(tmp_path / "before.zip"), trust).events
    with pytest.raises(RefusedError, match="No signature"):
        check_bundle(read_bundle(tmp_path / "after.zip"), trust)
    assert check_bundle(read_bundle(tmp_path / "after.zip"), trust_of(None, [new])).events


def test_sealing_twice_signs_once_and_what_was_signed_is_never_contradicted(ledger: Ledger) -> None:
    sizes = ledger.audits.sealer.sizes()
    assert not ledger.audits.seal().new
    assert ledger.audits.sealer.sizes() == sizes
    assert ledger.audits.verify(since=sizes[-1]).holds


def test_a_checkpoint_of_a_day_is_the_last_that_signs_no_more(ledger: Ledger) -> None:
    size = ledger.audits.sealer.sizes()[-1]
    ledger.sources.set(b"{}", by="a test", reason="to have one more event")
    ledger.audits.seal()
    assert len(ledger.audits.sealer.sizes()) == 2
    assert f"\n{size}\n".encode() in ledger.audits.checkpoint(size)
    assert f"\n{size}\n".encode() not in ledger.audits.checkpoint()
