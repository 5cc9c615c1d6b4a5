"""Words that mark an attribution, by class, and the words that look like one but are used otherwise."""

from __future__ import annotations

from typing import NamedTuple

from ledger_attribution.lexicon import word_list
from ledger_syntax.inflect import verb_forms

__all__ = ["AMBIGUOUS", "CUES", "FIGURE_CUES", "TAKES_RECIPIENT", "Cue"]


class Cue(NamedTuple):
    """One inflected form: its lemma, its class, and its form: finite (`f`), base (`b`) or -ing (`g`)."""

    lemma: str
    kind: str
    form: str


CLASSES = ("say", "believe", "deny", "estimate", "show", "cite", "promise", "order", "learn", "judge")

TAKES_RECIPIENT = frozenset({"tell", "inform", "brief", "advise", "warn", "remind", "assure"})

AMBIGUOUS = word_list("ambiguous")

_PERCEPTION = frozenset({"felt"})  # "felt the blast" is no belief


def _forms(lemma: str, kind: str) -> dict[str, Cue]:
    _, third, past, participle, ing = verb_forms(lemma)
    table = {ing: Cue(lemma, kind, "g"), lemma: Cue(lemma, kind, "b"), participle: Cue(lemma, kind, "f")}
    table[third] = table[past] = Cue(lemma, kind, "f")
    return table


def _table(lists: dict[str, str]) -> dict[str, Cue]:
    """Every form of the verbs in the named lists; the first list that holds a form gives its class."""
    table: dict[str, Cue] = {}
    for name, kind in lists.items():
        for lemma in sorted(word_list(name)):
            for form, cue in _forms(lemma, kind).items():
                if form not in _PERCEPTION:
                    table.setdefault(form, cue)
    return table


CUES = _table({f"cue_{kind}": kind for kind in CLASSES})

FIGURE_CUES = _table({"cue_estimate": "estimate", "cue_figure": "show"})
