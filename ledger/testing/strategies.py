"""Hypothesis strategies. Hypothesis comes with `pip install newsledger[dev]`, or by itself."""

from __future__ import annotations

import unicodedata
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from ledger.plugin import Annotation, Article, Span
from ledger.testing.build import article

__all__ = ["annotations_of", "articles", "spans", "texts"]

A = TypeVar("A", bound=Annotation)

_WORDS = (
    "police", "officials", "said", "killed", "injured", "at", "least", "about", "more", "than", "12", "1,000", "3.5",
    "300", "dozens", "per cent", "on", "Monday", "the", "Ministry of Defence", "Kestrel Bay", "U.S.", "Mr.", "“",
    "”", "’s", "—", "(", ")", "$4m", "🦊", "naïve", "e\u0301", "Київ", "東京", "٣", "\u200b", "\u00a0",
)  # fmt: skip
_ENDS = (".", "?", "!", "…", "", ". ", "\n")


def texts(max_blocks: int = 4) -> st.SearchStrategy[str]:
    """Normalised article texts (NFC, LF, blocks separated by an empty line): news-like words, and any characters."""
    words = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
    anything = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
    sentence = st.tuples(st.one_of(words, anything), st.sampled_from(_ENDS)).map("".join)
    block = st.lists(sentence, max_size=4).map(" ".join)
    return st.lists(block, max_size=max_blocks).map("\n\n".join).map(_normal)


def articles(language: str = "en") -> st.SearchStrategy[Article]:
    """First revisions of articles with such texts, published on some day of 2031 or without a date."""
    moments = st.integers(1, 28).map(lambda day: f"2031-05-{day:02}T07:00:00Z")
    return st.builds(
        lambda text, title, published: article(text, title=title, language=language, published=published),
        texts(),
        st.sampled_from(("A report", "", "12 dead, 300 hurt")),
        st.one_of(st.none(), moments),
    )


def spans(text: str) -> st.SearchStrategy[Span]:
    """Spans inside a text, empty ones too."""
    ends = st.integers(0, len(text))
    return st.tuples(ends, ends).map(lambda pair: Span(min(pair), max(pair)))


def annotations_of(kind: type[A], text: str, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[A]:
    """Annotations of one type on a text, quotes filled in.

    `fields` are strategies for its fields; one that is required and not given is drawn from its type, any other keeps its default.
    """
    own = {one.name: one for one in msgspec.structs.fields(kind) if one.name not in ("span", "quote")}
    drawn = {name: st.from_type(one.type) for name, one in own.items() if one.required} | fields
    return spans(text).flatmap(
        lambda span: st.fixed_dictionaries(drawn).map(
            lambda given: kind(span=span, quote=text[span.start : span.end], **given)
        )
    )


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
