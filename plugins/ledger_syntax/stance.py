"""How far a sentence commits itself to a predicate: whether it says that it happened, did not, may, or will.

The answer of a clause follows from its own auxiliaries and negation and from what governs it, up to the root: a complement
takes the signature of its verb (Nairn, Condoravdi and Karttunen, "Computing relative polarity for textual inference",
2006), a conjunct what it shares with the first, a clause of condition or purpose what its marker says.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from ledger_syntax.inflect import other_forms, verb_forms
from ledger_syntax.lexicon import word_lists
from ledger_syntax.tree import Parse

__all__ = ["LEXICON", "Stance", "stance"]

LEXICON = Path(__file__).with_name("lexicon.toml")

_WEAKER = ("asserted", "probable", "possible", "predicted", "asked", "open", "supposed", "wanted", "demanded")
_MODALS = {
    "may": "possible", "might": "possible", "could": "possible", "can": "possible", "ca": "possible",
    "should": "wanted", "must": "wanted", "ought": "wanted", "need": "wanted",
    "would": "supposed", "'d": "supposed",
    "will": "predicted", "'ll": "predicted", "wo": "predicted", "shall": "predicted",
}  # fmt: skip
_CONDITIONS = frozenset({"if", "unless", "whether", "lest", "provided", "assuming", "otherwise"})
_NOT_YET = frozenset({"before", "until", "till", "once", "when", "whenever"})
_TO_COME = frozenset({"tomorrow", "tonight", "soon", "shortly"})
_QUESTIONS = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how"})
_OWN_CLAUSE = ("root", "parataxis", "appos", "advcl:relcl", "list", "reparandum", "discourse")
_FINITE = frozenset({"VBD", "VBZ", "VBP"})


class Stance(NamedTuple):
    """What is said of a predicate.

    `level`: asserted, probable, possible, predicted, asked (a question), open (the text takes no position), supposed (a
    condition or what follows from one), wanted (a wish, plan, duty or purpose), demanded (an order or request). `polarity`
    is `-` where it is denied.
    """

    level: str = "asserted"
    polarity: str = "+"

    @property
    def factual(self) -> bool:
        """Whether the sentence says that it happened."""
        return self.level == "asserted" and self.polarity == "+"


def stance(parse: Parse, i: int) -> Stance:
    """The stance of the sentence towards its predicate `i`."""
    return _Reader(parse).stance(i, 0)


@cache
def _senses() -> dict[str, str]:
    """Every form of a verb, and every noun or adjective, to the list that holds it."""
    table: dict[str, str] = {}
    for name, words in word_lists(LEXICON).items():
        for lemma in sorted(words):
            for form in (lemma,) if name.endswith("_noun") else verb_forms(lemma) + other_forms(lemma):
                table.setdefault(form, name.removesuffix("_noun"))
    return table


class _Reader:
    """The rules over one parse."""

    def __init__(self, parse: Parse) -> None:
        self.parse = parse
        self.words = parse.words

    def stance(self, i: int, depth: int) -> Stance:
        """Its own marks, then what its place in the sentence adds."""
        if depth > 12:
            return Stance("open")
        own = self.own(i)
        return _join(own, self.place(i, depth, own))

    def own(self, i: int) -> Stance:
        """What auxiliaries, adverbs and negation on the predicate itself say."""
        level = "asserted"
        for k in self.parse.auxiliaries(i):
            level = _weaker(level, _MODALS.get(self.words[k].low, "asserted"))
        for k in self.parse.children(i, "advmod"):
            level = _weaker(level, _ADVERBS.get(self.words[k].low, "asserted"))
        if level == "asserted" and self.words[i].tag in {"VBG", "VBP", "VBZ"} and self.to_come(i):
            level = "predicted"
        return Stance(level, "-" if self.parse.negated(i) else "+")

    def to_come(self, i: int) -> bool:
        """Whether a time in the future stands with a present: `is leaving tomorrow`, `meets next week`."""
        past = any(self.words[k].low in {"was", "were", "been"} for k in self.parse.auxiliaries(i))
        times = [k for k in self.parse.children(i) if self.words[k].label.startswith(("obl", "advmod"))]
        return not past and any(
            self.words[k].low in _TO_COME
            or any(self.words[m].low == "next" for m in self.parse.children(k, "amod"))
            for k in times
        )

    def place(self, i: int, depth: int, own: Stance) -> Stance:
        """What governs the predicate says of it."""
        word = self.words[i]
        label = word.label
        marks = {self.words[k].low for k in self.parse.children(i, "mark")}
        if marks & _CONDITIONS:
            return Stance("supposed")
        if label == "conj":
            return self.joined(i, depth)
        if label in {"xcomp", "ccomp", "csubj", "csubj:pass"}:
            return self.governed(i, depth)
        if label == "advcl":
            return self.adverbial(i, depth, marks)
        if label in {"acl", "acl:relcl"}:
            return self.modifying(i, depth)
        if label in _OWN_CLAUSE:
            return self.main(i, own)
        if label == "amod":
            return Stance("open" if word.tag == "VBG" else "asserted")
        if label in {"compound", "nmod", "obl", "obj", "nsubj"} and not word.tag.startswith("VB"):
            return Stance("open")
        return Stance()

    def main(self, i: int, own: Stance) -> Stance:
        """A clause that nothing governs: a statement, a question, a demand."""
        if self.infinitive(i):
            return Stance("wanted")
        if self.words[-1].text == "?" and self.words[i].label == "root":
            inside = {self.words[k].low for k in self.parse.subtree(i)[:6]}
            return Stance("open" if inside & _QUESTIONS else "asked")
        return Stance("demanded") if own.level == "asserted" and self.demand(i) else Stance()

    def demand(self, i: int) -> bool:
        """Whether the verb is an imperative: a base form without subject or auxiliary, or after `please` or `let's`."""
        if self.words[i].tag not in {"VB", "VBP"}:
            return False
        before = {self.words[k].low for k in self.parse.children(i) if k < i}
        if before & {"please", "lets", "let's"}:
            return True
        if self.parse.subject(i) is not None or self.words[i].tag != "VB":
            return False
        return all(self.words[k].low in {"do", "let"} for k in self.parse.auxiliaries(i))

    def joined(self, i: int, depth: int) -> Stance:
        """A second verb: with its own subject or tense it shares what governs the first, else also the first's own marks."""
        head = self.words[i].head
        first = self.words[head]
        alone = self.parse.child(i, "nsubj", "nsubj:pass") is not None
        if (
            alone
            or self.words[i].tag in _FINITE
            or (self.words[i].tag != first.tag and self.parse.auxiliaries(i))
        ):
            return self.place(head, depth + 1, self.own(head)) if first.label not in _OWN_CLAUSE else Stance()
        whole = self.stance(head, depth + 1)
        if self.words[i].tag == "VB" and whole.level == "asserted" and first.tag != "VB":
            return Stance("wanted")
        contrast = any(self.words[k].low == "but" for k in self.parse.children(i, "cc"))
        return whole._replace(polarity="+") if contrast else whole

    def governed(self, i: int, depth: int) -> Stance:
        """A complement: the signature of its governor, applied to the governor's own stance."""
        head = self.words[i].head
        over = self.stance(head, depth + 1)
        sense = _senses().get(self.words[head].low, "")
        if sense == "implies":
            return over
        if sense == "implies_not":
            return over._replace(polarity="-" if over.polarity == "+" else "+")
        if self.infinitive(i):
            return self._under_infinitive(head, over, sense)
        if sense == "factive":
            return Stance() if over.level != "supposed" else over._replace(polarity="+")
        if sense == "report":
            return Stance("probable" if over.factual else "open")
        if sense == "belief":
            return Stance("probable", over.polarity) if over.level == "asserted" else Stance("open")
        return Stance("wanted") if sense in {"wish", "open"} else over._replace(polarity="+")

    def _under_infinitive(self, head: int, over: Stance, sense: str) -> Stance:
        past = self.past(head)
        if sense == "future":
            return Stance(_weaker(over.level, "open" if past else "predicted"), over.polarity)
        if sense == "duty":
            return over if past else Stance(_weaker(over.level, "wanted"), over.polarity)
        if sense in {"wish", "open"}:
            return Stance("wanted")
        return Stance("open") if over.factual and past else Stance("wanted")

    def infinitive(self, i: int) -> bool:
        """Whether `to` stands before the verb."""
        return any(self.words[k].low == "to" for k in self.parse.children(i, "mark"))

    def past(self, i: int) -> bool:
        """Whether the clause of `i` is in the past or perfect."""
        word = self.words[i]
        if word.tag == "VBD":
            return True
        marks = {self.words[k].low for k in self.parse.auxiliaries(i)}
        return bool(marks & {"was", "were", "had", "has", "have", "did", "been"})

    def adverbial(self, i: int, depth: int, marks: set[str]) -> Stance:
        """A clause of purpose, time or manner."""
        head = self.words[i].head
        over = self.stance(head, depth + 1)
        if "to" in marks:
            return Stance("open" if over.level == "asserted" else "wanted")
        if self.words[i].tag == "VBN" and "as" in marks:
            return Stance()
        if self.words[i].tag in {"VBG", "VBN"} and self.parse.child(i, "nsubj") is None:
            return over._replace(polarity="+")
        opened = marks | {self.words[k].low for k in self.parse.children(i, "advmod")}
        if opened & _NOT_YET and not over.factual and over.level != "asserted":
            return Stance("supposed")
        return Stance()

    def modifying(self, i: int, depth: int) -> Stance:
        """A clause on a noun: `a plan to leave` is open; `the men leaving` are said to, unless the noun itself is not said to be."""
        head = self.words[i].head
        above = next((k for k in (head, *self.parse.above(head)) if self.words[k].tag.startswith("VB")), None)
        over = self.stance(above, depth + 1) if above is not None else Stance()
        if self.infinitive(i):
            planned = above is None or _senses().get(self.words[head].low) in {"open", "wish"}
            return Stance("wanted" if planned or over.level != "asserted" else "open")
        if over.level in {"asserted", "probable"} or self.past(i) or self.words[i].tag == "VBN":
            return Stance()
        return Stance(over.level if self.words[i].tag in {"VBG", "VB"} else "open")


_ADVERBS = {
    "probably": "probable", "likely": "probable", "apparently": "probable", "presumably": "probable", "perhaps": "possible",
    "maybe": "possible", "possibly": "possible", "allegedly": "possible", "reportedly": "possible",
}  # fmt: skip


def _weaker(one: str, other: str) -> str:
    return max(one, other, key=_WEAKER.index)


def _join(own: Stance, place: Stance) -> Stance:
    negative = (own.polarity == "-") != (place.polarity == "-")
    return Stance(_weaker(own.level, place.level), "-" if negative else "+")
