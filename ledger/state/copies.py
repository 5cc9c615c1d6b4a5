"""Wire copies: text taken over from a wire outlet's earlier item, credited or not.

Word 4-grams; a text is contained in an item when at least half of its 4-grams occur there (Broder 1997, containment).
A 4-gram is kept as a 64-bit number that depends on its words alone, so that sketches can be stored and compared.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Iterable

from ledger.state.words import tokens

__all__ = ["CONTAINMENT", "GRAM", "Grams", "contained", "grams", "pack", "unpack"]

GRAM = 4
CONTAINMENT = 0.5

Grams = frozenset[int]

_BITS = 2**64 - 1
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
"""Odd numbers, one for each place in a 4-gram, so that the order of its words matters."""


def grams(*texts: str) -> Grams:
    """The word 4-grams of all `texts`; of a text of fewer words these as one."""
    found: set[int] = set()
    for text in texts:
        words = tokens(text)
        if len(words) < GRAM:
            found.update([_number(" ".join(words))] if words else [])
            continue
        parts = [_places(word) for word in words]
        found.update(
            a[0] ^ b[1] ^ c[2] ^ d[3]
            for a, b, c, d in zip(parts, parts[1:], parts[2:], parts[3:], strict=False)
        )
    return frozenset(found)


def contained(part: Grams, whole: Grams) -> float:
    """Which share of the 4-grams of `part` is in `whole`; 0 for an empty part."""
    return len(part & whole) / len(part) if part else 0.0


def pack(found: Iterable[int]) -> bytes:
    """4-grams as bytes, eight each, ascending."""
    ordered = sorted(found)
    return struct.pack(f"<{len(ordered)}Q", *ordered)


def unpack(data: bytes) -> Grams:
    """What `pack` packed."""
    return frozenset(struct.unpack(f"<{len(data) // 8}Q", data))


def _number(words: str) -> int:
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "little")


@functools.lru_cache(maxsize=65_536)
def _places(word: str) -> tuple[int, int, int, int]:
    """The number of a word at each place of a 4-gram."""
    number = _number(word)
    first, second, third, fourth = ((number * factor) & _BITS for factor in _FACTORS)
    return first, second, third, fourth
