"""The word lists of the rules, read once from the package's data files."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

__all__ = ["DATA", "Lexicon", "lexicon", "word_set"]

DATA = Path(__file__).with_name("data")


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that are long."""
    return frozenset(text.split())


class Lexicon:
    """Word lists by name, as frozen sets; lists of several words are separated by `|` or a new line in the file."""

    def __init__(self) -> None:
        lists = tomllib.loads((DATA / "words.toml").read_text(encoding="utf-8"))

        def words(name: str) -> frozenset[str]:
            return frozenset(lists[name].split())

        def phrases(name: str) -> tuple[str, ...]:
            return tuple(part.strip() for part in lists[name].replace("\n", "|").split("|") if part.strip())

        self.org_heads = words("org_heads")
        self.org_starts = words("org_starts")
        self.fac_heads = words("fac_heads")
        self.loc_heads = words("loc_heads")
        self.loc_starts = words("loc_starts")
        self.event_heads = words("event_heads")
        self.weapons = words("weapons")
        self.weapon_names = words("weapon_names")
        self.titles = words("titles")
        self.roles = words("roles")
        self.given_names = words("given_names")
        self.particles = words("particles")
        self.not_names = words("acronyms_not_names")
        self.not_initial = words("not_initial")
        self.regions = phrases("regions")
        self.organisations = phrases("organisations")


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon of the package."""
    return Lexicon()
