"""Who is meant: names, aliases, acronyms, roles and descriptions resolved against the source registry."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from ledger.plugin import Link
from ledger.state.registry import Registry
from ledger.state.vocabulary import DESCRIPTIONS, NOT_SOURCES, OFFICES, VAGUE
from ledger.state.words import acronym, plain, singular, slug, stem, tokens

__all__ = ["UNNAMED", "Names", "Who"]

UNNAMED = "unnamed:"
_RELAYED = re.compile(r"\b(?:briefed by|citing|quoting|according to|told by|quoted by|relayed by)\b")


class Who(msgspec.Struct, frozen=True):
    """Somebody in an attribution chain. `outlet` is set when it is a publisher, `known` when the registry names it."""

    id: str
    outlet: bool = False
    known: bool = False


class Names:
    """The registry's names, indexed. Resolution depends on nothing but the registry and the words."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._exact: dict[str, str] = {}
        self._phrases: dict[str, tuple[int, str]] = {}
        named: list[tuple[str, str]] = []
        for key, source in registry.sources.items():
            named += [(key, text) for text in (source.name, *source.aliases, key) if text]
        for key, outlet in registry.outlets.items():
            named += [(key, text) for text in (outlet.name, *outlet.aliases, key) if text]
        for key, text in named:
            self._exact.setdefault(plain(text), key)
        for key, text in named:
            if short := acronym(text):
                self._exact.setdefault(short.casefold(), key)
            words = plain(text)
            if len(words.split()) > 1 or (text[:1].isupper() and text != key):
                self._phrases.setdefault(words, (len(words.split()), key))
        self._hosts = {outlet.host.casefold(): key for key, outlet in registry.outlets.items() if outlet.host}

    def outlet(self, given: str, url: str) -> str:
        """The registry's id of the outlet that published `url`: by the id or name given, else by the host."""
        if given in self._registry.outlets:
            return given
        host = (urlsplit(url).hostname or "").casefold()
        parts = host.split(".")
        for start in range(max(len(parts) - 1, 1)):
            if found := self._hosts.get(".".join(parts[start:])):
                return found
        if found := self._exact.get(plain(given)):
            return found
        return given or host.removeprefix("www.") or "unknown"

    def publisher(self, name: str) -> str | None:
        """The id of the registered outlet that a name, acronym or host stands for."""
        found = self._exact.get(plain(name)) or self._hosts.get(name.casefold()) or self._inside(name)
        return found if found in self._registry.outlets else None

    def who(self, link: Link) -> Who | None:
        """Resolve one link of a chain; None for what is nobody ("reports", a document that is not registered)."""
        if (key := self._described(link)) is not None:
            return self._known(key)
        for text in dict.fromkeys((link.actor, link.surface)):
            if text and (key := self._exact.get(plain(text))):
                return self._known(key)
        for text in dict.fromkeys((link.actor, link.surface)):
            if text and (key := self._inside(text)):
                return self._known(key)
        name = link.actor or link.surface
        words = tokens(name)
        if not words or words[-1] in NOT_SOURCES or link.kind == "document":
            return None
        if link.kind == "outlet":
            return Who(slug(plain(name)), outlet=True)
        if link.kind == "unnamed" or (
            not _personal(name) and stem(_head(words)[-1]) in {stem(each) for each in DESCRIPTIONS}
        ):
            return Who(UNNAMED + _description(words))
        return Who(slug(plain(name)))

    def _described(self, link: Link) -> str | None:
        """The source whose registered description the words are, if the article's own reading of them is another kind of thing.

        "The agency" may have been taken for the charity named last, of which no name in the registry says that it is one.
        """
        surface = link.surface.casefold()
        if not surface.startswith("the ") or plain(link.surface) == plain(link.actor):
            return None
        key, other = self._exact.get(plain(surface)), self._exact.get(plain(link.actor))
        if key is None or other is None or key == other:
            return None
        head = tokens(surface)[-1]
        names = {word for text, known in self._exact.items() if known == other for word in text.split()}
        return key if head not in names else None

    def _known(self, key: str) -> Who:
        return Who(key, outlet=key in self._registry.outlets, known=True)

    def _inside(self, text: str) -> str | None:
        """A registered name inside a longer description: the longest, after "briefed by" and the like if there is one."""
        relayed = list(_RELAYED.finditer(text.casefold()))
        if relayed:
            rest = text[relayed[-1].end() :]
            return self._exact.get(plain(rest)) or self._inside(rest)
        words = plain(text).split()
        best: tuple[int, int, str] | None = None
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                found = self._phrases.get(" ".join(words[start:end]))
                if found is not None and (best is None or (found[0], -start) > best[:2]):
                    best = (found[0], -start, found[1])
        if best is not None:
            return best[2]
        return self._by_role(text, words)

    def _by_role(self, text: str, words: list[str]) -> str | None:
        """A one-word name: before a spokesman, as the head of a description ("the acting governor"), or before a name."""
        spokesman = next((n for n, word in enumerate(words) if word.startswith("spokes")), 0)
        if spokesman and (key := self._exact.get(" ".join(words[:spokesman]))):
            return key
        owner, possessive, _ = text.replace("\u2019", "'").partition("'s ")
        if possessive and (key := self._exact.get(plain(owner))):
            return key
        given = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", text)
        if len(words) < 2 or len(given) < 2:
            return None
        if (employer := self._employer(words, given)) is not None:
            return employer
        if len(words) == 2 and (key := self._exact.get(words[1])) and self._of_country(key, words[0]):
            return key
        if all(word[0].isupper() for word in given[1:]):
            found = self._exact.get(words[0])
            if found is not None and found not in self._registry.outlets:
                return found
        inner = [word for word in given[1:-1] if word[0].isupper()]
        found = self._exact.get(words[-1])
        return found if found is not None and not inner and not given[0][0].isupper() else None

    def _employer(self, words: list[str], given: list[str]) -> str | None:
        """A one-word name before the office of a named person: "union leader Eva Kral"."""
        office = next((n for n, word in enumerate(words) if word in OFFICES), 0)
        named = office and len(given) == len(words) and given[office + 1 :]
        if not named or not all(word[:1].isupper() for word in named):
            return None
        return self._exact.get(" ".join(words[:office]))

    def _of_country(self, key: str, adjective: str) -> bool:
        """Whether a source's names hold the country of an adjective: "the Ildoran army", "Armed Forces of Ildora"."""
        source = self._registry.sources.get(key)
        names = tokens(" ".join((source.name, *source.aliases))) if source is not None else []
        stem_of = max(4, len(adjective) - 3)
        return any(len(name) >= 4 and name[:stem_of] == adjective[:stem_of] for name in names)


def _personal(text: str) -> bool:
    """Whether somebody's name ends it: "Officials" begin a sentence with a capital letter, "spokesman Jan Holt" is a person."""
    words = _head(text.split())
    return len(words) > 1 and words[-1][:1].isupper()


def _head(words: list[str]) -> list[str]:
    for place, word in enumerate(words):
        if place and word in {"of", "in", "at", "with", "from", "for", "who", "on", "near"}:
            return words[:place]
    return words


def _description(words: list[str]) -> str:
    kept = [word for word in _head(words) if word not in VAGUE and word not in {"a", "an", "the"}]
    kept = kept or words[-1:]
    return slug(" ".join([*kept[:-1], singular(kept[-1])]))
