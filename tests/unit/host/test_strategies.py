from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import Entity, Quantity
from ledger.testing import annotations_of, texts


@settings(deadline=None)
@given(texts(), st.data())
def test_annotations_lie_in_the_text_and_quote_it(text, data):
    number = data.draw(annotations_of(Quantity, text, kind=st.just("money"), value=st.integers(0, 9)))
    assert (number.kind, number.unit) == ("money", "")
    entity = data.draw(annotations_of(Entity, text))
    assert isinstance(entity.name, str)
    for one in (number, entity):
        assert text[one.span.start : one.span.end] == one.quote
