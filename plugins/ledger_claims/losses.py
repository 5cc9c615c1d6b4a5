"""What a force says it lost: `lost 22 soldiers`, `put its losses at 58 dead`."""

from __future__ import annotations

import re

from ledger_claims.lexicon import word_list
from ledger_claims.scene import Counted, Figure, Scene
from ledger_claims.table import Sense

__all__ = ["OWN", "country_of", "lost", "own_losses"]

OWN = frozenset(["its", "our", "their"])

_LOSING = frozenset(["lost", "loses", "losing", "lose"])
_FORCES = word_list("forces")
_ARMS = word_list("arms")


def lost(s: Scene, c: Counted) -> Figure | None:
    """Soldiers that were lost died, and arms that were lost are destroyed."""
    k = s.left_edge(c.at)
    if s.low(k) not in _LOSING or (s.low(k) == "lose" and s.low(k - 1) not in {"did", "to"}):
        return None
    head = c.noun.rsplit(" ", 1)[-1]
    measure = "killed" if head in _FORCES else "destroyed" if head in _ARMS else ""
    return s.make(c, Sense(measure, "object", "lose", "past"), k, c.noun) if measure else None


def country_of(actor: str, text: str) -> str:
    """Whose an authority is, as its name or the article says: `Norland's General Staff`, `the Norlandic army`; else empty."""
    owner = _OWNER.match(actor)
    if owner is not None:
        return owner[1]
    named = re.search(rf"\b([A-Z][\w-]+)(?:['’]s)? {re.escape(actor)}\b", text)
    return named[1] if named is not None and named[1] not in {"The", "A"} else ""


_OWNER = re.compile(r"(?:[Tt]he )?([A-Z][\w-]+)(?:['’]s (?=\w)| (?=[a-z]))")


def own_losses(s: Scene, figure: Figure) -> bool:
    """Whether a number of people is what a force says of its own: `its losses at 58 dead`, `our casualties`."""
    k = figure.at - 1
    while k > 0 and s.t[k].tag not in {";", "."}:
        if s.low(k) in _LOSSES and s.low(k - 1) in OWN | {"own"}:
            return True
        k -= 1
    return False


_LOSSES = frozenset(["losses", "casualties", "dead", "ranks"])
