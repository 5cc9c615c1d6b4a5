"""The parse of one sentence: words, the tree over them, and what a rule asks of it.

Labels are those of Universal Dependencies (https://universaldependencies.org/u/dep), tags those of the Penn Treebank;
`ledger_syntax.universal` brings other schemes to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

__all__ = ["NEGATIONS", "Parse", "Word"]

NEGATIONS = frozenset({"not", "n't", "n’t", "never", "no", "nor", "neither", "hardly", "scarcely", "nowhere"})
_SUBJECTS = ("nsubj", "nsubj:pass", "nsubj:outer", "csubj", "csubj:pass", "expl")
_AUXILIARIES = ("aux", "aux:pass", "cop")
_COMPLEMENTS = ("ccomp", "xcomp")


class Word(NamedTuple):
    """One word: its code points in the article, its Penn tag, the index of its head (its own for the root), its label."""

    start: int
    end: int
    text: str
    low: str
    tag: str
    head: int
    label: str


class Parse:
    """The words of a sentence and the questions that rules ask; every argument and result is an index of a word."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = tuple(words)

    @cached_property
    def _below(self) -> tuple[tuple[int, ...], ...]:
        below: list[list[int]] = [[] for _ in self.words]
        for i, word in enumerate(self.words):
            if word.head != i:
                below[word.head].append(i)
        return tuple(map(tuple, below))

    def children(self, i: int, *labels: str) -> tuple[int, ...]:
        """The words that depend on `i`, in order; with labels, only those that bear one of them."""
        if not labels:
            return self._below[i]
        return tuple(k for k in self._below[i] if self.words[k].label in labels)

    def child(self, i: int, *labels: str) -> int | None:
        """The first word below `i` that bears one of the labels."""
        return next((k for k in self._below[i] if self.words[k].label in labels), None)

    def above(self, i: int) -> Iterator[int]:
        """The heads over `i`, from its own to the root."""
        while self.words[i].head != i:
            i = self.words[i].head
            yield i

    def subtree(self, i: int) -> tuple[int, ...]:
        """`i` and every word below it, in order."""
        found, open_ = [], [i]
        while open_:
            k = open_.pop()
            found.append(k)
            open_.extend(self._below[k])
        return tuple(sorted(found))

    def at(self, start: int, end: int) -> int | None:
        """The word that covers the most of the code points [start, end): for a phrase, the one whose head lies outside."""
        inside = [i for i, word in enumerate(self.words) if word.start < end and start < word.end]
        return next((i for i in inside if self.words[i].head == i or self.words[i].head not in inside), None)

    # -- the adapter -----------------------------------------------------------------------------------------------

    def subject(self, i: int) -> int | None:
        """Who does it, or to whom it is done: its own subject, else that of the verb it is joined to or controlled by."""
        seen = set()
        while i not in seen:
            seen.add(i)
            own = self.child(i, *_SUBJECTS[:-1])
            if own is not None:
                return own
            word = self.words[i]
            if word.label == "conj" or (word.label == "advcl" and word.tag == "VBG"):
                i = word.head
            elif word.label == "xcomp":
                controlled = self.child(word.head, "obj", "iobj")
                if controlled is not None:
                    return controlled
                i = word.head
            elif word.label.startswith("acl"):
                return word.head
            else:
                return None
        return None

    def object(self, i: int) -> int | None:
        """What it is done to: the object, or the subject of a passive."""
        own = self.child(i, "obj")
        return own if own is not None else self.child(i, "nsubj:pass")

    def passive(self, i: int) -> bool:
        """Whether the verb is a passive, with or without its auxiliary."""
        word = self.words[i]
        return self.child(i, "aux:pass", "nsubj:pass", "obl:agent") is not None or (
            word.tag == "VBN" and word.label.startswith("acl")
        )

    def agent(self, i: int) -> int | None:
        """By whom a passive is done."""
        own = self.child(i, "obl:agent")
        return own if own is not None or not self.passive(i) else self.obl(i, "by")

    def complement(self, i: int) -> int | None:
        """The predicate of the clause that the verb governs."""
        return self.child(i, *_COMPLEMENTS)

    def obl(self, i: int, *prepositions: str) -> int | None:
        """The noun that depends on `i` through one of the prepositions."""
        for k in self.children(i, "obl", "obl:agent", "nmod"):
            if any(self.words[c].low in prepositions for c in self.children(k, "case")):
                return k
        return None

    def auxiliaries(self, i: int) -> tuple[int, ...]:
        """Auxiliaries and copula of `i`; of a verb joined to another without a subject of its own, also those of the first."""
        own = self.children(i, *_AUXILIARIES)
        word = self.words[i]
        if own or word.label != "conj" or self.child(i, *_SUBJECTS) is not None:
            return own
        first = self.words[word.head]
        return self.children(word.head, *_AUXILIARIES) if _alike(first.tag, word.tag) else ()

    def negated(self, i: int) -> bool:
        """Whether `not`, `never`, `no` or the like denies the predicate; two of them do not."""
        marks = sum(1 for k in self.children(i, "advmod", "neg", "cc:preconj", "cc") if self._denies(k))
        marks += sum(
            1
            for k in self.children(i, "nsubj", "nsubj:pass", "obj", "obl")
            if self.words[k].low in {"nothing", "nobody", "none", "nowhere"}
            or any(self.words[d].low in {"no", "neither"} for d in self.children(k, "det"))
            or any(self.words[d].low == "not" for d in self.children(k, "advmod", "cc:preconj"))
            or (self.words[k].low == "one" and any(self.words[d].low == "no" for d in self._below[k]))
        )
        return marks % 2 == 1

    def _denies(self, k: int) -> bool:
        word = self.words[k]
        if word.low not in NEGATIONS:
            return False
        # "not only ... but also" and "no longer" as a degree: the first asserts
        following = self.words[k + 1].low if k + 1 < len(self.words) else ""
        return not (word.low == "not" and following in {"only", "just", "merely", "simply"})


def _alike(first: str, second: str) -> bool:
    """Whether an auxiliary over a verb of the first tag can stand over one of the second."""
    finite = {"VBD", "VBZ", "VBP"}
    return first == second or not ({first, second} & finite)
