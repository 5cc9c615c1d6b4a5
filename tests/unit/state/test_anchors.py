"""A place in a text is found again after a revision, or is said to be gone; it never jumps to another sentence in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.plugin import Span
from ledger.state.anchors import anchor, locate, sentence_at

TEXT = (
    "At least 12 people were killed, the agency said. The dam is intact.\n\n"
    "Roads are closed. Some 40 people are missing, it added."
)


def place(words: str, text: str = TEXT) -> Span:
    start = text.index(words)
    return Span(start, start + len(words))


def after(words: str, revised: str) -> tuple[str, str]:
    """What becomes of some words of TEXT in a revised text, and the words that stand there now."""
    found = locate(anchor(TEXT, place(words)), revised)
    return found.fate, revised[found.span.start : found.span.end] if found.span is not None else ""


def test_a_text_that_did_not_change_keeps_its_places() -> None:
    assert after("12 people", TEXT) == ("same", "12 people")


def test_a_sentence_that_moved_whole_is_the_same_sentence() -> None:
    revised = "Update: rain is expected.\n\n" + TEXT.replace("The dam is intact.", "The dam holds.")
    assert after("12 people", revised) == ("same sentence", "12 people")
    assert after("Some 40 people are missing, it added.", revised)[0] == "same sentence"


def test_words_in_a_changed_sentence_moved() -> None:
    revised = TEXT.replace("the agency said", "the agency said on Monday")
    assert after("12 people", revised) == ("moved", "12 people")


def test_an_edited_sentence_with_the_same_figures_moved() -> None:
    words = "At least 12 people were killed, the agency said."
    revised = TEXT.replace(words, "At least 12 people were killed, the agency says.")
    assert after(words, revised) == ("moved", "At least 12 people were killed, the agency says.")


@pytest.mark.parametrize(
    ("words", "revised"),
    [
        ("12 people", TEXT.replace("12", "14")),
        ("At least 12 people were killed, the agency said.", TEXT.replace("12", "14")),
        ("The dam is intact.", TEXT.replace(" The dam is intact.", "")),
        ("people", "Some people like it. Other people do not."),
        ("12 people", "A prize of 12 people's choice.\n\nIt took 12 people to lift it."),
        ("Roads are closed.", ""),
    ],
)
def test_what_the_publisher_took_back_is_gone(words: str, revised: str) -> None:
    assert after(words, revised) == ("gone", "")


def test_a_sentence_printed_twice_is_the_one_with_the_same_words_around() -> None:
    text = "Two died. Rain fell.\n\nThree came. Rain fell.\n\nThe end."
    second = anchor(text, Span(text.rindex("Rain"), text.rindex("Rain") + 4))
    revised = "News.\n\n" + text
    found = locate(second, revised)
    assert found.fate == "same sentence"
    assert found.span == Span(revised.rindex("Rain"), revised.rindex("Rain") + 4)


def test_a_span_outside_its_text_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        anchor("short", Span(3, 9))
    with pytest.raises(ValueError, match="does not cover"):
        anchor("One. Two.", Span(0, 3), sentence=Span(5, 9))


SENTENCES = st.lists(
    st.sampled_from(
        [
            "Ten people died.",
            "The bridge is shut.",
            "He said 40 were hurt.",
            "It rained.",
            "Some 7 of them left on Monday.",
        ]
    ),
    min_size=1,
    max_size=6,
)


@given(before=SENTENCES, new=SENTENCES, pick=st.integers(0, 5), data=st.data())
def test_a_place_is_found_with_its_words_or_not_at_all(
    before: list[str], new: list[str], pick: int, data: st.DataObject
) -> None:
    text, revised = " ".join(before), " ".join(new)
    sentence = before[pick % len(before)]
    start = text.index(sentence)
    inner = data.draw(st.integers(0, len(sentence) - 1))
    stop = data.draw(st.integers(inner + 1, len(sentence)))
    found = locate(anchor(text, Span(start + inner, start + stop)), revised)
    if found.fate == "gone":
        assert found.span is None
        assert sentence not in new or revised.count(sentence[inner:stop]) > 1 or text == revised
        return
    assert found.span is not None
    words = revised[found.span.start : found.span.end]
    if words != sentence[inner:stop]:
        assert found.fate == "moved"
    if found.fate == "same sentence":
        here = sentence_at(revised, found.span)
        assert revised[here.start : here.end] == sentence


@given(SENTENCES, st.integers(0, 5), st.text(max_size=40))
def test_what_is_put_before_a_text_moves_no_sentence(sentences: list[str], pick: int, lead: str) -> None:
    text = " ".join(sentences)
    sentence = sentences[pick % len(sentences)]
    start = text.index(sentence)
    revised = f"{lead}\n\n{text}"
    found = locate(anchor(text, Span(start, start + len(sentence))), revised)
    assert (found.fate, found.span is not None) == ("same sentence", True)


@given(st.text(max_size=200), st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_any_texts_can_be_compared(text: str, revised: str, start: int, length: int) -> None:
    begin = min(start, len(text))
    span = Span(begin, min(begin + length, len(text)))
    found = locate(anchor(text, span), revised)
    assert found.span is None or 0 <= found.span.start <= found.span.end <= len(revised)
    assert locate(anchor(text, span), text).fate == "same"
