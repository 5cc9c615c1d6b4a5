"""Values, ranges and disputes in words, as every surface says them."""

from ledger.state.wording import (
    clipped,
    dispute_text,
    number_text,
    range_text,
    reported_text,
    roots_text,
    slot_title,
    time_text,
    value_text,
)

__all__ = [
    "clipped",
    "dispute_text",
    "number_text",
    "range_text",
    "reported_text",
    "roots_text",
    "slot_title",
    "time_text",
    "value_text",
]
