"""A small language for stories: documents with claims on slots, told in hours after a start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.state import (
    Document,
    Registry,
    Review,
    Slot,
    SlotState,
    StateClaim,
    Value,
    Version,
    reported_state,
)
from ledger.state.registry import Parameters, Source

START = datetime(2031, 5, 4, tzinfo=UTC)


class Story:
    """Collects documents and asks for one slot."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.reviews: list[Review] = []
        self.registry = Registry(
            sources={
                "agency": Source(party="state", reliability="B"),
                "ministry": Source(party="state", reliability="C"),
                "clinic": Source(party="clinic", reliability="A"),
                "mayor": Source(party="town", reliability="C"),
                "blog": Source(party="blog", reliability="E"),
            },
            slots={
                "killed": Slot(id="killed"),
                "missing": Slot(id="missing", kind="level"),
                "shock": Slot(id="shock", kind="measurement", tolerance=0.1),
                "dam": Slot(id="dam", kind="status"),
            },
            parameters=Parameters(),
        )

    @staticmethod
    def at(hours: float) -> datetime:
        return START + timedelta(hours=hours)

    def claim(self, slot: str, value: Any, root: str | None = "agency", **more: Any) -> StateClaim:
        if isinstance(value, str):
            value = Value(value, "category")
        elif isinstance(value, int | float):
            value = Value(value)
        said = more.pop("said", None)
        return StateClaim(
            slot=slot, value=value, root=root, said_at=self.at(said if said is not None else -1e4), **more
        )

    def tell(
        self,
        key: str,
        hours: float,
        *claims: StateClaim,
        outlet: str = "",
        recorded: float | None = None,
        status: str = "live",
        corrects: str | None = None,
    ) -> None:
        """Add a version of `key`, published `hours` after the start. A claim without a time was said when it is published."""
        old = self.documents.get(key)
        versions = old.versions if old else ()
        earliest = self.at(-1e4)
        before = {
            (claim.slot, claim.kind, claim.root, claim.value): claim.said_at
            for version in versions
            for claim in version.claims
        }
        dated = tuple(
            StateClaim(
                **{name: getattr(claim, name) for name in claim.__struct_fields__ if name != "said_at"},
                said_at=before.get((claim.slot, claim.kind, claim.root, claim.value), self.at(hours))
                if claim.said_at == earliest
                else claim.said_at,
            )
            for claim in claims
        )
        version = Version(
            n=len(versions) + 1,
            recorded_at=self.at(hours if recorded is None else recorded),
            p_time=self.at(hours),
            status=status,
            claims=dated,
        )
        self.documents[key] = Document(
            id=key,
            outlet=outlet or (old.outlet if old else key),
            url=f"https://{key}.example/",
            versions=(*versions, version),
            corrects=corrects or (old.corrects if old else None),
        )

    def reject(self, key: str, hours: float, slot: str, root: str) -> None:
        self.reviews.append(
            Review(id=key, at=self.at(hours), action="reject", target={"slot": slot, "root": root})
        )

    def undo(self, key: str, hours: float, review: str) -> None:
        self.reviews.append(Review(id=key, at=self.at(hours), action="undo", target={"review": review}))

    def ask(self, slot: str, **options: Any) -> SlotState:
        state = reported_state(self.documents.values(), self.registry, reviews=self.reviews, **options)
        found = state.get(slot)
        assert found is not None
        return found


@pytest.fixture
def story() -> Story:
    return Story()
