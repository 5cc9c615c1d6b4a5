"""The folder of a whole log in the hands of a stranger: it holds as it is, and with any byte changed it does not."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import (
    COSIGNATURE,
    Checkpoint,
    Note,
    RefusedError,
    Trust,
    check_file,
    leaf_hash,
    main,
    trust_of,
)
from ledger.audit.tiles import export_tiles, tile_path
from ledger.store.tlog import range_root

LOG = Signer("desk.example/log", bytes([9]) * 32)
ENTRIES = [b'{"entry":%d}' % at for at in range(70_000)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def leaves(start: int, end: int):
    return iter(LEAVES[start:end])


def write(folder: Path, size: int, *more: Signer) -> Path:
    checkpoint = Checkpoint("desk.example/log", size, range_root(leaves, 0, size))
    lines = (LOG.sign(checkpoint.text), *(one.cosign(checkpoint.text, 1) for one in more))
    export_tiles(
        folder,
        size,
        leaves,
        lambda start, end: ENTRIES[start:end],
        Note(checkpoint.text, lines).to_bytes(),
    )
    return folder


@pytest.fixture(scope="module")
def trust() -> Trust:
    return trust_of(None, [LOG.key])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with full and partial tiles on two levels."""
    return write(tmp_path_factory.mktemp("log") / "log", 1000)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 70_000])
def test_a_log_of_any_size_holds(tmp_path: Path, trust: Trust, size: int) -> None:
    verdict = check_file(write(tmp_path / "log", size), trust)
    assert (verdict.what, verdict.events, verdict.signers) == ("log", size, ("desk.example/log",))


def _damage(folder: Path, name: str, change: Callable[[bytes], bytes], trust: Trust) -> None:
    path = folder / name
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        with pytest.raises(RefusedError):
            check_file(folder, trust)
    finally:
        path.write_bytes(before)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_no_changed_byte_of_any_file_passes(tmp_path: Path, whole: Path, trust: Trust) -> None:
    folder = shutil.copytree(whole, tmp_path / "log")
    chance = random.Random(1)
    for name in _files(folder):
        size = (folder / name).stat().st_size
        for at in {0, size - 1, *(chance.randrange(size) for _ in range(6))}:
            bit = 1 << chance.randrange(8)
            _damage(
                folder, name, lambda b, at=at, bit=bit: b[:at] + bytes([b[at] ^ bit]) + b[at + 1 :], trust
            )
        _damage(folder, name, lambda b: b[:-1], trust)
        _damage(folder, name, lambda b: b + b"\0", trust)
        _damage(folder, name, lambda _: b"", trust)


def test_a_file_that_is_missing_has_another_name_or_is_another_one_is_refused(
    tmp_path: Path, whole: Path, trust: Trust
) -> None:
    folder = shutil.copytree(whole, tmp_path / "log")
    for name in _files(folder):
        away = tmp_path / "away"
        (folder / name).rename(away)
        with pytest.raises(RefusedError):
            check_file(folder, trust)
        other = folder / f"{name}0"
        away.rename(other)
        with pytest.raises(RefusedError):
            check_file(folder, trust)
        other.rename(folder / name)
    first, second = folder / tile_path(0, 0), folder / tile_path(0, 1)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    with pytest.raises(RefusedError, match="tile/0/000"):
        check_file(folder, trust)


@pytest.mark.parametrize(
    "name",
    [
        "note.txt",
        "tile/0/003",
        "tile/0/x000/001",
        "tile/2/000.p/1",
        "tile/entries/003",
        "tile/0/000.p/x",
        "tile/0/000.p/256",
    ],
)
def test_a_file_that_nothing_commits_to_is_refused(
    tmp_path: Path, whole: Path, trust: Trust, name: str
) -> None:
    folder = shutil.copytree(whole, tmp_path / "log")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes((folder / tile_path(0, 0)).read_bytes())
    with pytest.raises(RefusedError, match=r"nothing commits|not the beginning"):
        check_file(folder, trust)


def test_partial_tiles_of_an_earlier_size_may_stay_when_they_begin_in_the_same_way(
    tmp_path: Path, whole: Path, trust: Trust
) -> None:
    folder = shutil.copytree(whole, tmp_path / "log")
    full, entries = (folder / tile_path(0, 0)).read_bytes(), ENTRIES[:7]
    for name, data in (
        (tile_path(0, 0, 7), full[: 7 * 32]),
        (tile_path(None, 0, 7), b"".join(len(one).to_bytes(2, "big") + one for one in entries)),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        assert check_file(folder, trust).events == 1000
        for wrong in (data[:-1], data[32:] + data[:32], data + b"\0"):
            path.write_bytes(wrong)
            with pytest.raises(RefusedError):
                check_file(folder, trust)
        path.unlink()


def test_another_key_a_shorter_log_and_an_unknown_witness_are_refused(
    tmp_path: Path, whole: Path, trust: Trust
) -> None:
    with pytest.raises(RefusedError, match="No signature"):
        check_file(whole, trust_of(None, [Signer("desk.example/log", bytes(32)).key]))
    folder = shutil.copytree(whole, tmp_path / "log")
    shorter = write(tmp_path / "shorter", 999)
    (folder / "checkpoint").write_bytes((shorter / "checkpoint").read_bytes())
    with pytest.raises(RefusedError):
        check_file(folder, trust)
    witness = Signer("w.example", bytes([1]) * 32, COSIGNATURE)
    cosigned = write(tmp_path / "cosigned", 300, witness)
    with pytest.raises(RefusedError, match="do not know"):
        check_file(cosigned, trust)
    assert check_file(cosigned, trust, unknown_signatures=True).unknown == 1
    assert check_file(cosigned, trust_of(None, [LOG.key, witness.key])).unknown == 0


def test_the_command_takes_a_folder(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(whole), "--vkey", LOG.key.vkey]) == 0
    assert capsys.readouterr().out.startswith("HOLDS: log in desk.example/log, 1000 events")
    assert main([str(whole.parent), "--vkey", LOG.key.vkey]) == 2
