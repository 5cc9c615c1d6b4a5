"""Word lists in TOML files: a list is one text of words between blanks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

__all__ = ["word_lists"]


@cache
def word_lists(path: Path) -> Mapping[str, frozenset[str]]:
    """The lists of a file by name, in its order, read once."""
    lists = tomllib.loads(path.read_text("utf-8"))
    return MappingProxyType({name: frozenset(text.split()) for name, text in lists.items()})
