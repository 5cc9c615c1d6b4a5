"""What a plugin did beside its work: it harmed nobody, but somebody should know. Kept with the processors' health, never in the log."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["Note", "add_notes"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of deed, where it was first seen and how often.

    `kind`: `printed`, `children` (processes that go on after the answer), `patched` (somebody else's functions replaced),
    `unsteady` (another answer the second time), `exit` (it does not end). `message` is the rest of a sentence about "it".
    """

    kind: str
    message: str
    article: str = ""
    revision: int = 0
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"it {self.message}{times}"


def add_notes(known: dict[str, Note], new: Iterable[Note]) -> None:
    """Count `new` notes into those `known` by kind; the first one of a kind stays."""
    for note in new:
        old = known.get(note.kind, note)
        count = note.count if old is note else old.count + note.count
        known[note.kind] = msgspec.structs.replace(old, count=count)
