"""What changed between two texts: each can be read from it again, and a run of changed words is told as one."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from ledger.web.differences import differences

TEXTS = st.text(alphabet=st.sampled_from("ab <&é"), max_size=30).map(lambda text: " ".join(text.split()))


def without(tag: str, html: str) -> str:
    return unescape(re.sub(r"</?(ins|del)>", "", re.sub(rf"<{tag}>.*?</{tag}>", "", html)))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_what_changed(old, new):
    html = "".join(differences(old, new))
    assert without("ins", html) == old
    assert without("del", html) == new


def test_a_run_of_changed_words_is_one_change():
    assert differences("At least 40 people died", "Up to 30 people died") == [
        "<del>At least 40</del><ins>Up to 30</ins> people died"
    ]


def test_a_change_does_not_run_over_the_end_of_a_paragraph():
    assert differences("one\n\ntwo", "three\n\nfour") == [
        "<del>one</del><ins>three</ins>",
        "<del>two</del><ins>four</ins>",
    ]
