"""The hashes of the log as tiles (c2sp.org/tlog-tiles): 256 hashes a file, written once, enough for every proof.

Only full tiles are kept; the ragged right edge is computed from the last leaves. What is read from a tile proves nothing by
itself: whoever uses a root compares it with a signed one.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ledger.audit.newsledger_verify import TILE, UnreadableError, read_entries, tile_path
from ledger.errors import CorruptionError, StoreUnavailableError, UsageError
from ledger.store.bulk import Checked
from ledger.store.tlog import HASH_BYTES, Frontier, Leaves, group_root, node_hash

__all__ = [
    "TILE",
    "TileFolder",
    "Tree",
    "check_tiles",
    "entry_bundle",
    "export_tiles",
    "parse_tile_path",
    "read_entries",
    "tile_path",
    "write_atomically",
]

_BITS = 8
_PAIR = 2 * HASH_BYTES
_CACHED = 512
"""Tiles that a tree remembers, about 16 kB each."""


_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


def parse_tile_path(path: str) -> tuple[int | None, int, int]:
    """Level (None for entries), index and width of a tile. Raises UnreadableError for a path that is not canonical."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise UnreadableError(f"Not the path of a tile: {path[:80]!r}")
    level = None if found[1] == "entries" else int(found[1])
    index = int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3] or TILE)
    if (level is not None and level > 63) or index >= 1 << 63 or tile_path(level, index, width) != path:
        raise UnreadableError(f"Not the path of a tile: {path[:80]!r}")
    return level, index, width


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Log entries, each behind its length in two bytes. Raises UsageError for one above 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > 0xFFFF:
            raise UsageError("An envelope is too large for an entry bundle", which=f"{len(entry)} bytes")
        parts.append(struct.pack(">H", len(entry)) + entry)
    return b"".join(parts)


def write_atomically(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file as a whole: readers see the old one or the new one. `durable`: it is on disk on return.

    Raises StoreUnavailableError when it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
        if durable:
            _sync(path.parent)
    except OSError as error:
        raise StoreUnavailableError(
            "A file cannot be written", which=str(path), fix=str(error.strerror)
        ) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class TileFolder:
    """Full tiles below a folder, in the layout of tlog-tiles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def full(self, level: int, index: int) -> bytes | None:
        """The bytes of a full tile, None when there is none. Raises CorruptionError for one of the wrong size."""
        path = self.folder / tile_path(level, index)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != TILE * HASH_BYTES:
            raise CorruptionError(
                "A tile has the wrong size", which=str(path), fix="Run newsledger seal --rebuild"
            )
        return data

    def put(self, level: int, index: int, data: bytes) -> None:
        """Write a full tile."""
        write_atomically(self.folder / tile_path(level, index), data)

    def extend(self, leaves: Leaves, size: int, *, rebuild: bool = False) -> int:
        """Write the full tiles of a tree of `size` leaves that are not there; returns how many."""
        written, level = 0, 0
        roots: list[bytes] = []
        first = 0
        while count := size >> (_BITS * (level + 1)):
            begin = 0 if rebuild else self._present(level, count)
            below, first_below = roots, first
            roots, first = [], begin
            hashes = iter(leaves(begin * TILE, count * TILE) if level == 0 else ())
            for index in range(begin, count):
                if level == 0:
                    data = b"".join(islice(hashes, TILE))
                else:
                    data = b"".join(
                        below[at - first_below] if at >= first_below else self._root(level - 1, at)
                        for at in range(index * TILE, (index + 1) * TILE)
                    )
                self.put(level, index, data)
                roots.append(_root_of(data))
                written += 1
            level += 1
        return written

    def _present(self, level: int, count: int) -> int:
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if (self.folder / tile_path(level, middle)).exists():
                low = middle + 1
            else:
                high = middle
        return low

    def _root(self, level: int, index: int) -> bytes:
        data = self.full(level, index)
        if data is None:
            raise CorruptionError(
                "A tile is missing", which=tile_path(level, index), fix="Run newsledger seal --rebuild"
            )
        return _root_of(data)


def _above(row: bytes) -> bytes:
    """The nodes above a row of hashes, as far as they are complete."""
    sha256 = hashlib.sha256
    last = len(row) // _PAIR * _PAIR
    return b"".join([sha256(b"\x01" + row[at : at + _PAIR]).digest() for at in range(0, last, _PAIR)])


def _root_of(data: bytes) -> bytes:
    """The root over the hashes of a full tile."""
    while len(data) > HASH_BYTES:
        data = _above(data)
    return data


def _levels(data: bytes) -> list[list[bytes]]:
    """The hashes of a tile and those above them inside it, as far as they are complete."""
    levels = []
    while data:
        levels.append([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])
        data = _above(data)
    return levels


class Tree:
    """A tree of `size` leaves, for proofs: from full tiles where there are any, else from the leaves themselves."""

    def __init__(self, size: int, leaves: Leaves, full: Callable[[int, int], bytes | None]) -> None:
        self.size = size
        self._leaves = leaves
        self._full = full
        self._cache: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def root(self) -> bytes:
        """The root over all leaves."""
        return self.range(0, self.size) if self.size else Frontier().root()

    def frontier(self) -> Frontier:
        """The roots of the complete subtrees, largest first."""
        hashes, start = [], 0
        for bit in range(self.size.bit_length() - 1, -1, -1):
            if self.size >> bit & 1:
                hashes.append(self.range(start, start + (1 << bit)))
                start += 1 << bit
        return Frontier(self.size, tuple(hashes))

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The audit path of a leaf, from the leaf up. Raises UsageError."""
        if not 0 <= index < self.size:
            raise UsageError("The tree has no such leaf", which=f"leaf {index} of {self.size}")
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Shows that this tree begins with that of `old` leaves. Raises UsageError unless `1 <= old <= size`."""
        if not 1 <= old <= self.size:
            raise UsageError(
                "No consistency proof exists between these sizes", which=f"{old} and {self.size}"
            )
        path, start, end = [], 0, self.size
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(start, middle))
                start = middle
        if start:
            path.append(self.range(start, end))
        return tuple(reversed(path))

    def range(self, start: int, end: int) -> bytes:
        """The hash over the leaves from `start` up to `end`, a range that occurs in a proof."""
        count = end - start
        if count & (count - 1):
            middle = start + _split(count)
            return node_hash(self.range(start, middle), self.range(middle, end))
        height = count.bit_length() - 1
        level, inner = divmod(height, _BITS)
        index = start >> height
        width = _BITS - inner
        return self._tile(level, index >> width)[inner][index & ((1 << width) - 1)]

    def tile(self, level: int, index: int) -> bytes:
        """The bytes of a tile, full or not."""
        return b"".join(self._tile(level, index)[0])

    def _tile(self, level: int, index: int) -> list[list[bytes]]:
        """A tile of this tree, full or not, with the hashes inside it."""
        if (found := self._cache.get((level, index))) is not None:
            self._cache.move_to_end((level, index))
            return found
        first = index << _BITS
        last = min(first + TILE, self.size >> (_BITS * level))
        data = self._full(level, index) if last - first == TILE else None
        if data is None:
            if level == 0:
                data = b"".join(self._leaves(first, last))
            else:
                data = b"".join(self._tile(level - 1, at)[_BITS][0] for at in range(first, last))
        levels = self._cache[level, index] = _levels(data)
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return levels


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def export_tiles(
    folder: Path, size: int, leaves: Leaves, entries: Callable[[int, int], Iterable[bytes]], checkpoint: bytes
) -> int:
    """Write a whole tlog-tiles directory for the tree of `size` leaves, the checkpoint last; returns the number of files.

    Raises UsageError when the folder holds anything already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError("The folder is not empty", which=str(folder), fix="Name a new one")
    tiles = TileFolder(folder)
    written = tiles.extend(leaves, size)
    tree = Tree(size, leaves, tiles.full)
    for level, index, width in _partial(size):
        write_atomically(folder / tile_path(level, index, width), tree.tile(level, index))
        written += 1
    for first in range(0, size, TILE):
        last = min(first + TILE, size)
        path = tile_path(None, first // TILE, last - first)
        write_atomically(folder / path, entry_bundle(entries(first, last)))
        written += 1
    write_atomically(folder / "checkpoint", checkpoint)
    return written + 1


def _partial(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of the partial tiles of a tree."""
    level = 0
    while size >> (_BITS * level):
        count = size >> (_BITS * level)
        if count % TILE:
            yield level, count // TILE, count % TILE
        level += 1


def check_tiles(
    folder: TileFolder, leaves: Leaves, size: int, checked: Checked | None = None
) -> Iterator[str]:
    """Compare every full tile of a tree with the leaves; gives a sentence for each that differs or is missing.

    `checked` is what a verification of the log found of its groups of leaves, which need not be read again then.
    """
    count = size // TILE
    if checked is None:
        roots, digests = _groups(leaves, count)
    else:
        roots, digests = checked.roots[:count], checked.rows[:count]
    level = 0
    while digests:
        for index, digest in enumerate(digests):
            try:
                data = folder.full(level, index)
            except CorruptionError as error:
                data = str(error).encode()
            if data is None:
                yield f"{tile_path(level, index)} is missing"
            elif hashlib.sha256(data).digest() != digest:
                yield f"{tile_path(level, index)} is not what the stored events give"
        level += 1
        below = roots
        groups = [below[at : at + TILE] for at in range(0, len(below) // TILE * TILE, TILE)]
        roots = [group_root(group) for group in groups]
        digests = [hashlib.sha256(b"".join(group)).digest() for group in groups]


def _groups(leaves: Leaves, count: int) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Of each full group of leaves the root, and the digest of the tile that they make."""
    hashes = iter(leaves(0, count * TILE))
    roots, digests = [], []
    for _ in range(count):
        group = list(islice(hashes, TILE))
        roots.append(group_root(group))
        digests.append(hashlib.sha256(b"".join(group)).digest())
    return roots, digests
