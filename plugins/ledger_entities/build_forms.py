"""Make `data/forms.tsv.gz`: `uv run --with spacy-lookups-data --with faker --with names python -m ledger_entities.build_forms`.

Brown clusters and frequencies come from spacy-lookups-data (MIT), given names and surnames from the United States census lists
of the package `names` (public domain) and from Faker (MIT), of which only the lists of names are used.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger_entities.forms import FORMS

__all__ = ["main"]

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[.'&-])*")
_NAME = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]+")
_LONGEST = 20
_COMMON_GIVEN, _COMMON_SURNAME, _USUAL_SURNAME = 1000, 3000, 30_000


def package_folder(name: str) -> Path:
    """Where an installed package lies."""
    file = importlib.import_module(name).__file__
    if file is None:
        raise SystemExit(f"{name} has no folder")
    return Path(file).parent


def read_table(name: str) -> dict[str, float]:
    """A table of spacy-lookups-data for English."""
    path = package_folder("spacy_lookups_data") / "data" / f"en_lexeme_{name}.json.gz"
    table: dict[str, float] = json.loads(gzip.decompress(path.read_bytes()))
    return table


def read_clusters() -> dict[str, str]:
    """Word to the bits of its Brown cluster from the root; the table keeps the root in the lowest bit."""
    return {
        word: f"{int(number):b}"[::-1]
        for word, number in read_table("cluster").items()
        if number and len(word) <= _LONGEST and _WORD.fullmatch(word)
    }


def case_of(low: str, logs: Mapping[str, float]) -> str:
    """How much likelier the word is with a capital than without, in five steps; `U` or `l` if only one is known."""
    capital, small = logs.get(low[:1].upper() + low[1:]), logs.get(low)
    if capital is None or small is None:
        return "U" if capital is not None else "l" if small is not None else "?"
    gap = capital - small
    return "u" if gap > 3 else "v" if gap > 1 else "e" if gap > -1 else "m" if gap > -3 else "n"


def census(kinds: list[str]) -> dict[str, int]:
    """Names in lower case to their rank in the census."""
    ranks: dict[str, int] = {}
    for kind in kinds:
        lines = (package_folder("names") / f"dist.{kind}").read_text(encoding="ascii").splitlines()
        for rank, line in enumerate(lines):
            name = line.split()[0].lower()
            ranks[name] = min(rank, ranks.get(name, rank))
    return ranks


def faker_names(field: str) -> set[str]:
    """The names in Latin letters of all locales of Faker, also without their accents."""
    found: set[str] = set()
    for folder in sorted((package_folder("faker") / "providers" / "person").iterdir()):
        if not (folder / "__init__.py").is_file():
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if field in attribute and isinstance(value, tuple | list | Mapping):
                found.update(
                    name.lower() for name in value if isinstance(name, str) and _NAME.fullmatch(name)
                )
    return found | {plain(name) for name in found}


def plain(name: str) -> str:
    """A name without accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)
    )


def name_marks() -> dict[str, str]:
    """Names in lower case to their marks, as in `Form`."""
    marks: dict[str, str] = {}
    given, surnames = census(["female.first", "male.first"]), census(["all.last"])
    foreign_given, foreign_surnames = faker_names("first_name"), faker_names("last_name")
    for name in given.keys() | surnames.keys() | foreign_given | foreign_surnames:
        mark = "k" if name in foreign_given else ""
        if name in given:
            mark = "F" if given[name] < _COMMON_GIVEN else "f"
        if name in surnames:
            rank = surnames[name]
            mark += "L" if rank < _COMMON_SURNAME else "l" if rank < _USUAL_SURNAME else "r"
        elif name in foreign_surnames:
            mark += "m"
        marks[name] = mark
    return marks


def lines() -> Iterator[str]:
    """The rows of the table in order of their words."""
    clusters, logs, marks = read_clusters(), read_table("prob"), name_marks()
    words = {word.lower() for word in clusters} | marks.keys()
    for low in sorted(words):
        forms = (low, low[:1].upper() + low[1:], low.upper())
        paths = [clusters.get(written, "") for written in forms]
        rarity = str(round(-logs.get(low, -99)))
        yield "\t".join([low, case_of(low, logs), rarity, marks.get(low, ""), *paths]) + "\n"


def main() -> None:
    """Write the file of the package."""
    FORMS.write_bytes(gzip.compress("".join(lines()).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
