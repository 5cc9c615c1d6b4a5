"""Bring the labels of ClearNLP, which many published English pipelines use, to Universal Dependencies.

The two differ in what heads what: ClearNLP hangs a noun below its preposition and a predicate noun below its copula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Arc", "is_clear", "to_universal"]

_CLEAR_ONLY = frozenset(
    {"nsubjpass", "dobj", "pobj", "auxpass", "prep", "attr", "acomp", "relcl", "pcomp", "agent"}
)
_RENAMED = {
    "nsubjpass": "nsubj:pass",
    "csubjpass": "csubj:pass",
    "dobj": "obj",
    "dative": "iobj",
    "auxpass": "aux:pass",
    "neg": "advmod",
    "relcl": "acl:relcl",
    "poss": "nmod:poss",
    "npadvmod": "obl:tmod",
    "nn": "compound",
    "prt": "compound:prt",
    "preconj": "cc:preconj",
    "predet": "det:predet",
    "oprd": "xcomp",
    "intj": "discourse",
    "ROOT": "root",
}


class Arc(NamedTuple):
    """A word's text in lower case and its tag, the index of its head (its own for the root), and its label."""

    low: str
    tag: str
    head: int
    label: str


def is_clear(labels: Sequence[str]) -> bool:
    """Whether a parser that knows these labels speaks ClearNLP."""
    return not _CLEAR_ONLY.isdisjoint(labels)


def to_universal(arcs: Sequence[Arc]) -> list[Arc]:
    """The same sentence with the heads and labels of Universal Dependencies."""
    heads = [arc.head for arc in arcs]
    labels = [_RENAMED.get(arc.label, arc.label) for arc in arcs]
    for i, arc in enumerate(arcs):
        if arc.label in {"attr", "acomp"} and arcs[arc.head].low in _COPULAS:
            _promote(i, arc.head, heads, labels)
    for i, arc in enumerate(arcs):
        if arc.label in {"pobj", "pcomp"}:
            _under_preposition(arcs, i, heads, labels)
    return [Arc(arc.low, arc.tag, head, label) for arc, head, label in zip(arcs, heads, labels, strict=True)]


_COPULAS = frozenset(
    {"be", "am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'m", "’s", "’re", "’m"}
)


def _promote(predicate: int, copula: int, heads: list[int], labels: list[str]) -> None:
    """Make the predicate the head of its clause, with the copula and all that hung on it below."""
    heads[predicate] = predicate if heads[copula] == copula else heads[copula]
    labels[predicate] = labels[copula]
    for k, head in enumerate(heads):
        if head == copula and k != predicate:
            heads[k] = predicate
    heads[copula], labels[copula] = predicate, "cop"


def _under_preposition(arcs: Sequence[Arc], i: int, heads: list[int], labels: list[str]) -> None:
    """Hang the object of a preposition on what the preposition hung on, and the preposition below it."""
    preposition = arcs[i].head
    above = heads[preposition]
    if above == preposition:
        return
    agent = arcs[preposition].label == "agent"
    verbal = arcs[above].tag.startswith(("VB", "JJ")) or any(
        head == above and labels[k] in {"cop", "nsubj"} for k, head in enumerate(heads)
    )
    if arcs[i].label == "pcomp":
        labels[i] = "advcl" if verbal else "acl"
    else:
        labels[i] = "obl:agent" if agent else "obl" if verbal else "nmod"
    heads[i] = above
    heads[preposition] = i
    labels[preposition] = "mark" if arcs[i].label == "pcomp" else "case"
