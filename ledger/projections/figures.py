"""The view `figures`: what is reported on each slot, now and before, and how it came to be.

It folds no events. It is what the pure function `ledger.state.reported_state` makes of the other views at each instant of recorded
time, kept as rows together with the evidence, so that only the slots are evaluated that a changed article can move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.decisions import Registries, Reviews
from ledger.projections.drafts import Draft
from ledger.projections.evidence import EVIDENCE
from ledger.projections.evidence_rows import DueSlotRow, ProgressRow
from ledger.projections.facts import View
from ledger.projections.instants import Instants, Rules
from ledger.projections.rows import FigureHistoryRow, FigureRow, FigureVersionRow
from ledger.state import Parameters

if TYPE_CHECKING:
    from ledger.projections.queries import Reader

__all__ = ["Figures"]

_JSON = msgspec.json.Encoder(order="sorted")


class Figures(View):
    """Tables `figures`, `figure_versions` and `figure_history`, and the evidence that they are evaluated from."""

    name = "figures"
    types = Articles.types | Annotations.types | Registries.types | Reviews.types
    tables = (FigureRow, FigureVersionRow, FigureHistoryRow, *EVIDENCE, DueSlotRow, ProgressRow)
    sealed = (FigureRow,)
    sources: ClassVar[tuple[str, ...]] = (Articles.name, Annotations.name, Registries.name, Reviews.name)
    code: ClassVar[tuple[str, ...]] = (
        "ledger.state",
        "ledger.plugin",
        "ledger.projections.articles",
        "ledger.projections.annotations",
        "ledger.projections.decisions",
        "ledger.projections.evidence",
        "ledger.projections.evidence_rows",
        "ledger.projections.inputs",
        "ledger.projections.instants",
        "ledger.projections.packing",
        "ledger.projections.versions",
    )

    def __init__(self, defaults: Parameters) -> None:
        self.defaults = defaults
        self._rules = Rules(b"", defaults)

    def config(self) -> bytes:
        """The parameters that stand where the registry gives none."""
        return _JSON.encode(self.defaults)

    def derive(self, draft: Draft, reader: Reader, upto: int) -> bool:
        """Go on from where the figures stand: take in articles that changed, evaluate slots that these touched.

        What a step costs depends on what changed, not on how much there is.
        """
        return Instants(draft, reader, self._current, upto).go_on()

    def _current(self, raw: bytes) -> Rules:
        if self._rules.raw != raw or self._rules.spent:
            self._rules = Rules(raw, self.defaults)
        return self._rules
