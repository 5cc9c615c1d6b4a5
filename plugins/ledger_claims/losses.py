"""What a force says it lost: `lost 22 soldiers`, `put its losses at 58 dead`."""

from __future__ import annotations

from ledger_claims.lexicon import word_list
from ledger_claims.scene import Counted, Figure, Scene
from ledger_claims.table import Sense

__all__ = ["lost", "own_losses"]

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


def own_losses(s: Scene, figure: Figure) -> bool:
    """Whether a number of people is what a force says of its own: `its losses at 58 dead`, `our casualties`."""
    k = figure.at - 1
    while k > 0 and s.t[k].tag not in {";", "."}:
        if s.low(k) in _LOSSES and s.low(k - 1) in _OWN:
            return True
        k -= 1
    return False


_LOSSES = frozenset(["losses", "casualties", "dead", "ranks"])
_OWN = frozenset(["its", "our", "their", "own"])
