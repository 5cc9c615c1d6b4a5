"""Differences for people: one class each, and the effect on the reported state as a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.diff import CLASSES, diff_annotations, diff_states


def mark(start: int, end: int, quote: str = "", **rest: Any) -> bytes:
    body = {
        "type": "t.mark",
        "span": {"start": start, "end": end},
        "quote": quote or f"{start}-{end}",
        **rest,
    }
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ([mark(0, 3, value=5)], [mark(0, 3, value=5)], []),
        ([mark(0, 3, value=5)], [mark(0, 3, value=7)], ["value"]),
        ([mark(0, 3, value=5)], [mark(0, 8, value=5)], ["span"]),
        ([mark(0, 3, value=3)], [mark(0, 11, value=3.5)], ["span+value"]),
        ([mark(0, 9, value=5)], [mark(0, 3, value=5), mark(4, 9, value=5)], ["split"]),
        ([mark(0, 3, value=5), mark(4, 9, value=5)], [mark(0, 9, value=5)], ["merge"]),
        ([mark(0, 3, unit="m")], [mark(0, 3, unit="km")], ["attribute"]),
        ([mark(0, 3, chain=["a"])], [mark(0, 3, chain=["b"])], ["attribution"]),
        ([mark(0, 3, "word", value=5)], [mark(40, 43, "word", value=5)], ["moved"]),
        ([], [mark(0, 3, value=5)], ["added"]),
        ([mark(0, 3, value=5)], [], ["removed"]),
        ([mark(0, 1, value=3), mark(2, 3, value=5)], [mark(0, 3, value=3.5)], ["merge"]),
    ],
)
def test_each_difference_has_its_class(before: list[bytes], after: list[bytes], kinds: list[str]) -> None:
    assert [one.kind for one in diff_annotations(before, after)] == kinds


marks = st.lists(
    st.builds(mark, st.integers(0, 20), st.integers(21, 40), value=st.integers(0, 3)), max_size=6
)


@given(marks, marks)
def test_the_same_is_no_difference_and_anything_else_is(before: list[bytes], after: list[bytes]) -> None:
    found = diff_annotations(before, after)
    assert bool(found) == (sorted(before) != sorted(after))
    assert {one.kind for one in found} <= set(CLASSES)
    assert diff_annotations(before, list(reversed(before))) == []


def slot(name: str, point: float | None, **more: Any) -> dict[str, Any]:
    best = None if point is None else {"point": point, "op": "exact", "text": None}
    return {
        "id": name,
        "subject": "soldiers",
        "scope": "Kursk",
        "best": best,
        "low": point,
        "high": point,
        "modality": "asserted",
        "disputed": False,
        "independent_roots": 2,
        "best_independent_roots": 1,
        "reports": 14,
    } | more


def test_the_figure_that_moved_comes_first_and_reads_like_a_sentence() -> None:
    before = [slot("captured", 2), slot("killed", 1000), slot("wounded", 7)]
    after = [slot("captured", 2, disputed=True), slot("killed", 300.0), slot("seen", None, reports=1)]
    found = diff_states(before, after)
    assert [one.slot for one in found][:2] == ["killed", "wounded"]
    sentences = {one.slot: one.sentence for one in found}
    assert sentences["killed"].startswith("killed (soldiers, Kursk): 1,000 -> 300, ")
    assert sentences["killed"].endswith("; 14 reports")
    assert sentences["wounded"] == "wounded (soldiers, Kursk): gone, 7"
    assert sentences["seen"] == "seen (soldiers, Kursk): new, nothing"
    assert sentences["captured"] == "captured (soldiers, Kursk): disputed false -> true; 14 reports"
    assert diff_states(before, before) == []
