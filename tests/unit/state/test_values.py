"""Near and compatible."""

from __future__ import annotations

import pytest

from ledger.state import Value
from ledger.state.values import Comparison

SHARE = Comparison()
TENTH = Comparison(tolerance=0.1, absolute=True)
VAGUE = Value(None, "vague", text="dozens")


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (Value(90), Value(100), True),
        (Value(89), Value(100), False),
        (Value(57), Value(63), True),
        (Value(0), Value(0), True),
        (Value(0), Value(1), False),
        (Value(1000, "approx"), Value(950), True),
        (VAGUE, VAGUE, True),
        (VAGUE, Value(40), False),
        (Value("closed", "category"), Value("closed", "category"), True),
        (Value("closed", "category"), Value("open", "category"), False),
    ],
)
def test_figures_within_a_tenth_of_the_larger_are_near(one: Value, other: Value, near: bool) -> None:
    assert SHARE.near(one, other) is near
    assert SHARE.near(other, one) is near


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        (Value(40, "approx"), Value(48, "min"), True),
        (Value(40, "approx"), Value(50, "min"), False),
        (Value(40, "min"), Value(57), True),
        (Value(40, "max"), Value(60), False),
        (Value(40, "max"), Value(44), True),
        (Value(30, "range", 30, 45), Value(44), True),
        (Value(30, "range", 30, 45), Value(60), False),
        (Value(40, "min"), Value(500, "min"), True),
        (VAGUE, Value(1), True),
        (Value("closed", "category"), Value("open", "category"), False),
    ],
)
def test_values_are_compatible_when_their_intervals_meet_or_nearly_do(
    one: Value, other: Value, holds: bool
) -> None:
    assert SHARE.compatible(one, other) is holds
    assert SHARE.compatible(other, one) is holds


def test_a_measurement_has_a_tolerance_in_its_own_unit() -> None:
    assert TENTH.near(Value(6.7), Value(6.6))
    assert not TENTH.near(Value(6.8), Value(6.6))
    assert TENTH.compatible(Value(6.7), Value(6.6))
    assert not TENTH.compatible(Value(6.8), Value(6.6))


def test_the_width_of_about_is_a_parameter() -> None:
    wide = Comparison(tolerance=0.0, approx=0.5)
    assert wide.compatible(Value(100, "approx"), Value(150))
    assert not wide.compatible(Value(100, "approx"), Value(151))
