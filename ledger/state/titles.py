"""What a figure is called: the name that people gave it, else words of its definition, written as the reports write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ledger.state.model import COUNTS, ClaimState, Slot
from ledger.state.vocabulary import DIRECTIONS, EVENTS, GENERIC_PLACES
from ledger.state.words import singular, stem

__all__ = ["title_of"]

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_KINDS = GENERIC_PLACES | DIRECTIONS | EVENTS
_COUNTED = COUNTS | {"level"}
_SETTLED = frozenset({"", "cumulative", "current"})


def title_of(definition: Slot, claims: Iterable[ClaimState]) -> str:
    """`North Korean soldiers killed, Kursk`: subject, measure, scope and period, on one line.

    The definition of a discovered figure has its words in small letters and in the singular; names and plurals come back from the
    sentences that report on it.
    """
    if definition.title:
        return definition.title
    subject, scope = definition.subject, definition.scope
    if not definition.declared:
        written = _Written(claims)
        subject, scope = written.phrase(subject), written.phrase(scope, names=True)
    elif definition.kind in _COUNTED:
        subject = _Written(claims).plural(subject)
    about = " ".join(word for word in (subject, definition.measure) if word)
    if not about:
        return definition.id
    place = f", {scope}" if scope else ""
    when = f" ({definition.period})" if definition.period not in _SETTLED else ""
    return f"{about[0].upper()}{about[1:]}{place}{when}"


class _Written:
    """How the sentences of some claims write words."""

    def __init__(self, claims: Iterable[ClaimState]) -> None:
        self._forms: dict[str, Counter[str]] = {}
        for sentence in sorted({claim.sentence for claim in claims}):
            for place, found in enumerate(_WORD.finditer(sentence)):
                word = re.sub(r"['\u2019]s?$", "", found[0])
                if place and word:
                    self._forms.setdefault(_key(word), Counter())[word] += 1

    def phrase(self, words: str, *, names: bool = False) -> str:
        """The words as they are written; with `names`, unwritten ones with a capital unless they are kinds of place."""
        return " ".join(self._word(word, names=names) for word in words.split())

    def plural(self, words: str) -> str:
        """The words with the last one in the plural, where it is most often written so."""
        *before, last = words.split() or [""]
        forms = self._forms.get(_key(last), Counter())
        most = min(forms, key=lambda form: (-forms[form], form), default=last)
        return " ".join([*before, most if singular(most) == last else last]).strip()

    def _word(self, word: str, *, names: bool) -> str:
        forms = self._forms.get(_key(word))
        if word != word.lower():
            return word
        if not forms:
            return word.capitalize() if names and word not in _KINDS else word
        return min(forms, key=lambda form: (-forms[form], form))


def _key(word: str) -> str:
    return stem(singular(word.lower()))
