from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CorruptionError, UsageError
from ledger.store.tiles import frontier_at, full_tile
from ledger.store.tlog import (
    EMPTY_ROOT,
    GROUP,
    Frontier,
    consistency_proof,
    group_root,
    inclusion_proof,
    leaf_hash,
    node_hash,
    range_root,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that implementations of Certificate Transparency share as test vectors.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
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
LEAVES = [leaf_hash(item) for item in INPUTS]


def naive_root(leaves):
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def made(count):
    return [leaf_hash(str(n).encode()) for n in range(count)]


def reader(leaves):
    return lambda start, end: leaves[start:end]


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size):
    assert Frontier().extend(LEAVES[:size]).root().hex() == ROOTS[size - 1]


def test_the_root_of_nothing():
    assert Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_known_proofs():
    assert [item.hex() for item in inclusion_proof(reader(LEAVES), 5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in consistency_proof(reader(LEAVES), 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_leaves_and_nodes_never_hash_alike():
    left, right = made(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.lists(st.integers(0, 20), max_size=8))
def test_a_frontier_in_any_steps_is_the_whole_tree(steps):
    frontier, leaves = Frontier(), made(sum(steps))
    for step in steps:
        frontier = frontier.extend(leaves[frontier.size : frontier.size + step])
    assert frontier.size == len(leaves)
    assert frontier.root() == naive_root(leaves)
    assert Frontier.from_bytes(frontier.size, frontier.to_bytes()) == frontier


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_root_of_a_range_is_that_of_its_own_tree(start, length):
    leaves = made(start + length)
    assert range_root(reader(leaves), start, start + length) == naive_root(leaves[start:])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33])
def test_every_leaf_is_proven_and_nothing_else(size):
    leaves = made(size)
    root = naive_root(leaves)
    for index in range(size):
        proof = inclusion_proof(reader(leaves), index, size)
        assert verify_inclusion(leaves[index], index, size, proof, root)
        assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
        assert not verify_inclusion(leaves[index], index, size, proof, EMPTY_ROOT)
        assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
        for other in range(size):
            if other != index:
                assert not verify_inclusion(leaves[index], other, size, proof, root)
        for at in range(len(proof)):
            assert not verify_inclusion(leaves[index], index, size, proof[:at] + proof[at + 1 :], root)
            damaged = [*proof[:at], leaf_hash(proof[at]), *proof[at + 1 :]]
            assert not verify_inclusion(leaves[index], index, size, damaged, root)


@pytest.mark.parametrize("new", [1, 2, 3, 4, 7, 8, 13, 16, 21])
def test_every_older_tree_is_proven_and_nothing_else(new):
    leaves = made(new)
    new_root = naive_root(leaves)
    for old in range(1, new + 1):
        old_root = naive_root(leaves[:old])
        proof = consistency_proof(reader(leaves), old, new)
        assert verify_consistency(old, new, old_root, new_root, proof)
        assert not verify_consistency(old, new, leaf_hash(b"x"), new_root, proof)
        assert not verify_consistency(old, new, old_root, leaf_hash(b"x"), proof)
        assert not verify_consistency(old, new, old_root, new_root, [*proof, old_root])
        for at in range(len(proof)):
            assert not verify_consistency(old, new, old_root, new_root, proof[:at] + proof[at + 1 :])
            damaged = [*proof[:at], leaf_hash(proof[at]), *proof[at + 1 :]]
            assert not verify_consistency(old, new, old_root, new_root, damaged)


def test_lengths_are_checked_before_anything_is_hashed():
    assert not verify_inclusion(b"", 0, 1, [], b"")
    assert not verify_inclusion(LEAVES[0][:31], 0, 1, [], LEAVES[0][:31])
    assert not verify_consistency(1, 2, b"", b"", [b""])
    assert not verify_inclusion(LEAVES[0], 0, 2, [b"short"], LEAVES[0])


def test_trees_of_one_size_are_consistent_when_their_roots_are_the_same():
    for size in (0, 1, 8):
        assert verify_consistency(size, size, LEAVES[0], LEAVES[0], [])
        assert not verify_consistency(size, size, LEAVES[0], LEAVES[1], [])
        assert not verify_consistency(size, size, LEAVES[0], LEAVES[0], [LEAVES[0]])
    assert not verify_consistency(-1, -1, LEAVES[0], LEAVES[0], [])


def test_impossible_places_are_no_proof():
    root = naive_root(LEAVES)
    for index, size in ((-1, 8), (8, 8), (0, 0), (0, -1)):
        assert not verify_inclusion(LEAVES[0], index, size, [], root)
        with pytest.raises(UsageError):
            inclusion_proof(reader(LEAVES), index, size)
    for old, new in ((0, 8), (-1, 8), (9, 8)):
        assert not verify_consistency(old, new, root, root, [])
        with pytest.raises(UsageError):
            consistency_proof(reader(LEAVES), old, new)
    with pytest.raises(UsageError):
        range_root(reader(LEAVES), 3, 2)


@pytest.mark.parametrize(("size", "length"), [(3, 32), (3, 65), (0, 32), (-1, 0)])
def test_a_damaged_frontier_is_corruption(size, length):
    with pytest.raises(CorruptionError):
        Frontier.from_bytes(size, bytes(length))


@given(st.lists(st.integers(0, 700), max_size=6), st.integers(0, 2**70), st.data())
def test_the_tree_of_any_size_follows_from_sealed_subtrees(sizes, first, data):
    """Whatever the appends were, and whichever subtrees are lacking."""
    leaves = [leaf_hash(str(n).encode()) for n in range(sum(sizes))]
    grown, kept, at = Frontier(), {}, 0
    for size in sizes:
        grown, completed = grown.grow(leaves[at : at + size])
        at += size
        assert grown == Frontier().extend(leaves[:at])
        kept |= {(one.level, one.number): one.root for one in completed}
    assert sorted(kept) == [(1, number) for number in range(len(leaves) // GROUP)]
    lacking = data.draw(st.sets(st.sampled_from(sorted(kept)))) if kept else set()
    read = []

    def sealed(level, start, end):
        found = [
            (n, kept[level, n]) for n in range(start, end) if (level, n) in kept and (level, n) not in lacking
        ]
        read.extend(found)
        return found

    def some(start, end):
        read.extend(range(start, end))
        return leaves[start:end]

    size = first % (len(leaves) + 1)
    assert frontier_at(size, some, sealed) == Frontier().extend(leaves[:size])
    assert len(read) <= 255 * 2 + GROUP * len(lacking)
    index = data.draw(st.integers(0, 12))
    tile = full_tile(0, index, len(leaves), some, sealed)
    whole = leaves[index * GROUP : (index + 1) * GROUP]
    assert tile == (b"".join(whole) if len(whole) == GROUP else None)


def test_higher_subtrees_are_sealed_too():
    leaves = [leaf_hash(bytes([n % 251, n % 7])) for n in range(2 * 65_536 + 300)]
    grown, completed = Frontier().extend(leaves[:100]).grow(leaves[100:])
    assert grown == Frontier().extend(leaves)
    kept = {(one.level, one.number): one.root for one in completed}
    assert [key for key in kept if key[0] == 2] == [(2, 0), (2, 1)]
    assert kept[2, 1] == range_root(lambda start, end: leaves[start:end], 65_536, 131_072)
    read = []

    def sealed(level, start, end):
        found = [(n, kept[level, n]) for n in range(start, end)]
        read.extend(found)
        return found

    for size in (65_535, 65_536, 131_072, len(leaves)):
        read.clear()
        tail = frontier_at(size, lambda start, end: leaves[start:end], sealed)
        assert tail == Frontier().extend(leaves[:size])
        assert len(read) <= 255 * 2
    tile = full_tile(1, 1, len(leaves), lambda start, end: leaves[start:end], sealed)
    assert group_root([tile[at : at + 32] for at in range(0, len(tile), 32)]) == kept[2, 1]
