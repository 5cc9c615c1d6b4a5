from __future__ import annotations

from ledger.host.failures import Failure
from ledger.host.isolation import Breaker

FAILURE = Failure("crash", "gone")


def runs(breaker: Breaker, revisions: int, failure: Failure | None) -> str:
    """One letter per revision: `r` it ran, `.` it rested."""
    pattern = ""
    for _ in range(revisions):
        if breaker.reason():
            pattern += "."
            continue
        breaker.record(failure)
        pattern += "r"
    return pattern


def test_it_rests_longer_each_time_and_recovers_at_once():
    breaker = Breaker(2)
    assert runs(breaker, 28, FAILURE) == "rr" + "." * 8 + "r" + "." * 16 + "r"
    assert runs(breaker, 33, None) == "." * 32 + "r"
    assert runs(breaker, 11, FAILURE) == "rr" + "." * 8 + "r"


def test_failures_that_are_not_in_a_row_do_not_count():
    breaker = Breaker(2)
    for _ in range(5):
        assert runs(breaker, 1, FAILURE) + runs(breaker, 1, None) == "rr"


def test_zero_means_never():
    assert runs(Breaker(0), 50, FAILURE) == "r" * 50
