"""What is known of a word by its form: its cluster, how often it is written with a capital, whether people have it as a name."""

from __future__ import annotations

import functools
import gzip
from typing import NamedTuple

from ledger_entities.lexicon import DATA

__all__ = ["FORMS", "Form", "cluster", "form"]

FORMS = DATA / "forms.tsv.gz"
_CACHED = 65_536


class Form(NamedTuple):
    """A word in lower case.

    `case` is `l` for a word that is hardly ever written with a capital to `U` for one that always is, `?` if unknown.
    `rarity` is the negative natural logarithm of its share of the words of a text, in lower case; 99 if unknown.
    `names` holds `F`, `f` or `k` for a common, rare or foreign given name, `L`, `l`, `r` or `m` for a surname.
    `clusters` are the Brown clusters of the word in lower case, with a capital, and all in capitals, as paths of bits.
    """

    case: str = "?"
    rarity: int = 99
    names: str = ""
    clusters: tuple[str, str, str] = ("", "", "")


_UNKNOWN = Form()


@functools.cache
def _rows() -> dict[str, str]:
    """The lines of the table by their word; a line is taken apart when it is asked for."""
    text = gzip.decompress(FORMS.read_bytes()).decode()
    return {word: rest for word, _, rest in (line.partition("\t") for line in text.splitlines())}


@functools.lru_cache(_CACHED)
def form(low: str) -> Form:
    """What is known of a word, given in lower case."""
    row = _rows().get(low)
    if row is None:
        return _UNKNOWN
    case, rarity, names, small, capital, upper = row.split("\t")
    return Form(case, int(rarity), names, (small, capital, upper))


@functools.lru_cache(_CACHED)
def cluster(text: str) -> str:
    """The path of bits of a word's Brown cluster as it is written; empty if it has none.

    A word in capitals that has no cluster of its own takes that of the word with one capital.
    """
    small, capital, upper = form(text.lower()).clusters
    if text.isupper() and len(text) > 1:
        return upper or capital
    return capital if text[0].isupper() else small
