"""Trees, tiles and receipts: published roots, laws over random trees, and paths that must be refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import (
    Checkpoint,
    Note,
    Proof,
    RowReceipt,
    UnreadableError,
    commitment,
    encode64,
    includes,
    leaf_hash,
    parse_proof,
    parse_row_receipt,
)
from ledger.audit.tiles import (
    TileFolder,
    Tree,
    check_tiles,
    entry_bundle,
    export_tiles,
    parse_tile_path,
    read_entries,
    tile_path,
)
from ledger.errors import UsageError
from ledger.store.tlog import Frontier, consistency_proof, inclusion_proof, range_root, verify_consistency

# The reference inputs and roots of certificate-transparency's Merkle tree tests.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(str(at).encode()) for at in range(70_001)]


def leaves(start: int, end: int):
    return iter(LEAVES[start:end])


def nothing(_level: int, _index: int) -> None:
    return None


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    hashes = [leaf_hash(bytes.fromhex(one)) for one in INPUTS]
    tree = Tree(size, lambda start, end: iter(hashes[start:end]), nothing)
    assert tree.root().hex() == ROOTS[size - 1]
    for index in range(size):
        assert includes(hashes[index], index, size, tree.inclusion(index), tree.root())


@given(st.integers(1, 3000), st.data())
@settings(max_examples=60, deadline=None)
def test_proofs_from_tiles_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    tree = Tree(size, leaves, nothing)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert list(tree.inclusion(index)) == inclusion_proof(leaves, index, size)
    assert list(tree.consistency(old)) == consistency_proof(leaves, old, size)
    assert tree.frontier() == Frontier().extend(LEAVES[:size])
    assert verify_consistency(old, size, range_root(leaves, 0, old), tree.root(), tree.consistency(old))


@given(st.integers(1, 600), st.data())
@settings(max_examples=60, deadline=None)
def test_a_proof_with_anything_changed_proves_nothing(size: int, data: st.DataObject) -> None:
    tree = Tree(size, leaves, nothing)
    index = data.draw(st.integers(0, size - 1))
    proof, root = list(tree.inclusion(index)), tree.root()
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not includes(LEAVES[index], other, size, proof, root)
    assert not includes(LEAVES[index], index, size, [*proof, bytes(32)], root)
    assert not includes(LEAVES[index], size, size, proof, root)
    assert not includes(LEAVES[index], -1, size, proof, root)
    assert not includes(b"", index, size, proof, root)
    if proof:
        assert not includes(LEAVES[index], index, size, proof[:-1], root)
        assert not includes(LEAVES[index], index, size, [*proof[:-1], proof[-1][:31]], root)


def test_an_empty_leaf_under_an_empty_root_proves_nothing() -> None:
    assert not includes(b"", 0, 1, [], b"")


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_tiles_written_in_two_steps_are_those_of_one(tmp_path: Path, size: int) -> None:
    folder = TileFolder(tmp_path)
    folder.extend(leaves, size // 3)
    folder.extend(leaves, size)
    assert list(check_tiles(folder, leaves, size)) == []
    tree = Tree(size, leaves, folder.full)
    assert tree.root() == range_root(leaves, 0, size)
    assert includes(LEAVES[size // 2], size // 2, size, tree.inclusion(size // 2), tree.root())


def test_a_changed_and_a_missing_tile_are_named(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    folder.extend(leaves, 1024)
    first, second = tmp_path / tile_path(0, 0), tmp_path / tile_path(0, 1)
    data = bytearray(first.read_bytes())
    data[5] ^= 1
    first.write_bytes(data)
    second.unlink()
    assert list(check_tiles(folder, leaves, 1024)) == [
        "tile/0/000 is not what the stored events give",
        "tile/0/001 is missing",
    ]


def test_the_example_of_the_specification_has_the_tiles_that_it_names(tmp_path: Path) -> None:
    export_tiles(tmp_path / "log", 70_000, leaves, lambda start, end: [b"x"] * (end - start), b"checkpoint\n")
    folder = tmp_path / "log" / "tile"
    assert len([path for path in (folder / "0").glob("*") if path.is_file()]) == 273
    assert (folder / "0" / "273.p" / "112").stat().st_size == 112 * 32
    assert (folder / "1" / "000").stat().st_size == 8192
    assert (folder / "1" / "001.p" / "17").stat().st_size == 17 * 32
    assert (folder / "2" / "000.p" / "1").stat().st_size == 32
    assert not (folder / "3").exists()
    with pytest.raises(UsageError, match="not empty"):
        export_tiles(tmp_path / "log", 3, leaves, lambda start, end: [], b"")


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**12), st.integers(1, 256))
def test_a_tile_path_is_read_as_it_is_written(level: int | None, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)


def test_the_tile_path_of_the_specification() -> None:
    assert tile_path(4, 1_234_067) == "tile/4/x001/x234/067"
    assert tile_path(None, 5, 7) == "tile/entries/005.p/7"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/1",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/0001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p",
        "/tile/0/001",
        "tile/0/001/",
        "tile/0/001\n",
        "tile/entry/001",
        "tile/0/X001/002",
        "tile/0/٠٠١",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
    ],
)
def test_a_path_that_is_not_canonical_is_refused(path: str) -> None:
    with pytest.raises(UnreadableError):
        parse_tile_path(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entry_bundles_come_apart_again(entries: list[bytes]) -> None:
    data = entry_bundle(entries)
    assert read_entries(data) == entries
    if data and entries[-1]:
        with pytest.raises(UnreadableError):
            read_entries(data[:-1])


def test_an_entry_that_is_too_large_is_refused() -> None:
    assert len(entry_bundle([bytes(65_535)])) == 65_537
    with pytest.raises(UsageError):
        entry_bundle([bytes(65_536)])


# -- receipts


def _signed(size: int, root: bytes) -> tuple[Checkpoint, bytes]:
    signer = Signer("desk.example/log", bytes(32))
    checkpoint = Checkpoint("desk.example/log", size, root)
    return checkpoint, Note(checkpoint.text, (signer.sign(checkpoint.text),)).to_bytes()


def _proof(extra: bytes | None = None) -> tuple[Proof, Checkpoint]:
    tree = Tree(100, leaves, nothing)
    checkpoint, note = _signed(100, tree.root())
    return Proof(73, tree.inclusion(73), note, extra), checkpoint


@pytest.mark.parametrize("extra", [None, b"", b"more"])
def test_a_receipt_is_read_as_it_is_written(extra: bytes | None) -> None:
    proof, checkpoint = _proof(extra)
    again = parse_proof(proof.to_bytes())
    assert again == proof
    assert again.proves(LEAVES[73], checkpoint)
    assert not again.proves(LEAVES[72], checkpoint)
    assert proof.to_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"index 73", b"index 073"),
        (b"index 73", b"index -73"),
        (b"index 73", b"index  73"),
        (b"index 73", b"Index 73"),
        (b"index 73\n", b""),
        (b"index 73\n", b"index 73\nextra AA==\n"),
        (b"index 73\n", b"extra A\nindex 73\n"),
        (b"index 73\n", b"index 73\nAA==\n"),
        (b"index 73\n", b"index 73\r\n"),
        (b"\n\ndesk", b"\ndesk"),
        (b"\n\ndesk", b"\n\n\ndesk"),
        (b"\n100\n", b"\n0100\n"),
    ],
)
def test_a_receipt_in_another_form_is_refused(old: bytes, new: bytes) -> None:
    data = _proof()[0].to_bytes()
    assert old in data
    with pytest.raises(UnreadableError):
        parse_proof(data.replace(old, new, 1))


def test_a_receipt_of_more_than_63_hashes_is_refused() -> None:
    data = (
        _proof()[0]
        .to_bytes()
        .replace(b"index 73\n", b"index 73\n" + (encode64(bytes(32)) + "\n").encode() * 64)
    )
    with pytest.raises(UnreadableError, match="too long"):
        parse_proof(data)


def _row() -> RowReceipt:
    rows = [b'{"slot":"a"}', b'{"slot":"b"}', b'{"slot":"c"}']
    hashes = [leaf_hash(row) for row in rows]
    tree = Tree(3, lambda start, end: iter(hashes[start:end]), nothing)
    payload = b'{"view":"figures","rows":3,"root":"%s"}' % tree.root().hex().encode()
    salt = bytes(16)
    envelope = b'{"type":"view.sealed","payload":{"commitment":"%s"}}' % commitment(salt, payload).encode()
    return RowReceipt(
        "figures", 1, 3, rows[1], salt, payload, envelope, tree.inclusion(1), _proof()[0].to_bytes()
    )


def test_a_row_receipt_is_read_as_it_is_written_and_holds() -> None:
    again = parse_row_receipt(_row().to_bytes())
    assert again == _row()
    again.check()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_changed_character_of_a_row_receipt_passes(data: st.DataObject) -> None:
    whole = _row().to_bytes()
    end = whole.index(b"\n\n")
    at = data.draw(st.integers(0, end - 1))
    changed = bytearray(whole)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = parse_row_receipt(bytes(changed))
        found.check()
    except ValueError:
        return
    assert found.envelope != _row().envelope, "the envelope is what the receipt of the event has to prove"
