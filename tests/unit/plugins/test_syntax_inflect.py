"""Forms of English verbs: by the rules of spelling, and the irregular ones."""

from __future__ import annotations

import pytest

from ledger_syntax.inflect import other_forms, verb_forms


@pytest.mark.parametrize(
    "forms",
    [
        "kill kills killed killed killing",
        "agree agrees agreed agreed agreeing",
        "close closes closed closed closing",
        "deny denies denied denied denying",
        "deploy deploys deployed deployed deploying",
        "reach reaches reached reached reaching",
        "ban bans banned banned banning",
        "begin begins began begun beginning",
        "die dies died died dying",
        "go goes went gone going",
        "have has had had having",
    ],
)
def test_the_principal_forms_of_a_verb(forms: str) -> None:
    base = forms.split()[0]
    assert " ".join(verb_forms(base)) == forms


def test_a_verb_may_have_more_forms_than_the_principal_ones() -> None:
    assert other_forms("get") == ("gotten",)
    assert {*verb_forms("be"), *other_forms("be")} == {
        "be",
        "is",
        "was",
        "been",
        "being",
        "am",
        "are",
        "were",
    }
    assert other_forms("kill") == ()
