"""Descriptions of plugins kept between runs, so that listing plugins imports none of them.

An entry counts only while everything that it was made from is as it was: the plugin's files, its settings, what is
installed, Python and newsledger. A file that cannot be read, or written, is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from ledger.host.describe import Candidate, Description
from ledger.host.identity import code_files
from ledger.host.replacing import replace_file

__all__ = ["Kept", "Shelf"]

_MOST = 200


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What loading a plugin gave: its description, or why it could not be loaded and what to do."""

    description: Description | None = None
    reason: str = ""
    fix: str = ""


class _Entries(msgspec.Struct):
    entries: dict[str, Kept] = {}


class Shelf:
    """The kept descriptions, in one file per Python environment in the user's cache folder."""

    def __init__(self, settings: Mapping[str, dict[str, Any]], file: Path | None = None) -> None:
        self._settings = hashlib.sha256(msgspec.json.encode(dict(settings), order="sorted")).hexdigest()
        self._file = file or _file()
        self._changed = False
        try:
            self._entries = msgspec.json.decode(self._file.read_bytes(), type=_Entries).entries
        except (OSError, msgspec.DecodeError):
            self._entries = {}

    def get(self, candidate: Candidate) -> Kept | None:
        """What is known of a plugin, None when it has to be loaded."""
        return self._entries.get(self._key(candidate))

    def put(self, candidate: Candidate, kept: Kept) -> None:
        """Remember what loading a plugin gave."""
        key = self._key(candidate)
        if self._entries.get(key) != kept:
            self._entries.pop(key, None)
            self._entries[key] = kept
            self._changed = True

    def save(self) -> None:
        """Write what was added; nothing happens where that is not possible."""
        if not self._changed:
            return
        newest = dict(list(self._entries.items())[-_MOST:])
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, msgspec.json.encode(_Entries(newest)))
        self._changed = False

    def _key(self, candidate: Candidate) -> str:
        digest = hashlib.sha256(self._surroundings.encode())
        digest.update(msgspec.json.encode(candidate))
        digest.update(self._settings.encode())
        digest.update(_stamps(path for _, path in code_files(candidate)))
        return digest.hexdigest()

    @cached_property
    def _surroundings(self) -> str:
        """What is installed and who asks: another distribution may mend a plugin, or break it."""
        here = Path(__file__).parents[1]
        own = sorted(path for part in ("host", "plugin") for path in (here / part).glob("*.py"))
        return "\n".join([sys.version, *_distributions(), _stamps(own).decode()])


def _file() -> Path:
    folder = platformdirs.user_cache_path("newsledger", appauthor=False)
    place = hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]
    return folder / f"plugins-{place}.json"


def _stamps(paths: Iterable[Path]) -> bytes:
    lines = []
    for path in paths:
        with contextlib.suppress(OSError):
            stat = path.stat()
            lines.append(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _distributions() -> Iterator[str]:
    for place in sys.path:
        with contextlib.suppress(OSError):
            yield from sorted(
                str(path)
                for path in Path(place or ".").iterdir()
                if path.suffix in {".dist-info", ".egg-info", ".pth"}
            )
