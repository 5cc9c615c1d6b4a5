"""The Merkle tree of the log: RFC 6962 hashing, its growing edge, and proofs. Pure functions.

Leaf `i` (from 0) is the envelope at position `i + 1`. Functions that need old leaves take `leaves`, a function like
`Store.leaf_hashes`: `leaves(start, end)` gives the leaf hashes of that range in order. Verifiers answer False for any
proof that does not hold, whatever its shape; they never raise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from ledger.errors import CorruptionError, UsageError

__all__ = [
    "EMPTY_ROOT",
    "GROUP",
    "HASH_BYTES",
    "TILE_HEIGHT",
    "Frontier",
    "Leaves",
    "Subtree",
    "consistency_proof",
    "group_root",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "range_root",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
GROUP = 256
"""Leaves whose hashes make a full tile (c2sp.org/tlog-tiles)."""
TILE_HEIGHT = 8
"""How far the hashes of one level of tiles stand above those of the level below."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root over no leaves (RFC 6962, section 2.1)."""

Leaves = Callable[[int, int], Iterable[bytes]]

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of a zero byte and `data`."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of a one byte and the two child hashes."""
    return _sha256(b"\x01" + left + right).digest()


class Subtree(NamedTuple):
    """The root of the `number`th (from 0) complete subtree of 256^`level` leaves: a hash of a tile of that level."""

    level: int
    number: int
    root: bytes


class Frontier(msgspec.Struct, frozen=True):
    """The roots of the complete subtrees that `size` leaves fall into, largest (oldest) first.

    It has one hash for each one bit of `size`, so at most 64, and is all that appending needs.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes], *, height: int = 0) -> Frontier:
        """The frontier after `leaves` (leaf hashes) were added in order, or roots of complete subtrees of a `height`.

        Such roots can only be added to a multiple of the number of leaves that they cover.
        """
        assert self.size % (1 << height) == 0, "a subtree begins where its own size divides"
        size, stack = self.size >> height, list(self.hashes)
        push, pop = stack.append, stack.pop
        for leaf in leaves:
            node, carry = leaf, size
            while carry & 1:
                node = _sha256(b"\x01" + pop() + node).digest()
                carry >>= 1
            push(node)
            size += 1
        return Frontier(size << height, tuple(stack))

    def grow(self, leaves: Sequence[bytes]) -> tuple[Frontier, list[Subtree]]:
        """What `extend` gives, and the subtrees of tiles that `leaves` complete, lower levels first."""
        grown, at, completed = self, 0, list[Subtree]()
        while at < len(leaves):
            room = GROUP - grown.size % GROUP
            part = leaves[at : at + room]
            at += room
            if len(part) < room:
                grown = grown.extend(part)
            elif room == GROUP:
                grown = grown._push(group_root(part), TILE_HEIGHT, completed)
            else:
                grown = grown.extend(part[:-1])._push(part[-1], 0, completed)
        return grown, completed

    def _push(self, node: bytes, height: int, completed: list[Subtree]) -> Frontier:
        """The frontier with the root of one more subtree of a height; notes the subtrees of tiles that it completes."""
        stack, size = list(self.hashes), self.size + (1 << height)
        if height:
            completed.append(Subtree(height // TILE_HEIGHT, self.size >> height, node))
        while self.size >> height & 1:
            node = node_hash(stack.pop(), node)
            height += 1
            if height % TILE_HEIGHT == 0:
                completed.append(Subtree(height // TILE_HEIGHT, self.size >> height, node))
        return Frontier(size, (*stack, node))

    def root(self) -> bytes:
        """The RFC 6962 tree hash over all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """The hashes, joined."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The inverse of `to_bytes`. Raises CorruptionError when `data` cannot belong to `size` leaves."""
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise CorruptionError(
                "The Merkle frontier does not fit the number of events",
                which=f"{len(data)} bytes for {size} events",
                fix="Restore the ledger from a backup",
            )
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))


def group_root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of equal height whose number is a power of two. Cheaper than growing a frontier by them."""
    sha256 = _sha256
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def range_root(leaves: Leaves, start: int, end: int) -> bytes:
    """The tree hash over the leaves from `start` up to, not including, `end`, as a tree of their own."""
    if not 0 <= start <= end:
        raise UsageError("Not a range of leaves", which=f"{start} to {end}")
    return Frontier().extend(leaves(start, end)).root()


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (which is at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(leaves: Leaves, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf up (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        raise UsageError("The tree has no such leaf", which=f"leaf {index} of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(leaves, middle, end))
            end = middle
        else:
            path.append(range_root(leaves, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(leaves: Leaves, old: int, new: int) -> list[bytes]:
    """Shows that the tree of `new` leaves begins with that of `old` (RFC 6962, section 2.1.2).

    Raises UsageError unless `1 <= old <= new`: with nothing there is nothing to be consistent with.
    """
    if not 1 <= old <= new:
        raise UsageError("No consistency proof exists between these sizes", which=f"{old} and {new}")
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(leaves, middle, end))
            end = middle
        else:
            path.append(range_root(leaves, start, middle))
            start = middle
    if start:
        path.append(range_root(leaves, start, end))
    return path[::-1]


def _well_formed(hashes: Iterable[bytes]) -> bool:
    return all(len(item) == HASH_BYTES for item in hashes)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf hash `leaf` at `index` of the tree with `size` leaves and `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _well_formed((leaf, root, *proof)):
        return False
    at, last, node = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(item, node)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, item)
        at >>= 1
        last >>= 1
    return last == 0 and node == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree (`new`, `new_root`) extends the tree (`old`, `old_root`) (RFC 9162, 2.1.4.2).

    Trees of one size are consistent when their roots are the same, and need no proof; whether that is a root is for whoever
    read it. A proof from nothing to something shows nothing, so there is none.
    """
    if old == new >= 0:
        return not proof and old_root == new_root
    if not 1 <= old <= new or not _well_formed((old_root, new_root, *proof)):
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    first = second = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(item, first), node_hash(item, second)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            second = node_hash(second, item)
        at >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root
