"""How far ordinary sentences commit themselves to what they mention."""

from __future__ import annotations

import pytest

from ledger_syntax.pipeline import pipeline
from ledger_syntax.stance import stance


@pytest.mark.parametrize(
    ("text", "predicate", "level", "polarity"),
    [
        ("The dam failed on Monday.", "failed", "asserted", "+"),
        ("The dam did not fail.", "fail", "asserted", "-"),
        ("The dam may fail.", "fail", "possible", "+"),
        ("The dam will fail.", "fail", "predicted", "+"),
        ("The mayor is leaving the town tomorrow.", "leaving", "predicted", "+"),
        ("The mayor was leaving the town.", "leaving", "asserted", "+"),
        ("If the dam fails, the town will flood.", "fails", "supposed", "+"),
        ("The mayor wants to leave.", "leave", "wanted", "+"),
        ("The mayor planned to leave.", "leave", "wanted", "+"),
        ("Rescuers managed to reach the village.", "reach", "asserted", "+"),
        ("Rescuers failed to reach the village.", "reach", "asserted", "-"),
        ("Rescuers did not manage to reach the village.", "reach", "asserted", "-"),
        ("The army refused to leave the town.", "leave", "asserted", "-"),
        ("He knew that the bridge had collapsed.", "collapsed", "asserted", "+"),
        ("He believes that the bridge collapsed.", "collapsed", "probable", "+"),
        ("The minister said that the bridge collapsed.", "collapsed", "probable", "+"),
        ("Did the mayor leave the town?", "leave", "asked", "+"),
        ("Leave the town now.", "leave", "demanded", "+"),
        ("The bridge probably collapsed.", "collapsed", "probable", "+"),
        ("The plan to evacuate the town was dropped.", "evacuate", "wanted", "+"),
    ],
)
def test_the_stance_of_a_sentence(text: str, predicate: str, level: str, polarity: str) -> None:
    (parse,) = pipeline().parse(text, [(0, len(text))])
    assert parse is not None
    at = next(i for i, word in enumerate(parse.words) if word.low == predicate)
    assert tuple(stance(parse, at)) == (level, polarity)
    assert stance(parse, at).factual == ((level, polarity) == ("asserted", "+"))


def test_every_word_of_any_sentence_has_a_stance() -> None:
    text = "To be, or not to be: if only, they said, he would have wanted to be seen leaving."
    (parse,) = pipeline().parse(text, [(0, len(text))])
    assert parse is not None
    assert all(stance(parse, i).level for i in range(len(parse.words)))
