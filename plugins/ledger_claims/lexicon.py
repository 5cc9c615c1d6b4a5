"""The word lists of `lexicon.toml`, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

__all__ = ["PATH", "word_list"]

PATH = Path(__file__).with_name("lexicon.toml")


@cache
def _lists() -> dict[str, str]:
    return dict(tomllib.loads(PATH.read_text("utf-8")))


def word_list(name: str) -> frozenset[str]:
    """The words of one list. Raises KeyError for a list that the file does not hold."""
    return frozenset(_lists()[name].split())
