from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import Span
from ledger.testing import texts
from ledger_llm.chat import request_body
from ledger_llm.quotes import InventedQuoteError, locate

TEXT = "Police said 12.\n\nPolice  said\n40."


def test_blanks_and_line_ends_count_as_equal_and_repeats_are_further_occurrences():
    assert locate(TEXT, ["Police said", "Police said", "Police said"]) == [
        Span(0, 11),
        Span(17, 29),
        Span(17, 29),
    ]


@pytest.mark.parametrize("quote", ["", " ", "police said", "said 13", "12.Police", "Police sa id", "40.."])
def test_words_that_the_text_does_not_contain_are_refused(quote):
    with pytest.raises(InventedQuoteError, match="does not contain"):
        locate(TEXT, [quote])


@settings(deadline=None)
@given(texts(), st.data())
def test_any_stretch_of_the_text_is_found_and_no_other(text, data):
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    if not quote.split():
        return
    [span] = locate(text, [quote])
    assert text[span.start : span.end].split() == quote.split()


def test_equal_requests_have_equal_texts_and_extra_fields_win():
    def body(**extra: object) -> str:
        return request_body("tiny", "Mark.", ("a", "b"), "Text", max_tokens=9, extra=extra)

    assert body(seed=1, top_p=0.5) == body(top_p=0.5, seed=1)
    assert (json.loads(body())["max_tokens"], json.loads(body(max_tokens=5))["max_tokens"]) == (9, 5)
    assert "max_tokens" not in json.loads(request_body("tiny", "", (), "", max_tokens=0, extra={}))
