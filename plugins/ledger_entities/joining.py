"""Joining the names of one article: fullest forms, acronyms in brackets, surnames, and "the agency"."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ledger_entities.lexicon import lexicon
from ledger_entities.names import Name
from ledger_entities.tokens import Token

__all__ = ["Mention", "Register", "key_of", "spells"]

_ARTICLE = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)


@dataclass(slots=True)
class Mention:
    """One mention: its code points, words and label; `name` is the fullest form once the article is read."""

    start: int
    end: int
    text: str
    label: str
    link: str
    sure: bool
    sentence: int
    name: str = ""
    key: str = ""
    level: str = "name"


def key_of(label: str, name: str) -> str:
    """The key of an entity inside its article: its label's family and its name in lower case."""
    family = {"GPE": "LOC", "FAC": "LOC"}.get(label, label)
    return f"{family.lower()}:{' '.join(_ARTICLE.sub('', name).lower().split())}"


class Register:
    """The names of one article as they are read; `finish` relabels and joins them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.mentions: list[Mention] = []

    def add(self, name: Name, tokens: list[Token], sentence: int) -> None:
        """Enter one name."""
        start, end = tokens[name.first].start, tokens[name.stop - 1].end
        if tokens[name.stop - 1].text == "." and name.stop - name.first > 1 and name.label == "PER":
            end = tokens[name.stop - 2].end
        self.mentions.append(
            Mention(start, end, self._text[start:end], name.label, name.link, name.sure, sentence)
        )

    def finish(self) -> list[Mention]:
        """The mentions with consistent labels, fullest names and keys."""
        self._acronyms()
        self._consistent()
        self._surnames()
        for mention in self.mentions:
            mention.name = mention.name or _plain(mention.text)
            mention.key = mention.key or (
                mention.link
                if mention.label in {"GPE", "NORP"} and mention.link
                else key_of(mention.label, mention.name)
            )
        return self.mentions

    def _acronyms(self) -> None:
        """Join "Civil Aviation Board (CAB)" with every later "CAB", and a "CAB" that one name alone can mean with that name."""
        known: dict[str, Mention] = {}
        for before, mention in zip(self.mentions, self.mentions[1:], strict=False):
            between = self._text[before.end : mention.start]
            if between in {" (", " (the ", ", or "} and spells(mention.text, before.text):
                known[mention.text.replace(".", "")] = before
        for short, meant in self._spelled().items():
            if len(meant) == 1:
                known.setdefault(short, *meant.values())
        for mention in self.mentions:
            full = known.get(mention.text.replace(".", ""))
            if full is not None and mention.start > full.start:
                mention.label, mention.link, mention.name, mention.sure = (
                    full.label,
                    full.link,
                    _plain(full.text),
                    True,
                )

    def _spelled(self) -> dict[str, dict[str, Mention]]:
        """First letters to the organisations of several words that they can mean, each at its first mention."""
        meant: dict[str, dict[str, Mention]] = {}
        for mention in self.mentions:
            if mention.label == "ORG" and mention.text.count(" ") > 1:
                for letters in _first_letters(mention.text):
                    if len(letters) > 2:
                        meant.setdefault(letters, {}).setdefault(_plain(mention.text), mention)
        return meant

    def _consistent(self) -> None:
        """Give an unsure mention the label that the article's sure mentions of the same words have."""
        votes: dict[str, Counter[str]] = {}
        links: dict[str, str] = {}
        for mention in self.mentions:
            if mention.sure:
                votes.setdefault(mention.text, Counter())[mention.label] += 1
                links.setdefault(mention.text, mention.link)
        for mention in self.mentions:
            if not mention.sure and mention.text in votes:
                mention.label = min(votes[mention.text].items(), key=lambda vote: (-vote[1], vote[0]))[0]
                mention.link = links[mention.text]

    def _surnames(self) -> None:
        """Join a lone surname or given name with the last person of that name."""
        people: dict[str, Mention] = {}
        for mention in self.mentions:
            words = _plain(mention.text).split()
            if mention.label == "PER" and len(words) > 1:
                for word in {words[-1], words[0]} - lexicon().particles:
                    people[word] = mention
                mention.name = _plain(mention.text)
            elif len(words) == 1 and words[0] in people and (mention.label == "PER" or not mention.sure):
                mention.label, mention.link = "PER", ""
                mention.name = people[words[0]].name


def _plain(text: str) -> str:
    return " ".join(_ARTICLE.sub("", text).split())


def spells(short: str, full: str) -> bool:
    """Whether an acronym is made of the first letters of a name: all of them, or those of its capital words."""
    letters = short.replace(".", "").upper()
    return len(letters) > 1 and letters in _first_letters(full)


def _first_letters(full: str) -> set[str]:
    """The first letters of all words of a name, and those of its capital words."""
    words = [word for word in re.split(r"[\s-]+", full) if word]
    capitals = "".join(word[0] for word in words if word[0].isupper())
    return {"".join(word[0] for word in words).upper(), capitals}
