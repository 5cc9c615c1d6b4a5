"""Differences on a figure in words."""

from __future__ import annotations

from ledger.state.change import Change
from ledger.web.told import Told, told

NAMES = {"kr-intelligence": "National Intelligence Service", "us-officials": "US officials"}


def named(root: str) -> str:
    return NAMES.get(root, root)


def change(field, before, after, cause="new evidence", because=("a-1",)) -> Change:
    return Change(field=field, before=before, after=after, cause=cause, because=because)


def test_what_came_to_a_list_and_went_from_it_is_one_line():
    found = told(
        [
            change("roots", None, "us-officials"),
            change("roots", None, "kr-intelligence"),
            change("roots", "unknown", None),
            change("dispute.figures", None, ["kr-intelligence", "us-officials"]),
        ],
        named,
    )
    assert found == [
        Told(
            "new evidence",
            ("a-1",),
            [
                ("roots with a figure", "gone: unknown", "new: US officials; National Intelligence Service"),
                ("who disagrees", "", "new: National Intelligence Service v US officials"),
            ],
        )
    ]


def test_values_times_and_flags_read_as_on_the_other_pages():
    value = {"point": 1000, "op": "approx", "lo": None, "hi": None, "text": None}
    latest = {"value": value, "root": "us-officials", "said_at": "2031-05-04T07:00:00Z"}
    (one,) = told(
        [
            change("best", None, value),
            change("latest", None, latest),
            change("disputed", False, True),
            change("first_seen", "2031-05-03T07:00:00Z", "2031-05-04T07:00:00Z"),
            change("low", 1000, 400.5),
        ],
        named,
    )
    assert one.lines == [
        ("figure", "–", "about 1,000"),
        ("newest figure", "–", "about 1,000 (US officials, said 2031-05-04 07:00)"),
        ("disputed", "no", "yes"),
        ("first reported", "2031-05-03 07:00", "2031-05-04 07:00"),
        ("lowest", "1,000", "400.5"),
    ]


def test_each_cause_is_told_by_itself():
    found = told([change("low", 1, 2), change("high", 1, 2, "our reviewers", ("r-1",))], named)
    assert [(one.cause, one.because) for one in found] == [
        ("new evidence", ("a-1",)),
        ("our reviewers", ("r-1",)),
    ]
