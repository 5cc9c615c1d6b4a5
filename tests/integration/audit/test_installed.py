"""Plugins as distributions: kept as wheels, repeated from them after an upgrade, and every change to an installation named."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger.audit.wheels import read_wheel
from ledger.cli.root import cli
from ledger.errors import CorruptionError, InputError
from tests.integration.audit.installed import ATTACKS, Desk, run
from tests.integration.audit.test_replays import DAY_1, DAY_2


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.install()
    return desk


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_done_to_an_installation_is_named(attack: str, tmp_path: Path) -> None:
    outcome, named = run(attack, tmp_path)
    assert outcome == ATTACKS[attack].outcome
    assert named


def test_an_upgraded_plugin_is_repeated_from_its_wheel_and_what_if_shows_what_changes(desk: Desk) -> None:
    desk.record("One ship came in")
    desk.install("2.0", 2.0)
    desk.record("Two ships left", DAY_2)
    assert desk.audited(DAY_1) == ({"identical": 1}, "")
    assert desk.audited() == ({"identical": 3}, ""), "the new version read both texts"
    with desk.ledger() as ledger:
        found = ledger.audits.what_if({"tide": "2.0"}, DAY_1)
        [difference] = found.changed[0].differences
        assert (difference.before, difference.after) == ("0-3 level 1.0", "0-3 level 2.0")


def test_what_is_kept_is_a_wheel_that_pip_takes_and_the_same_bytes_each_time(
    desk: Desk, tmp_path: Path
) -> None:
    desk.record("One ship came in")
    [kept] = (desk.home / "wheelhouse").glob("*/*.whl")
    assert kept.name == "tidemarks-1.0-py3-none-any.whl"
    assert set(read_wheel(kept).code) == {"tidemarks/__init__.py", "tidemarks/words.txt"}
    before = kept.read_bytes()
    kept.unlink()
    (kept.parent / "about.json").unlink()
    with desk.ledger() as ledger:
        assert [one.new for one in ledger.audits.vendor()] == [True]
        assert [one.new for one in ledger.audits.vendor()] == [False]
    assert kept.read_bytes() == before
    target = tmp_path / "target"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--target",
        str(target),
    ]
    subprocess.run([*command, str(kept)], check=True)
    assert (target / "tidemarks" / "__init__.py").read_bytes() == desk.package.read_bytes()
    assert "tide = tidemarks" in (target / "tidemarks-1.0.dist-info" / "entry_points.txt").read_text("utf-8")


@pytest.mark.slow
def test_a_wheel_that_was_never_installed_here_can_be_kept_and_asked_about(
    desk: Desk, tmp_path: Path
) -> None:
    elsewhere = Desk(_folder(tmp_path / "elsewhere"))
    elsewhere.model = desk.model
    elsewhere.install("3.0", 3.0)
    elsewhere.record("Something else")
    [given] = (elsewhere.home / "wheelhouse").glob("*/*.whl")
    desk.record("One ship came in")
    with desk.ledger() as ledger:
        [kept] = ledger.audits.vendor([given])
        assert (kept.wheel, kept.version, kept.processors) == (given.name, "3.0", {"tide": "3.0"})
        found = ledger.audits.what_if({"tide": "3.0"})
        assert found.changed[0].differences[0].after == "0-3 level 3.0"
    assert (desk.home / "wheelhouse" / kept.digest / kept.wheel).read_bytes() == given.read_bytes()
    said = CliRunner().invoke(cli, ["--home", str(desk.home), "plugin", "vendor", str(given)])
    assert said.output == f"kept already: tidemarks (tidemarks 3.0), code {kept.digest[:16]}\n"


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.slow
def test_what_is_no_wheel_of_a_plugin_is_not_kept(desk: Desk, tmp_path: Path) -> None:
    desk.record("One ship came in")
    [good] = (desk.home / "wheelhouse").glob("*/*.whl")
    changed = tmp_path / good.name
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data + b"\n# more" if name.endswith("__init__.py") else data)
    with desk.ledger() as ledger:
        with pytest.raises(CorruptionError, match="not what it says of itself"):
            ledger.audits.vendor([changed])
        for name, content in (("tidemarks.zip", good.read_bytes()), ("a-1-py3-none-any.whl", b"PK")):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(InputError):
                ledger.audits.vendor([tmp_path / name])
        assert len(ledger.audits.wheelhouse.list()) == 1
