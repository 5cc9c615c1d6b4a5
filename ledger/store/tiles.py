"""The tree of a log from its sealed subtrees: the tree at any past size, and full tiles, in a number of reads that hardly grows.

As the log grows, a store keeps the root of every complete subtree of 256, 256^2, 256^3 ... leaves. So the tree of any size is
made of at most 255 hashes a level, and of at most 255 leaves. A root that a store lacks, since an older release appended, is
computed from what lies below it. Nothing of this is proof: whoever needs one compares a root with a signed one, and
`newsledger verify` compares what is kept with the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ledger.store.tlog import GROUP, TILE_HEIGHT, Frontier, Leaves, group_root

__all__ = ["Sealed", "frontier_at", "full_tile"]

Sealed = Callable[[int, int, int], Iterable[tuple[int, bytes]]]
"""`sealed(level, start, end)`: number and root of those subtrees of a level that are kept, in that range of numbers."""


def frontier_at(size: int, leaves: Leaves, sealed: Sealed) -> Frontier:
    """The frontier of the tree of the first `size` leaves, all of which the log must hold."""
    frontier = Frontier()
    for level in reversed(range((size.bit_length() + TILE_HEIGHT - 1) // TILE_HEIGHT)):
        height = level * TILE_HEIGHT
        roots = _roots(level, frontier.size >> height, size >> height, leaves, sealed)
        frontier = frontier.extend(roots, height=height)
    return frontier


def full_tile(level: int, index: int, size: int, leaves: Leaves, sealed: Sealed) -> bytes | None:
    """The 256 hashes of a tile (c2sp.org/tlog-tiles) of the tree of `size` leaves, None while it is not full."""
    first, last = index * GROUP, (index + 1) * GROUP
    if last > size >> level * TILE_HEIGHT:
        return None
    return b"".join(_roots(level, first, last, leaves, sealed))


def _roots(level: int, start: int, end: int, leaves: Leaves, sealed: Sealed) -> Iterator[bytes]:
    """The roots of the subtrees of a level with these numbers."""
    if level == 0 or start == end:
        yield from leaves(start, end) if start < end else ()
        return
    kept = dict(sealed(level, start, end))
    for number in range(start, end):
        root = kept.get(number)
        if root is None:
            root = group_root(list(_roots(level - 1, number * GROUP, (number + 1) * GROUP, leaves, sealed)))
        yield root
