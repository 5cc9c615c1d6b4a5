"""Make `data/ratings.txt`: `python -m ledger_sentiment.ratings VADER_LEXICON EN_SENTIMENT_XML`.

VADER_LEXICON is `vader_lexicon.txt` of vaderSentiment (MIT licence), EN_SENTIMENT_XML is `en-sentiment.xml` of Pattern and
TextBlob (public domain, PDDL). A word's rating is the mean of what people gave it in the one, from -4 to 4, plus its mean
polarity in the other, from -1 to 1. Emoticons and chat abbreviations with digits are left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ledger_sentiment.lexicon import RATINGS

__all__ = ["main"]

_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_ENTRY = re.compile(r'<word form="(?P<form>[^"]*)"[^>]* polarity="(?P<polarity>[-\d.]+)"')
_HEAD = """\
# Ratings of words, from -5 to 5, made by `python -m ledger_sentiment.ratings`; licences in LICENCES.md.
"""


def rated_by_people(path: Path) -> dict[str, float]:
    """The mean ratings of a VADER lexicon."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: float(row[1]) for row in rows if len(row) > 1 and _WORD.fullmatch(row[0])}


def polarities(path: Path) -> dict[str, float]:
    """The mean polarity of every word over its senses."""
    senses: dict[str, list[float]] = {}
    for entry in _ENTRY.finditer(path.read_text(encoding="utf-8")):
        form = entry["form"].lower()
        if _WORD.fullmatch(form):
            senses.setdefault(form, []).append(float(entry["polarity"]))
    return {form: sum(values) / len(values) for form, values in senses.items()}


def _lines(ratings: dict[str, float]) -> Iterator[str]:
    groups: dict[float, list[str]] = {}
    for word, rating in ratings.items():
        groups.setdefault(round(rating, 1), []).append(word)
    for rating in sorted(groups):
        if rating:
            yield f"{rating:g}: {' '.join(sorted(groups[rating]))}\n"


def main(vader: Path, pattern: Path) -> None:
    """Write the file of the package."""
    ratings = rated_by_people(vader)
    for word, polarity in polarities(pattern).items():
        ratings[word] = ratings.get(word, 0.0) + polarity
    RATINGS.write_text(_HEAD + "".join(_lines(ratings)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
