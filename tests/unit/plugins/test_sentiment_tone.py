"""Tone as a reader would rank it: order and sign, not exact scores."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import Article, Entity, Sentence, Sentiment, Span
from ledger_sentiment import ledger_processors
from ledger_sentiment.tone import overall, read_tones, score, score_towards


def tone(text: str) -> float:
    return score(read_tones(text, 0, len(text)))


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("The attack killed many and destroyed the school.", "The council met on Monday."),
        ("The council met on Monday.", "Rescuers saved the children and families rejoiced with hope."),
        ("The plan is not good.", "The plan is good."),
        ("The plan is bad.", "The plan is not bad."),
        ("The show was very bad.", "The show was bad."),
        ("The show was good.", "The show was extremely good."),
        (
            "The idea was brilliant but the result was a disaster.",
            "The result was a disaster but the idea was brilliant.",
        ),
    ],
)
def test_the_worse_sentence_scores_lower(worse: str, better: str) -> None:
    assert tone(worse) < tone(better)


def test_a_text_without_tone_is_neutral() -> None:
    assert tone("The train leaves the station at noon.") == 0.0


@pytest.mark.parametrize(
    "text",
    ["Several secretaries met the committee.", "The Hungarian shuttle left.", "A mission in a costume"],
)
def test_words_that_only_look_like_a_stem_carry_no_tone(text: str) -> None:
    assert tone(text) == 0.0


@pytest.mark.parametrize(
    "text",
    ["The United Nations met.", "Envoys of the Peace Council met.", "She joined the Justice Department."],
)
def test_a_name_carries_no_tone(text: str) -> None:
    assert tone(text) == 0.0


def test_the_same_words_in_a_longer_sentence_weigh_less() -> None:
    assert (
        tone("The plan failed.") < tone("The plan failed on the way to the station that leaves at noon.") < 0
    )


def test_what_is_said_in_another_clause_counts_less() -> None:
    text = "Ada Vale opened the road, while the storm ruined everything, as Ivan Dorn was cruel."
    passage = read_tones(text, 0, len(text))
    vale, dorn = text.index("Ada Vale"), text.index("Ivan Dorn")
    assert score_towards(passage, dorn, dorn + 9) < score_towards(passage, vale, vale + 8)


def test_one_outcry_does_not_rule_the_article() -> None:
    calm = [0.1] * 19
    assert overall([*calm, -1.0]) == overall([*calm, 0.1]) == 0.1
    assert overall([]) == 0.0
    assert overall([0.5]) == 0.5


def test_tone_towards_a_target_weighs_what_stands_near_it() -> None:
    text = "Critics praised the brilliant Ada Vale, while far away in the capital nobody forgave the corrupt and brutal Ivan Dorn."
    tones = read_tones(text, 0, len(text))
    vale, dorn = text.index("Ada Vale"), text.index("Ivan Dorn")
    assert score_towards(tones, vale, vale + 8) > score_towards(tones, dorn, dorn + 9)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(["good", "bad", "not", "very", ",", "war", "peace", "but", "hero"]), max_size=40
    ).map(" ".join)
)
def test_scores_stay_between_minus_one_and_one(text: str) -> None:
    assert -1.0 <= tone(text) <= 1.0


def test_the_processor_rates_article_sentences_and_named_targets() -> None:
    text = "Critics praised Ada Vale. The station opens at noon."
    layers: dict[type, list[Sentence] | list[Entity]] = {
        Sentence: [Sentence(span=Span(0, 25)), Sentence(span=Span(26, 52))],
        Entity: [Entity(span=Span(16, 24), label="PER", name="Ada Vale", key="per:ada vale")],
    }

    class Layers:
        config = None

        def of(self, layer: type, within: Span | None = None) -> list[Sentence] | list[Entity]:
            return [item for item in layers[layer] if within is None or within.covers(item.span)]  # type: ignore[return-value]

    (sentiment,) = ledger_processors()
    article = Article(id="a", revision=1, hash="h", url="", outlet="o", title="", text=text)
    found = [item for item in sentiment.run(article, Layers()) if isinstance(item, Sentiment)]  # type: ignore[arg-type]
    assert [(item.level, item.target) for item in found] == [
        ("sentence", ""),
        ("target", "per:ada vale"),
        ("document", ""),
    ]
    assert all(item.score > 0 for item in found)
