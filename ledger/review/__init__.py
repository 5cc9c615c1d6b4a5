"""People's decisions: taken with who and why, previewed before, taken back after, never written over."""

from ledger.review.desk import Desk, Effect, Listed, reference
from ledger.review.reviews import Reviews
from ledger.review.slots import Slots

__all__ = ["Desk", "Effect", "Listed", "Reviews", "Slots", "reference"]
