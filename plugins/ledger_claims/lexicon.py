"""The word lists of `lexicon.toml`."""

from __future__ import annotations

from pathlib import Path

from ledger_syntax.lexicon import word_lists

__all__ = ["word_list"]

_PATH = Path(__file__).with_name("lexicon.toml")


def word_list(name: str) -> frozenset[str]:
    """The words of one list. Raises KeyError for a list that the file does not hold."""
    return word_lists(_PATH)[name]
