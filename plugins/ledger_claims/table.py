"""The measure table: which word says which measure, in which role."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ledger_claims.inflect import singular
from ledger_syntax.inflect import verb_forms

__all__ = ["PATH", "Sense", "Table", "load"]

PATH = Path(__file__).with_name("measures.toml")
_ROLES = ("object", "agent", "state", "count", "total", "act")
_SPECIAL = ("version", "subjects", "persons")


class Sense(NamedTuple):
    """What a word or phrase says: its measure, its role (object, agent, state, count, total, act) and its lemma.

    `form` of a verb is base, third, past, participle or ing; empty for nouns and states.
    """

    measure: str
    role: str
    lemma: str
    form: str = ""


class Table(NamedTuple):
    """Look-ups over the table. `phrases` maps the lower-case words of an entry to its senses."""

    phrases: Mapping[tuple[str, ...], tuple[Sense, ...]]
    subjects: Mapping[str, str]
    defaults: Mapping[str, str]
    persons: frozenset[str]
    longest: int

    def at(self, words: tuple[str, ...]) -> tuple[tuple[Sense, ...], int]:
        """The senses of the longest entry that `words` begin with, and its length in words."""
        for length in range(min(self.longest, len(words)), 0, -1):
            senses = self.phrases.get(words[:length])
            if senses:
                return senses, length
        return (), 0

    def subject(self, noun: str) -> str:
        """The table's word for a counted noun in singular lower case."""
        return self.subjects.get(noun, noun)

    def description(self, name: str) -> str:
        """A name whose last word is a noun for people, in the table's word for one: `Varnish troops` is `Varnish soldier`."""
        head, _, last = name.rpartition(" ")
        noun = self.subject(singular(last))
        return f"{head} {noun}" if head and last.islower() and noun in self.persons else name


def _entries(text: str) -> list[str]:
    return [" ".join(entry.split()) for entry in text.split(",") if entry.strip()]


def _verbs(entry: str) -> Iterable[tuple[tuple[str, ...], str]]:
    head, _, rest = entry.partition(" ")
    tail = tuple(rest.split())
    base, third, past, participle, ing = verb_forms(head)
    named = ((past, "past"), (participle, "participle"), (third, "third"), (ing, "ing"), (base, "base"))
    for form, name in named:  # "hurt" is a past form before it is an infinitive
        yield (form, *tail), name


def _nouns(entry: str) -> Iterable[tuple[str, ...]]:
    words = tuple(entry.split())
    yield words
    last = words[-1]
    plural = (
        last[:-1] + "ies"
        if last.endswith("y") and last[-2] not in "aeiou"
        else last + ("es" if last.endswith("s") else "s")
    )
    yield (*words[:-1], {"life": "lives"}.get(last, plural))


def build(document: Mapping[str, Any]) -> Table:
    """Compile a parsed table. Raises ValueError naming the measure whose entry has another key than those described."""
    phrases: dict[tuple[str, ...], list[Sense]] = {}
    defaults: dict[str, str] = {}
    for measure, entry in document.items():
        if measure in _SPECIAL:
            continue
        unknown = sorted(set(entry) - {*_ROLES, "subject"})
        if unknown:
            raise ValueError(
                f"measure {measure!r} has unknown keys {', '.join(unknown)}; known are subject, {', '.join(_ROLES)}"
            )
        defaults[measure] = entry.get("subject", "")
        for role in _ROLES:
            for lemma in _entries(entry.get(role, "")):
                _add(phrases, measure, role, lemma)
    subjects = {
        word: name.replace("-", " ")
        for name, words in document["subjects"].items()
        for word in _entries(words)
    }
    persons = frozenset(_entries(document["persons"]["words"]))
    frozen = {words: tuple(dict.fromkeys(senses)) for words, senses in phrases.items()}
    return Table(frozen, subjects, defaults, persons, max(map(len, frozen)))


def _add(phrases: dict[tuple[str, ...], list[Sense]], measure: str, role: str, lemma: str) -> None:
    if role in {"object", "agent"}:
        for words, form in _verbs(lemma):
            phrases.setdefault(words, []).append(Sense(measure, role, lemma, form))
    elif role == "state":
        phrases.setdefault(tuple(lemma.split()), []).append(Sense(measure, role, lemma))
    else:
        for words in _nouns(lemma):
            phrases.setdefault(words, []).append(Sense(measure, role, lemma))


@cache
def _compiled(extra: str) -> Table:
    document = tomllib.loads(PATH.read_text("utf-8"))
    for name, entry in json.loads(extra).items():
        known = document.setdefault(name, {})
        for key, text in entry.items():
            known[key] = f"{known.get(key, '')}, {text[1:]}" if text.startswith("+") else text
    return build(document)


def load(extra: Mapping[str, Mapping[str, str]] | None = None) -> Table:
    """The table of the package with those of `extra` (measure -> key -> text): a text that begins with `+` adds words, another one
    replaces them.

    Raises ValueError for an entry with an unknown key.
    """
    return _compiled(json.dumps({name: dict(entry) for name, entry in (extra or {}).items()}, sort_keys=True))
