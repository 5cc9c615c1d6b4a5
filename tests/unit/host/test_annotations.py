from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CorruptionError
from ledger.host import UnknownAnnotation, decode_annotation
from ledger.host.annotations import CORE_TYPES, encode_annotation
from ledger.host.failures import RejectedError
from ledger.host.layers import Layers, stray_span
from ledger.host.run import accept
from ledger.plugin import Annotation, Attribution, Claim, Link, Quantity, Sentence, Span

QUANTITY = Quantity(span=Span(1, 3), quote="12", kind="cardinal", value=12, confidence=0.5)


def test_the_core_vocabulary_is_complete():
    import ledger.plugin

    kinds = [v for v in vars(ledger.plugin).values() if isinstance(v, type) and issubclass(v, Annotation)]
    assert {kind for kind in kinds if kind is not Annotation} == set(CORE_TYPES.values())


def test_what_was_encoded_comes_back():
    assert decode_annotation(encode_annotation(QUANTITY), CORE_TYPES) == QUANTITY


def test_a_type_that_is_not_installed_keeps_its_bytes():
    raw = b'{"type": "gone.thing","span":{"end":3,"start":1}, "quote":"12","more":[1.10]}'
    unknown = decode_annotation(raw, CORE_TYPES)
    assert unknown == UnknownAnnotation(tag="gone.thing", span=Span(1, 3), quote="12", raw=raw)


def test_a_newer_form_of_a_known_type_keeps_its_bytes_too():
    raw = b'{"type":"core.quantity","span":{"start":1,"end":3},"quote":"12","kind":{"new":"form"}}'
    unknown = decode_annotation(raw, CORE_TYPES)
    assert isinstance(unknown, UnknownAnnotation)
    assert unknown.raw == raw


def test_fields_of_a_later_release_are_read_over():
    raw = b'{"type":"core.quantity","span":{"start":1,"end":3},"quote":"12","kind":"cardinal","added":1}'
    assert decode_annotation(raw, CORE_TYPES) == Quantity(span=Span(1, 3), quote="12", kind="cardinal")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"type":1}', b"\xff"])
def test_what_is_no_annotation_is_corruption(raw):
    with pytest.raises(CorruptionError, match="An annotation cannot be read"):
        decode_annotation(raw, CORE_TYPES)


TEXT = "a12 bcd"


def refused(*raws: bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        accept(raws, TEXT, ["core.quantity", "gone.thing"], CORE_TYPES)
    return caught.value.failure.message


def test_annotations_from_another_process_are_checked_as_strictly():
    made = accept([encode_annotation(QUANTITY)], TEXT, ["core.quantity"], CORE_TYPES)
    assert made.entries[0].value == QUANTITY
    assert "does not declare" in refused(encode_annotation(Sentence(span=Span(0, 1), quote="a")))
    assert "is not the text at 0-1" in refused(
        b'{"type":"gone.thing","span":{"start":0,"end":1},"quote":"b"}'
    )
    assert "lies outside" in refused(b'{"type":"gone.thing","span":{"start":0,"end":9},"quote":"a12 bcd"}')
    assert "does not fit its type" in refused(
        b'{"type":"core.quantity","span":{"start":1,"end":3},"quote":"12"}'
    )
    assert "does not declare" in refused(b'{"type":"gone.thing"}')
    assert "cannot be read" in refused(b"\x00")


def test_spans_at_any_depth_are_found():
    link = Link(actor="a", surface="a", kind="person", span=Span(3, 20))
    attribution = Attribution(span=Span(0, 1), source=Span(0, 2), chain=(link,))
    assert stray_span(attribution, 20) is None
    assert stray_span(attribution, 19) == Span(3, 20)
    claim = Claim(span=Span(0, 1), subject="s", measure="m", support=(Span(0, 1), Span(-1, 2)))
    assert stray_span(claim, 5) == Span(-1, 2)


def test_an_annotations_own_span_is_not_looked_at_twice():
    assert stray_span(Sentence(span=Span(50, 60)), 5) is None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), max_size=8), st.booleans()
)
def test_layers_are_by_position_whatever_the_order_of_arrival(rows, encoded_first):
    items = [Quantity(span=Span(a, a + b), kind="cardinal", value=c) for a, b, c in rows]
    raws = [encode_annotation(item) for item in items]
    one, two = Layers(), Layers()
    one.add_raw("core.quantity", raws)
    for raw in reversed(raws):
        two.add_raw("core.quantity", [raw])
        if encoded_first:
            two.of(Quantity)
    assert one.of(Quantity) == two.of(Quantity)
    starts = [item.span for item in one.of(Quantity)]
    assert starts == sorted(starts)
