"""One processor in this process: the laws that hold for every text and every order of yielding."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import PluginError
from ledger.plugin import Annotation, Ephemeral, Quantity, Sentence, Span, processor
from ledger.testing import annotate, article, articles


class Piece(Annotation, frozen=True, kw_only=True, tag="test.piece"):
    number: int = 0
    table: dict[str, int] = msgspec.field(default_factory=dict)


class Parse(Ephemeral):
    pass


def pieces(rows, **declared):
    declared.setdefault("provides", [Piece])

    @processor("pieces", version="1", **declared)
    def made(article, context):
        yield from rows

    return made


@given(articles(), st.data())
def test_quotes_are_the_text_and_order_is_by_position(one, data):
    size = len(one.text)
    spans = data.draw(
        st.lists(
            st.tuples(st.integers(0, size), st.integers(0, size)).map(lambda pair: Span(*sorted(pair))),
            max_size=6,
        )
    )
    rows = [Piece(span=span, number=n, table={"b": 1, "a": n}) for n, span in enumerate(spans)]
    found = annotate(pieces(rows), one)
    assert [a.quote for a in found] == [one.text[a.span.start : a.span.end] for a in found]
    assert [a.span for a in found] == sorted(spans)
    shuffled = data.draw(st.permutations(rows))
    assert annotate(pieces(shuffled), one) == found


@given(articles(), st.integers(-3, 3), st.integers(1, 3))
def test_no_span_outside_the_text_gets_through(one, start, beyond):
    size = len(one.text)
    bad = Span(start, size + beyond) if start >= 0 else Span(start, size)
    with pytest.raises(PluginError, match="lies outside the text"):
        annotate(pieces([Piece(span=bad)]), one)


def test_a_zero_byte_is_refused_and_its_escape_in_a_text_is_not():
    with pytest.raises(PluginError, match="zero byte"):
        annotate(pieces([Piece(span=Span(0, 1), table={"a\0": 1})]), article("A tide."))
    (found,) = annotate(pieces([Piece(span=Span(0, 1), table={"a\\u0000": 1})]), article("A tide."))
    assert found.table == {"a\\u0000": 1}


def test_a_processor_sees_what_it_requires_and_within_a_span():
    seen = []

    @processor("reader", version="1", requires=[Quantity], provides=[Piece])
    def reader(article, context):
        seen.append([q.value for q in context.of(Quantity)])
        seen.append([q.value for q in context.of(Quantity, Span(1, 4))])
        seen.append([q.value for q in context.of(Quantity, Span(9, 9))])
        assert context.config is None
        return []

    layers = [
        Quantity(span=Span(at, at + width), kind="cardinal", value=at)
        for at, width in ((5, 1), (1, 2), (3, 2), (0, 9))
    ]
    assert annotate(reader, article("0123456789"), layers=layers) == []
    assert seen == [[0, 1, 3, 5], [1], []]


def test_annotations_handed_on_are_those_that_are_stored():
    """Whatever a provider keeps and changes later, its readers see the checked bytes."""

    class Loose(Annotation, frozen=True, kw_only=True, tag="test.loose"):
        words: list[str] = msgspec.field(default_factory=list)

    kept = Loose(span=Span(0, 1), words=["first"])

    @processor("provider", version="1", provides=[Loose])
    def provider(article, context):
        yield kept

    @processor("reader", version="1", requires=[Loose], provides=[Piece])
    def reader(article, context):
        kept.words.append("second")
        [loose] = context.of(Loose)
        yield Piece(span=Span(0, 1), number=len(loose.words))

    [piece] = annotate(reader, article("Text."), providers=[provider])
    assert piece.number == 1


def test_an_ephemeral_layer_reaches_its_reader_as_it_is():
    parse = Parse()

    @processor("parse", version="1", provides=[Parse])
    def maker(article, context):
        return [parse]

    @processor("reader", version="1", requires=[Parse], provides=[Piece])
    def reader(article, context):
        assert context.of(Parse) == (parse,)
        yield Piece(span=Span(0, 0))

    assert len(annotate(reader, article("Text."), providers=[maker])) == 1
    assert annotate(maker, article("Text.")) == []


def test_a_dictionary_is_written_in_one_order():
    one = annotate(pieces([Piece(span=Span(0, 1), table={"b": 1, "a": 2})]), article("Text."))
    two = annotate(pieces([Piece(span=Span(0, 1), table={"a": 2, "b": 1})]), article("Text."))
    assert msgspec.json.encode(one) == msgspec.json.encode(two)


def test_a_subclass_of_a_declared_type_is_not_declared():
    with pytest.raises(PluginError, match=r"it yields core\.sentence"):
        annotate(pieces([Sentence(span=Span(0, 1))]), article("Text."))
